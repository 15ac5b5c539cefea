import { existsSync, fstatSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { PortOwnerError } from '../schema/problems.ts';
import { NotPrivate, privateFolder } from './private.ts';
import { closeFile, openFile, wholeOf } from './read.ts';
import { decodeText, TextError } from './text.ts';

const maxBytes = 65_536;

/** What a system without modes of files knows about secrets. */
export interface SecretGuard {
  /** Why others may know what is in a file, in words that follow its name; null if only this account and administrators can read it. */
  readonly whyShared: (path: string) => string | null;
  /** Why others may read or write files in a folder, in words that follow its name; null if only this account and administrators can. */
  readonly whyOpen: (path: string) => string | null;
  /** Creates a folder in an existing one, for this account and administrators only. Throws system errors. */
  readonly makeFolder: (path: string) => void;
  /** The commands that let only this account read a file or use a folder. */
  readonly remedy: (path: string, standing: 'file' | 'folder') => string;
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
 * What PowerShell's ConvertFrom-SecureString writes, in hex: the version of a DATA_BLOB of DPAPI, its provider, of which Wine
 * has another, and the version of the master key. Other secrets have more than hex digits.
 * https://learn.microsoft.com/windows/win32/api/dpapi/nf-dpapi-cryptprotectdata
 */
const encrypted = /^01000000[\da-f]{32}01000000(?:[\da-f]{2})+$/i;

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

/** Decodes a file, which PowerShell may have written as UTF-16; an error does not repeat any of it. */
function textIn(bytes: Buffer, path: string, what: string): string {
  try {
    return decodeText(bytes);
  } catch (error) {
    if (!(error instanceof TextError)) throw error;
    throw new PortOwnerError('PO2001', `cannot read ${what} ${path}: ${error.message}`, {
      hint: 'Save it as UTF-8.',
      target: path,
    });
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
        hint: `To let only its owner read it: ${guard?.remedy(path, 'file') ?? `chmod 600 ${path}`}`,
        target: path,
      });
    return decrypted(textIn(wholeOf(opened, maxBytes), path, what), guard, path, what);
  } finally {
    closeFile(opened);
  }
}

function makeFolders(path: string, guard: SecretGuard): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeFolders(parent, guard);
  guard.makeFolder(path);
}

/**
 * Returns the path of a folder whose files only this account or administrators can have put there, and creates it if it is
 * missing. On Windows, where files inherit the access list of the folder, nobody else can read them either. Throws
 * NotPrivate, NotAFile, and system errors.
 */
export async function ownFolder(path: string): Promise<string> {
  const guard = await loadGuard?.();
  if (guard === undefined) return privateFolder(path, { make: true })!;
  const full = resolve(path);
  makeFolders(full, guard);
  privateFolder(full, { make: false });
  const why = guard.whyOpen(full);
  if (why !== null) throw new NotPrivate(why, guard.remedy(full, 'folder'));
  return full;
}
