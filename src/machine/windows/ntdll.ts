import { memoryOf, unicodeString } from '../../facts/decode/windows-memory.ts';
import { ntstatus, Refused, refusedStatus } from './errors.ts';
import { addressOf, systemLibrary } from './ffi.ts';
import { access, dosPath, processMemory, withProcess } from './kernel32.ts';

// https://learn.microsoft.com/windows/win32/api/winternl/nf-winternl-ntquerysysteminformation
// https://learn.microsoft.com/windows/win32/api/winternl/nf-winternl-ntqueryinformationprocess
const ntdll = systemLibrary('ntdll.dll', {
  NtQuerySystemInformation: { arguments: ['int32', 'pointer', 'uint32', 'pointer'], return: 'int32' },
  NtQueryInformationProcess: { arguments: ['pointer', 'int32', 'pointer', 'uint32', 'pointer'], return: 'int32' },
});

const systemInformation = { processes: 5, processImageName: 88 } as const;
const processInformation = { basic: 0, wow64: 26, commandLine: 60 } as const;
/** The size of a UNICODE_STRING and its longest text. */
const textBuffer = 16 + 65536;

/** Bytes that hold pointers into themselves, with the address they were read at, in hex. */
export interface Snapshot {
  readonly bytes: Buffer;
  readonly base: string;
}

/** Every process, including protected ones, in one call: SYSTEM_PROCESS_INFORMATION, undecoded. */
export function processList(): Snapshot {
  const needed = Buffer.alloc(4);
  let length = 512 * 1024;
  for (let i = 0; i < 10; i++) {
    const bytes = Buffer.alloc(length);
    const status = ntdll.NtQuerySystemInformation(systemInformation.processes, bytes, length, needed) >>> 0;
    if (status === 0)
      return { bytes: bytes.subarray(0, Math.min(needed.readUInt32LE(), length)), base: addressOf(bytes).toString(16) };
    if (status !== ntstatus.infoLengthMismatch)
      throw refusedStatus('NtQuerySystemInformation(SystemProcessInformation)', status);
    length = Math.max(length, needed.readUInt32LE()) + 256 * 1024;
  }
  throw new Refused('Failed', 'the list of processes grew faster than it could be read');
}

/**
 * The path of a process, available to every user because the process is not opened: SYSTEM_PROCESS_ID_INFORMATION,
 * { HANDLE ProcessId; UNICODE_STRING ImageName }, where the caller provides the buffer for the name.
 */
export function imagePathOf(pid: number): string {
  const text = Buffer.alloc(65534);
  const information = Buffer.alloc(24);
  information.writeBigUInt64LE(BigInt(pid), 0);
  information.writeUInt16LE(text.length, 10);
  information.writeBigUInt64LE(addressOf(text), 16);
  const status =
    ntdll.NtQuerySystemInformation(systemInformation.processImageName, information, information.length, null) >>> 0;
  if (status !== 0) throw refusedStatus('NtQuerySystemInformation(SystemProcessIdInformation)', status);
  const path = text.toString('utf16le', 0, Math.min(information.readUInt16LE(8), text.length));
  if (path === '') throw new Refused('Failed', 'the process has no image file');
  return dosPath(path);
}

/** The command line of an open process, from the kernel: Windows 8.1 and later. */
function commandLineByClass(handle: bigint): string {
  const bytes = Buffer.alloc(textBuffer);
  const status =
    ntdll.NtQueryInformationProcess(handle, processInformation.commandLine, bytes, bytes.length, null) >>> 0;
  if (status !== 0) throw refusedStatus('NtQueryInformationProcess(ProcessCommandLineInformation)', status);
  return unicodeString(memoryOf(bytes, addressOf(bytes).toString(16))!, 0, 65535) ?? '';
}

/** Reads the current text of a UNICODE_STRING in a process's memory; `pointer`: the size of a pointer, in bytes. */
function textInMemory(handle: bigint, address: bigint, pointer: 4 | 8): string {
  const text = processMemory(handle, address, 2 * pointer);
  const length = text.readUInt16LE(0);
  const at = pointer === 8 ? text.readBigUInt64LE(8) : BigInt(text.readUInt32LE(4));
  return length === 0 ? '' : processMemory(handle, at, length).toString('utf16le');
}

function queried(handle: bigint, kind: 'basic' | 'wow64', length: number): Buffer {
  const bytes = Buffer.alloc(length);
  const status = ntdll.NtQueryInformationProcess(handle, processInformation[kind], bytes, length, null) >>> 0;
  if (status !== 0) throw refusedStatus(`NtQueryInformationProcess(${processInformation[kind]})`, status);
  return bytes;
}

/**
 * The address of a process's parameters: PEB.ProcessParameters, at 0x20 on 64 bits. A 32-bit process on 64-bit Windows
 * has such a PEB too. https://learn.microsoft.com/windows/win32/api/winternl/ns-winternl-peb
 */
function parametersOf(handle: bigint): bigint {
  const peb = queried(handle, 'basic', 48).readBigUInt64LE(8);
  return processMemory(handle, peb + 0x20n, 8).readBigUInt64LE();
}

const inMemory = access.queryLimited | access.readMemory;

function commandLineByMemory(pid: number): string {
  return withProcess(pid, inMemory, (handle) => textInMemory(handle, parametersOf(handle) + 0x70n, 8));
}

/** The working directory of a process, which is only in that process's memory: ProcessParameters.CurrentDirectory. */
export function workingDirectory(pid: number): string {
  return withProcess(pid, inMemory, (handle) => {
    // A 32-bit process updates only its 32-bit PEB.
    const peb32 = queried(handle, 'wow64', 8).readBigUInt64LE();
    const path =
      peb32 === 0n
        ? textInMemory(handle, parametersOf(handle) + 0x38n, 8)
        : textInMemory(handle, BigInt(processMemory(handle, peb32 + 0x10n, 4).readUInt32LE()) + 0x24n, 4);
    if (path === '') throw new Refused('Failed', 'the process has no working directory');
    return /^(?:.:|\\\\[^\\]+\\[^\\]+)\\$/.test(path) ? path : path.replace(/\\$/, '');
  });
}

/** The command line of a process opened with `access.queryLimited`. */
export function commandLine(pid: number, handle: bigint): string {
  try {
    return commandLineByClass(handle);
  } catch (error) {
    if (error instanceof Refused && error.refusal.code === 'NotSupported') return commandLineByMemory(pid);
    throw error;
  }
}
