import { readUnit } from './readers/unit.ts';
import type { NamedValue } from './readers/setting.ts';
import type { Reading } from './reading.ts';
import type { TextFile } from './text-file.ts';

/** A setting of a unit, with the file that has it. */
export interface UnitSetting extends NamedValue {
  readonly file: TextFile;
}

/** Where units are, the most important first. */
const folders = [
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
];

/** `shop@1.service` is made from `shop@.service`. */
const templateOf = (name: string): string => name.replace(/^([^@]*@).*(\.\w+)$/, '$1$2');

/** The unit that a file or a drop-in belongs to, and the file of the unit if it is not where systemd looks for units. */
export function unitOfFile(given: string, reading: Reading): { readonly name: string; readonly path: string | null } {
  const { path } = reading;
  const folder = path.dirname(given);
  const isDropIn = folder.endsWith('.d') && given.endsWith('.conf');
  const unit = isDropIn ? folder.slice(0, -2) : given;
  // An enabled unit is a link in a folder such as sockets.target.wants.
  const isKnown = /^\/(?:etc|run|(?:usr\/)?(?:local\/)?lib)\/systemd\/system\//.test(given);
  return { name: path.basename(unit), path: isKnown ? null : unit };
}

/** Why a setting of a unit is not changed where it is; null if it can be. */
export function unitObstacle(path: string): string | null {
  if (/^\/(?:usr\/)?lib\/systemd\//.test(path))
    return 'it belongs to a package, whose update would undo a change; use systemctl edit instead';
  return path.startsWith('/run/') ? 'it is generated each time the system starts' : null;
}

function openUnit(reading: Reading, name: string, path: string | null): TextFile | null {
  if (path !== null) return reading.open(path, { optional: true });
  const names = [...new Set([name, templateOf(name)])];
  return reading.openFirst(folders.flatMap((folder) => names.map((one) => `${folder}/${one}`)));
}

/** The drop-ins of a unit, in their order: of the same name, only the most important counts. */
function dropIns(reading: Reading, name: string, path: string | null): string[] {
  const names = [...new Set([templateOf(name), name])];
  const places = [...(path === null ? [] : [reading.path.dirname(path)]), ...folders];
  const byName = new Map<string, string>();
  for (const folder of places)
    for (const one of names)
      for (const found of reading.glob(`${folder}/${one}.d/*.conf`)) {
        const base = reading.path.basename(found);
        if (!byName.has(base)) byName.set(base, found);
      }
  return [...byName].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, found]) => found);
}

/** A setting without a value resets the ones before it; an empty address, those of every kind of socket. */
const groupOf = (name: string): string => (name.startsWith('Socket.Listen') ? 'Socket.Listen' : name);

/**
 * Returns the settings of a unit that count, with those of its drop-ins; a path is that of its file.
 * https://www.freedesktop.org/software/systemd/man/latest/systemd.unit.html
 */
export function unitSettings(reading: Reading, name: string, path: string | null = null): UnitSetting[] {
  const files = [openUnit(reading, name, path), ...dropIns(reading, name, path).map((one) => reading.open(one))].filter(
    (file) => file !== null,
  );
  let settings: UnitSetting[] = [];
  for (const file of files)
    for (const setting of reading.parse(file, readUnit) ?? [])
      if (setting.value === '') settings = settings.filter((one) => groupOf(one.name) !== groupOf(setting.name));
      else settings.push({ ...setting, file });
  return settings;
}
