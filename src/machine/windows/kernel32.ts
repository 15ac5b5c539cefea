import { Refused, refused, win32 } from './errors.ts';
import { systemLibrary, wide, wideText } from './ffi.ts';

const kernel32 = systemLibrary('kernel32.dll', {
  GetLastError: { arguments: [], return: 'uint32' },
  CloseHandle: { arguments: ['pointer'], return: 'int32' },
  OpenProcess: { arguments: ['uint32', 'int32', 'uint32'], return: 'pointer' },
  QueryFullProcessImageNameW: { arguments: ['pointer', 'uint32', 'pointer', 'pointer'], return: 'int32' },
  GetProcessTimes: { arguments: ['pointer', 'pointer', 'pointer', 'pointer', 'pointer'], return: 'int32' },
  ReadProcessMemory: { arguments: ['pointer', 'pointer', 'pointer', 'uint64', 'pointer'], return: 'int32' },
  GetComputerNameExW: { arguments: ['int32', 'pointer', 'pointer'], return: 'int32' },
  IsWow64Process2: { arguments: ['pointer', 'pointer', 'pointer'], return: 'int32' },
  GetLogicalDrives: { arguments: [], return: 'uint32' },
  QueryDosDeviceW: { arguments: ['pointer', 'pointer', 'uint32'], return: 'uint32' },
  GetOEMCP: { arguments: [], return: 'uint32' },
  GetProcessHeap: { arguments: [], return: 'pointer' },
  HeapSize: { arguments: ['pointer', 'uint32', 'pointer'], return: 'uint64' },
  HeapFree: { arguments: ['pointer', 'uint32', 'pointer'], return: 'int32' },
  LocalFree: { arguments: ['pointer'], return: 'pointer' },
  lstrlenW: { arguments: ['pointer'], return: 'int32' },
});

/** The pseudo handle of this process. */
export const thisProcess = 0xffff_ffff_ffff_ffffn;

/** https://learn.microsoft.com/windows/win32/procthread/process-security-and-access-rights */
export const access = { queryLimited: 0x1000, readMemory: 0x10 } as const;

/** The error code of a call that just failed. */
export function lastErrorCode(): number {
  return kernel32.GetLastError();
}

export function lastError(call: string): Refused {
  return refused(call, lastErrorCode());
}

/** Closes a handle. */
export function closeHandle(handle: bigint): void {
  kernel32.CloseHandle(handle);
}

/** Opens a process, passes its handle to `use`, and closes it. */
export function withProcess<T>(pid: number, rights: number, use: (handle: bigint) => T): T {
  const handle = kernel32.OpenProcess(rights, 0, pid);
  if (handle === 0n) {
    const error = lastErrorCode();
    throw error === win32.invalidParameter
      ? new Refused('Gone', 'the process has ended')
      : refused('OpenProcess', error);
  }
  try {
    return use(handle);
  } finally {
    closeHandle(handle);
  }
}

const longestPath = 32768;

/** The full path of a process's executable. */
export function imagePath(handle: bigint): string {
  const buffer = Buffer.alloc(longestPath * 2);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(longestPath);
  if (kernel32.QueryFullProcessImageNameW(handle, 0, buffer, length) === 0)
    throw lastError('QueryFullProcessImageNameW');
  return buffer.toString('utf16le', 0, Math.min(length.readUInt32LE(), longestPath) * 2);
}

/** The start time of a process: a FILETIME. */
export function creationTime(handle: bigint): bigint {
  const [created, exited, kernel, user] = [Buffer.alloc(8), Buffer.alloc(8), Buffer.alloc(8), Buffer.alloc(8)];
  if (kernel32.GetProcessTimes(handle, created, exited, kernel, user) === 0) throw lastError('GetProcessTimes');
  return created.readBigUInt64LE();
}

/** `length` bytes at an address of another process, which must be open for reading memory. */
export function processMemory(handle: bigint, address: bigint, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  const read = Buffer.alloc(8);
  if (kernel32.ReadProcessMemory(handle, address, buffer, BigInt(length), read) === 0)
    throw lastError('ReadProcessMemory');
  if (read.readBigUInt64LE() !== BigInt(length))
    throw new Refused('Failed', 'ReadProcessMemory gave less than it was asked for');
  return buffer;
}

