import { portMatcher } from '../../ports/expression.ts';
import { needsArguments } from '../decode/application/application.ts';
import { mayRelay, relayNeedsArguments, relaysOf } from '../decode/relays.ts';
import { decodeCgroup } from '../decode/linux-cgroup.ts';
import {
  applicationIn,
  commandLine,
  decodeProcess,
  imageName,
  startTime,
  withoutEnd,
  type ProcessDetails,
} from '../decode/linux-processes.ts';
import {
  decodeDiag,
  decodeHolders,
  decodeInterfaces,
  decodeProcNet,
  decodeStarted,
  type Keep,
  type KernelSocket,
} from '../decode/linux-sockets.ts';
import { diagTables, holdingStates, LISTEN, procTables } from '../decode/linux-tables.ts';
import { decodeKernelPorts } from '../decode/linux-kernel-ports.ts';
import { decodeLinks, type Link } from '../decode/linux-interfaces.ts';
import { decodeSocketUnits } from '../decode/linux-socket-units.ts';
import { decodeBoot, decodeMachine, decodeRanges, decodeUsers } from '../decode/linux-system.ts';
import type { FieldRefusal, Machine, Process, Relay, Sections, Socket } from '../model/facts.ts';
import { holdsPort, spansWithout, type Detail, type Question } from '../model/question.ts';
import { giveUnaccepted } from './unaccepted.ts';
import { moreRights, type RawHint, type RawSource, type Refusal } from '../../system/raw.ts';

type Protocol = 'TCP' | 'UDP';

/** The kernel's numbers of all other states. */
const connected: Readonly<Record<Protocol, readonly number[]>> = { TCP: [1, 2, 3, 4, 5, 6, 8, 9, 11, 12], UDP: [1] };

function section<T>(at: string | null, data: T[]) {
  return {
    status: 'ok' as 'ok' | 'partial' | 'failed' | 'notAsked',
    reason: null as string | null,
    needs: null as string | null,
    at,
    data,
  };
}

function notAsked<T>() {
  return { ...section<T>(null, []), status: 'notAsked' as const };
}

function refusal(field: string, reason: Refusal): FieldRefusal {
  return { field, code: reason.code, text: reason.text, needs: reason.needs ?? null };
}

/** Sockets that reserve a port, connections, or both. */
type Which = 'holding' | 'connected' | 'all';

interface Listing {
  readonly which: Which;
  readonly at: string;
  readonly sockets: KernelSocket[];
  /** Why the list is incomplete. */
  readonly flaws: readonly string[];
  /** Whether no data could be read. */
  readonly failed: boolean;
}

/**
 * Lists the sockets of a protocol that are in one of `states` (null: any), from sock_diag or, if that fails, from
 * /proc/net.
 */
function list(
  source: RawSource,
  protocol: Protocol,
  states: readonly number[] | null,
  keep: Keep,
): Omit<Listing, 'which'> {
  const wanted = new Set(states);
  const keepState: Keep =
    states === null ? keep : (state, port, inode) => wanted.has(state) && keep(state, port, inode);
  const sockets: KernelSocket[] = [];
  const flaws: string[] = [];
  let at: string | null = null;
  for (const name of diagTables[protocol]) {
    const entry = source.read(name, states === null ? {} : { states });
    at ??= entry.at;
    const decoded = entry.bytes === undefined ? null : decodeDiag(protocol, entry.bytes, keepState);
    for (const socket of decoded?.data ?? []) sockets.push(socket);
    const flaw = decoded === null ? (entry.refusal?.text ?? 'the answer is not readable') : decoded.flaw;
    if (flaw !== null) flaws.push(`${name}: ${flaw}`);
  }
  if (flaws.length === 0) return { at: at!, sockets, flaws, failed: false };

  const others: KernelSocket[] = [];
  const otherFlaws: string[] = [];
  let answers = 0;
  for (const name of procTables[protocol]) {
    const entry = source.read(name);
    if (entry.text === undefined) {
      // If the kernel has no IPv6, this file and such sockets do not exist.
      if (!(name.endsWith('6') && entry.refusal?.code === 'NotSupported' && answers > 0))
        otherFlaws.push(`${name}: ${entry.refusal?.text ?? 'the answer is not readable'}`);
      continue;
    }
    answers++;
    const { data, flaw } = decodeProcNet(protocol, entry.text, keepState);
    for (const socket of data) others.push(socket);
    if (flaw !== null) otherFlaws.push(`${name}: ${flaw}`);
  }
  if (answers > 0 && (otherFlaws.length === 0 || others.length >= sockets.length))
    return { at: at!, sockets: others, flaws: otherFlaws, failed: false };
  return { at: at!, sockets, flaws: [...flaws, ...otherFlaws], failed: sockets.length === 0 };
}

