/*
 * Values of the Windows registry as places beside files: each has a path, and the bytes of a text, so that reading,
 * editing, the journal, and undoing are the same as for files. The text is lossless: the type, a blank, and the data.
 */
import { resolve } from 'node:path';

const roots = /^(?:HKLM:?|HKEY_LOCAL_MACHINE|(?:Microsoft\.PowerShell\.Core\\)?Registry::HKEY_LOCAL_MACHINE)\\/i;

/** Whether a path is one in the registry: `HKLM\SOFTWARE\…`. */
export const isRegistryPath = (path: string): boolean => path.startsWith('HKLM\\');

/** Returns a path in the registry as this project writes it, for every way to write it; null for other paths. */
export function registryPath(path: string): string | null {
  return roots.test(path) ? path.replace(roots, 'HKLM\\') : null;
}

/** Returns the path of a file, or of a value in the registry, that the user specified; null if there is none. */
export const givenPath = (path: string | undefined): string | null =>
  path === undefined ? null : (registryPath(path) ?? resolve(path));

/** A value in HKEY_LOCAL_MACHINE: its key there, and its name. */
export interface RegistryPlace {
  readonly key: string;
  readonly name: string;
}

/** Splits the path of a value; its name has no backslash. */
export function registryPlace(path: string): RegistryPlace {
  const at = path.lastIndexOf('\\');
  return { key: path.slice('HKLM\\'.length, Math.max(at, 'HKLM\\'.length)), name: path.slice(at + 1) };
}

/** https://learn.microsoft.com/windows/win32/sysinfo/registry-value-types */
const kinds: Readonly<Record<string, number>> = {
  REG_SZ: 1,
  REG_EXPAND_SZ: 2,
  REG_BINARY: 3,
  REG_DWORD: 4,
  REG_MULTI_SZ: 7,
  REG_QWORD: 11,
};
const isText = (name: string): boolean => name.endsWith('_SZ');

/** The type and the data of a value. */
export interface RegistryData {
  readonly kind: number;
  readonly data: Uint8Array;
}

const utf16 = (text: string): Buffer => Buffer.from(`\ufeff${text}`, 'utf16le');

/**
 * Returns a value as a text in UTF-16: `REG_DWORD 3389` with a line break, `REG_SZ 1433`, in which line breaks stand for
 * NUL characters. Null for data that is not of its type, or of another type.
 */
export function registryText({ kind, data }: RegistryData): Buffer | null {
  const name = Object.keys(kinds).find((one) => kinds[one] === kind);
  const bytes = Buffer.from(data);
  if (name === undefined) return null;
  if (isText(name)) {
    const text = bytes.toString('utf16le');
    return bytes.length % 2 === 0 && !text.includes('\n') ? utf16(`${name} ${text.replaceAll('\0', '\n')}`) : null;
  }
  if (name === 'REG_BINARY') return utf16(`${name} ${bytes.toString('hex')}\n`);
  const size = name === 'REG_DWORD' ? 4 : 8;
  if (bytes.length !== size) return null;
  return utf16(`${name} ${size === 4 ? bytes.readUInt32LE() : bytes.readBigUInt64LE()}\n`);
}

/** Returns the value that such a text stands for. Throws RangeError for any other text. */
export function registryData(text: Uint8Array): RegistryData {
  const bytes = Buffer.from(text);
  const whole = bytes.toString('utf16le', 2);
  const blank = whole.indexOf(' ');
  const [name, rest] = [whole.slice(0, blank), whole.slice(blank + 1)];
  const kind = kinds[name];
  const wrong = (): never => {
    throw new RangeError('the text is not that of a registry value');
  };
  if (bytes.length % 2 !== 0 || bytes.readUInt16LE() !== 0xfeff || kind === undefined) return wrong();
  if (isText(name)) return { kind, data: Buffer.from(rest.replaceAll('\n', '\0'), 'utf16le') };
  if (name === 'REG_BINARY')
    return /^(?:[\da-f]{2})*\n$/.test(rest) ? { kind, data: Buffer.from(rest.trimEnd(), 'hex') } : wrong();
  const number = /^\d{1,20}\n$/.test(rest) ? BigInt(rest.trimEnd()) : wrong();
  const data = Buffer.alloc(name === 'REG_DWORD' ? 4 : 8);
  if (number >= 1n << BigInt(8 * data.length)) return wrong();
  if (data.length === 4) data.writeUInt32LE(Number(number));
  else data.writeBigUInt64LE(number);
  return { kind, data };
}
