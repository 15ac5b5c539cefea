import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { errorCode, messageOf } from '../../io/errors.ts';
import type { HeldProcess, TreeProcess } from '../../system/hands.ts';
import { decodeStat, programFile, startTime, type Stat } from '../../facts/decode/linux-processes.ts';
import { decodeBoot } from '../../facts/decode/linux-system.ts';
import { moreRights, type Refusal } from '../../system/raw.ts';
import { linuxSource } from './source.ts';

/** Thrown if Linux refuses an operation. */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.text);
    this.refusal = refusal;
  }
}

/** The same numbers on every architecture (asm-generic/unistd.h). */
const pidfdOpen = 434n;
const pidfdSendSignal = 424n;
const signals = { SIGTERM: 15n, SIGKILL: 9n, test: 0n } as const;

interface System {
  /** Must be kept as long as its functions. */
  readonly lib: unknown;
  call(number: bigint, a: bigint, b: bigint): bigint;
  close(descriptor: number): void;
}

let system: System | null | undefined;

/** The C library's syscall(), because older versions have no wrappers for these calls; null if FFI is unavailable. */
function systemCalls(): System | null {
  if (system !== undefined) return system;
  try {
    const ffi = process.getBuiltinModule('node:ffi');
    const { lib, functions } = ffi.dlopen(null, {
      syscall: { arguments: ['int64', 'int64', 'int64', 'int64', 'int64'], return: 'int64' },
      close: { arguments: ['int32'], return: 'int32' },
    });
    system = {
      lib,
      call: (number, a, b) => functions.syscall(number, a, b, 0n, 0n),
      close: (descriptor) => void functions.close(descriptor),
    };
  } catch {
    system = null;
  }
  return system;
}

type Boot = NonNullable<ReturnType<typeof decodeBoot>>;

function readBoot(): Boot | null {
  return decodeBoot(linuxSource().read('boot').text ?? '');
}

/** Whether a process whose main thread has ended still has threads: then it is still running. */
function hasOtherThreads(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).length > 1;
  } catch {
    return false;
  }
}

/** What /proc reports about a process; null if it has ended or is a zombie without threads, which holds nothing. */
function look(
  pid: number,
  boot: Boot | null,
): (Pick<Stat, 'parent' | 'name' | 'leadsTerminal'> & { readonly startTime: string | null }) | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  const stat = decodeStat(text);
  if (stat === null || (/^[ZXx]$/.test(text[text.lastIndexOf(')') + 2] ?? '') && !hasOtherThreads(pid))) return null;
  return {
    startTime: boot === null ? null : startTime(boot.btime, boot.hertz, stat.startTicks),
    parent: stat.parent,
    name: stat.name,
    leadsTerminal: stat.leadsTerminal,
  };
}

/** Whether the start time of processes is available at all. */
export const canTellStart = (): boolean => readBoot() !== null;

/** Whether the process with this ID is the one that was started at this time. */
export function isProcess(pid: number, started: string): boolean {
  return look(pid, readBoot())?.startTime === started;
}

/** The kernel cuts names after this many bytes. */
const longestCut = 15;

/**
 * The file name of a process for a name that the kernel has cut, or that the program itself has chosen: Node.js is called
 * node-MainThread.
 */
function wholeName(pid: number, name: string): string {
  if (name.length < longestCut) return name;
  try {
    return basename(programFile(readlinkSync(`/proc/${pid}/exe`), false));
  } catch {
    return name;
  }
}

/** Every visible process. */
export function allProcesses(): TreeProcess[] {
  const boot = readBoot();
  return readdirSync('/proc').flatMap((name): TreeProcess[] => {
    const found = /^\d+$/.test(name) ? look(Number(name), boot) : null;
    return found === null
      ? []
      : [
          {
            pid: Number(name),
            parent: found.parent,
            startTime: found.startTime,
            imageName: wholeName(Number(name), found.name),
            ...(found.leadsTerminal ? { leadsTerminal: true } : {}),
          },
        ];
  });
}

const gone = (pid: number): Refused => new Refused({ code: 'Gone', text: `process ${pid} has ended` });

/**
 * Opens a process through a pidfd, which still refers to this process if its ID is reused; on kernels
 * before 5.3, by its ID, comparing its start time right before each signal.
 * https://man7.org/linux/man-pages/man2/pidfd_open.2.html
 */
export function holdProcess(pid: number, started: string): HeldProcess {
  const calls = systemCalls();
  const descriptor = calls === null ? -1n : calls.call(pidfdOpen, BigInt(pid), 0n);
  const boot = readBoot();
  const isIt = (): boolean => look(pid, boot)?.startTime === started;
  const release = (): void => {
    if (descriptor >= 0n) calls!.close(Number(descriptor));
  };

  function send(signal: keyof typeof signals): void {
    if (descriptor >= 0n) {
      if (calls!.call(pidfdSendSignal, descriptor, signals[signal]) === 0n) return;
    } else if (!isIt()) throw gone(pid);
    try {
      // Without a pidfd, this sends the signal; with a pidfd, it only determines why sending failed.
      process.kill(pid, descriptor >= 0n || signal === 'test' ? 0 : signal);
    } catch (error) {
      const code = errorCode(error);
      if (code === 'EPERM')
        throw new Refused({ code: 'AccessDenied', text: 'it belongs to another user', needs: moreRights.linux });
      if (code === 'ESRCH') throw gone(pid);
      throw new Refused({ code: 'Failed', text: messageOf(error) });
    }
    if (descriptor >= 0n)
      throw isIt() ? new Refused({ code: 'Failed', text: `the system did not take ${signal}` }) : gone(pid);
  }

  // Check after opening the descriptor: a process with that start time now is the one the descriptor refers to.
  if (!isIt()) {
    release();
    throw gone(pid);
  }
  try {
    send('test');
  } catch (error) {
    release();
    throw error;
  }
  return {
    ask() {
      send('SIGTERM');
      return { how: 'SIGTERM' };
    },
    end: () => send('SIGKILL'),
    ended: () => !isIt(),
    release,
  };
}
