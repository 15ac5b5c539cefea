import { realpathSync, statSync, type BigIntStats } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { PortOwnerError } from '../schema/problems.ts';
import { missingValue } from './values.ts';
import { isUrl } from '../io/url.ts';

/** A file that a command line names, and the option or operand that does. */
export interface NamedFile {
  readonly by: string;
  readonly path: string;
}

/** The named files; an option may be absent or repeated. */
export function named(by: string, paths: string | readonly string[] | undefined): NamedFile[] {
  return [paths ?? []].flat().map((path) => ({ by, path }));
}

/** The file of a store, unless it is in a database. */
export function namedStore(store: string | undefined): NamedFile[] {
  return store !== undefined && isUrl(store) ? [] : named('--store', store);
}

/** The files of reports, without those that are sent to a server. */
export function namedReports(reports: readonly string[] | undefined): NamedFile[] {
  return named(
    '--report',
    reports?.filter((report) => !isUrl(report)),
  );
}

/** A path without links and dots, as far as it exists. */
function place(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(place(parent), basename(path));
  }
}

/** Identifies a file; undefined for a terminal and the like, which several can write to. */
function marks(path: string): string[] {
  let found: BigIntStats | undefined;
  try {
    found = statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    // Opening it reports the reason.
    return [];
  }
  if (found !== undefined && !found.isFile()) return [];
  const full = place(resolve(path));
  const name = process.platform === 'win32' ? full.toLowerCase() : full;
  // Some file systems have no file IDs.
  return found === undefined || found.ino === 0n ? [name] : [name, `${found.dev} ${found.ino}`];
}

/** Returns the paths without those of files that an earlier path names. */
export function withoutRepeated(paths: readonly string[]): string[] {
  const seen = new Set<string>();
  return paths.filter((path) => {
    const own = path === '-' || path === '' ? [path] : marks(path);
    const isNew = !own.some((mark) => seen.has(mark));
    for (const mark of own) seen.add(mark);
    return isNew;
  });
}

/**
 * Checks, before any work, that every output names a file (PO1001), and that no output file is also named elsewhere on
 * the command line (PO1005).
 */
export function checkFiles(inputs: readonly NamedFile[], outputs: readonly NamedFile[]): void {
  for (const { by, path } of [...inputs, ...outputs]) {
    if (path === '')
      throw missingValue(by, by === '--from' ? 'the path of a file, or - for standard input' : 'the path of a file');
  }
  const dash = outputs.find(({ path }) => path === '-');
  if (dash !== undefined)
    throw new PortOwnerError('PO1001', `${dash.by} - is not the path of a file: only --output can be standard output`, {
      hint: `For a file with this name, use ${dash.by.startsWith('-') ? `${dash.by} ` : ''}./-`,
      target: dash.path,
    });
  const seen = new Map<string, NamedFile>();
  const files = [...inputs.filter(({ path }) => path !== '-'), ...outputs];
  for (const [index, file] of outputs.length === 0 ? [] : files.entries()) {
    const own = marks(file.path);
    const other = own.map((mark) => seen.get(mark)).find((found) => found !== undefined);
    if (other !== undefined && index >= files.length - outputs.length) {
      throw new PortOwnerError('PO1005', `${other.by} ${other.path} and ${file.by} ${file.path} are the same file`, {
        hint: 'Write to another file.',
        target: file.path,
      });
    }
    for (const mark of own) seen.set(mark, file);
  }
}