/** Lists the sockets of the requested protocols. */
function listAll(source: RawSource, question: Question, which: Which, keep: Keep): Listing {
  const holding = question.leavesBound === true ? { ...holdingStates, TCP: [LISTEN] } : holdingStates;
  const statesOf = (protocol: Protocol) =>
    which === 'all' ? null : (which === 'holding' ? holding : connected)[protocol];
  const listings = question.protocols.map((protocol) => list(source, protocol, statesOf(protocol), keep));
  return {
    which,
    at: listings[0]?.at ?? '1970-01-01T00:00:00Z',
    sockets: listings.length === 1 ? listings[0]!.sockets : listings.flatMap(({ sockets }) => sockets),
    flaws: listings.flatMap(({ flaws }) => flaws),
    failed: listings.length > 0 && listings.every(({ failed }) => failed),
  };
}

/** Returns the interfaces by index; without rtnetlink, only those that have an IPv6 address. */
function interfaceLinks(source: RawSource): ReadonlyMap<number, Link> {
  const { bytes, meta } = source.read('interfaces');
  const links = bytes === undefined ? null : decodeLinks(bytes, meta?.['acceptsAll'] === 1).data;
  if (links !== null && links.size > 0) return links;
  const named = decodeInterfaces(source.read('proc/net/if_inet6').text ?? '');
  return new Map([...named].map(([number, name]) => [number, { name, vrf: null }]));
}

/** Returns lookups for the names of users and interfaces, each read on first use. */
function nameLookups(source: RawSource) {
  let users: Map<number, string | Refusal> | undefined;
  let links: ReadonlyMap<number, Link> | undefined;
  return {
    user(uid: number): string | Refusal {
      users ??= decodeUsers(source.read('users').text ?? '');
      const known = users.get(uid);
      if (known !== undefined) return known;
      const { text, refusal: reason } = source.read(`user/${uid}`);
      const answer = text ?? reason ?? { code: 'Failed', text: 'the answer is not readable' };
      users.set(uid, answer);
      return answer;
    },
    link(number: number): Link {
      links ??= interfaceLinks(source);
      return links.get(number) ?? { name: String(number), vrf: null };
    },
  };
}
type Names = ReturnType<typeof nameLookups>;

/** What is known about a process. */
interface Known {
  readonly pid: number;
  readonly details: ProcessDetails | null;
  /** Why there are no details. */
  readonly reason: Refusal | null;
}

const ended: Refusal = { code: 'Gone', text: 'the process has ended' };

function processReader(source: RawSource, details: ReadonlySet<Detail>) {
  const hint: RawHint = {
    commandLine: details.has('commandLine'),
    commandLineOf: needsArguments,
    workingDirectory: details.has('workingDirectory'),
  };
  const known = new Map<number, Known>();
  /** `started`: the start time of the intended process, in ticks. Another process may have reused its PID since. */
  return (pid: number, started?: number): Known => {
    const before = known.get(pid);
    if (before !== undefined && (started === undefined || before.details?.stat.startTicks === started)) return before;
    const entry = source.read(`process/${pid}`, hint);
    const details = entry.text === undefined ? null : decodeProcess(entry.text);
    const reason = entry.refusal ?? { code: 'Failed', text: 'the answer is not readable' };
    const one = { pid, details, reason: details === null ? reason : null };
    known.set(pid, one);
    const another = details !== null && started !== undefined && details.stat.startTicks !== started;
    return another ? { pid, details: null, reason: ended } : one;
  };
}
type ProcessReader = ReturnType<typeof processReader>;

