import { PortOwnerError } from '../schema/problems.ts';
import type { ConfigurationMachine, ProgramCall } from '../system/configuration.ts';
import { unifiedDiff } from './diff.ts';
import { isConfirmed } from './find.ts';
import type { Configured } from './instances.ts';
import { whereText, settingText, type RankedPort } from './overlay.ts';
import { decodeFile, edited, lineAt, type Edit, type TextFile } from './text-file.ts';

/** A file of a plan, by its path without links. */
export interface PlannedFile {
  readonly path: string;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  readonly difference: string;
}

/** What a move would do. */
export interface MovePlan {
  readonly configured: Configured;
  readonly from: number;
  readonly to: number;
  readonly files: readonly PlannedFile[];
  readonly changes: readonly string[];
  readonly sideEffects: readonly string[];
  readonly needsRestart: boolean;
  /** The server's own check; null if there is none. */
  readonly check: ProgramCall | null;
  /** What only --force overrides. */
  readonly obstacles: readonly string[];
}

const cannot = (text: string, hint?: string): PortOwnerError =>
  new PortOwnerError('PO4402', text, hint === undefined ? {} : { hint });

const listens = (place: RankedPort, port: number): boolean =>
  place.role === 'listen' && place.isEffective && place.port === port;

/** Returns the only instance that is configured for a port. Throws PO4402 if there is none, or several. */
export function serverAt(all: readonly Configured[], port: number): Configured {
  const found = all.filter(({ places }) => places.some((place) => listens(place, port)));
  // If one of them listens there, the port is its own.
  const holding = found.filter((one) => one.places.some((place) => listens(place, port) && isConfirmed(one, place)));
  const [subject, other] = holding.length > 0 ? holding : found;
  if (subject === undefined)
    throw cannot(
      `no configuration that PortOwner understands sets port ${port}`,
      `portowner config lists all ports that are configured.`,
    );
  if (other !== undefined)
    throw cannot(
      `several configurations set port ${port}: ${[subject, other].map(({ family, reading }) => `${family.name} (${reading.main ?? 'no file'})`).join(', ')}`,
      'Name one of them with --app or --path.',
    );
  return subject;
}

/** Returns the edit of a place. Throws PO4402 if it cannot be changed here. */
function editOf({ family }: Configured, place: RankedPort, to: number): { file: TextFile; edit: Edit } {
  const { source } = place;
  if (source.kind === 'default')
    throw cannot(
      `port ${place.port} is the default of ${family.name}, so there is no value to change`,
      `Set ${place.setting} in its configuration.`,
    );
  if (source.kind !== 'file')
    throw cannot(
      `port ${place.port} is set in ${whereText(place)}, which PortOwner does not change`,
      'Change it where the server is started.',
    );
  if (source.port === null)
    throw cannot(
      `${settingText(place)} cannot be changed automatically${place.reason === null ? '' : `: ${place.reason}`}`,
    );
  const text = family.newText === undefined ? String(to) : family.newText(place, to);
  if (text === null) throw cannot(`${settingText(place)} cannot be changed automatically`);
  return { file: source.file, edit: { ...source.port, text } };
}

/** Marks of tools that would overwrite a change. */
const managed =
  /\b(?:managed|generated|maintained|controlled) (?:by|with|using) (?:ansible|puppet|chef|salt|cfengine|terraform)\b|\bansible[ _]managed\b/i;

function obstaclesOf(file: TextFile, path: string, tree: string, machine: ConfigurationMachine): string[] {
  const found: string[] = [];
  const hindrance = machine.obstacle(path);
  if (hindrance?.serious === true) throw cannot(hindrance.text);
  if (hindrance !== null) found.push(hindrance.text);
  if (managed.test(file.text.slice(0, 4096)))
    found.push(`${path} is managed by another tool, which would undo a change`);
  if (path !== file.path && !path.startsWith(tree) && !path.startsWith('/etc/'))
    found.push(`${file.path} is a link that leads out of ${tree}, to ${path}`);
  return found;
}

/** The places elsewhere that name the port: they may have to follow. */
function mentionsOf(all: readonly Configured[], subject: Configured, port: number): string[] {
  return all.flatMap((one) =>
    one.places
      .filter((place) => place.port === port && (place.role === 'reference' || (one !== subject && place.isEffective)))
      .map((place) =>
        place.role === 'reference'
          ? `${one.family.name} connects to port ${port}: ${settingText(place)}`
          : `${one.family.name} is configured for port ${port}, too: ${settingText(place)}`,
      ),
  );
}

/** Plans the move of a server. Throws PO4402. */
export function planMove(
  {
    all,
    subject,
    machine,
  }: { readonly all: readonly Configured[]; readonly subject: Configured; readonly machine: ConfigurationMachine },
  from: number,
  to: number,
): MovePlan {
  const { family, instance, reading } = subject;
  const places = subject.places.filter((place) => listens(place, from));
  const edits = places.map((place) => ({ place, ...editOf(subject, place, to) }));
  const tree = machine.realPath(reading.path.dirname(reading.main ?? '/')) ?? '/';
  const byPath = Map.groupBy(edits, ({ file }) => machine.realPath(file.path) ?? file.path);
  const obstacles = reading.gaps.map((gap) => `the configuration is not known completely: ${gap}`);
  const files: PlannedFile[] = [];
  for (const [path, group] of byPath) {
    const { file } = group[0]!;
    obstacles.push(...obstaclesOf(file, path, tree, machine));
    // A file that is included twice has the same value twice.
    const unique = [...new Map(group.map(({ edit }) => [edit.start, edit])).values()];
    const after = edited(file, unique);
    if (after === null) throw cannot(`${path} cannot have the new value in its encoding`);
    const text = decodeFile(path, after)!.text;
    files.push({ path, before: file.bytes, after, difference: unifiedDiff(path, file.text, text) });
  }
  return {
    configured: subject,
    from,
    to,
    files,
    changes: edits.map(
      ({ place, file, edit }) =>
        `${file.path}:${lineAt(file.text, edit.start)}: ${place.setting} ${from} -> ${edit.text}`,
    ),
    sideEffects: [
      ...mentionsOf(all, subject, from),
      ...places.flatMap((place) => family.sideEffects?.(instance, place, to) ?? []),
    ],
    needsRestart: places.some((place) => place.needsRestart),
    check: family.check?.(instance, reading) ?? null,
    obstacles,
  };
}
