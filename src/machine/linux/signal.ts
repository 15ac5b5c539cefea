import { readFileSync, readdirSync } from 'node:fs';
import { errorCode, messageOf } from '../../io/errors.ts';
import type { HeldProcess, TreeProcess } from '../../system/hands.ts';
import { decodeStat, startTime, type Stat } from '../../facts/decode/linux-processes.ts';
import { decodeBoot } from '../../facts/decode/linux-system.ts';
import { moreRights, type Refusal } from '../../system/raw.ts';
import { linuxSource } from './source.ts';

/** Thrown for what Linux refuses. */
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
  /** Kept as long as its functions. */
  readonly lib: unknown;
  call(number: bigint, a: bigint, b: bigint): bigint;
  close(descriptor: number): void;
}

let system: System | null | undefined;

/** The C library's syscall(), since an older one has no wrapper for these; null if FFI is unavailable. */
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

/** Whether threads are left of a process whose main thread has ended: it lives on in them. */
function hasOtherThreads(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).length > 1;
  } catch {
    return false;
  }
}

/** What /proc says of a process; null when it has ended, a zombie without threads too: that holds nothing any more. */
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

/** Whether it can be seen at all when a process was started. */
export const canTellStart = (): boolean => readBoot() !== null;

/** Whether the process with this number is the one that was started then. */
export function isProcess(pid: number, started: string): boolean {
  return look(pid, readBoot())?.startTime === started;
}

/** Every process in sight. */
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
            imageName: found.name,
            ...(found.leadsTerminal ? { leadsTerminal: true } : {}),
          },
        ];
  });
}

const gone = (pid: number): Refused => new Refused({ code: 'Gone', text: `process ${pid} has ended` });

/**
 * Takes hold of a process by a pidfd, which goes on meaning this process when its number is another one's; on kernels
 * before 5.3 by its number, whose start is compared right before each signal.
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
      // Without a pidfd this sends it; with one it only tells why that failed.
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

  // After the descriptor was opened: what has that start now is what the descriptor means.
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