const age = ({ details }: Known): number => details?.stat.startTicks ?? Infinity;

/** Sorts the holders, oldest first, without those that have ended and therefore no longer hold the socket. */
function order(holders: readonly Known[]): Known[] {
  const alive = holders.filter(({ reason }) => reason?.code !== 'Gone');
  return alive.length < 2 ? alive : alive.sort((a, b) => (age(a) === age(b) ? a.pid - b.pid : age(a) - age(b)));
}

/** Returns the parent of a process, unless a process that is younger than the child has reused the PID. */
function parentOf({ details }: Known, read: ProcessReader): Known | null {
  if (details === null || details.stat.parent === 0) return null;
  const parent = read(details.stat.parent);
  return parent.details !== null && parent.details.stat.startTicks <= details.stat.startTicks ? parent : null;
}

/** Returns all ancestors of the owners, without the owners. */
function ancestorsOf(owners: ReadonlyMap<number, Known>, read: ProcessReader): Known[] {
  const found = new Map<number, Known>();
  for (const owner of owners.values())
    for (let one = parentOf(owner, read); one !== null; one = parentOf(one, read)) {
      if (owners.has(one.pid) || found.has(one.pid)) break;
      found.set(one.pid, one);
    }
  return [...found.values()];
}

const accessDenied: Refusal = { code: 'AccessDenied', text: 'access is denied', needs: moreRights.linux };
const refusedPart = (code: Refusal['code']): Refusal =>
  code === 'AccessDenied' ? accessDenied : { code, text: 'it could not be read' };

interface Context {
  readonly source: RawSource;
  readonly details: ReadonlySet<Detail>;
  readonly names: Names;
  readonly read: ProcessReader;
  readonly boot: { readonly btime: number; readonly hertz: number } | null;
}

/** Returns what a process forwards. Its arguments are read for this even if they were not requested. */
function relaysBy(known: Known, name: string, { read, source }: Context): Relay[] {
  const parent = parentOf(known, read)?.details ?? null;
  let cmdline = known.details?.cmdline ?? null;
  if (cmdline === null && relayNeedsArguments(name)) {
    const { text } = source.read(`process/${known.pid}`, { commandLine: true });
    const details = text === undefined ? null : decodeProcess(text);
    cmdline = details?.stat.startTicks === known.details?.stat.startTicks ? (details?.cmdline ?? null) : null;
  }
  const args = cmdline === null ? null : withoutEnd(cmdline).split('\0');
  return (
    relaysOf({ imageName: name, parentImageName: parent === null ? null : imageName(parent), arguments: args }) ?? []
  );
}

const notAskedFor = (field: string, text: string): FieldRefusal => ({ field, code: 'NotAsked', text, needs: null });

/** A value of a process, and why it is missing. */
interface Value<T> {
  readonly value: T | null;
  readonly refusals: readonly FieldRefusal[];
}

/** Returns why a part of a process could not be read. */
function unread(details: ProcessDetails, field: string, part: string): FieldRefusal[] {
  const code = details.refused[part];
  return code === undefined ? [] : [refusal(field, refusedPart(code))];
}

function lineOf(details: ProcessDetails): Value<string> {
  if (details.cmdline !== null)
    return { value: commandLine(details.cmdline), refusals: unread(details, 'CommandLine', 'cmdline') };
  const refusals =
    details.refused['cmdline'] === undefined
      ? [notAskedFor('CommandLine', 'command lines were not requested')]
      : unread(details, 'CommandLine', 'cmdline');
  return { value: null, refusals };
}

function userOf(details: ProcessDetails, names: Names): Value<string> {
  if (details.uid === null) return { value: null, refusals: unread(details, 'UserName', 'uid') };
  const name = names.user(details.uid);
  return typeof name === 'string'
    ? { value: name, refusals: [] }
    : { value: null, refusals: [refusal('UserName', name)] };
}

/**
 * Returns the PID of a process's parent. `asParent`: the process is included for its child, and its own parent was not
 * requested.
 */
