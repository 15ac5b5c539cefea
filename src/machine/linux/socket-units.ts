import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { RawEntry } from '../../system/raw.ts';
import { errorCode, isMissing } from '../../io/errors.ts';

/** Where the system manager searches for units, in order of precedence: systemd.unit(5). */
const folders = [
  'etc/systemd/system.control',
  'run/systemd/system.control',
  'run/systemd/transient',
  'run/systemd/generator.early',
  'etc/systemd/system',
  'etc/systemd/system.attached',
  'run/systemd/system',
  'run/systemd/system.attached',
  'run/systemd/generator',
  'usr/local/lib/systemd/system',
  'usr/lib/systemd/system',
  'lib/systemd/system',
  'run/systemd/generator.late',
];

/** Returns the result of `get`, or `missing` if there is no such file. */
function orMissing<T>(get: () => T, missing: T): T {
  try {
    return get();
  } catch (error) {
    if (isMissing(error)) return missing;
    throw error;
  }
}

const namesIn = (folder: string): string[] => orMissing(() => readdirSync(folder), []);

/** The target of a link, as written; null for a file. */
function linkTarget(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (errorCode(error) === 'EINVAL') return null;
    throw error;
  }
}

/**
 * The files of the enabled socket units: JSON text [{ name, texts }], the unit's main file first, then its
 * drop-ins. Templates, masked units, and aliases are omitted. `root` is the root folder of the system.
 */
export function socketUnits(root = '/'): Omit<RawEntry, 'at'> {
  // sd_booted(3): under another init system, nothing starts them.
  if (!existsSync(join(root, 'run/systemd/system')))
    return { refusal: { code: 'NotSupported', text: 'systemd is not in charge of this machine' } };
  const listed = folders.map((folder) => join(root, folder)).map((folder) => ({ folder, names: namesIn(folder) }));
  const wanted = new Set(
    listed.flatMap(({ folder, names }) =>
      names.filter((name) => /\.(?:wants|requires)$/.test(name)).flatMap((name) => namesIn(join(folder, name))),
    ),
  );
  const units = [...wanted]
    .filter((name) => name.endsWith('.socket') && !name.includes('@'))
    .sort()
    .flatMap((name) => {
      const folder = listed.find(({ names }) => names.includes(name))?.folder;
      if (folder === undefined) return [];
      const path = join(folder, name);
      const target = orMissing(() => linkTarget(path), null);
      if (target !== null && basename(target) !== name) return [];
      const text = orMissing(() => readFileSync(path, 'utf8'), '');
      if (text === '') return [];
      // Of drop-ins with the same name, the first takes precedence.
      const dropIns = new Map<string, string>();
      for (const kind of [`${name}.d`, 'socket.d']) {
        for (const one of listed.filter(({ names }) => names.includes(kind))) {
          for (const file of namesIn(join(one.folder, kind)))
            if (file.endsWith('.conf') && !dropIns.has(file)) dropIns.set(file, join(one.folder, kind, file));
        }
      }
      const more = [...dropIns]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, file]) => orMissing(() => readFileSync(file, 'utf8'), ''));
      return [{ name, texts: [text, ...more] }];
    });
  return { text: JSON.stringify(units) };
}
