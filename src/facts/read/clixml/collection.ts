import { argumentsOfLine, needsArguments, recordedFor, toldApplication } from '../../decode/application/application.ts';
import { maskCommandLine } from '../../gather/mask.ts';
import type { Facts, FieldRefusal, Process, Relay, Sections, Service, Socket } from '../../model/facts.ts';
import { selectSockets, type Question } from '../../model/question.ts';
import { version } from '../../../schema/version.ts';
import type { Kind } from './kinds.ts';
import { MachineNames } from './machines.ts';
import { ClixmlError } from '../../../clixml/text.ts';

/** More than any machine has, but still fits in memory. */
const mostSockets = 2_000_000;
const mostOthers = 1_000_000;

/** Returns the application that a process runs, from its row or from its command line. */
function applicationOf({ imageName, application, commandLine }: ToldProcess): string | null {
  if (imageName == null || !needsArguments(imageName)) return null;
  if (application != null) return recordedFor(application, imageName);
  if (commandLine == null) return null;
  return toldApplication({ imageName, arguments: argumentsOfLine(commandLine, imageName) });
}

/** What objects state about a process; undefined if they do not mention it, null if they leave it empty. */
export interface ToldProcess {
  readonly pid: number;
  readonly imageName?: string | null | undefined;
  readonly path?: string | null | undefined;
  /** Not masked. */
  readonly commandLine?: string | null | undefined;
  readonly application?: string | null | undefined;
  readonly workingDirectory?: string | null | undefined;
  readonly user?: string | null | undefined;
  /** The parent that started it. */
  readonly parent?: number | null | undefined;
  /** Whether the parent is known to have started it. */
  readonly parentSure?: boolean;
  readonly startTime?: string | null | undefined;
  /** Linux only. */
  readonly unit?: string | null;
  readonly container?: Process['container'];
  readonly refusals?: readonly FieldRefusal[];
  readonly saved?: NonNullable<Process['saved']>;
}

export interface ToldService {
  readonly name: string;
  readonly displayName: string | null;
  readonly pid: number;
  readonly state: string;
  /** Whether it shares its process; null if unknown. */
  readonly shared: boolean | null;
}

const fields = {
  path: 'Path',
  commandLine: 'CommandLine',
  user: 'UserName',
  parent: 'ParentProcess',
  startTime: 'StartTime',
} as const;
const savers = {
  path: 'Get-Process or Get-CimInstance Win32_Process',
  commandLine: 'Get-CimInstance Win32_Process',
  user: 'Get-Process -IncludeUserName',
  parent: 'Get-CimInstance Win32_Process',
  startTime: 'Get-Process or Get-CimInstance Win32_Process',
} as const;

function notAsked(reason: string | null): {
  status: 'notAsked';
  reason: string | null;
  needs: null;
  at: null;
  data: never[];
} {
  return { status: 'notAsked', reason, needs: null, at: null, data: [] };
}

function section<T>(data: T[], troubles: readonly string[]) {
  return {
    status: troubles.length === 0 ? 'ok' : 'partial',
    reason: troubles.length === 0 ? null : troubles.join('; '),
    needs: null,
    at: null,
    data,
  } as const;
}

function socketKey(socket: Socket): string {
  return `${socket.protocol} ${socket.localAddress} ${socket.localPort} ${socket.remoteAddress} ${socket.remotePort} ${socket.pid}`;
}

/** Whether two start times differ: no process ID is reused within one second. */
function farApart(a: string, b: string): boolean {
  return Math.abs(Date.parse(a) - Date.parse(b)) > 1000;
}

/** Returns why requested details of a process are missing, except those already explained. */
function missingDetails(
  told: ToldProcess,
  details: Question['details'],
  known: readonly FieldRefusal[],
): FieldRefusal[] {
  return (['path', 'commandLine', 'user', 'parent', 'startTime'] as const)
    .filter((detail) => detail === 'startTime' || details.has(detail))
    .filter((detail) => told[detail] == null && !known.some(({ field }) => field === fields[detail]))
    .map((detail) =>
      told[detail] === undefined
        ? { field: fields[detail], code: 'NotAsked', text: 'it is not in the files', needs: savers[detail] }
        : {
            field: fields[detail],
            code: 'Failed',
            text: 'its value is empty in the files',
            needs: 'an elevated (administrator) session when they are saved',
          },
    );
}

/** Everything that the objects of some files state, to be turned into facts. */
export class Collection {
  readonly machines = new MachineNames();
  readonly #sockets: Socket[] = [];
  readonly #processes = new Map<number, ToldProcess>();
  readonly #services = new Map<string, ToldService>();
  readonly #relays = new Map<number, Relay[]>();
  /** Process IDs that two processes in these files had. */
  readonly #reused = new Set<number>();
  readonly #kinds = new Set<Kind>();
  /** Process IDs in our own rows, and those of processes that the rows report as ended. */
  readonly inRows = new Set<number>();
  readonly ended = new Set<number>();
  /** The sockets of earlier files; null for the first file. */
  #earlier: Set<string> | null = null;
  linux = false;
  release: string | null = null;

