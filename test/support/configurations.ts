import { win32 } from 'node:path';
import { familiesOfFile, families, familyOf } from '../../src/configuration/families.ts';
import type { Instance } from '../../src/configuration/configured-port.ts';
import { traceToService } from '../../src/configuration/windows-service.ts';
import { ranked, whereText, type RankedPort } from '../../src/configuration/overlay.ts';
import { effectsOf, planMove, serverAt, type MoveEdits } from '../../src/configuration/plan-move.ts';
import { Reading } from '../../src/configuration/reading.ts';
import type { ConfigurationMachine } from '../../src/system/configuration.ts';
import { facts } from './example.ts';

/** Files in memory, by their paths. A text is UTF-8. */
export type Files = Readonly<Record<string, string | Buffer>>;

/** A machine that has only these files, and values of the registry: Windows, if a path has a backslash. */
export function machineWith(files: Files, variables: ReadonlyMap<string, string> = new Map()): ConfigurationMachine {
  const unavailable = (): never => {
    throw new Error('this machine has only files');
  };
  const isWindows = Object.keys(files).some((path) => path.includes('\\'));
  const separator = isWindows ? '\\' : '/';
  return {
    platform: isWindows ? 'win32' : 'linux',
    isElevated: false,
    variables,
    systemFolder: isWindows ? String.raw`C:\Windows\System32` : null,
    administratorsFolder: () => null,
    ancestors: () => [],
    program: () => null,
    programs: () => [],
    read(path) {
      const found = files[path];
      return found === undefined ? { bytes: null, refusal: 'it does not exist', isMissing: true } : { bytes: Buffer.from(found), refusal: null };
    },
    list(folder) {
      const start = folder.endsWith(separator) ? folder : `${folder}${separator}`;
      const names = Object.keys(files)
        .filter((path) => path.startsWith(start))
        .map((path) => path.slice(start.length).split(separator, 1)[0]!);
      return names.length === 0 ? null : [...new Set(names)].toSorted();
    },
    realPath: (path) => path,
    ownerOf: () => null,
    changedAt: () => null,
    errorOutput: () => null,
    obstacle: () => null,
    access: null,
    replace: unavailable,
    service: unavailable,
    startCommands: unavailable,
    run: unavailable,
    signal: unavailable,
  };
}

/** A server on such a machine. */
export interface SeenServer {
  readonly rows: readonly string[];
  readonly gaps: readonly string[];
  readonly places: readonly RankedPort[];
  /** Returns the files that a move changes, with their new bytes as Latin-1, and the sentences about side effects. */
  readonly move: (from: number, to: number) => { readonly files: Record<string, string>; readonly plan: MoveEdits; readonly sideEffects: readonly string[] };
}

const rowText = (place: RankedPort): string =>
  [
    place.isEffective ? '' : 'loser: ',
    place.role === 'reference' ? 'reference: ' : '',
    place.setting,
    ` ${place.value}`,
    ` -> ${place.address === null ? '' : `${place.address}:`}${place.port ?? '?'}`,
    place.protocol === 'UDP' ? '/UDP' : '',
    ` (${whereText(place)})`,
    place.reason === null ? '' : `: ${place.reason}`,
  ].join('');

/** Reads a server: one that runs if it has arguments; otherwise that of a file, or the one in its usual place. */
export async function seen(
  files: Files,
  { application, variables, ...given }: Partial<Instance> & { readonly application?: string; readonly variables?: ReadonlyMap<string, string> },
): Promise<SeenServer> {
  const machine = machineWith(files, variables);
  const args = given.arguments ?? [];
  const isRunning = args.length > 0;
  const entry =
    isRunning && application === undefined
      ? familyOf({ imageName: win32.basename(args[0]!), arguments: args })
      : application !== undefined || given.path == null
        ? (families.find(({ name }) => name === application) ?? null)
        : (familiesOfFile(given.path)[0] ?? null);
  if (entry === null) throw new Error(`no family: ${JSON.stringify(given)}`);
  const family = await entry.load();
  const instance: Instance = {
    pid: isRunning ? 4711 : null,
    executable: isRunning ? args[0]! : null,
    arguments: [],
    environment: isRunning ? new Map() : null,
    workingDirectory: null,
    account: null,
    service: null,
    serviceUser: null,
    path: null,
    ...given,
  };
  const reading = new Reading(machine);
  family.read(instance, reading);
  traceToService(instance, reading);
  const configured = { family, instance, reading, places: ranked(reading.places), sockets: [], startTime: null, processes: new Map() };
  return {
    rows: configured.places.map(rowText),
    gaps: reading.gaps,
    places: configured.places,
    move(from, to) {
      const subject = serverAt([configured], from);
      const plan = planMove({ subject, machine }, from, to);
      return {
        files: Object.fromEntries(plan.files.map(({ path, after }) => [path, Buffer.from(after).toString('latin1')])),
        plan,
        sideEffects: effectsOf({ all: [configured], subject, machine, facts: facts([]), clients: [] }, plan),
      };
    },
  };
}
