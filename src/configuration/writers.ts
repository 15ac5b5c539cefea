import { concernsOf } from '../schedule/trust.ts';
import type { Reading } from './reading.ts';
import type { ConfigurationMachine, ProgramCall } from '../system/configuration.ts';
import { isRegistryPath } from '../system/registry.ts';

/**
 * Returns why a program must not be run with the rights of this process, and with the configuration of its server, which can
 * name libraries to load; null if it can be.
 */
export function programObstacle(
  { words: [program = ''] }: ProgramCall,
  { machine, files }: Pick<Reading, 'machine' | 'files'>,
): string | null {
  for (const path of [program, ...files.keys()]) {
    const [first] = writersOf(path, machine);
    if (first !== undefined) return `${program} is not run: ${first}`;
  }
  return null;
}

/**
 * Returns who else can change a file while this process has more rights than they have: they could make it write
 * something else. Empty where there are no access lists.
 */
export function writersOf(path: string, { access, isElevated, platform }: ConfigurationMachine): string[] {
  if (access === null || !isElevated || isRegistryPath(path)) return [];
  const { look, trusted, accountName } = access;
  const used = { role: 'the configuration', path, mayBeMissing: false, standing: 'file' } as const;
  return concernsOf(used, { platform, look, accountName, trusted: { sids: trusted, uids: [] } }).map(
    ({ isOpen, path: where, text }) =>
      isOpen
        ? `others can change it while this runs elevated: ${where}: ${text}`
        : `it is unknown who can change it while this runs elevated: ${where}: ${text}`,
  );
}

/** Returns why a file must not be written any more, after it was looked at before; null if it can be. */
export function writeObstacle(path: string, machine: ConfigurationMachine, force: boolean): string | null {
  const read = isRegistryPath(path) ? null : machine.read(path);
  if (read === null || (read.bytes === null && read.isMissing)) return null;
  const found = machine.obstacle(path);
  if (found?.serious === true) return found.text;
  if (force) return null;
  // On Windows, this is the mark of a file that is read-only, which a move keeps.
  const open = machine.access === null ? found?.text : undefined;
  return open ?? writersOf(path, machine)[0] ?? null;
}