/** `length` bytes of this process's memory; throws Refused if the memory is not mapped. */
export function ownMemory(address: bigint, length: number): Buffer {
  return processMemory(thisProcess, address, length);
}

/** Frees what another function allocated with LocalAlloc. */
export function freeLocal(address: bigint): void {
  kernel32.LocalFree(address);
}

/** The text at an address returned by another function; frees it with LocalFree. Empty for address 0. */
export function takeLocalText(address: bigint): string {
  if (address === 0n) return '';
  try {
    // lstrlenW catches invalid addresses and then returns 0.
    const length = kernel32.lstrlenW(address);
    return length <= 0 ? '' : ownMemory(address, length * 2).toString('utf16le');
  } finally {
    kernel32.LocalFree(address);
  }
}

/** The heap of this process, for functions that allocate from one. */
export function processHeap(): bigint {
  return kernel32.GetProcessHeap();
}

/** The bytes of a block of the process heap, which is then freed. */
export function takeHeapBlock(address: bigint): Buffer {
  const heap = kernel32.GetProcessHeap();
  try {
    const size = kernel32.HeapSize(heap, 0, address);
    if (size > 0x1000_0000n) throw new Refused('Failed', 'a block of the heap has no size');
    return ownMemory(address, Number(size));
  } finally {
    kernel32.HeapFree(heap, 0, address);
  }
}

/** The machine's physical DNS name: not a cluster's virtual name, and not truncated to 15 characters. */
export function computerName(): string {
  const physicalDnsHostname = 5;
  const capacity = 1024;
  const buffer = Buffer.alloc(capacity * 2);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(capacity);
  if (kernel32.GetComputerNameExW(physicalDnsHostname, buffer, length) === 0) throw lastError('GetComputerNameExW');
  return wideText(buffer);
}

/**
 * The machine's processor architecture, by Node's names; this process may run emulated on another.
 * https://learn.microsoft.com/windows/win32/sysinfo/image-file-machine-constants
 */
export function nativeArchitecture(): string {
  const emulated = Buffer.alloc(2);
  const native = Buffer.alloc(2);
  if (kernel32.IsWow64Process2(thisProcess, emulated, native) === 0) throw lastError('IsWow64Process2');
  const machine = native.readUInt16LE();
  const names: Readonly<Record<number, string>> = { 0x14c: 'ia32', 0x8664: 'x64', 0xaa64: 'arm64' };
  return names[machine] ?? machine.toString(16);
}

/** The code page in which the system's text tools write to a pipe. */
export function oemCodePage(): number {
  return kernel32.GetOEMCP();
}

let drives: ReadonlyMap<string, string> | undefined;

/** The drive letters by their devices' names in lower case, such as `\device\harddiskvolume3`. */
function driveLetters(): ReadonlyMap<string, string> {
  if (drives !== undefined) return drives;
  const found = new Map<string, string>();
  const present = kernel32.GetLogicalDrives();
  const target = Buffer.alloc(2048);
  for (let i = 0; i < 26; i++) {
    if (((present >>> i) & 1) === 0) continue;
    const letter = `${String.fromCharCode(65 + i)}:`;
    if (kernel32.QueryDosDeviceW(wide(letter), target, target.length / 2) !== 0)
      found.set(wideText(target).toLowerCase(), letter);
  }
  drives = found;
  return found;
}

/** Converts a path in the kernel's namespace to the usual form: `\Device\HarddiskVolume3\a.exe` is `C:\a.exe`. */
export function dosPath(path: string): string {
  if (path.startsWith('\\??\\UNC\\')) return `\\\\${path.slice(8)}`;
  if (path.startsWith('\\??\\')) return path.slice(4);
  if (/^\\Device\\Mup\\/i.test(path)) return `\\\\${path.slice(12)}`;
  const [, device = '', rest = ''] = /^(\\Device\\[^\\]+)(\\.*)$/is.exec(path) ?? [];
  const letter = driveLetters().get(device.toLowerCase());
  // A volume without a drive letter has no shorter path that can be opened.
  return letter === undefined ? `\\\\?\\GLOBALROOT${path}` : `${letter}${rest}`;
}
