import { isUtf8 } from 'node:buffer';
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { hostname, release } from 'node:os';
import { errorCode, messageOf } from '../../io/errors.ts';
import { parseBinaryName } from '../../facts/gather/binaries.ts';
import type { SourceName } from '../../facts/sources.ts';
import { moreRights, type RawEntry, type RawHint, type RawSource, type Refusal } from '../../system/raw.ts';
import { interfaceAddresses } from '../addresses.ts';
import { sha256 } from '../hash.ts';
import { firewall } from './firewall.ts';
import { dumpSockets, type DiagTable } from './diag.ts';
import { engineEntry, hasToBeAsked, waitedFor } from '../waited-for.ts';
import { walkHolders } from './holders.ts';
import { interfaces } from './interfaces.ts';
import { kernelPorts } from './kernel-ports.ts';
import { userName } from './libc.ts';
import { socketUnits } from './socket-units.ts';

/** Linux as a source of raw entries, which src/facts/sources.ts describes. */
export function linuxSource(): RawSource {
  return {
    platform: 'linux',
    read,
    ask: (name) =>
      waitedFor(name, read, async (first, rest) =>
        first === 'unit'
          ? (await import('./systemctl.ts')).unitOf(Number(rest))
          : (await import('./engines.ts')).containers(rest),
      ),
  };
}

type Answer = Omit<RawEntry, 'at'>;

const asRoot = moreRights.linux;

function readRefusal(error: unknown): Refusal {
  switch (errorCode(error)) {
    case 'EACCES':
    case 'EPERM':
      return { code: 'AccessDenied', text: 'access is denied', needs: asRoot };
    case 'ESRCH':
      return { code: 'Gone', text: 'the process has ended' };
    case 'ENOENT':
      return { code: 'NotSupported', text: 'the system does not have it' };
    default:
      return { code: 'Failed', text: messageOf(error) };
  }
}

const textOf = (path: string): Answer => ({ text: readFileSync(path, 'utf8') });

function machine(): Answer {
  return {
    text: JSON.stringify({
      // From uname(2), which needs no /proc.
      name: hostname(),
      release: release(),
      architecture: process.arch,
      elevated: process.geteuid?.() === 0,
    }),
  };
}

/** Why a process that exists is not listed. */
const hidepid = 'processes of other users are hidden (hidepid)';

/** The rights that let a process inspect all others in its PID namespace. */
const toSeeAll = (): string =>
  process.geteuid?.() === 0
    ? 'the right to trace every process: CAP_SYS_PTRACE, and no security module against it'
    : asRoot;

function holders(hint: RawHint, threads: boolean): Answer {
  const { pairs, started, unreadable, hidden, isCut } = walkHolders(
    hint.inodes,
    threads ? 'threads' : hint.hasty === true ? 'hasty' : 'processes',
  );
  const whole: Answer = { bytes: pairs, meta: { unreadable: unreadable.join(','), started } };
  const denied = (text: string, needs: string): Answer => ({
    ...whole,
    refusal: { code: 'AccessDenied', text, needs },
  });
  if (isCut) return { ...whole, refusal: { code: 'Failed', text: 'the search for it was cut short' } };
  if (unreadable.length > 0)
    return denied(
      `the open files of ${unreadable.length} process${unreadable.length === 1 ? '' : 'es'} cannot be read`,
      toSeeAll(),
    );
  if (hidden === 'outside')
    return denied('processes outside of this PID namespace cannot be seen', 'to run as root on the host itself');
  return hidden === 'others' ? denied(hidepid, toSeeAll()) : whole;
}

/** Why /proc has no such process: it has ended, or it is hidden. */
function absence(pid: number): Refusal {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (errorCode(error) === 'ESRCH') return { code: 'Gone', text: 'the process has ended' };
  }
  return { code: 'AccessDenied', text: hidepid, needs: toSeeAll() };
}

/** Reads in the folder of a process: once open, the folder still refers to this process, even if its ID is reused. */
function inProcess<T>(pid: number | string, read: (folder: string) => T): T {
  const opened = openSync(`/proc/${pid}`, 'r');
  try {
    return read(`/proc/self/fd/${opened}`);
  } finally {
    closeSync(opened);
  }
}

