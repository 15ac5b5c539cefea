import type { HeldProcess, TreeProcess } from '../../system/hands.ts';
import { memoryOf, filetimeText } from '../../facts/decode/windows-memory.ts';
import { decodeProcesses } from '../../facts/decode/windows-processes.ts';
import { enableDebugPrivilege } from './advapi32.ts';
import { askOnConsole } from './console.ts';
import { Refused, refused, win32 } from './errors.ts';
import { systemLibrary } from './ffi.ts';
import { closeHandle, creationTime, lastError, lastErrorCode } from './kernel32.ts';
import { processList } from './ntdll.ts';
import { closeWindows } from './window.ts';

const kernel32 = systemLibrary('kernel32.dll', {
  OpenProcess: { arguments: ['uint32', 'int32', 'uint32'], return: 'pointer' },
  TerminateProcess: { arguments: ['pointer', 'uint32'], return: 'int32' },
  WaitForSingleObject: { arguments: ['pointer', 'uint32'], return: 'uint32' },
  ProcessIdToSessionId: { arguments: ['uint32', 'pointer'], return: 'int32' },
});

/** PROCESS_TERMINATE, PROCESS_QUERY_LIMITED_INFORMATION, SYNCHRONIZE */
const rights = 0x1 | 0x1000 | 0x10_0000;
const signaled = 0;

/** Every process, including protected ones. */
export function allProcesses(): TreeProcess[] {
  const { bytes, base } = processList();
  const memory = memoryOf(bytes, base);
  if (memory === null) throw new Refused('Failed', 'the list of processes is not readable');
  return [...decodeProcesses(memory).data.values()].map(({ pid, parent, started, imageName }) => ({
    pid,
    parent,
    startTime: started,
    imageName,
  }));
}

function open(pid: number): bigint {
  const handle = kernel32.OpenProcess(rights, 0, pid);
  if (handle !== 0n) return handle;
  let error = lastErrorCode();
  if (error === win32.accessDenied && enableDebugPrivilege()) {
    const again = kernel32.OpenProcess(rights, 0, pid);
    if (again !== 0n) return again;
    error = lastErrorCode();
  }
  if (error === win32.invalidParameter) throw new Refused('Gone', 'the process has ended');
  throw error === win32.accessDenied
    ? new Refused('AccessDenied', 'Windows does not let this user end it: it belongs to another user or is protected')
    : refused('OpenProcess', error);
}

function sessionOf(pid: number): number | null {
  const session = Buffer.alloc(4);
  return kernel32.ProcessIdToSessionId(pid, session) === 0 ? null : session.readUInt32LE();
}

/** Asks a process to end through its windows, or else with Ctrl+C if it is alone on its console. */
function ask(pid: number, startTime: string): { readonly how: string } | { readonly cannot: string } {
  const session = sessionOf(pid);
  if (session !== null && session !== sessionOf(process.pid))
    return { cannot: `it runs in session ${session}, whose windows and consoles cannot be reached from here` };
  const { closed, denied } = closeWindows(pid);
  if (closed > 0) return { how: `closing its window${closed === 1 ? '' : 's'}` };
  if (denied) return { cannot: 'its windows belong to a program with more rights than this one' };
  const reason = askOnConsole(pid, startTime);
  return reason === null ? { how: 'Ctrl+C on its console' } : { cannot: `it has no window, and ${reason}` };
}

/**
 * Opens a process by a handle: while the handle is open, the process ID cannot be reused.
 * https://learn.microsoft.com/windows/win32/procthread/process-handles-and-identifiers
 */
export function holdProcess(pid: number, startTime: string): HeldProcess {
  const handle = open(pid);
  const created = ((): string | null => {
    const time = creationTime(handle);
    return filetimeText(Number(time & 0xffff_ffffn), Number(time >> 32n));
  })();
  const ended = (): boolean => kernel32.WaitForSingleObject(handle, 0) === signaled;
  if (created !== startTime || ended()) {
    closeHandle(handle);
    throw new Refused('Gone', `process ${pid} has ended`);
  }
  return {
    ask: () => ask(pid, startTime),
    end() {
      if (kernel32.TerminateProcess(handle, 1) === 0 && !ended()) throw lastError('TerminateProcess');
    },
    ended,
    release: () => closeHandle(handle),
  };
}