function parentNumber(
  known: Known & { details: ProcessDetails },
  asParent: boolean,
  read: ProcessReader,
): Value<number> {
  if (asParent)
    return { value: null, refusals: [notAskedFor('ParentProcess', 'only parents of owners were requested')] };
  const value = parentOf(known, read)?.pid ?? null;
  const { parent } = known.details.stat;
  const unseen = value === null && parent !== 0 ? read(parent).reason : null;
  return { value, refusals: unseen?.code === 'AccessDenied' ? [refusal('ParentProcess', unseen)] : [] };
}

/** Returns the start time of a process. */
function startOf(details: ProcessDetails, boot: Context['boot']): Value<string> {
  if (boot !== null) return { value: startTime(boot.btime, boot.hertz, details.stat.startTicks), refusals: [] };
  const why = { code: 'Failed', text: 'the start time of the machine is unknown' } as const;
  return { value: null, refusals: [refusal('StartTime', why)] };
}

const nothing = <T>(): Value<T> => ({ value: null, refusals: [] });

function directoryOf({ cwd, refused }: ProcessDetails): Value<string> {
  const code = refused['cwd'];
  if (code !== undefined) return { value: null, refusals: [refusal('WorkingDirectory', refusedPart(code))] };
  if (cwd !== null) return { value: cwd, refusals: [] };
  return { value: null, refusals: [notAskedFor('WorkingDirectory', 'working directories were not requested')] };
}

/**
 * Returns a process as facts. `asParent`: the process is included for its child, and its own parent was not requested.
 */
function processOf(known: Known, asParent: boolean, context: Context): Process {
  const { pid, details, reason } = known;
  if (details === null) return { ...unnamed(pid), refusals: [refusal('ImageName', reason!)] };
  const wants = (detail: Detail) => context.details.has(detail);
  const started = startOf(details, context.boot);
  const line = wants('commandLine') ? lineOf(details) : nothing<string>();
  const directory = wants('workingDirectory') ? directoryOf(details) : nothing<string>();
  const user = wants('user') ? userOf(details, context.names) : nothing<string>();
  const parent = wants('parent') ? parentNumber({ ...known, details }, asParent, context.read) : nothing<number>();
  const { unit, unitUser, container } = decodeCgroup(wants('services') ? (details.cgroup ?? '') : '');
  const name = imageName(details);
  const process: Process = {
    pid,
    imageName: name,
    path: wants('path') ? details.exe : null,
    commandLine: line.value,
    user: user.value,
    parent: parent.value,
    startTime: started.value,
    unit,
    ...(unitUser === null ? {} : { unitUser }),
    container,
    refusals: [
      ...started.refusals,
      ...(wants('path') ? unread(details, 'Path', 'exe') : []),
      ...(wants('services') ? unread(details, 'Services', 'cgroup') : []),
      ...line.refusals,
      ...directory.refusals,
      ...user.refusals,
      ...parent.refusals,
    ],
  };
  const application = asParent ? null : applicationIn(details);
  if (application !== null) process.application = application;
  if (wants('workingDirectory')) process.workingDirectory = directory.value;
  if (process.path !== null && details.literalExe) process.literalPath = true;
  if (wants('services') && !asParent && mayRelay(name)) process.relays = relaysBy(known, name, context);
  return process;
}

/** Returns a process of which only the PID is known. */
function unnamed(pid: number): Process {
  return {
    pid,
    imageName: null,
    path: null,
    commandLine: null,
    user: null,
    parent: null,
    startTime: null,
    unit: null,
    container: null,
    refusals: [],
  };
}

/**
 * Marks a socket that no file descriptor refers to. A connection is held by the kernel; any other socket is being
 * closed.
 */
function withoutDescriptor(socket: Socket): void {
  if (holdsPort(socket))
    socket.refusals.push(
      refusal('OwningProcess', { code: 'Gone', text: 'it is being closed, and no longer has a process' }),
    );
  else socket.kernel = true;
}

function socketOf(found: KernelSocket, names: Names): Socket {
  const link = found.scope === 0 ? null : names.link(found.scope);
  const socket: Socket = {
    protocol: found.protocol,
    localAddress: link === null ? found.localAddress : `${found.localAddress}%${link.name}`,
    localPort: found.localPort,
    remoteAddress: found.remoteAddress,
    remotePort: found.remotePort,
    state: found.state,
    pid: null,
    holders: [],
    created: null,
    user: null,
    kernel: false,
    refusals: [],
  };
  // UDP ports are shared by all VRFs.
  if (link !== null && link.vrf !== null && found.protocol === 'TCP') socket.vrf = link.vrf;
  if (found.inode === 0) withoutDescriptor(socket);
  return socket;
}