/** The number of bytes of a UTF-8 character, by its first byte. */
const lengthAfter = (first: number): number => (first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4);

/**
 * The target of a link in /proc. Names are bytes: bytes that are not UTF-8 become lone surrogates, which no text has,
 * so that two different paths never become the same text.
 */
function linkTarget(path: string): string {
  const bytes = readlinkSync(path, 'buffer');
  if (isUtf8(bytes)) return bytes.toString();
  let text = '';
  for (let at = 0; at < bytes.length;) {
    const character = bytes.subarray(at, at + lengthAfter(bytes[at]!));
    const isCharacter = isUtf8(character);
    text += isCharacter ? character.toString() : String.fromCharCode(0xdc00 + bytes[at]!);
    at += isCharacter ? character.length : 1;
  }
  return text;
}

/** The folder with the executable and the arguments: a main thread that has ended has none, other threads still do. */
function livingPart(folder: string, stat: string): string {
  if (!/\) [ZX] [^)]*$/.test(stat)) return folder;
  for (const thread of readdirSync(`${folder}/task`)) {
    try {
      readlinkSync(`${folder}/task/${thread}/exe`);
      return `${folder}/task/${thread}`;
    } catch {
      // This thread has ended too.
    }
  }
  return folder;
}

/** Whether the file's own name ends with ` (deleted)`, so that the kernel did not add it. */
function isLiteral(folder: string, living: string, exe: string): boolean {
  if (!exe.endsWith(' (deleted)')) return false;
  try {
    const [running, named] = [statSync(`${living}/exe`), statSync(`${folder}/root${exe}`)];
    return running.dev === named.dev && running.ino === named.ino;
  } catch {
    return false;
  }
}

/** Whether the arguments of this program are requested, by the name of its file or, if unknown, of its process. */
function wantsCommandLine({ commandLine, commandLineOf }: RawHint, stat: string, exe: string | undefined): boolean {
  if (commandLine === true || commandLineOf === undefined) return commandLine === true;
  const name = exe?.replace(/ \(deleted\)$/, '') ?? stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
  return commandLineOf(name.slice(name.lastIndexOf('/') + 1));
}

function detailsIn(folder: string, hint: RawHint): Answer {
  const stat = readFileSync(`${folder}/stat`, 'utf8');
  const refused: Record<string, Refusal['code']> = {};
  const part = <T>(name: string, get: () => T): T | undefined => {
    try {
      return get();
    } catch (error) {
      // Kernel threads and zombies have no executable: that is not a refusal.
      if (errorCode(error) !== 'ENOENT') refused[name] = readRefusal(error).code;
      return undefined;
    }
  };
  const living = livingPart(folder, stat);
  const exe = part('exe', () => linkTarget(`${living}/exe`));
  const details = {
    stat,
    // The folder always belongs to the effective user; `status` has the same, but takes the kernel far longer.
    uid: part('uid', () => statSync(folder).uid),
    exe,
    literalExe: exe !== undefined && isLiteral(folder, living, exe) ? true : undefined,
    cgroup: part('cgroup', () => readFileSync(`${folder}/cgroup`, 'utf8')),
    cmdline: wantsCommandLine(hint, stat, exe)
      ? part('cmdline', () => readFileSync(`${living}/cmdline`, 'utf8'))
      : undefined,
    cwd: hint.workingDirectory === true ? part('cwd', () => linkTarget(`${living}/cwd`)) : undefined,
    refused,
  };
  // If the process has ended, the refusals above give other reasons; this throws the right one.
  statSync(`${folder}/stat`);
  return { text: JSON.stringify(details) };
}

function processDetails(pid: string, hint: RawHint): Answer {
  try {
    return inProcess(pid, (folder) => detailsIn(folder, hint));
  } catch (error) {
    const refusal = readRefusal(error);
    return { refusal: refusal.code === 'NotSupported' ? absence(Number(pid)) : refusal };
  }
}

