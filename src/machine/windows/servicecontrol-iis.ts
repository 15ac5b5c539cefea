import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Site } from '../../system/hands.ts';
import { decodeConsoleText } from '../../facts/decode/windows-text.ts';
import { Refused } from './errors.ts';
import { systemDirectory } from './ffi.ts';
import { oemCodePage } from './kernel32.ts';

const timeoutMs = 30_000;

/** Returns the output of IIS's appcmd; null if IIS is not installed. */
function appcmd(...args: readonly string[]): string | null {
  const directory = systemDirectory();
  const path = `${directory}\\inetsrv\\appcmd.exe`;
  if (!existsSync(path)) return null;
  const { status, stdout, error } = spawnSync(path, args, {
    cwd: directory,
    env: { SystemRoot: directory.slice(0, directory.lastIndexOf('\\')), PATH: directory },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: timeoutMs,
    windowsHide: true,
  });
  const text = stdout === null ? '' : decodeConsoleText(stdout, oemCodePage());
  if (status === 0) return text;
  // ERROR_ACCESS_DENIED, as appcmd prints it in every language.
  const denied =
    text.includes('80070005') ||
    text.split('\n').some((line) => /redirection\.config/i.test(line.slice(line.search(/\b5\b|$/))));
  throw new Refused(
    denied ? 'AccessDenied' : 'Failed',
    denied
      ? 'IIS lets only administrators see and stop its sites'
      : `appcmd failed: ${error?.message ?? text.trim().slice(0, 200)}`,
  );
}

const entities: Readonly<Record<string, string>> = { quot: '"', apos: "'", amp: '&', lt: '<', gt: '>' };
const plain = (text: string): string => text.replace(/&(quot|apos|amp|lt|gt);/g, (_, name: string) => entities[name]!);

/** The attributes of every element of this name in the output of `appcmd list … /xml`. */
function elements(text: string, element: string): ((attribute: string) => string)[] {
  return [...text.matchAll(new RegExp(`<${element}\\s([^<>]*)>`, 'g'))].map(
    ([, attributes = '']) =>
      (attribute) =>
        plain(new RegExp(`(?:^|\\s)${attribute.replaceAll('.', '\\.')}="([^"]*)"`, 'i').exec(attributes)?.[1] ?? ''),
  );
}

/** Parses the output of `appcmd list sites`, `list apps` and `list wps` with /xml. */
export function decodeSites(sites: string, apps: string, workers: string): Site[] {
  const pools = Map.groupBy(elements(apps, 'APP'), (value) => value('SITE.NAME'));
  const running = elements(workers, 'WP').map((value) => ({
    pid: Number(value('WP.NAME')),
    pool: value('APPPOOL.NAME'),
  }));
  return elements(sites, 'SITE').map((value) => {
    const name = value('SITE.NAME');
    const own = new Set((pools.get(name) ?? []).map((application) => application('APPPOOL.NAME')));
    return {
      name,
      bindings: value('bindings')
        .split(',')
        .filter((binding) => binding !== ''),
      started: value('state') === 'Started',
      pools: [...own],
      workers: running.filter(({ pool }) => own.has(pool)).map(({ pid }) => pid),
    };
  });
}

export function iisSites(): Site[] {
  try {
    const sites = appcmd('list', 'sites', '/xml');
    if (sites === null) return [];
    return decodeSites(sites, appcmd('list', 'apps', '/xml') ?? '', appcmd('list', 'wps', '/xml') ?? '');
  } catch (error) {
    // The caller reports that the sites could not be read.
    if (error instanceof Refused) return [];
    throw error;
  }
}

export function stopSite(name: string): void {
  if (appcmd('stop', 'site', `/site.name:${name}`) === null)
    throw new Refused('NotSupported', 'this machine has no IIS');
}
