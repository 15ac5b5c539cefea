import { resolve } from 'node:path';
import { decodeDescriptor, readersOf } from '../../facts/decode/windows-descriptor.ts';
import type { SecretGuard } from '../../io/secret.ts';
import { lookAt, sidBytes } from './acl.ts';
import { accountName, processSid } from './advapi32.ts';
import { Refused, refused } from './errors.ts';
import { addressOf, systemLibrary } from './ffi.ts';
import { freeLocal, lastErrorCode, ownMemory, thisProcess } from './kernel32.ts';

// https://learn.microsoft.com/windows/win32/api/dpapi/nf-dpapi-cryptunprotectdata
const crypt32 = systemLibrary('crypt32.dll', {
  CryptUnprotectData: {
    arguments: ['pointer', 'pointer', 'pointer', 'pointer', 'pointer', 'uint32', 'pointer'],
    return: 'int32',
  },
});
const noDialogs = 0x1;

/** DATA_BLOB { DWORD cbData; BYTE *pbData } */
function blobOf(bytes: Buffer): Buffer {
  const blob = Buffer.alloc(16);
  blob.writeUInt32LE(bytes.length, 0);
  blob.writeBigUInt64LE(addressOf(bytes), 8);
  return blob;
}

function decrypt(bytes: Buffer): Buffer {
  const found = Buffer.alloc(16);
  if (crypt32.CryptUnprotectData(blobOf(bytes), null, null, null, null, noDialogs, found) === 0)
    throw refused('CryptUnprotectData', lastErrorCode());
  const address = found.readBigUInt64LE(8);
  try {
    return Buffer.from(ownMemory(address, found.readUInt32LE(0)));
  } finally {
    freeLocal(address);
  }
}

function nameOf(sid: string): string {
  try {
    return accountName(sidBytes(sid));
  } catch (error) {
    if (error instanceof Refused) return sid;
    throw error;
  }
}

function whyShared(path: string): string | null {
  const { access, standing, refusal } = lookAt(resolve(path));
  if (standing === 'link') return 'it is a link';
  if (access?.platform !== 'win32') return `who can read it is unknown${refusal === null ? '' : `: ${refusal.text}`}`;
  const descriptor = decodeDescriptor(access.descriptor);
  if (descriptor.flaw !== null) return `who can read it is unknown: ${descriptor.flaw}`;
  const [first, ...others] = readersOf(descriptor, processSid(thisProcess));
  if (first === undefined) return null;
  return `${nameOf(first)}${others.length === 0 ? '' : ` and ${others.length} more`} can read it`;
}

/** How Windows guards files with secrets: by access lists, and by the Data Protection API. */
export const windowsSecrets: SecretGuard = {
  whyShared,
  remedy: (path) => `icacls "${path}" /inheritance:r /grant:r "*${processSid(thisProcess)}:F"`,
  decrypt,
};
