import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { decodeDescriptor, folderUsersOf, readersOf } from '../../facts/decode/windows-descriptor.ts';
import type { SecretGuard } from '../../io/secret.ts';
import { accountText, lookAt, makeFolder } from './acl.ts';
import { processSid } from './advapi32.ts';
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

/** Why others are among the users of a file or folder, in words that follow its name; null if they are not. */
function whyAmong(usersOf: typeof readersOf, can: string, path: string): string | null {
  const { access, standing, refusal } = lookAt(resolve(path));
  if (standing === 'link') return 'it is a link';
  if (access?.platform !== 'win32') return `who ${can} is unknown${refusal === null ? '' : `: ${refusal.text}`}`;
  const descriptor = decodeDescriptor(access.descriptor);
  if (descriptor.flaw !== null) return `who ${can} is unknown: ${descriptor.flaw}`;
  const [first, ...others] = usersOf(descriptor, processSid(thisProcess));
  if (first === undefined) return null;
  return `${accountText(first)}${others.length === 0 ? '' : ` and ${others.length} more`} ${can}`;
}

function makeOwnFolder(path: string): void {
  const own = processSid(thisProcess);
  try {
    makeFolder(path, `O:${own}D:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;${own})`);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    // Its error says why. If it succeeds, or another process was faster, the access list is checked next.
    mkdirSync(path, { recursive: true });
  }
}

/** PowerShell and cmd have no common separator of commands. */
function remedy(path: string, standing: 'file' | 'folder'): string {
  const [file, account] = [resolve(path), `*${processSid(thisProcess)}`];
  // Without /reset, entries of other accounts that are not inherited would remain.
  return [
    `icacls "${file}" /setowner "${account}"`,
    `icacls "${file}" /reset`,
    `icacls "${file}" /inheritance:r /grant:r "${account}:${standing === 'folder' ? '(OI)(CI)' : ''}F"`,
  ].join(', then ');
}

/** How Windows guards files with secrets: by access lists, and by the Data Protection API. */
export const windowsSecrets: SecretGuard = {
  whyShared: (path) => whyAmong(readersOf, 'can read it', path),
  whyOpen: (path) => whyAmong(folderUsersOf, 'can read or change its files', path),
  makeFolder: makeOwnFolder,
  remedy,
  decrypt,
};
