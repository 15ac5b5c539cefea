import type { PortOwnerError } from '../schema/problems.ts';
import type { ConfigurationMachine, ProgramCall } from '../system/configuration.ts';
import { unifiedDiff } from './diff.ts';
import { isConfirmed, outdated, outdatedText } from './outdated.ts';
import { cannotMove } from './cannot.ts';
import type { Configured } from './instances.ts';
import { positionText, whereText, settingText, type RankedPort } from './overlay.ts';
import { isSamePath, pathsOf } from './reading.ts';
import { sideEffects, type MoveSubject } from './side-effects.ts';
import { decodeFile, edited, type Edit, type TextFile } from './text-file.ts';
import { programObstacle, writersOf } from './writers.ts';

/** A file of a plan, by its path without links. */
export interface PlannedFile {
  readonly path: string;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  readonly difference: string;
}

/** What a move would change, and what else. */
export interface MoveEdits {
  readonly configured: Configured;
  readonly from: number;
  readonly to: number;
  readonly files: readonly PlannedFile[];
  readonly changes: readonly string[];
  readonly needsRestart: boolean;
  /** The server's own check; null if there is none. */
  readonly check: ProgramCall | null;
  /** What only --force overrides. */
  readonly obstacles: readonly string[];
}

const listens = (place: RankedPort, port: number): boolean =>
  place.role === 'listen' && place.isEffective && place.port === port;

/** The servers that listen on a port; if there are none, all. */
function mayConfigure(all: readonly Configured[], port: number): readonly Configured[] {
  const holding = all.filter(({ sockets }) => sockets.some(({ localPort }) => localPort === port));
  return holding.length > 0 ? holding : all;
}

/** The error for a port that no setting asks for, at least none that counts. */
function notSet(all: readonly Configured[], port: number): PortOwnerError {
  const loser = all.flatMap(({ places }) => places).find((place) => place.port === port && place.winner !== null);
  if (loser !== undefined) return cannotMove(`${settingText(loser)} is overridden by ${settingText(loser.winner!)}`);
  const stale = all
    .flatMap((one) => outdated(one, one.reading.machine) ?? [])
    .find(({ ports }) => ports.includes(port));
  if (stale !== undefined)
    return cannotMove(outdatedText(stale, port), 'Restart it, or move the port that it is to have.');
  const unread = mayConfigure(all, port).flatMap(({ family, reading }) =>
    reading.gaps.map((gap) => `${family.name}: ${gap}`),
  );
  return unread.length > 0
    ? cannotMove(
        `whether a configuration sets port ${port} is unknown: ${unread.join('; ')}`,
        'Make the configuration readable and valid first.',
      )
    : cannotMove(
        `no configuration that PortOwner understands sets port ${port}`,
        `portowner config lists all ports that are configured.`,
      );
}

/** Returns the only instance that is configured for a port. Throws PO4402 if there is none, or several. */
export function serverAt(all: readonly Configured[], port: number): Configured {
  const found = all.filter(({ places }) => places.some((place) => listens(place, port)));
  // If one of them listens there, the port is its own.
  const holding = found.filter((one) => one.places.some((place) => listens(place, port) && isConfirmed(one, place)));
  const [subject, other] = holding.length > 0 ? holding : found;
  if (subject === undefined) throw notSet(all, port);
  if (other !== undefined)
    throw cannotMove(
      `several configurations set port ${port}: ${[subject, other].map(({ family, reading }) => `${family.name} (${reading.main ?? 'no file'})`).join(', ')}`,
      'Name one of them with --app or --path.',
    );
  return subject;
}

/** Returns the edit of a place. Throws PO4402 if it cannot be changed here. */
function editOf({ family, reading }: Configured, place: RankedPort, to: number): { file: TextFile; edit: Edit } {
  const { source } = place;
  if (source.kind === 'default')
    throw cannotMove(
      `port ${place.port} is the default of ${family.name}, so there is no value to change`,
      `Set ${place.setting} in ${reading.main ?? 'its configuration'}.`,
    );
  if (source.kind !== 'file')
    throw cannotMove(
      `port ${place.port} is set in ${whereText(place)}, which PortOwner does not change`,
      'Change it where the server is started.',
    );
  if (source.port === null)
    throw cannotMove(
      `${settingText(place)} cannot be changed automatically${place.reason === null ? '' : `: ${place.reason}`}`,
    );
  const text = family.newText === undefined ? String(to) : family.newText(place, to);
  if (text === null) throw cannotMove(`${settingText(place)} cannot be changed automatically`);
  return { file: source.file, edit: { ...source.port, text } };
}

/** Marks of tools that would overwrite a change. */
const managed =
  /\b(?:managed|generated|maintained|controlled|deployed) (?:by|with|using|through|via) (?:the )?(?:ansible|puppet|chef|salt(?:stack)?|cfengine|rudder|terraform|cloud-init|augeas|nixos|debconf|ucf)\b|\bgenerated by certbot\b|\b(?:ansible|puppet|chef|salt)[ _-]managed\b/i;
