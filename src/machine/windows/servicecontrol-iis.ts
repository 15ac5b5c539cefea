import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Site } from '../../actions/hands.ts';
import { decodeText } from '../../facts/decode/windows-text.ts';
import { Refused } from './errors.ts';
import { systemDirectory } from './ffi.ts';
import { oemCodePage } from './kernel32.ts';

const patience = 30_000;

/** What IIS's own tool says; null where there is no IIS. */
function appcmd(...args: readonly string[]): string | null {
  const directory = systemDirectory();
  const path = `${directory}\\inetsrv\\appcmd.exe`;
  if (!existsSync(path)) return null;
  const { status, stdout, error } = spawnSync(path, args, {
    cwd: directory,
    env: { SystemRoot: directory.slice(0, directory.lastIndexOf('\\')), PATH: directory },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: patience,
    windowsHide: true,
  });
  const text = stdout === null ? '' : decodeText(stdout, oemCodePage());
  if (status === 0) return text;
  // ERROR_ACCESS_DENIED, as it writes it in every language.
  const denied = /80070005|\b5\b.*redirection\.config/i.test(text);
  throw new Refused(
    denied ? 'AccessDenied' : 'Failed',
    denied
      ? 'IIS lets only administrators see and stop its sites'
      : `appcmd failed: ${error?.message ?? text.trim().slice(0, 200)}`,
  );
}

const entities: Readonly<Record<string, string>> = { quot: '"', apos: "'", amp: '&', lt: '<', gt: '>' };
const plain = (text: string): string => text.replace(/&(quot|apos|amp|lt|gt);/g, (_, name: string) => entities[name]!);

/** Reads `appcmd list sites /xml`. */
export function decodeSites(text: string): Site[] {
  return [...text.matchAll(/<SITE\s([^>]*)>/g)].map(([, attributes = '']) => {
    const value = (name: string): string =>
      plain(new RegExp(`(?:^|\\s)${name}="([^"]*)"`, 'i').exec(attributes)?.[1] ?? '');
    return {
      name: value('SITE\\.NAME'),
      bindings: value('bindings')
        .split(',')
        .filter((binding) => binding !== ''),
      started: value('state') === 'Started',
    };
  });
}

export function iisSites(): Site[] {
  try {
    return decodeSites(appcmd('list', 'sites', '/xml') ?? '');
  } catch (error) {
    // Who asks says that the sites could not be read.
    if (error instanceof Refused) return [];
    throw error;
  }
}

export function stopSite(name: string): void {
  if (appcmd('stop', 'site', `/site.name:${name}`) === null)
    throw new Refused('NotSupported', 'this machine has no IIS');
}
