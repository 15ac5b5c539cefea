import { isOwnName, programName } from '../facts/decode/application/application.ts';
import type { Facts, FieldRefusal, Process, Service, Socket } from '../facts/model/facts.ts';
import type { OwnerKind } from '../schema/endpoint.ts';

/** Who has a socket. What is left out, the row has from the owning process, or not at all. */
export interface Attribution {
  readonly kind: OwnerKind;
  /** The answer in one line; null where there is none. */
  readonly owner: string | null;
  readonly services?: readonly string[] | null;
  /** Where they are not those of the socket. */
  readonly holders?: readonly number[] | null;
  readonly imageName?: string;
  readonly userName?: string | null;
  /** Why something is not told, besides what the socket and its process say. */
  readonly refusals?: readonly FieldRefusal[];
}

/** Where attributions look things up. */
export interface Known {
  readonly facts: Facts;
  readonly windows: boolean;
  readonly processes: ReadonlyMap<number, Process>;
  readonly servicesOf: ReadonlyMap<number, readonly Service[]>;
  /** Whether these are facts of this machine, now, to be looked at again. */
  readonly live: boolean;
  /** The home folder of who reads it; null where working directories are not told. */
  readonly home: string | null;
}

/**
 * One way to tell who has a socket of which no process is known. It looks at the facts once, and is null where they have
 * nothing for it; then each socket is given to it: null leaves the socket to the next.
 */
export type AttributeSocket = (known: Known) => ((socket: Socket) => Attribution | null) | null;

/** The same for a socket of a known process, where what is told differs between the sockets of one process. */
export type AttributeOwned = (known: Known) => ((socket: Socket, owner: Process) => Attribution | null) | null;

/** One way to tell what a process is: the same for all of its sockets. */
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

/** What a process is named by. */
export type ProcessName = Pick<Process, 'imageName' | 'pid' | 'application'>;

/** What a process runs, and the program that runs it where that is another. */
function namesIn({ imageName, application }: ProcessName): { name: string; by: string } | null {
  if (imageName === null) return null;
  if (application === undefined) return { name: imageName, by: '' };
  const program = programName(imageName);
  // "node server.js" has it already.
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

/** "nginx (1234)", "node server.js (1234)", "vite (node 1234)"; a name that could not be had leaves the number. */
export const processText = (process: ProcessName): string => placedText(process, null);

/** "nginx 1234" or "vite, node 1234", as it stands in parentheses. */
export function insideText(process: ProcessName): string {
  const names = namesIn(process);
  if (names === null) return `process ${process.pid}`;
  return `${names.name}${names.by === '' ? '' : ','} ${names.by}${process.pid}`;
}