/**
 * The maximum number of searches for the holder of a socket that still exists, because processes may keep passing it
 * on.
 */
const looks = 4;

/** The holders of each socket, by inode, as far as they were found. A list of holders is never empty. */
interface Holders {
  readonly byInode: ReadonlyMap<number, readonly Known[]>;
  readonly at: string;
  /** Whether the file descriptors of any process could be read. */
  readonly answered: boolean;
  /** Why some processes could not be inspected; null if all were. */
  readonly limit: Refusal | null;
  /** The sockets that still exist although no holder was found. They are not checked if there is a limit. */
  readonly existing: ReadonlySet<number>;
}

/** Additional checks for sockets without a known holder. */
interface Doubts {
  /** Returns the sockets that still exist. */
  readonly stillThere: (inodes: ReadonlySet<number>) => ReadonlySet<number>;
  /** Returns whether kernel components are known to own all of them, so that no further search is needed. */
  readonly inKernel: (inodes: ReadonlySet<number>) => boolean;
  /** Whether to inspect threads although some processes cannot be inspected. */
  readonly thorough: boolean;
  /** Whether one short search is enough. */
  readonly hasty: boolean;
}

/** Searches all processes for holders. For sockets that still exist without a holder, searches threads, and repeats. */
function findHolders(
  source: RawSource,
  inodes: ReadonlySet<number>,
  read: ProcessReader,
  { stillThere, inKernel, thorough, hasty }: Doubts,
): Holders {
  const byInode = new Map<number, readonly Known[]>();
  const look = (name: string, wanted: ReadonlySet<number>) => {
    const {
      at,
      bytes,
      meta,
      refusal: limit,
    } = source.read(name, hasty ? { inodes: wanted, hasty } : { inodes: wanted });
    const started = decodeStarted(meta?.['started']);
    // Most sockets have one holder, which holds many sockets, so all of them share one list.
    const seen = new Map<number, readonly Known[]>();
    const alone = (pid: number): readonly Known[] => {
      let one = seen.get(pid);
      if (one === undefined) seen.set(pid, (one = order([read(pid, started.get(pid))])));
      return one;
    };
    for (const [inode, pids] of decodeHolders(bytes ?? new Uint8Array(0), wanted)) {
      const holders = pids.length === 1 ? alone(pids[0]!) : order([...new Set(pids)].flatMap(alone));
      if (holders.length > 0) byInode.set(inode, holders);
    }
    return { at, answered: bytes !== undefined, limit: limit ?? null };
  };
  const missing = (wanted: ReadonlySet<number>): ReadonlySet<number> => {
    const left = new Set<number>();
    for (const inode of wanted) if (!byInode.has(inode)) left.add(inode);
    return left;
  };
  const { at, answered, limit: first } = look('holders', inodes);
  let limit = first;
  let existing = missing(inodes);
  if (limit === null && existing.size > 0) existing = stillThere(existing);
  // If some processes are not visible, repeated searches find nothing more.
  const most = hasty ? 0 : limit === null ? looks : thorough ? 1 : 0;
  for (let turn = 0; turn < most && existing.size > 0; turn++) {
    if (turn > 0 && inKernel(existing)) break;
    const deep = look('holders/threads', existing);
    if (deep.answered) limit ??= deep.limit;
    existing = missing(existing);
    if (limit === null && existing.size > 0) existing = stillThere(existing);
  }
  return { byInode, at, answered, limit, existing };
}

/**
 * Returns a function that finds the kernel component that owns a socket; null if there is none. The kernel is queried
 * on first use.
 */
function kernelParts(source: RawSource): (found: KernelSocket) => string | null {
  let partOf: ReturnType<typeof decodeKernelPorts> | undefined;
  // Sockets that the kernel creates for itself belong to root.
  return (found) =>
    found.uid === 0 ? (partOf ??= decodeKernelPorts(source.read('kernelports').text ?? ''))(found) : null;
}