/** The hash of a process's executable, provided that it is still the file at this path. */
function binaryHash(pid: number, path: string): string {
  return inProcess(pid, (folder) => {
    const file = `${livingPart(folder, readFileSync(`${folder}/stat`, 'utf8'))}/exe`;
    if (linkTarget(file) !== path) throw new Error('the process runs another executable now');
    return sha256(file);
  });
}

/** AT_CLKTCK of the auxiliary vector: pairs of 64-bit numbers on every machine that Node 26 supports. */
function clockTicks(): number {
  const vector = readFileSync('/proc/self/auxv');
  for (let offset = 0; offset + 16 <= vector.length; offset += 16) {
    if (vector.readUInt32LE(offset) === 17) return vector.readUInt32LE(offset + 8);
  }
  return 100;
}

function boot(): Answer {
  const stat = /^btime \d+$/m.exec(readFileSync('/proc/stat', 'latin1'))?.[0] ?? '';
  return { text: JSON.stringify({ stat, hertz: clockTicks() }) };
}

function user(uid: string): Answer {
  const name = userName(Number(uid));
  return name === null
    ? { refusal: { code: 'NotSupported', text: `user ${uid} has no name on this machine` } }
    : { text: name };
}

function ranges(): Answer {
  const setting = (name: string): [string, string | null] => {
    try {
      return [name, readFileSync(`/proc/sys/net/ipv4/${name}`, 'utf8').trim()];
    } catch {
      return [name, null];
    }
  };
  return {
    text: JSON.stringify(
      Object.fromEntries(['ip_local_port_range', 'ip_local_reserved_ports', 'ip_unprivileged_port_start'].map(setting)),
    ),
  };
}

/** Answers by the first part of an entry's name; null if the rest of the name is invalid. */
export const answers: Readonly<Record<SourceName<'linux'>, (rest: string | null, hint: RawHint) => Answer | null>> = {
  machine: (rest) => (rest === null ? machine() : null),
  addresses: (rest) => (rest === null ? { text: JSON.stringify(interfaceAddresses()) } : null),
  diag: (rest, { states, counters }) =>
    rest === 'tcp' || rest === 'udp4' || rest === 'udp6'
      ? { bytes: dumpSockets(rest satisfies DiagTable, states, counters) }
      : null,
  proc: (rest) => (/^net\/(?:tcp6?|udp6?|if_inet6)$/.test(rest ?? '') ? textOf(`/proc/${rest}`) : null),
  interfaces: (rest) => (rest === null ? interfaces() : null),
  holders: (rest, hint) => (rest === null || rest === 'threads' ? holders(hint, rest !== null) : null),
  kernelports: (rest) => (rest === null ? kernelPorts() : null),
  process: (rest, hint) => (rest !== null && /^\d+$/.test(rest) ? processDetails(rest, hint) : null),
  boot: (rest) => (rest === null ? boot() : null),
  users: (rest) => (rest === null ? textOf('/etc/passwd') : null),
  user: (rest) => (rest !== null && /^\d+$/.test(rest) ? user(rest) : null),
  firewall: (rest) => (rest === null ? firewall() : null),
  ranges: (rest) => (rest === null ? ranges() : null),
  socketunits: (rest) => (rest === null ? socketUnits() : null),
  engine: (rest) => (engineEntry.test(rest ?? '') ? hasToBeAsked : null),
  unit: (rest) => (/^\d{1,10}$/.test(rest ?? '') ? hasToBeAsked : null),
  sha256(rest) {
    const binary = parseBinaryName(`sha256/${rest}`);
    return binary === null ? null : { text: binaryHash(binary.pid, binary.path) };
  },
};

function answer(name: string, hint: RawHint): Answer {
  const slash = name.indexOf('/');
  const [first, rest] = slash < 0 ? [name, null] : [name.slice(0, slash), name.slice(slash + 1)];
  const found = Object.hasOwn(answers, first) ? answers[first as SourceName<'linux'>](rest, hint) : null;
  return found ?? { refusal: { code: 'NotSupported', text: `Linux has no ${name}` } };
}

function read(name: string, hint: RawHint = {}): RawEntry {
  const at = new Date().toISOString();
  try {
    return { at, ...answer(name, hint) };
  } catch (error) {
    return { at, refusal: readRefusal(error) };
  }
}