/** A line that Certbot added is its own; the others of its file are not. */
const managedLine = /#[^\n]{0,64}\bmanaged by certbot\b/i;
/** Marks of generated files; PostgreSQL only says that its own commands write the file, too. */
const generated: readonly RegExp[] = [
  /\bdo(?: not|n't) (?:edit|modify|change) (?:this file\b(?! manually)|(?:it )?(?:by hand|directly))/i,
  /\bdo(?: not|n't) (?:edit|modify|change)(?: this| it)?[ \t]{0,8}(?:[.!;,:*#-]|$)/im,
  /\bgenerated\b.{0,200}\bdo not edit\b/i,
  /\bauto(?:matically|-)? ?generated\b/i,
  /\b(?:changes|edits|modifications)\b.{0,60}\b(?:will|may|can) (?:be|get) (?:lost|overwritten|overridden|discarded)\b/i,
];

function obstaclesOf(file: TextFile, path: string, tree: string, machine: ConfigurationMachine): string[] {
  const found: string[] = [];
  const { sep: separator } = pathsOf(machine);
  const hindrance = machine.obstacle(path);
  if (hindrance?.serious === true) throw cannotMove(hindrance.text);
  if (hindrance !== null) found.push(hindrance.text);
  found.push(...writersOf(path, machine));
  const header = file.text.slice(0, 4096);
  if (managed.test(header) || generated.some((mark) => mark.test(header)))
    found.push(`${path} says that another tool manages it, which would undo a change`);
  const isIn = (folder: string): boolean => path.startsWith(/[\\/]$/.test(folder) ? folder : `${folder}${separator}`);
  if (!isSamePath(path, file.path, machine) && !isIn(tree) && !isIn('/etc'))
    found.push(`${file.path} is a link that leads out of ${tree}, to ${path}`);
  return found;
}

/** The line of a position in a text. */
function lineOf(text: string, at: number): string {
  const end = text.indexOf('\n', at);
  return text.slice(text.lastIndexOf('\n', at - 1) + 1, end < 0 ? undefined : end);
}

/** Returns the obstacle of a line that another tool manages. */
const lineObstacles = (file: TextFile, edits: readonly Edit[]): string[] =>
  edits
    .filter(({ start }) => managedLine.test(lineOf(file.text, start)))
    .map(({ start }) => `${positionText(file, start)} says that another tool manages it, which would undo a change`);

/** Returns the settings of a server that get the new port. */
export const placesToMove = ({ places }: Configured, from: number): RankedPort[] =>
  places.filter((place) => listens(place, from));

function changeText({ place, file, edit }: { place: RankedPort; file: TextFile; edit: Edit }): string {
  return `${positionText(file, edit.start)}: ${place.setting} ${place.port} -> ${edit.text === '' ? 'empty' : edit.text}`;
}

/** Returns what else may have to be changed by hand: many files are searched for it. */
export function effectsOf(seen: Omit<MoveSubject, 'places'>, { from, to, files }: MoveEdits): string[] {
  const places = placesToMove(seen.subject, from);
  const paths = files.map(({ path }) => path);
  return sideEffects({ ...seen, places }, from, to, paths);
}

/** Plans the move of a server. Throws PO4402. */
export function planMove(
  { subject, machine }: Pick<MoveSubject, 'subject' | 'machine'>,
  from: number,
  to: number,
): MoveEdits {
  const places = placesToMove(subject, from);
  const { family, instance, reading } = subject;
  const edits = places.map((place) => ({ place, ...editOf(subject, place, to) }));
  const tree = machine.realPath(reading.path.dirname(reading.main ?? '/')) ?? '/';
  const byPath = Map.groupBy(edits, ({ file }) => machine.realPath(file.path) ?? file.path);
  const obstacles = [
    ...reading.gaps.map((gap) => `the configuration is not known completely: ${gap}`),
    ...new Set(places.flatMap((place) => family.obstacles?.(place, reading) ?? [])),
  ];
  const ownCheck = family.check?.(instance, reading) ?? null;
  const isUnsafe = ownCheck === null ? null : programObstacle(ownCheck, reading);
  if (isUnsafe !== null) obstacles.push(isUnsafe);
  const files: PlannedFile[] = [];
  for (const [path, group] of byPath) {
    const { file } = group[0]!;
    obstacles.push(...obstaclesOf(file, path, tree, machine));
    // A file that is included twice has the same value twice.
    const unique = [...new Map(group.map(({ edit }) => [edit.start, edit])).values()];
    obstacles.push(...lineObstacles(file, unique));
    const after = edited(file, unique);
    if (after === null) throw cannotMove(`${path} cannot have the new value in its encoding`);
    const text = decodeFile(path, after)!.text;
    files.push({ path, before: file.bytes, after, difference: unifiedDiff(path, file.text, text) });
  }
  return {
    configured: subject,
    from,
    to,
    files,
    changes: [...new Set(edits.map(changeText))],
    needsRestart: places.some((place) => place.needsRestart),
    check: isUnsafe === null ? ownCheck : null,
    obstacles,
  };
}
