import { registryText } from '../../src/system/registry.ts';
import type { Files } from './configurations.ts';

const utf16 = (text: string): Buffer => Buffer.from(`${text}\0`, 'utf16le');
const unescaped = (text: string): string => text.replace(/\\(.)/g, '$1');

function valueOf(text: string): { kind: number; data: Buffer } {
  if (text.startsWith('"')) return { kind: 1, data: utf16(unescaped(text.slice(1, -1))) };
  const [, kind = '3', bytes] = /^(?:dword|hex(?:\(([\da-f]+)\))?):(.*)$/s.exec(text) ?? [];
  if (bytes === undefined) throw new Error(`not in an export of the registry: ${text}`);
  if (!text.startsWith('dword')) return { kind: Number.parseInt(kind, 16), data: Buffer.from(bytes.replace(/[^\da-f]/gi, ''), 'hex') };
  const data = Buffer.alloc(4);
  data.writeUInt32LE(Number.parseInt(bytes, 16));
  return { kind: 4, data };
}

/** The values of an export of the registry (`reg export`), as the files of a machine. */
export function registryFiles(text: string): Files {
  const files: Record<string, Buffer> = {};
  let key = '';
  for (const line of text.replaceAll(/\\\r?\n\s*/g, '').split(/\r?\n/)) {
    const [, opened] = /^\[HKEY_LOCAL_MACHINE\\(.*)\]$/.exec(line) ?? [];
    if (opened !== undefined) key = `HKLM\\${opened}`;
    const [, name, value] = /^"((?:[^"\\]|\\.)*)"=(.*)$/.exec(line) ?? [];
    if (name !== undefined) files[`${key}\\${unescaped(name)}`] = registryText(valueOf(value!))!;
  }
  return files;
}
