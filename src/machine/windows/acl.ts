import type { PathState } from '../../system/scheduler.ts';
import { accountName } from './advapi32.ts';
import { Refused, refused, win32 } from './errors.ts';
import { systemLibrary, wide } from './ffi.ts';
import { lastErrorCode } from './kernel32.ts';

// https://learn.microsoft.com/windows/win32/api/securitybaseapi/nf-securitybaseapi-getfilesecurityw
// https://learn.microsoft.com/windows/win32/api/sddl/nf-sddl-convertstringsecuritydescriptortosecuritydescriptorw
const advapi32 = systemLibrary('advapi32.dll', {
  GetFileSecurityW: { arguments: ['pointer', 'uint32', 'pointer', 'uint32', 'pointer'], return: 'int32' },
  ConvertStringSecurityDescriptorToSecurityDescriptorW: {
    arguments: ['pointer', 'uint32', 'pointer', 'pointer'],
    return: 'int32',
  },
  LookupAccountNameW: {
    arguments: ['pointer', 'pointer', 'pointer', 'pointer', 'pointer', 'pointer', 'pointer'],
    return: 'int32',
  },
  LsaOpenPolicy: { arguments: ['pointer', 'pointer', 'uint32', 'pointer'], return: 'int32' },
  LsaEnumerateAccountRights: { arguments: ['pointer', 'pointer', 'pointer', 'pointer'], return: 'int32' },
  LsaFreeMemory: { arguments: ['pointer'], return: 'int32' },
  LsaClose: { arguments: ['pointer'], return: 'int32' },
});
const kernel32 = systemLibrary('kernel32.dll', {
  GetFileAttributesW: { arguments: ['pointer'], return: 'uint32' },
  CreateDirectoryW: { arguments: ['pointer', 'pointer'], return: 'int32' },
  GetDriveTypeW: { arguments: ['pointer'], return: 'uint32' },
  LocalFree: { arguments: ['pointer'], return: 'pointer' },
});
const shell32 = systemLibrary('shell32.dll', {
  SHGetKnownFolderPath: { arguments: ['pointer', 'uint32', 'pointer', 'pointer'], return: 'int32' },
});
const ole32 = systemLibrary('ole32.dll', { CoTaskMemFree: { arguments: ['pointer'], return: 'void' } });

const noAttributes = 0xffff_ffff;
const attribute = { folder: 0x10, device: 0x40, reparsePoint: 0x400 } as const;
const ownerAndList = 0x1 | 0x4;
const gone: ReadonlySet<number> = new Set([win32.fileNotFound, 3, 123]);
const administrator = 'an administrator (an elevated PowerShell)';

const withNeeds = ({ refusal }: Refused): PathState['refusal'] =>
  refusal.code === 'AccessDenied' ? { ...refusal, needs: administrator } : refusal;

/** Prefixes a path: without the prefix, paths of more than 259 characters would be reported as missing. */
export const anyLength = (path: string): Buffer => wide(path.startsWith('\\\\') ? path : `\\\\?\\${path}`);

/** A file's owner and access control list, as a self-relative security descriptor. */
function descriptorOf(path: string): Uint8Array {
  let buffer = Buffer.alloc(1024);
  const needed = Buffer.alloc(4);
  for (let attempt = 0; attempt < 4; attempt++) {
    if (advapi32.GetFileSecurityW(anyLength(path), ownerAndList, buffer, buffer.length, needed) !== 0)
      return buffer.subarray(0, needed.readUInt32LE() || buffer.length);
    const error = lastErrorCode();
    if (error !== win32.insufficientBuffer) throw refused('GetFileSecurityW', error);
    buffer = Buffer.alloc(needed.readUInt32LE());
  }
  throw new Refused('Failed', 'GetFileSecurityW gave no end');
}

/** Inspects a path itself and its permissions. */
export function lookAt(path: string): PathState {
  const attributes = kernel32.GetFileAttributesW(anyLength(path));
  if (attributes === noAttributes) {
    const error = lastErrorCode();
    if (gone.has(error)) return { standing: 'missing', access: null, refusal: null };
    return { standing: 'other', access: null, refusal: withNeeds(refused('GetFileAttributesW', error)) };
  }
  const standing =
    (attributes & attribute.reparsePoint) !== 0
      ? 'link'
      : (attributes & attribute.folder) !== 0
        ? 'folder'
        : (attributes & attribute.device) !== 0
          ? 'other'
          : 'file';
  if (standing === 'link') return { standing, access: null, refusal: null };
  try {
    return { standing, access: { platform: 'win32', descriptor: descriptorOf(path) }, refusal: null };
  } catch (error) {
    if (error instanceof Refused) return { standing, access: null, refusal: withNeeds(error) };
    throw error;
  }
}

/** Full control for SYSTEM and Administrators, who own it; inherits nothing, applies to all contents. */
export const administratorsOnly = 'O:BAD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)';

