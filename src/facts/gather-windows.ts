import { portMatcher } from '../ports/expression.ts';
import { decodeMachine } from './decode/windows-machine.ts';
import { memoryOf } from './decode/windows-memory.ts';
import { decodeDynamicRange } from './decode/windows-netsh.ts';
import { createdText, decodeProcessDetails, decodeProcesses, type ProcessDetails, type ProcessEntry } from './decode/windows-processes.ts';
import { decodeServices } from './decode/windows-services.ts';
import { decodeSockets, tcpState, tcpStateName, type SocketRow, type SocketTable } from './decode/windows-sockets.ts';
import type { Told } from './decode/windows-told.ts';
import type { FieldRefusal, Machine, PortRange, Process, Sections, Socket } from './facts.ts';
import { maskCommandLine } from './mask.ts';
import type { Question } from './question.ts';
import type { RawEntry, RawSource } from './raw.ts';

/** The System process: the kernel's own threads, which hold the sockets of drivers such as HTTP.sys. */
const system = 4;

/** What keeps a section from being whole: one entry for each source that was refused or has a flaw. */
interface Trouble {
  readonly reason: string;
  readonly needs: string | null;
}

function section<T>(at: string | null, data: T[], troubles: readonly Trouble[], sources: number) {
  const status = troubles.length === 0 ? 'ok' : data.length === 0 && troubles.length >= sources ? 'failed' : 'partial';
  return {
    status,
    reason: troubles.length === 0 ? null : troubles.map(({ reason }) => reason).join('; '),
    needs: troubles.find(({ needs }) => needs !== null)?.needs ?? null,
    at,
    data,
  } as const;
}

function notAsked<T>(): { status: 'notAsked'; reason: null; needs: null; at: null; data: T[] } {
  return { status: 'notAsked', reason: null, needs: null, at: null, data: [] };
}

const moreRights = 'an elevated (administrator) session';

/** What keeps an entry from being read: why it was refused, or that it is not of the kind it should be. */
function refusalOf(name: string, { refusal }: RawEntry): Trouble {
  const needs = refusal?.needs ?? (refusal?.code === 'AccessDenied' ? moreRights : null);
  return { reason: `${name}: ${refusal?.text ?? 'the answer is not readable'}`, needs };
}

function flawOf(flaw: string): Trouble {
  return { reason: flaw, needs: null };
}

const tables = { TCP: ['tcp4', 'tcp6'], UDP: ['udp4', 'udp6'] } as const satisfies Record<string, readonly SocketTable[]>;

/** Of `wanted` tables, the rows on matching ports; `holding`: only those that keep their port from others. */
function readRows(source: RawSource, wanted: readonly SocketTable[], question: Question, holding: boolean) {
  const rows: SocketRow[] = [];
  const troubles: Trouble[] = [];
  let at: string | null = null;
  const matches = portMatcher(question.localPorts);
  // Closed without a port is no socket on a port: a socket that was only made has such a row in Wine.
  const keep = (port: number, state: number) =>
    matches(port) &&
    (holding ? state === 0 || state === tcpState.listen || state === tcpState.bound : !(state === tcpState.closed && port === 0));
  for (const table of wanted) {
    const entry = source.read(table, holding ? { states: [tcpState.listen] } : {});
    at ??= entry.at;
    if (entry.bytes === undefined) {
      troubles.push(refusalOf(table, entry));
      continue;
    }
    const { data, flaw } = decodeSockets(table, entry.bytes, keep);
    for (const row of data) rows.push(row);
    if (flaw !== null) troubles.push(flawOf(flaw));
  }
  return { rows, troubles, at };
}

