import { portMatcher } from '../../ports/expression.ts';
import { needsArguments } from '../decode/application/application.ts';
import { relayNeedsArguments, relaysOf, splitCommandLine } from '../decode/relays.ts';
import { decodeMachine } from '../decode/windows-machine.ts';
import { memoryOf } from '../decode/windows-memory.ts';
import {
  applicationIn,
  createdText,
  decodeProcessDetails,
  decodeProcesses,
  type ProcessDetails,
  type ProcessEntry,
} from '../decode/windows-processes.ts';
import { decodeServices } from '../decode/windows-services.ts';
import {
  decodeBoundSockets,
  decodeSockets,
  tcpState,
  tcpStateName,
  type SocketRow,
  type SocketTable,
} from '../decode/windows-sockets.ts';
import { valueOf, type Told } from '../decode/windows-told.ts';
import type { FieldRefusal, Machine, Process, Sections, Socket } from '../model/facts.ts';
import { gatherBehind, gatherPortProxies, nameServices } from './windows-owners.ts';
import { gatherRanges } from './windows-ranges.ts';
import { candidateFinder, heirFinder, type HeirFinder } from './heirs.ts';
import { maskCommandLine } from './mask.ts';
import { spansWithout, type Question } from '../model/question.ts';
import { wasAsked } from '../model/section.ts';
import { moreRights, type RawHint, type RawSource, type Refusal } from '../../system/raw.ts';
import { flawOf, notAsked, troubleOf, section, type Trouble } from './windows-sections.ts';

/** The System process: the kernel's threads, which hold the sockets of drivers such as HTTP.sys. */
const system = 4;

const tables = { TCP: ['tcp4', 'tcp6'], UDP: ['udp4', 'udp6'] } as const satisfies Record<
  string,
  readonly SocketTable[]
>;

