import { fstatSync } from 'node:fs';
import { PortOwnerError } from '../schema/problems.ts';
import { closeFile, openFile, wholeOf } from './read.ts';

const maxBytes = 65_536;

/** What a system without modes of files knows about secrets. */
export interface SecretGuard {
  /** Why others may know what is in a file, in words that follow its name; null if only this account and administrators can read it. */
  readonly whyShared: (path: string) => string | null;
  /** The command that lets only this account read a file. */
  readonly remedy: (path: string) => string;
  /** Returns what the system encrypted for this account or this machine. Throws an Error that says why it cannot. */
  readonly decrypt: (bytes: Buffer) => Buffer;
}

let loadGuard: (() => Promise<SecretGuard>) | null = null;

/** Sets how this system guards secrets; null: by the modes of files. It is loaded only for a file with one. */
export function guardSecrets(load: (() => Promise<SecretGuard>) | null): void {
  loadGuard = load;
}

/** Why others may know what is in an open file; null if only this account and root can read it. */
function whyShared(file: number): string | null {
  const own = process.geteuid?.();
  if (own === undefined) return null;
  const { uid, mode } = fstatSync(file);
  if (uid !== own && uid !== 0) return `it belongs to another user (uid ${uid})`;
  // An access list shows in the rights of the group.
  return (mode & 0o077) === 0 ? null : 'other users can read it';
}

/**
 * What PowerShell's ConvertFrom-SecureString writes, in hex: the version and the provider of a DATA_BLOB of DPAPI.
 * https://learn.microsoft.com/windows/win32/api/dpapi/nf-dpapi-cryptprotectdata
 */
const encrypted = /^01000000d08c9ddf0115d1118c7a00c04fc297eb(?:[\da-f]{2})+$/i;

/** The text of a file with a secret. */
export interface Secret {
  readonly text: string;
  /** Whether Windows had encrypted it. */
  readonly wasEncrypted: boolean;
}

function decrypted(text: string, guard: SecretGuard | undefined, path: string, what: string): Secret {
  const hex = text.trim();
  if (!encrypted.test(hex)) return { text, wasEncrypted: false };
  const fail = (why: string, cause?: unknown): never => {
    throw new PortOwnerError('PO2001', `cannot read ${what} ${path}: ${why}`, {
      hint: 'Encrypt it again, as the account and on the machine that read it: ConvertFrom-SecureString',
      target: path,
      cause,
    });
  };
  if (guard === undefined) return fail('Windows encrypted it, and this is another system');
  try {
    return { text: guard.decrypt(Buffer.from(hex, 'hex')).toString('utf16le'), wasEncrypted: true };
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error), error);
  }
}

/** Reads a file with a secret, which Windows may have encrypted. Throws PO4210 if others can read it, and PO2001. */
export async function readSecret(path: string, what: string): Promise<Secret> {
  const guard = await loadGuard?.();
  const opened = openFile(path);
  try {
    const why = guard === undefined ? whyShared(opened.file) : guard.whyShared(path);
    if (why !== null)
      throw new PortOwnerError('PO4210', `${what} ${path} was not used: ${why}`, {
        hint: `To let only its owner read it: ${guard?.remedy(path) ?? `chmod 600 ${path}`}`,
        target: path,
      });
    return decrypted(wholeOf(opened, maxBytes).toString('utf8'), guard, path, what);
  } finally {
    closeFile(opened);
  }
}