function socketOf(row: SocketRow): Socket {
  const tcp = row.protocol === 'TCP';
  const state = tcp ? tcpStateName(row.state) : null;
  const connected = tcp && row.state !== tcpState.listen && row.state !== tcpState.bound;
  const refusals: FieldRefusal[] = [];
  if (tcp && state === null) refusals.push({ field: 'State', code: 'NotSupported', text: `TCP state ${row.state} has no name`, needs: null });
  // TIME_WAIT has outlived its process; for anything else 0 means that Windows does not say.
  const nobody = row.pid === 0 && row.state === tcpState.timeWait;
  const untold = row.pid === 0 && !nobody;
  if (untold) refusals.push({ field: 'OwningProcess', code: 'NotSupported', text: 'Windows does not say which process owns it', needs: null });
  return {
    protocol: row.protocol,
    localAddress: row.localAddress,
    localPort: row.localPort,
    remoteAddress: connected ? row.remoteAddress : null,
    remotePort: connected ? row.remotePort : null,
    state,
    pid: untold ? null : row.pid,
    holders: row.pid === 0 ? [] : [row.pid],
    created: row.created,
    user: null,
    kernel: nobody || row.pid === system,
    refusals,
  };
}

function gatherSockets(source: RawSource, question: Question): Sections['sockets'] {
  const wanted = question.protocols.flatMap((protocol): readonly SocketTable[] => tables[protocol]);
  let found = readRows(source, wanted, question, question.sockets !== 'all');
  if (question.sockets === 'answer' && found.rows.length === 0) found = readRows(source, wanted, question, false);
  return section(found.at, found.rows.map(socketOf), found.troubles, wanted.length);
}

/** The parent that started a process, if that one still runs: a number may have been given away again since. */
function parentOf(entry: ProcessEntry, entries: ReadonlyMap<number, ProcessEntry>): ProcessEntry | null {
  const parent = entries.get(entry.parent);
  if (parent === undefined || parent.pid === 0 || parent.pid === entry.pid) return null;
  // System was there before every other process. As all instants here have the same form, they compare as text.
  const before = parent.pid === system || (parent.started !== null && entry.started !== null && parent.started <= entry.started);
  return before ? parent : null;
}

function bareProcess(entry: ProcessEntry): Process {
  return {
    pid: entry.pid,
    imageName: entry.imageName,
    path: null,
    commandLine: null,
    user: null,
    parent: null,
    startTime: entry.started,
    unit: null,
    container: null,
    refusals: [],
  };
}

const detailFields = { path: 'Path', user: 'UserName', commandLine: 'CommandLine', parent: 'ParentProcess' } as const;

/** A process that is here for a child: its name and age are enough. */
function parentProcess(entry: ProcessEntry, { details }: Question): Process {
  const process = bareProcess(entry);
  for (const detail of ['path', 'user', 'commandLine', 'parent'] as const) {
    if (details.has(detail)) process.refusals.push({ field: detailFields[detail], code: 'NotAsked', text: 'only the name of a parent was asked for', needs: null });
  }
  return process;
}

/** What `process/PID` says, as long as it is said of the process in the list. */
function readDetails(source: RawSource, entry: ProcessEntry, commandLine: boolean): ProcessDetails {
  const answer = source.read(`process/${entry.pid}`, { commandLine });
  const all = (told: Told): ProcessDetails => ({ created: told, path: told, user: told, commandLine: told });
  if (answer.text === undefined) return all({ refusal: answer.refusal ?? { code: 'Failed', text: 'the answer is not readable' } });
  const details = decodeProcessDetails(answer.text);
  const created = createdText(details.created);
  const another = created !== null && entry.started !== null && created !== entry.started;
  return another ? all({ refusal: { code: 'Gone', text: 'the process has ended' } }) : details;
}

function processOf(
  source: RawSource,
  entry: ProcessEntry,
  question: Question,
  entries: ReadonlyMap<number, ProcessEntry>,
  elevated: boolean | null,
): Process {
  const process = bareProcess(entry);
  const { details } = question;
  const { refusals } = process;
  if (entry.imageName === null) refusals.push({ field: 'ImageName', code: 'Failed', text: 'the list of processes does not name it', needs: null });
  if (entry.started === null) refusals.push({ field: 'StartTime', code: 'NotSupported', text: 'Windows does not say when it was started', needs: null });
  if (details.has('parent')) {
    process.parent = parentOf(entry, entries)?.pid ?? null;
    if (process.parent === null && entry.parent !== 0) {
      refusals.push({ field: 'ParentProcess', code: 'Gone', text: `its parent, process ${entry.parent}, has ended`, needs: null });
    }
  }
  const asked = (['path', 'user', 'commandLine'] as const).filter((detail) => details.has(detail));
  // System has neither an executable nor a command line.
  if (asked.length === 0 || entry.pid === system) return process;
  const answers = readDetails(source, entry, details.has('commandLine'));
  for (const detail of asked) {
    const answer = answers[detail];
    const field = detailFields[detail];
    if (answer === null) {
      refusals.push({ field, code: 'NotAsked', text: 'command lines were not asked for', needs: null });
    } else if ('value' in answer) {
      // The kernel's own processes have no command line.
      process[detail] = (detail === 'commandLine' ? maskCommandLine(answer.value) : answer.value) || null;
    } else {
      const { code, text, needs } = answer.refusal;
      const denied = code === 'AccessDenied';
      refusals.push({
        field,
        code,
        text: denied && elevated === true ? 'not even an administrator sees this of a protected process' : text,
        needs: denied && elevated !== true ? moreRights : (needs ?? null),
      });
    }
  }
  return process;
}