/** Creates a folder with an access control list from the start, so that others can never access it. */
export function makeFolder(path: string, sddl: string): void {
  const place = Buffer.alloc(8);
  if (advapi32.ConvertStringSecurityDescriptorToSecurityDescriptorW(wide(sddl), 1, place, null) === 0)
    throw refused('ConvertStringSecurityDescriptorToSecurityDescriptorW', lastErrorCode());
  const descriptor = place.readBigUInt64LE();
  try {
    // SECURITY_ATTRIBUTES { DWORD nLength; LPVOID lpSecurityDescriptor; BOOL bInheritHandle }
    const attributes = Buffer.alloc(24);
    attributes.writeUInt32LE(attributes.length, 0);
    attributes.writeBigUInt64LE(descriptor, 8);
    if (kernel32.CreateDirectoryW(anyLength(path), attributes) === 0)
      throw refused('CreateDirectoryW', lastErrorCode());
  } finally {
    kernel32.LocalFree(descriptor);
  }
}

/** Whether a path's drive is a network drive, or it is on no drive at all. */
export function isRemote(path: string): boolean {
  const remoteDrive = 4;
  return path.startsWith('\\\\') || kernel32.GetDriveTypeW(wide(path.slice(0, 3))) === remoteDrive;
}

/** The SID of `DOMAIN\name`, in bytes; null if no account has that name. May query a domain controller. */
export function accountSid(name: string): Buffer | null {
  const [sid, domain, use] = [Buffer.alloc(68), Buffer.alloc(2048), Buffer.alloc(4)];
  const [sidLength, domainLength] = [Buffer.alloc(4), Buffer.alloc(4)];
  sidLength.writeUInt32LE(sid.length);
  domainLength.writeUInt32LE(domain.length / 2);
  if (advapi32.LookupAccountNameW(null, wide(name), sid, sidLength, domain, domainLength, use) !== 0)
    return sid.subarray(0, 8 + 4 * sid[1]!);
  const error = lastErrorCode();
  if (error === win32.noneMapped) return null;
  throw refused('LookupAccountNameW', error);
}

/** The bytes of a SID given as text. */
export function sidBytes(text: string): Buffer {
  const [, , authority = 0, ...parts] = text.split('-').map(Number);
  const bytes = Buffer.alloc(8 + 4 * parts.length);
  bytes[0] = 1;
  bytes[1] = parts.length;
  bytes.writeUIntBE(authority, 2, 6);
  for (const [i, part] of parts.entries()) bytes.writeUInt32LE(part, 8 + 4 * i);
  return bytes;
}

/** The name of an account by its SID; the SID itself if it has none. */
export function accountText(sid: string): string {
  try {
    return accountName(sidBytes(sid));
  } catch (error) {
    if (error instanceof Refused) return sid;
    throw error;
  }
}

/**
 * The rights that are granted to the account itself, not to its groups, such as SeBatchLogonRight.
 * https://learn.microsoft.com/windows/win32/api/ntsecapi/nf-ntsecapi-lsaenumerateaccountrights
 */
export function accountRights(sid: Buffer, memory: (address: bigint, length: number) => Buffer): string[] {
  const viewAndLookup = 0x1 | 0x800;
  const objectNameNotFound = 0xc0000034;
  const failed = (call: string, status: number): Refused =>
    new Refused(
      status >>> 0 === 0xc0000022 ? 'AccessDenied' : 'Failed',
      `${call} gave status ${(status >>> 0).toString(16)}`,
    );
  const policy = Buffer.alloc(8);
  const opened = advapi32.LsaOpenPolicy(null, Buffer.alloc(48), viewAndLookup, policy);
  if (opened !== 0) throw failed('LsaOpenPolicy', opened);
  const handle = policy.readBigUInt64LE();
  try {
    const [place, count] = [Buffer.alloc(8), Buffer.alloc(4)];
    const status = advapi32.LsaEnumerateAccountRights(handle, sid, place, count);
    // An account that was never granted any right is unknown there.
    if (status >>> 0 === objectNameNotFound) return [];
    if (status !== 0) throw failed('LsaEnumerateAccountRights', status);
    const address = place.readBigUInt64LE();
    if (address === 0n || count.readUInt32LE() === 0) return [];
    try {
      // LSA_UNICODE_STRING { USHORT Length; USHORT MaximumLength; PWSTR Buffer }
      const strings = memory(address, 16 * Math.min(count.readUInt32LE(), 256));
      return Array.from({ length: strings.length / 16 }, (_, i) =>
        memory(strings.readBigUInt64LE(16 * i + 8), strings.readUInt16LE(16 * i)).toString('utf16le'),
      );
    } finally {
      advapi32.LsaFreeMemory(address);
    }
  } finally {
    advapi32.LsaClose(handle);
  }
}

/** The machine's program data folder, `C:\ProgramData`, from the system: anyone could have set the environment. */
export function programData(memory: (address: bigint, length: number) => Buffer): string {
  // FOLDERID_ProgramData {62AB5D82-FDC1-4DC3-A9DD-070D1D495D97}
  const id = Buffer.from('825dab62c1fdc34da9dd070d1d495d97', 'hex');
  const place = Buffer.alloc(8);
  const result = shell32.SHGetKnownFolderPath(id, 0, null, place);
  const address = place.readBigUInt64LE();
  try {
    if (result !== 0 || address === 0n)
      throw new Refused('Failed', `SHGetKnownFolderPath failed with ${(result >>> 0).toString(16)}`);
    let length = 0;
    while (length < 32_768 && memory(address + BigInt(2 * length), 2).readUInt16LE() !== 0) length++;
    return memory(address, 2 * length).toString('utf16le');
  } finally {
    ole32.CoTaskMemFree(address);
  }
}