/**
 * Sets the kernel as the owner of an existing socket without a holder, if that can be shown; otherwise adds a refusal.
 */
function unheld(found: KernelSocket, socket: Socket, part: string | null): void {
  if (part !== null) {
    socket.kernel = true;
    socket.kernelPart = part;
    return;
  }
  socket.refusals.push(
    refusal('OwningProcess', {
      code: 'Failed',
      text: `no process, thread, or known part of the kernel was found to hold it; uid ${found.uid} created it; it may be in transit between processes, or held in another way (io_uring)`,
    }),
  );
}

/** Sets the holders of sockets. Returns the holders, and whether some could not be seen. */
function fillOwners(
  { question, sockets, names }: OwnerSearch,
  found: readonly KernelSocket[],
  { byInode, limit, existing }: ReturnType<typeof findHolders>,
  partOf: ReturnType<typeof kernelParts>,
): { owners: Map<number, Known>; incomplete: boolean } {
  const unseen =
    limit === null
      ? null
      : refusal('OwningProcess', { ...limit, text: `none of the processes that can be seen holds it; ${limit.text}` });
  const others =
    limit === null ? null : refusal('Holders', { ...limit, text: `other processes may hold it, too; ${limit.text}` });
  const closed = refusal('OwningProcess', { code: 'Gone', text: 'the socket was closed during the check' });

  const owners = new Map<number, Known>();
  let incomplete = false;
  for (let i = 0; i < found.length; i++) {
    const { inode, uid } = found[i]!;
    const socket = sockets[i]!;
    if (inode === 0) continue;
    const holders = byInode.get(inode);
    if (holders !== undefined) {
      for (const one of holders) owners.set(one.pid, one);
      socket.pid = holders[0]!.pid;
      socket.holders = holders.length === 1 ? [socket.pid] : holders.map(({ pid }) => pid);
      // No visible holder runs as the user who created the socket, so the process that created it probably still holds
      // it.
      if (others !== null && !holders.some(({ details }) => details?.uid === uid)) {
        socket.refusals.push(others);
        incomplete = true;
      }
    } else if (unseen !== null) {
      socket.refusals.push(unseen);
      incomplete = true;
    } else if (existing.has(inode)) unheld(found[i]!, socket, partOf(found[i]!));
    else socket.refusals.push(closed);
    if (question.details.has('user') || holders === undefined) {
      const name = names.user(uid);
      if (typeof name === 'string') socket.user = name;
      else if (question.details.has('user')) socket.refusals.push(refusal('UserName', name));
    }
  }
  return { owners, incomplete };
}

/** Returns the owners as facts, with their parents if requested. */
function ownerProcesses(
  { source, question, names }: OwnerSearch,
  owners: Map<number, Known>,
  read: ProcessReader,
): Process[] {
  const bootText = owners.size === 0 ? undefined : source.read('boot').text;
  const context: Context = {
    source,
    details: question.details,
    names,
    read,
    boot: bootText === undefined ? null : decodeBoot(bootText),
  };
  const above = question.details.has('ancestors') ? ancestorsOf(owners, read) : [];
  for (const one of above) owners.set(one.pid, one);
  const data = [...owners.values()].map((known) => processOf(known, false, context));
  if (!question.details.has('parent')) return data;
  const parents = new Map<number, Known>();
  for (const known of owners.values()) {
    const parent = parentOf(known, read);
    if (parent !== null && !owners.has(parent.pid)) parents.set(parent.pid, parent);
  }
  for (const parent of parents.values()) data.push(processOf(parent, true, context));
  return data;
}

/** The sockets whose owners are searched for, and the source. */
interface OwnerSearch {
  readonly source: RawSource;
  readonly question: Question;
  readonly names: Names;
  /** The sockets of the listing, in the same order. The results are written to them. */
  readonly sockets: readonly Socket[];
}

/**
 * Searches for the holders of sockets and writes them to the sockets. Returns the processes, and what could not be
 * seen.
 */
