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
const processInformation = { basic: 0, commandLine: 60 } as const;
/** A UNICODE_STRING and the longest text that one has. */
const textBuffer = 16 + 65536;

/** Bytes that hold pointers into themselves, with the address they were read at, in hex. */
export interface Snapshot {
  readonly bytes: Buffer;
  readonly base: string;
}

/** Every process, protected ones too, in one call: SYSTEM_PROCESS_INFORMATION, not decoded. */
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
 * The path of a process that need not be opened, so that it is told to everybody: SYSTEM_PROCESS_ID_INFORMATION,
 * { HANDLE ProcessId; UNICODE_STRING ImageName }, which the caller points to a buffer of its own.
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

/**
 * The command line in the process's own memory, as it has it now: PEB.ProcessParameters (0x20), whose CommandLine is
 * at 0x70, on 64 bits. A 32-bit process on 64-bit Windows has such a PEB too.
 * https://learn.microsoft.com/windows/win32/api/winternl/ns-winternl-peb
 */
function commandLineByMemory(pid: number): string {
  return withProcess(pid, access.queryLimited | access.readMemory, (handle) => {
    const basic = Buffer.alloc(48);
    const status = ntdll.NtQueryInformationProcess(handle, processInformation.basic, basic, basic.length, null) >>> 0;
    if (status !== 0) throw refusedStatus('NtQueryInformationProcess(ProcessBasicInformation)', status);
    const peb = basic.readBigUInt64LE(8);
    const parameters = processMemory(handle, peb + 0x20n, 8).readBigUInt64LE();
    const text = processMemory(handle, parameters + 0x70n, 16);
    const length = text.readUInt16LE(0);
    return length === 0 ? '' : processMemory(handle, text.readBigUInt64LE(8), length).toString('utf16le');
  });
}

/** The command line of a process that is open with `access.queryLimited`. */
export function commandLine(pid: number, handle: bigint): string {
  try {
    return commandLineByClass(handle);
  } catch (error) {
    if (error instanceof Refused && error.refusal.code === 'NotSupported') return commandLineByMemory(pid);
    throw error;
  }
}
