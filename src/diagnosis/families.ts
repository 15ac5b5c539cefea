import { needsArguments, programName } from '../facts/decode/application/application.ts';
import type { Facts, Process, Socket } from '../facts/model/facts.ts';
import { endpoints } from '../ownership/endpoints.ts';
import type { OwnedEndpoint } from '../ownership/owned.ts';
import { roleOf } from '../ownership/starters.ts';

/** A socket that keeps its port, with its owner. */
export interface Holder {
  readonly socket: Socket;
  readonly row: OwnedEndpoint;
  /** Identifies the owner; null when nothing is known about it. */
  readonly key: string | null;
  /** The process that started the owner as a part of itself; null where the parent starts arbitrary programs. */
  readonly starter: number | null;
  /** The group of worker processes that the owner belongs to: its ID, and the process that they work for. */
  readonly workers: { readonly id: string; readonly of: number } | null;
}

const holderSets = new WeakMap<readonly number[], Set<number>>();

/** Whether two lists of processes share an element. Either may have thousands, and is compared with thousands. */
function haveCommon(one: readonly number[], other: readonly number[]): boolean {
  const [few, many] = one.length < other.length ? [one, other] : [other, one];
  if (many.length < 16) return few.some((pid) => many.includes(pid));
  let known = holderSets.get(many);
  if (known === undefined) holderSets.set(many, (known = new Set(many)));
  return few.some((pid) => known.has(pid));
}

/**
 * Whether two holders are one program from a user's point of view: one process or service; processes that share a
 * socket; a process and what it started as a part of itself; workers of one process. The same file and the same parent
 * alone do not make two processes one program.
 */
export function sameOwner(a: Holder, b: Holder): boolean {
  if (a.key === b.key) return true;
  const [x, y] = [a.row.OwningProcess, b.row.OwningProcess];
  if (x !== null && x === b.starter) return true;
  if (y !== null && y === a.starter) return true;
  if (a.workers !== null && a.workers.id === b.workers?.id) return true;
  return haveCommon(a.socket.holders, b.socket.holders);
}

/**
 * Returns the program of a process without its role: "gunicorn: master" and "gunicorn: worker" are the same program.
 */
function programOf({ imageName, application }: Process): string {
  const image = imageName?.toLowerCase() ?? '';
  return `${image} ${application?.replace(/:.*$/s, '') ?? programName(image)}`;
}

/** Adds the working directory where only it distinguishes two programs: node server.js in two folders. */
function instanceOf(process: Process): string {
  const { imageName, workingDirectory } = process;
  const isScript = imageName !== null && needsArguments(imageName);
  return isScript ? `${programOf(process)} ${workingDirectory ?? ''}` : programOf(process);
}

/** Init processes and service hosts: they are the parents of arbitrary programs, or of orphaned processes. */
const initNames =
  /^(?:(?:services|svchost|sihost|winlogon|wininit)\.exe|systemd|init|launchd|tini|dumb-init|docker-init|catatonit|busybox)$/i;

/** Programs that start whatever users or tables specify, including further instances of themselves. */
const foreignRoles: ReadonlySet<string | null> = new Set(['Shell', 'Session', 'Terminal', 'Scheduler']);

function startsAnything(parent: Process): boolean {
  return (
    parent.pid <= 4 || initNames.test(parent.application ?? parent.imageName ?? '') || foreignRoles.has(roleOf(parent))
  );
}

/** Programs that run only as workers of the program that starts them. To extend the list, add a name. */
const onlyWorkers: ReadonlySet<string> = new Set([
  'docker-proxy',
  'rootlesskit-docker-proxy',
  'rootlessport',
  'w3wp.exe',
]);

/** Whether a process runs code that its parent passed to it: Python's multiprocessing starts workers this way. */
const runsGivenCode = ({ imageName, application }: Process): boolean =>
  imageName !== null &&
  programName(imageName) === 'python' &&
  (application === undefined || application === 'python -c');

/** Whether a process is a worker of its parent: forked from it, or started to run the same program. */
function isWorkerOf(process: Process, parent: Process): boolean {
  const image = process.imageName?.toLowerCase() ?? null;
  if (image === null) return false;
  if (onlyWorkers.has(image)) return true;
  if (startsAnything(parent) || image !== parent.imageName?.toLowerCase()) return false;
  return programOf(process) === programOf(parent) || runsGivenCode(process);
}

/** The relation of a process to its parent. */
interface Descent {
  readonly starter: number | null;
  readonly workersOf: number | null;
  /**
   * Whether the process was started by a program that starts arbitrary others, which says nothing about their relation.
   */
  readonly apart: boolean;
}

const noDescent: Descent = { starter: null, workersOf: null, apart: false };

function descentOf(process: Process, parent: Process | undefined): Descent {
  if (parent === undefined) return noDescent;
  if (isWorkerOf(process, parent)) return { starter: parent.pid, workersOf: parent.pid, apart: false };
  if (startsAnything(parent)) return { ...noDescent, apart: foreignRoles.has(roleOf(parent)) };
  return roleOf(parent) === null ? { ...noDescent, starter: parent.pid } : { ...noDescent, apart: true };
}

/**
 * Returns the key that identifies an owner. The processes of a systemd unit are one owner if they run the same program.
 */
function keyOf({ row, socket }: Pick<Holder, 'row' | 'socket'>, process: Process | undefined, { apart }: Descent) {
  if (socket.kernel) return 'kernel';
  const service = row.Services?.length === 1 ? row.Services[0] : undefined;
  if (service !== undefined && (process === undefined || process.unit === null)) return `service ${service}`;
  if (service !== undefined && !apart) return `service ${service} ${instanceOf(process!)}`;
  return socket.pid === null ? null : `process ${socket.pid}`;
}

/** Returns the sockets with their owners and how the owners are related. */
export function holdersOf(facts: Facts, sockets: readonly Socket[]): Holder[] {
  const rows = endpoints(facts, sockets, { live: false, serviceName: null });
  const processes = new Map(facts.sections.processes.data.map((process) => [process.pid, process]));
  const descents = new Map<Process, Descent>();
  const descent = (process: Process | undefined): Descent => {
    if (process === undefined) return noDescent;
    let known = descents.get(process);
    if (known === undefined)
      descents.set(
        process,
        (known = descentOf(process, process.parent === null ? undefined : processes.get(process.parent))),
      );
    return known;
  };
  return sockets.map((socket, number): Holder => {
    const row = rows[number]!;
    const process = socket.pid === null || socket.kernel ? undefined : processes.get(socket.pid);
    const own = descent(process);
    const { starter, workersOf } = own;
    const id = `${workersOf} ${process === undefined ? '' : instanceOf(process)} ${socket.container?.id ?? ''}`;
    return {
      socket,
      row,
      key: keyOf({ row, socket }, process, own),
      starter,
      workers: workersOf === null ? null : { id, of: workersOf },
    };
  });
}