function findOwners({ sockets: found, which }: Listing, search: OwnerSearch): Sections['processes'] {
  const { source, question } = search;
  const inodes = new Set<number>();
  for (const { inode } of found) if (inode !== 0) inodes.add(inode);
  if (inodes.size === 0) return section(null, []);
  const read = processReader(source, question.details);
  const partOf = kernelParts(source);
  const holders = findHolders(source, inodes, read, {
    stillThere: (wanted) => {
      const { sockets: there } = listAll(source, question, which, (_state, _port, inode) => wanted.has(inode));
      return new Set(there.map(({ inode }) => inode));
    },
    inKernel: (wanted) => found.every((one) => !wanted.has(one.inode) || partOf(one) !== null),
    thorough: question.localPorts !== null,
    hasty: question.hasty === true,
  });
  const { at, answered, limit } = holders;
  const { owners, incomplete } = fillOwners(search, found, holders, partOf);
  const data = ownerProcesses(search, owners, read);
  if (!incomplete) return section(at, data);
  return {
    ...section(at, data),
    status: answered ? 'partial' : 'failed',
    reason: limit!.text,
    needs: limit!.needs ?? null,
  };
}

function portRanges(source: RawSource, wanted: boolean): Pick<Sections, 'dynamicRanges' | 'reservedPorts'> {
  if (!wanted) return { dynamicRanges: notAsked(), reservedPorts: notAsked() };
  const { at, text, refusal: reason } = source.read('ranges');
  const { dynamic, reserved } = decodeRanges(text ?? '');
  const failed = {
    ...section(at, []),
    status: 'failed' as const,
    reason: reason?.text ?? 'the setting could not be read',
    needs: reason?.needs ?? null,
  };
  return {
    dynamicRanges: dynamic === null ? failed : section(at, dynamic),
    reservedPorts: reserved === null ? failed : section(at, reserved),
  };
}

/** Empty if systemd is not the init system, and for facts that predate this entry. */
function socketUnits(source: RawSource): Pick<Sections, 'socketUnits'> {
  const { at, text, refusal: reason } = source.read('socketunits');
  if (reason?.code === 'NotSupported') return {};
  const { data, flaw } = decodeSocketUnits(text ?? '');
  const trouble = reason?.text ?? flaw;
  return {
    socketUnits:
      trouble === null
        ? section(at, data)
        : { ...section(at, data), status: 'failed', reason: trouble, needs: reason?.needs ?? null },
  };
}

/**
 * Queries a live or recorded Linux machine: sockets first, then the holders of the relevant ones, then the requested
 * details. Sockets of other network namespaces are not listed, and only processes that are visible in this PID
 * namespace are found.
 */
export function gatherLinux(source: RawSource, question: Question): { machine: Machine; sections: Sections } {
  const names = nameLookups(source);
  const port = portMatcher(question.localPorts);
  const keep: Keep = (_state, localPort) => port(localPort);
  let listing = listAll(source, question, question.sockets === 'all' ? 'all' : 'holding', keep);
  const rest = question.sockets === 'answer' ? spansWithout(question.localPorts, listing.sockets) : [];
  if (rest.length > 0) {
    const others = portMatcher(rest);
    const more = listAll(source, question, 'connected', (_state, localPort) => others(localPort));
    listing = {
      ...more,
      which: listing.sockets.length === 0 ? 'connected' : 'all',
      sockets: [...listing.sockets, ...more.sockets],
      flaws: [...new Set([...listing.flaws, ...more.flaws])],
      failed: listing.failed && more.failed,
    };
  }
  const { at, flaws, failed } = listing;
  const sockets = listing.sockets.map((one) => socketOf(one, names));
  const processes =
    question.details.size === 0 ? notAsked<Process>() : findOwners(listing, { source, question, names, sockets });
  giveUnaccepted(sockets);
  const whole = section(at, sockets);
  return {
    machine: decodeMachine(source.read('machine').text ?? ''),
    sections: {
      sockets:
        flaws.length === 0 ? whole : { ...whole, status: failed ? 'failed' : 'partial', reason: flaws.join('; ') },
      processes,
      // Units and containers are members of each process.
      services: section(at, []),
      ...portRanges(source, question.ranges),
      ...(question.configured === true ? socketUnits(source) : {}),
    },
  };
}