  /** Starts the next file: a socket that an earlier file contains is then a duplicate. */
  nextFile(): void {
    if (this.#sockets.length > 0) this.#earlier = new Set(this.#sockets.map(socketKey));
  }

  noteKind(kind: Kind): void {
    this.#kinds.add(kind);
  }

  addSocket(socket: Socket): void {
    if (this.#earlier?.has(socketKey(socket))) return;
    if (this.#sockets.length >= mostSockets)
      throw new ClixmlError(`is not read: it holds more than ${mostSockets} sockets`);
    this.#sockets.push(socket);
  }

  addProcess(process: ToldProcess): void {
    const known = this.#processes.get(process.pid);
    if (known === undefined) {
      if (this.#processes.size >= mostOthers)
        throw new ClixmlError(`is not read: it holds more than ${mostOthers} processes`);
      this.#processes.set(process.pid, process);
      return;
    }
    if (known.startTime != null && process.startTime != null && farApart(known.startTime, process.startTime))
      this.#reused.add(process.pid);
    const merged: Record<string, unknown> = { ...process };
    for (const [name, value] of Object.entries(known)) {
      if (value != null || merged[name] === undefined) merged[name] = value;
    }
    // Get-Process omits `.exe` if it cannot read the path.
    if (process.imageName != null && (known.imageName == null || process.imageName.length > known.imageName.length))
      merged['imageName'] = process.imageName;
    merged['refusals'] = [...(known.refusals ?? []), ...(process.refusals ?? [])];
    if (known.saved !== undefined) merged['saved'] = { ...process.saved, ...known.saved };
    this.#processes.set(process.pid, merged as unknown as ToldProcess);
  }

  addService(service: ToldService): void {
    if (this.#services.size >= mostOthers)
      throw new ClixmlError(`is not read: it holds more than ${mostOthers} services`);
    const key = `${service.pid} ${service.name}`;
    const known = this.#services.get(key);
    if (known === undefined || known.displayName === null) this.#services.set(key, service);
  }

  addRelay(pid: number, relay: Relay): void {
    const known = this.#relays.get(pid);
    if (known === undefined) this.#relays.set(pid, [relay]);
    else if (!known.some(({ listenPort }) => listenPort === relay.listenPort)) known.push(relay);
  }

  /**
   * Returns facts as far as the files go; `modified` is the time of the newest file. Throws if there are several
   * machines.
   */
  facts(question: Question, modified: Date): Facts {
    const name = this.machines.check() ?? 'unknown';
    return {
      kind: 'PortOwner.Facts',
      formatVersion: 1,
      tool: `portowner ${version}`,
      at: modified.toISOString(),
      machine: {
        name,
        platform: this.linux ? 'linux' : 'win32',
        release: this.release ?? 'unknown',
        architecture: 'unknown',
        elevated: null,
      },
      sections: {
        sockets: this.#socketSection(question),
        processes: this.#processSection(question),
        services: this.#serviceSection(),
        dynamicRanges: notAsked('CLIXML files do not contain it'),
        reservedPorts: notAsked('CLIXML files do not contain it'),
      },
    };
  }

  /** Files cannot prove that they are complete: if they are visibly incomplete, the section is not ok. */
  #socketSection(question: Question): Sections['sockets'] {
    const asked = question.protocols;
    const kinds = { TCP: 'tcp', UDP: 'udp' } as const;
    const cmdlets = { TCP: 'Get-NetTCPConnection', UDP: 'Get-NetUDPEndpoint' } as const;
    const rows = this.#kinds.has('endpoint');
    const present = asked.filter((protocol) => rows || this.#kinds.has(kinds[protocol]));
    if (present.length === 0)
      return { ...notAsked(`the files do not contain ${asked.join(' and ') || 'other'} sockets`), data: this.#sockets };
    const troubles = asked
      .filter((protocol) => !present.includes(protocol))
      .map((protocol) => `the files have no ${protocol} sockets (${cmdlets[protocol]})`);
    for (const protocol of present) {
      const trouble = this.#selection(protocol, question);
      if (trouble !== null) troubles.push(trouble);
    }
    return section(this.#sockets, [...new Set(troubles)]);
  }

  /** Returns why the sockets of a protocol look like a selection; null if they do not. */
  #selection(protocol: 'TCP' | 'UDP', question: Question): string | null {
    if (this.#kinds.has('endpoint')) return 'saved rows are the answer to a query, not all sockets';
    const sockets = this.#sockets.filter((socket) => socket.protocol === protocol);
    // The RPC endpoint mapper listens there on every Windows machine.
    if (protocol === 'TCP' && !sockets.some((socket) => socket.state === 'Listen' && socket.localPort === 135)) {
      return 'the TCP sockets look like a selection: none listens on port 135, which every Windows has';
    }
    const one = (of: (socket: Socket) => unknown): boolean => new Set(sockets.map(of)).size <= 1;
    if (one((socket) => socket.localPort) || one((socket) => socket.pid))
      return `the ${protocol} sockets look like a selection: all are of one port or one process`;
    if (protocol === 'TCP' && question.sockets !== 'listeners' && one((socket) => socket.state)) {
      return 'the TCP sockets look like a selection: all are in one state';
    }
    return null;
  }

  #processSection(question: Question): Sections['processes'] {
    if (this.#processes.size === 0 && this.ended.size === 0) return notAsked('the files do not contain processes');
    const data = [...this.#processes.values()].map((process) => this.#process(process, question.details));
    const owners = new Set(
      selectSockets(this.#sockets, question).flatMap((socket) => (socket.kernel ? [] : socket.holders)),
    );
    const missing = [...owners].filter((pid) => !this.#processes.has(pid) && !this.ended.has(pid));
    if (missing.length === 0) return section(data, []);
    // Files are saved one after another: a missing process may have ended or started in between.
    const shown = `${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ' …' : ''}`;
    return section(data, [
      `${missing.length === 1 ? 'a process that owns a socket is' : `${missing.length} processes that own sockets are`} not in the files: ${shown}`,
    ]);
  }

  #process(told: ToldProcess, details: Question['details']): Process {
    const { pid } = told;
    const refusals: FieldRefusal[] = [...(told.refusals ?? [])];
    const relays = this.#relays.get(pid);
    const bare = {
      pid,
      unit: told.unit ?? null,
      container: told.container ?? null,
      refusals,
      ...(relays === undefined ? {} : { relays }),
    };
    if (this.#reused.has(pid)) {
      refusals.push({
        field: 'ImageName',
        code: 'Failed',
        text: `the files contain two processes that successively had the ID ${pid} one after the other`,
        needs: 'files that were saved at one time',
      });
      return { ...bare, imageName: null, path: null, commandLine: null, user: null, parent: null, startTime: null };
    }
    const parent =
      told.parent != null && (told.parentSure === true || this.#isParent(told.parent, told)) ? told.parent : null;
    if (told.parent != null && told.parent !== 0 && parent === null && details.has('parent')) {
      refusals.push({
        field: 'ParentProcess',
        code: 'Gone',
        text: `its parent, process ${told.parent}, is not in the files`,
        needs: null,
      });
    }
    // The idle process and System have none of these details.
    if (pid > 4 || this.linux) refusals.push(...missingDetails(told, details, refusals));
    const application = applicationOf(told);
    return {
      ...bare,
      ...(application === null ? {} : { application }),
      ...(told.saved === undefined ? {} : { saved: told.saved }),
      ...(details.has('workingDirectory') ? { workingDirectory: told.workingDirectory ?? null } : {}),
      imageName: told.imageName ?? null,
      path: told.path ?? null,
      commandLine: details.has('commandLine') && told.commandLine != null ? maskCommandLine(told.commandLine) : null,
      user: told.user ?? null,
      parent,
      startTime: told.startTime ?? null,
    };
  }

  /** Whether the parent's process ID still belongs to the process that started this one. */
  #isParent(pid: number, child: ToldProcess): boolean {
    const parent = this.#processes.get(pid);
    if (parent === undefined || pid === child.pid || pid === 0 || this.#reused.has(pid)) return false;
    if (pid === 4 && !this.linux) return true;
    return (
      parent.startTime != null && child.startTime != null && Date.parse(parent.startTime) <= Date.parse(child.startTime)
    );
  }

  #serviceSection(): Sections['services'] {
    if (!this.#kinds.has('cimService') && this.#services.size === 0)
      return notAsked('the files do not contain services');
    const all = [...this.#services.values()];
    const perProcess = new Map<number, number>();
    for (const { pid } of all) perProcess.set(pid, (perProcess.get(pid) ?? 0) + 1);
    const data: Service[] = all
      .filter(({ pid }) => pid !== 0)
      .map(({ name, displayName, pid, state, shared }) => ({
        name,
        displayName,
        pid,
        state,
        shared: shared ?? (perProcess.get(pid) ?? 0) > 1,
      }));
    // The RPC service cannot be stopped.
    const whole = all.some(({ name }) => name.toLowerCase() === 'rpcss');
    return section(
      data,
      this.#kinds.has('cimService') && !whole
        ? ['the services look like a selection: RpcSs, which always runs, is not among them']
        : [],
    );
  }
}
