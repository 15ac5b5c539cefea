import { Refused } from './errors.ts';
import { addressOf, systemLibrary, wide, wideText } from './ffi.ts';
import { closeHandle, lastError, thisProcess } from './kernel32.ts';

const advapi32 = systemLibrary('advapi32.dll', {
  OpenProcessToken: { arguments: ['pointer', 'uint32', 'pointer'], return: 'int32' },
  GetTokenInformation: { arguments: ['pointer', 'int32', 'pointer', 'uint32', 'pointer'], return: 'int32' },
  LookupAccountSidW: {
    arguments: ['pointer', 'pointer', 'pointer', 'pointer', 'pointer', 'pointer', 'pointer'],
    return: 'int32',
  },
  LookupPrivilegeValueW: { arguments: ['pointer', 'pointer', 'pointer'], return: 'int32' },
  AdjustTokenPrivileges: {
    arguments: ['pointer', 'int32', 'pointer', 'uint32', 'pointer', 'pointer'],
    return: 'int32',
  },
});

const token = { query: 0x8, adjustPrivileges: 0x20 } as const;
const tokenInformation = { user: 1, linkedToken: 19, elevation: 20 } as const;

function withToken<T>(process: bigint, rights: number, use: (handle: bigint) => T): T {
  const handle = Buffer.alloc(8);
  if (advapi32.OpenProcessToken(process, rights, handle) === 0) throw lastError('OpenProcessToken');
  try {
    return use(handle.readBigUInt64LE());
  } finally {
    closeHandle(handle.readBigUInt64LE());
  }
}

/** Queries information about a token into a buffer of `capacity` bytes. */
function tokenValue(handle: bigint, kind: number, capacity: number): Buffer {
  const buffer = Buffer.alloc(capacity);
  const length = Buffer.alloc(4);
  if (advapi32.GetTokenInformation(handle, kind, buffer, capacity, length) === 0)
    throw lastError('GetTokenInformation');
  return buffer;
}

const isElevated = (handle: bigint): boolean => tokenValue(handle, tokenInformation.elevation, 4).readUInt32LE() !== 0;

/** Whether this process has an administrator's full rights. */
export function elevated(): boolean {
  return withToken(thisProcess, token.query, isElevated);
}

/**
 * Enables the privilege to inspect other users' processes if this process holds it, as an elevated administrator's
 * does; this grants no additional rights. Returns false if the privilege is not held or was enabled before.
 * https://learn.microsoft.com/windows/win32/api/securitybaseapi/nf-securitybaseapi-adjusttokenprivileges
 */
export function enableDebugPrivilege(): boolean {
  return withToken(thisProcess, token.query | token.adjustPrivileges, (handle) => {
    // TOKEN_PRIVILEGES { DWORD PrivilegeCount; { LUID Luid; DWORD Attributes } }; LookupPrivilegeValue fills in the LUID.
    const privileges = Buffer.alloc(16);
    privileges.writeUInt32LE(1, 0);
    privileges.writeUInt32LE(2, 12);
    if (advapi32.LookupPrivilegeValueW(null, wide('SeDebugPrivilege'), privileges.subarray(4)) === 0) return false;
    const previous = Buffer.alloc(16);
    const length = Buffer.alloc(4);
    if (advapi32.AdjustTokenPrivileges(handle, 0, privileges, previous.length, previous, length) === 0) return false;
    // There is no error if it is not held, but the previous state lists only privileges that were changed.
    return previous.readUInt32LE(0) === 1;
  });
}

/** https://learn.microsoft.com/windows/win32/api/winnt/ns-winnt-sid */
export function sidText(sid: Buffer): string {
  const authority = sid.readUIntBE(2, 6);
  const parts = Array.from({ length: sid[1]! }, (_, i) => sid.readUInt32LE(8 + 4 * i));
  return `S-${sid[0]}-${[authority, ...parts].join('-')}`;
}

const accounts = new Map<string, string>();

/** `DOMAIN\name`, or the SID as text if it has no name. May query a domain controller. */
export function accountName(sid: Buffer): string {
  const text = sidText(sid);
  const known = accounts.get(text);
  if (known !== undefined) return known;
  const capacity = 1024;
  const [name, domain, use] = [Buffer.alloc(capacity * 2), Buffer.alloc(capacity * 2), Buffer.alloc(4)];
  const [nameLength, domainLength] = [Buffer.alloc(4), Buffer.alloc(4)];
  nameLength.writeUInt32LE(capacity);
  domainLength.writeUInt32LE(capacity);
  let account = text;
  if (advapi32.LookupAccountSidW(null, sid, name, nameLength, domain, domainLength, use) !== 0) {
    account = [wideText(domain), wideText(name)].filter((part) => part !== '').join('\\');
  }
  accounts.set(text, account);
  return account;
}

/** The SID of a token's account. */
function tokenSid(handle: bigint): Buffer {
  // TOKEN_USER { PSID Sid; DWORD Attributes }, followed by the SID that it points to: at most 68 bytes.
  const user = tokenValue(handle, tokenInformation.user, 256);
  const start = Number(user.readBigUInt64LE(0) - addressOf(user));
  if (start < 16 || start + 8 > user.length || start + 8 + 4 * user[start + 1]! > user.length) {
    throw new Refused('Failed', 'GetTokenInformation gave no SID');
  }
  return user.subarray(start);
}

/** The account that an open process runs as: `DOMAIN\name`, or its SID. */
export function processAccount(process: bigint): string {
  return withToken(process, token.query, (handle) => accountName(tokenSid(handle)));
}

/** The SID of the account that an open process runs as. */
export const processSid = (process: bigint): string =>
  withToken(process, token.query, (handle) => sidText(tokenSid(handle)));

/**
 * The SID of the account for which Windows created the account that an open process runs as; null if there is none.
 * Administrator Protection runs elevated programs under a separate account, whose token is linked with that of the
 * person; without it, both tokens belong to the same account.
 */
export function realSid(process: bigint): Buffer | null {
  return withToken(process, token.query, (handle) => {
    const [linked, length] = [Buffer.alloc(8), Buffer.alloc(4)];
    if (!isElevated(handle)) return null;
    if (advapi32.GetTokenInformation(handle, tokenInformation.linkedToken, linked, 8, length) === 0) return null;
    const other = linked.readBigUInt64LE();
    try {
      const sid = tokenSid(other);
      return sidText(sid) === sidText(tokenSid(handle)) ? null : Buffer.from(sid);
    } finally {
      closeHandle(other);
    }
  });
}
