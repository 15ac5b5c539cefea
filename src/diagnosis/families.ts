import { needsArguments, programName } from '../facts/decode/application/application.ts';
import type { Facts, Process, Socket } from '../facts/model/facts.ts';
import { endpoints } from '../ownership/endpoints.ts';
import type { OwnedEndpoint } from '../ownership/owned.ts';
import { roleOf } from '../ownership/starters.ts';

/** A socket that keeps its port, and whose it is. */
export interface Holder {
  readonly socket: Socket;
  readonly row: OwnedEndpoint;
  /** Null when nothing is known of the owner. */
  readonly key: string | null;
  /** The process that started it as a part of itself; null where its parent starts whatever it is told to. */
  readonly starter: number | null;
  /** The workers of one program that it belongs to: which they are, and the process that they are workers of. */
  readonly workers: { readonly id: string; readonly of: number } | null;
}

const holderSets = new WeakMap<readonly number[], Set<number>>();

/** Whether two lists of processes have one in common; either may have thousands, and is compared with thousands. */
function haveCommon(one: readonly number[], other: readonly number[]): boolean {
  const [few, many] = one.length < other.length ? [one, other] : [other, one];
  if (many.length < 16) return few.some((pid) => many.includes(pid));
  let known = holderSets.get(many);
  if (known === undefined) holderSets.set(many, (known = new Set(many)));
  return few.some((pid) => known.has(pid));
}

/**
 * One program, as far as a person cares: one process or service; processes that share a socket; a process and what it
 * started as a part of itself; workers of one process. One file and one parent do not make two processes one program.
 */
export function sameOwner(a: Holder, b: Holder): boolean {
  if (a.key === b.key) return true;
  const [x, y] = [a.row.OwningProcess, b.row.OwningProcess];
  if (x !== null && x === b.starter) return true;
  if (y !== null && y === a.starter) return true;
  if (a.workers !== null && a.workers.id === b.workers?.id) return true;
  return haveCommon(a.socket.holders, b.socket.holders);
}

/** What a process runs, whatever its part in that is: "gunicorn: master" and "gunicorn: worker" are one. */
function programOf({ imageName, application }: Process): string {
  const image = imageName?.toLowerCase() ?? '';
  return `${image} ${application?.replace(/:.*$/s, '') ?? programName(image)}`;
}

/** The same with where it runs, where only that tells two of one name apart: node server.js in two folders. */
function instanceOf(process: Process): string {
  const { imageName, workingDirectory } = process;
  const isScript = imageName !== null && needsArguments(imageName);
  return isScript ? `${programOf(process)} ${workingDirectory ?? ''}` : programOf(process);
}

/** First processes and hosts of services: the parents of whatever they are told to start, or of whoever lost its own. */
const initNames =
  /^(?:(?:services|svchost|sihost|winlogon|wininit)\.exe|systemd|init|launchd|tini|dumb-init|docker-init|catatonit|busybox)$/i;

/** They start what people and tables tell them to, their own program included. */
const foreignRoles: ReadonlySet<string | null> = new Set(['Shell', 'Session', 'Terminal', 'Scheduler']);

function startsAnything(parent: Process): boolean {
  return (
    parent.pid <= 4 || initNames.test(parent.application ?? parent.imageName ?? '') || foreignRoles.has(roleOf(parent))
  );
}

/** Programs that run only as workers of the one that starts them. Extend it by a name. */
const onlyWorkers: ReadonlySet<string> = new Set([
  'docker-proxy',
  'rootlesskit-docker-proxy',
  'rootlessport',
  'w3wp.exe',
]);

/** Whether a process runs code that its parent gave it: how Python's multiprocessing starts workers. */
const runsGivenCode = ({ imageName, application }: Process): boolean =>
  application === undefined && imageName !== null && programName(imageName) === 'python';

/** Whether a process is a worker of its parent: a fork of it, or started to run the same. */
function isWorkerOf(process: Process, parent: Process): boolean {
  const image = process.imageName?.toLowerCase() ?? null;
  if (image === null) return false;
  if (onlyWorkers.has(image)) return true;
  if (startsAnything(parent) || image !== parent.imageName?.toLowerCase()) return false;
  return programOf(process) === programOf(parent) || runsGivenCode(process);
}

/** What a process is to its parent. */
interface Descent {
  readonly starter: number | null;
  readonly workersOf: number | null;
  /** Whether it was started by a program that starts others, from which nothing follows of what they are to each other. */
  readonly apart: boolean;
}

const noDescent: Descent = { starter: null, workersOf: null, apart: false };

function descentOf(process: Process, parent: Process | undefined): Descent {
  if (parent === undefined) return noDescent;
  if (isWorkerOf(process, parent)) return { starter: parent.pid, workersOf: parent.pid, apart: false };
  if (startsAnything(parent)) return { ...noDescent, apart: foreignRoles.has(roleOf(parent)) };
  return roleOf(parent) === null ? { ...noDescent, starter: parent.pid } : { ...noDescent, apart: true };
}

/** By what an owner is known as one. Of a unit of systemd its processes are one as far as they run the same. */
function keyOf({ row, socket }: Pick<Holder, 'row' | 'socket'>, process: Process | undefined, { apart }: Descent) {
  if (socket.kernel) return 'kernel';
  const service = row.Services?.length === 1 ? row.Services[0] : undefined;
  if (service !== undefined && (process === undefined || process.unit === null)) return `service ${service}`;
  if (service !== undefined && !apart) return `service ${service} ${instanceOf(process!)}`;
  return socket.pid === null ? null : `process ${socket.pid}`;
}

/** Whose these sockets are, and what the owners are to each other. */
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
