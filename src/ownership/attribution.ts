import { isOwnName, programName } from '../facts/decode/application/application.ts';
import type { Facts, FieldRefusal, Process, Service, Socket } from '../facts/model/facts.ts';
import type { OwnerKind } from '../schema/endpoint.ts';

/** The owner of a socket. Missing values come from the owning process, or are unavailable. */
export interface Attribution {
  readonly kind: OwnerKind;
  /** The answer in one line; null where there is none. */
  readonly owner: string | null;
  readonly services?: readonly string[] | null;
  /** If they differ from those of the socket. */
  readonly holders?: readonly number[] | null;
  readonly imageName?: string;
  readonly userName?: string | null;
  /** Refusals in addition to those of the socket and its process. */
  readonly refusals?: readonly FieldRefusal[];
}

/** Indexes for attributions. */
export interface Known {
  readonly facts: Facts;
  readonly windows: boolean;
  readonly processes: ReadonlyMap<number, Process>;
  readonly servicesOf: ReadonlyMap<number, readonly Service[]>;
  /** Whether the facts are live facts of this machine, which can be read again. */
  readonly live: boolean;
  /** The home folder of the reader; null if working directories are not shown. */
  readonly home: string | null;
}

/**
 * One way to attribute a socket without a known process. It inspects the facts once, and is null if they contain nothing
 * relevant; otherwise, it is called for each socket, and returns null to leave the socket to the next attribution.
 */
export type AttributeSocket = (known: Known) => ((socket: Socket) => Attribution | null) | null;

/** The same for a socket of a known process, if the sockets of one process differ. */
export type AttributeOwned = (known: Known) => ((socket: Socket, owner: Process) => Attribution | null) | null;

/** One way to describe a process: the same for all of its sockets. */
export type AttributeProcess = (process: Process, known: Known) => Attribution | null;

/** Indexes facts for attributions. */
export function knownOf(facts: Facts, { live, home }: Pick<Known, 'live' | 'home'>): Known {
  const { machine, sections } = facts;
  return {
    facts,
    windows: machine.platform === 'win32',
    processes: new Map(sections.processes.data.map((process) => [process.pid, process])),
    servicesOf: Map.groupBy(sections.services.data, ({ pid }) => pid),
    live,
    home,
  };
}

/** Names the first owner, and counts the other holders of the socket. */
export function amongHolders(attribution: Attribution, { holders }: Socket): Attribution {
  return holders.length < 2 || attribution.owner === null
    ? attribution
    : { ...attribution, owner: `${attribution.owner} and ${holders.length - 1} more` };
}

/** The names of a process. */
export type ProcessName = Pick<Process, 'imageName' | 'pid' | 'application'>;

/** The application of a process, and the program that runs it if that is different. */
function namesIn({ imageName, application }: ProcessName): { name: string; by: string } | null {
  if (imageName === null) return null;
  if (application === undefined) return { name: imageName, by: '' };
  const program = programName(imageName);
  // "node server.js" already contains it.
  const said = isOwnName(imageName, application) || application === program || application.startsWith(`${program} `);
  return { name: application, by: said ? '' : `${program} ` };
}

/** With where it runs: "node server.js in ~/shop (1234)". */
export function placedText(process: ProcessName, place: string | null): string {
  const names = namesIn(process);
  return names === null
    ? `process ${process.pid}`
    : `${names.name}${place === null ? '' : ` in ${place}`} (${names.by}${process.pid})`;
}

/** "nginx (1234)", "node server.js (1234)", "vite (node 1234)"; only the ID if the name is unavailable. */
export const processText = (process: ProcessName): string => placedText(process, null);

/** "nginx 1234" or "vite, node 1234", for use in parentheses. */
export function insideText(process: ProcessName): string {
  const names = namesIn(process);
  if (names === null) return `process ${process.pid}`;
  return `${names.name}${names.by === '' ? '' : ','} ${names.by}${process.pid}`;
}