function gatherProcesses(source: RawSource, question: Question, pids: ReadonlySet<number>, elevated: boolean | null): Sections['processes'] {
  const answer = source.read('processes');
  const memory = answer.bytes === undefined ? null : memoryOf(answer.bytes, answer.meta?.['base']);
  if (memory === null) return section(answer.at, [], [refusalOf('processes', answer)], 1);
  const { data: entries, flaw } = decodeProcesses(memory);
  const processes = new Map<number, Process>();
  for (const pid of pids) {
    const entry = entries.get(pid);
    if (entry !== undefined) processes.set(pid, processOf(source, entry, question, entries, elevated));
  }
  // Parents that this adds come by too, and have none themselves.
  for (const { parent } of processes.values()) {
    const entry = parent === null ? undefined : entries.get(parent);
    if (entry !== undefined && !processes.has(entry.pid)) processes.set(entry.pid, parentProcess(entry, question));
  }
  return section(answer.at, [...processes.values()], flaw === null ? [] : [flawOf(flaw)], 1);
}

function gatherServices(source: RawSource): Sections['services'] {
  const answer = source.read('services');
  if (answer.bytes === undefined) return section(answer.at, [], [refusalOf('services', answer)], 1);
  const { data, flaw } = decodeServices(answer.bytes, answer.meta?.['pages']);
  return section(answer.at, data.filter(({ pid }) => pid !== 0), flaw === null ? [] : [flawOf(flaw)], 1);
}

function gatherDynamicRanges(source: RawSource): Sections['dynamicRanges'] {
  const data: PortRange[] = [];
  const troubles: Trouble[] = [];
  let at: string | null = null;
  for (const family of ['IPv4', 'IPv6'] as const) {
    for (const protocol of ['TCP', 'UDP'] as const) {
      const name = `dynamicports/${family}/${protocol}`.toLowerCase();
      const answer = source.read(name);
      at ??= answer.at;
      const range = answer.bytes === undefined ? null : decodeDynamicRange(Buffer.from(answer.bytes).toString('latin1'));
      if (range === null) troubles.push(refusalOf(name, answer));
      else data.push({ kind: 'LocalDynamic', protocol, family, ...range, source: `netsh interface ${family.toLowerCase()} show dynamicportrange ${protocol.toLowerCase()}` });
    }
  }
  return section(at, data, troubles, 4);
}

/**
 * Asks a Windows machine, live or recorded. Sockets come first: what follows is asked only of the processes that
 * hold a matching one, and only as far as the question goes.
 */
export function gatherWindows(source: RawSource, question: Question): { machine: Machine; sections: Sections } {
  const machine = decodeMachine(source.read('machine').text ?? '');
  const sockets = gatherSockets(source, question);
  const pids = new Set<number>();
  for (const { holders } of sockets.data) for (const pid of holders) pids.add(pid);
  const { details } = question;
  return {
    machine,
    sections: {
      sockets,
      processes: details.size > 0 && pids.size > 0 ? gatherProcesses(source, question, pids, machine.elevated) : notAsked(),
      services: details.has('services') && pids.size > 0 ? gatherServices(source) : notAsked(),
      dynamicRanges: question.ranges ? gatherDynamicRanges(source) : notAsked(),
      reservedPorts: notAsked(),
    },
  };
}