/** Reads the rows of the `wanted` tables with matching ports. `holding`: only those that reserve their port. */
function readRows(source: RawSource, wanted: readonly SocketTable[], question: Question, holding: boolean) {
  const rows: SocketRow[] = [];
  const troubles: Trouble[] = [];
  let at: string | null = null;
  const matches = portMatcher(question.localPorts);
  // A closed row without a port is not a socket on a port: Wine has such a row for a socket that was only created.
  const keep = (port: number, state: number) =>
    matches(port) &&
    (holding
      ? state === 0 || state === tcpState.listen || state === tcpState.bound
      : !(state === tcpState.closed && port === 0));
  for (const table of wanted) {
    const entry = source.read(table, holding ? { states: [tcpState.listen] } : {});
    at ??= entry.at;
    if (entry.bytes === undefined) {
      troubles.push(troubleOf(table, entry));
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
  if (tcp && state === null)
    refusals.push({ field: 'State', code: 'NotSupported', text: `TCP state ${row.state} has no name`, needs: null });
  // TIME_WAIT has outlived its process; in any other state, 0 means that Windows does not report the owner.
  const nobody = row.pid === 0 && row.state === tcpState.timeWait;
  const untold = row.pid === 0 && !nobody;
  if (untold)
    refusals.push({
      field: 'OwningProcess',
      code: 'NotSupported',
      text: 'Windows does not report which process owns it',
      needs: null,
    });
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

/**
 * Reads the bound sockets that are not listening, except those that now have a connection, which has a separate row in
 * `others`.
 */
function readBound(source: RawSource, question: Question, others: () => readonly SocketRow[]) {
  const rows: SocketRow[] = [];
  const troubles: Trouble[] = [];
  let at: string | null = null;
  const matches = portMatcher(question.localPorts);
  for (const table of ['bound4', 'bound6'] as const) {
    const entry = source.read(table);
    at ??= entry.at;
    if (entry.bytes !== undefined) {
      const { data, flaw } = decodeBoundSockets(table, entry.bytes, (port) => port !== 0 && matches(port));
      rows.push(...data);
      if (flaw !== null) troubles.push(flawOf(flaw));
      // Older versions of Windows do not report them.
    } else if (entry.refusal?.code !== 'NotSupported') troubles.push(troubleOf(table, entry));
  }
  const key = ({ pid, localPort }: SocketRow) => pid * 65536 + localPort;
  const used = rows.length === 0 ? new Set() : new Set(others().map(key));
  return { at, rows: rows.filter((row) => !used.has(key(row))), troubles };
}

/** Reads the sockets, the service tag of each, and the status of the sockets that are bound but not listening. */
function gatherSockets(
  source: RawSource,
  question: Question,
): { sockets: Sections['sockets']; tags: number[]; bound: NonNullable<Sections['boundSockets']> } {
  const wanted = question.protocols.flatMap((protocol): readonly SocketTable[] => tables[protocol]);
  const every = () => readRows(source, wanted, question, false);
  let found = question.sockets === 'all' ? every() : readRows(source, wanted, question, true);
  let bound: ReturnType<typeof readBound> | null = null;
  // Ports that no known socket reserves. For these, the answer is whichever other sockets use them.
  let rest = question.sockets === 'answer' ? spansWithout(question.localPorts, found.rows) : [];
  let all = question.sockets === 'all' ? found : null;
  if (question.protocols.includes('TCP') && (rest.length > 0 || question.sockets !== 'answer')) {
    bound = readBound(
      source,
      rest.length > 0 ? { ...question, localPorts: rest } : question,
      () => (all ??= every()).rows,
    );
    if (rest.length > 0) rest = spansWithout(rest, bound.rows);
  }
  if (rest.length > 0) {
    all ??= every();
    const others = portMatcher(rest);
    found = { ...all, rows: [...found.rows, ...all.rows.filter(({ localPort }) => others(localPort))] };
  }
  const rows = bound === null ? found.rows : [...found.rows, ...bound.rows];
  return {
    sockets: section(found.at, rows.map(socketOf), found.troubles, wanted.length),
    tags: rows.map(({ serviceTag }) => serviceTag),
    bound: bound === null ? notAsked() : section(bound.at, [], bound.troubles, 1),
  };
}

/** Returns the parent that started a process, if it is still running: its PID may have been reused since. */
function parentOf(entry: ProcessEntry | undefined, entries: ReadonlyMap<number, ProcessEntry>): ProcessEntry | null {
  if (entry === undefined) return null;
  const parent = entries.get(entry.parent);
  if (parent === undefined || parent.pid === 0 || parent.pid === entry.pid) return null;
  // System is older than every other process. All times here have the same form, so they compare as text.
  const before =
    parent.pid === system || (parent.started !== null && entry.started !== null && parent.started <= entry.started);
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

const detailFields = {
  path: 'Path',
  user: 'UserName',
  commandLine: 'CommandLine',
  workingDirectory: 'WorkingDirectory',
  parent: 'ParentProcess',
} as const;

/** Returns a process that is included only for another one: its name and age are enough. */
function namedProcess(entry: ProcessEntry, { details }: Question): Process {
  const process = bareProcess(entry);
  for (const detail of ['path', 'user', 'commandLine', 'workingDirectory', 'parent'] as const) {
    if (details.has(detail))
      process.refusals.push({
        field: detailFields[detail],
        code: 'NotAsked',
        text: 'only its name was requested',
        needs: null,
      });
  }
  return process;
}

/** Reads `process/PID`, if it still describes the process in the list. */
function readDetails(source: RawSource, entry: ProcessEntry, hint: RawHint): ProcessDetails {
  const answer = source.read(`process/${entry.pid}`, hint);
  const all = (told: Told): ProcessDetails => ({
    created: told,
    path: told,
    user: told,
    realUser: null,
    commandLine: told,
  });
  if (answer.text === undefined)
    return all({ refusal: answer.refusal ?? { code: 'Failed', text: 'the answer is not readable' } });
  const details = decodeProcessDetails(answer.text);
  const created = createdText(details.created);
  const another = created !== null && entry.started !== null && created !== entry.started;
  return another ? all({ refusal: { code: 'Gone', text: 'the process has ended' } }) : details;
}

const untold: Told = { refusal: { code: 'NotSupported', text: 'command lines were not requested' } };

/** The inputs for describing processes. */
interface ProcessView {
  readonly source: RawSource;
  readonly question: Question;
  readonly entries: ReadonlyMap<number, ProcessEntry>;
  readonly elevated: boolean | null;
}

/** Returns a process with the values from the process list, and refusals for the missing ones. */
function listedProcess(entry: ProcessEntry, { question: { details }, entries }: ProcessView): Process {
  const process = bareProcess(entry);
  const { refusals } = process;
  if (entry.imageName === null)
    refusals.push({ field: 'ImageName', code: 'Failed', text: 'it is not in the list of processes', needs: null });
  if (entry.started === null)
    refusals.push({
      field: 'StartTime',
      code: 'NotSupported',
      text: 'the list of processes does not contain its start time',
      needs: null,
    });
  if (details.has('parent')) {
    process.parent = parentOf(entry, entries)?.pid ?? null;
    if (process.parent === null && entry.parent !== 0) {
      refusals.push({
        field: 'ParentProcess',
        code: 'Gone',
        text: `its parent, process ${entry.parent}, has ended`,
        needs: null,
      });
    }
  }
  return process;
}

/** Returns why a detail of a process is unavailable. */
function deniedDetail(field: string, { code, text, needs }: Refusal, elevated: boolean | null): FieldRefusal {
  const denied = code === 'AccessDenied';
  return {
    field,
    code,
    text: denied && elevated === true ? 'not even an administrator can see this for a protected process' : text,
    needs: denied && elevated !== true ? moreRights.win32 : (needs ?? null),
  };
}

function processOf(entry: ProcessEntry, view: ProcessView): Process {
  const { source, question, entries, elevated } = view;
  const { details } = question;
  const process = listedProcess(entry, view);
  const asked = (['path', 'user', 'commandLine', 'workingDirectory'] as const).filter((detail) => details.has(detail));
  // System has neither an executable nor a command line.
  if (entry.pid === system) return process;
  const relaying = details.has('services') && relayNeedsArguments(entry.imageName ?? '');
  const launching = entry.imageName !== null && needsArguments(entry.imageName);
  const answers =
    asked.length === 0 && !relaying && !launching
      ? null
      : readDetails(source, entry, {
          commandLine: details.has('commandLine') || relaying || launching,
          commandLineOf: needsArguments,
          workingDirectory: details.has('workingDirectory'),
        });
  const application = answers === null || !launching ? null : applicationIn(entry.imageName, answers);
  if (application !== null) process.application = application;
  if (details.has('services') && entry.imageName !== null) {
    const line = relaying ? valueOf(answers?.commandLine ?? untold) : null;
    const parentImageName = parentOf(entry, entries)?.imageName ?? null;
    const relays = relaysOf({
      imageName: entry.imageName,
      parentImageName,
      arguments: line === null ? null : splitCommandLine(line),
    });
    if (relays !== null) process.relays = relays;
  }
  if (answers === null) return process;
  const realUser = answers.realUser === null || !details.has('user') ? null : valueOf(answers.realUser);
  if (realUser !== null) process.realUser = realUser;
  for (const detail of asked) {
    const answer = answers[detail];
    const field = detailFields[detail];
    if (answer == null) {
      const text =
        detail === 'commandLine' ? 'command lines were not requested' : 'working directories were not requested';
      process.refusals.push({ field, code: 'NotAsked', text, needs: null });
    } else if ('refusal' in answer) process.refusals.push(deniedDetail(field, answer.refusal, elevated));
    // The kernel's own processes have no command line.
    else process[detail] = (detail === 'commandLine' ? maskCommandLine(answer.value) : answer.value) || null;
  }
  return process;
}

/**
 * Reads the processes `pids`, which own sockets, and the names of `others`. Sets, for each of the `sockets`, which
 * processes may have inherited it.
 */
function gatherProcesses(
  { source, question, elevated }: Omit<ProcessView, 'entries'>,
  sockets: readonly Socket[],
  { pids, others }: { pids: ReadonlySet<number>; others: ReadonlySet<number> },
): Sections['processes'] {
  const answer = source.read('processes');
  const memory = answer.bytes === undefined ? null : memoryOf(answer.bytes, answer.meta?.['base']);
  if (memory === null) return section(answer.at, [], [troubleOf('processes', answer)], 1);
  const { data: entries, flaw } = decodeProcesses(memory);
  const view: ProcessView = { source, question, entries, elevated };
  const processes = new Map<number, Process>();
  for (const pid of pids) {
    const entry = entries.get(pid);
    if (entry !== undefined) processes.set(pid, processOf(entry, view));
  }
  if (question.details.has('ancestors'))
    for (const pid of pids) {
      let entry = parentOf(entries.get(pid), entries);
      for (; entry !== null && !processes.has(entry.pid); entry = parentOf(entry, entries))
        processes.set(entry.pid, processOf(entry, view));
    }
  const named = (pid: number | null): void => {
    const entry = pid === null ? undefined : entries.get(pid);
    if (entry !== undefined && !processes.has(entry.pid)) processes.set(entry.pid, namedProcess(entry, question));
  };
  // The loop also visits the parents that it adds, which have no parents themselves.
  for (const { parent } of processes.values()) named(parent);
  // A service may have started the program that serves a URL.
  for (const pid of others) {
    named(pid);
    const [process, entry] = [processes.get(pid), entries.get(pid)];
    if (process === undefined || entry === undefined || !question.details.has('parent')) continue;
    const parent = process.parent ?? parentOf(entry, entries)?.pid ?? null;
    if (parent === null) continue;
    process.parent = parent;
    process.refusals = process.refusals.filter(({ field }) => field !== 'ParentProcess');
    named(parent);
  }
  if (flaw === null && question.details.has('services')) {
    let heirsOf: HeirFinder | undefined;
    let candidatesOf: ReturnType<typeof candidateFinder> | undefined;
    for (const socket of sockets) {
      const { pid, created } = socket;
      if (pid === null || pid <= system || entries.has(pid)) continue;
      heirsOf ??= heirFinder(entries.values());
      const heirs = heirsOf(pid, created);
      if (heirs.length > 0) socket.heirs = heirs;
      else {
        const candidates = (candidatesOf ??= candidateFinder(entries.values()))(created);
        if (candidates.length > 0) socket.heirCandidates = candidates;
        candidates.forEach(named);
      }
      heirs.forEach(named);
    }
  }
  return section(answer.at, [...processes.values()], flaw === null ? [] : [flawOf(flaw)], 1);
}

function gatherServices(source: RawSource): Sections['services'] {
  const answer = source.read('services');
  if (answer.bytes === undefined) return section(answer.at, [], [troubleOf('services', answer)], 1);
  const { data, flaw } = decodeServices(answer.bytes, answer.meta?.['pages']);
  return section(
    answer.at,
    data.filter(({ pid }) => pid !== 0),
    flaw === null ? [] : [flawOf(flaw)],
    1,
  );
}

/** Empty for recordings that predate this entry. */
function configuredPortProxies(source: RawSource): Pick<Sections, 'portProxies'> {
  return source.read('portproxy').refusal?.code === 'NotSupported' ? {} : { portProxies: gatherPortProxies(source) };
}

/**
 * Queries a live or recorded Windows machine. Sockets come first; everything else is read only for the processes that
 * hold a matching socket, and only as far as the question requires.
 */
export function gatherWindows(source: RawSource, question: Question): { machine: Machine; sections: Sections } {
  const machine = decodeMachine(source.read('machine').text ?? '');
  const { sockets, tags, bound } = gatherSockets(source, question);
  const pids = new Set<number>();
  for (const { holders } of sockets.data) for (const pid of holders) pids.add(pid);
  const { details } = question;
  const services: Sections['services'] = details.has('services') && pids.size > 0 ? gatherServices(source) : notAsked();
  const others = new Set<number>();
  let behind: Partial<Sections> = {};
  if (wasAsked(services)) {
    nameServices(source, sockets.data, tags, services.data);
    behind = gatherBehind(source, sockets.data, services.data, machine.elevated);
    for (const { controller, processes } of behind.httpQueues?.data ?? []) {
      for (const { pid } of processes) others.add(pid);
      if (controller !== null) others.add(controller);
    }
  }
  return {
    machine,
    sections: {
      sockets,
      processes:
        details.size > 0 && pids.size > 0
          ? gatherProcesses({ source, question, elevated: machine.elevated }, sockets.data, { pids, others })
          : notAsked(),
      services,
      dynamicRanges: notAsked(),
      reservedPorts: notAsked(),
      ...(wasAsked(bound) ? { boundSockets: bound } : {}),
      ...behind,
      // A rule whose port another program holds exists without a socket.
      ...(question.configured === true && behind.portProxies === undefined ? configuredPortProxies(source) : {}),
      ...(question.ranges ? gatherRanges(source) : {}),
    },
  };
}
