import { closeSync, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import { PortOwnerError } from '../problems.ts';
import type { Facts } from './facts.ts';
import type { Question } from './question.ts';

/** The largest file that is read whole; a snapshot of 100,000 sockets has about 50 MB. */
const sizeLimit = 400 * 1024 * 1024;

function unreadable(name: string, why: string, cause?: unknown): PortOwnerError {
  return new PortOwnerError('PO2001', `cannot read ${name}: ${why}`, { target: name, cause });
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'access is denied',
  EPERM: 'access is denied',
  EISDIR: 'it is a folder',
};

function readBytes(path: string): Buffer {
  const name = path === '-' ? 'standard input' : path;
  let file: number | undefined;
  try {
    file = path === '-' ? 0 : openSync(path, 'r');
    if (fstatSync(file).size > sizeLimit) throw unreadable(name, `it has more than ${sizeLimit / 1024 / 1024} MB`);
    return readFileSync(file);
  } catch (error) {
    if (error instanceof PortOwnerError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw unreadable(name, reasons[code] ?? (error instanceof Error ? error.message : String(error)), error);
  } finally {
    if (file !== undefined && path !== '-') closeSync(file);
  }
}

/** Text of a file that PowerShell, an editor or a pipe may have written: UTF-8 or UTF-16, with or without a BOM. */
export function decodeText(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.subarray(2).toString('utf16le');
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return bytes.subarray(3).toString('utf8');
  return bytes.toString('utf8');
}

/** A recording of raw answers is decoded now, as if the machine were asked. */
async function decodeRecording(folder: string, question: Question): Promise<Facts> {
  const { readEnvelope } = await import('./envelope.ts');
  const { recordedSource } = await import('./raw.ts');
  const { gather } = await import('./gather.ts');
  const envelope = readEnvelope(folder);
  const at = [...envelope.entries.values()].map((entry) => entry.at).sort().at(-1) ?? '';
  const recorded = new Date(at);
  return gather(recordedSource(envelope), question, Number.isNaN(recorded.getTime()) ? new Date(0) : recorded);
}

/**
 * Reads a snapshot from a file (`-` is standard input) and checks all of it against the JSON Schema, or decodes
 * the recording in a folder as far as the question goes.
 * Throws PO2001 (cannot be read), PO2002 (not facts), PO2003 (of a newer version).
 */
export async function readFacts(path: string, question: Question): Promise<Facts> {
  if (path !== '-' && statSync(path, { throwIfNoEntry: false })?.isDirectory()) return decodeRecording(path, question);
  const name = path === '-' ? 'standard input' : path;
  const bytes = readBytes(path);
  let value: unknown;
  try {
    value = JSON.parse(decodeText(bytes));
  } catch (error) {
    const why = error instanceof SyntaxError ? error.message.replace(/\s+/g, ' ').slice(0, 120) : 'it is too large';
    throw new PortOwnerError('PO2002', `${name} is not a snapshot: it is not JSON (${why})`, {
      hint: 'Give a file that "portowner snapshot" wrote.',
      target: name,
      cause: error,
    });
  }
  const head = typeof value === 'object' && value !== null ? (value as { kind?: unknown; formatVersion?: unknown }) : {};
  if (head.kind === 'PortOwner.Facts' && typeof head.formatVersion === 'number' && head.formatVersion > 1) {
    throw new PortOwnerError('PO2003', `${name} has format version ${head.formatVersion}; this program reads version 1`, {
      hint: 'Use the PortOwner that wrote it, or a newer one.',
      target: name,
    });
  }
  const { validateFacts } = await import('./validate.ts');
  const problem = validateFacts(value);
  if (problem !== null) {
    throw new PortOwnerError('PO2002', `${name} is not a snapshot: ${problem}`, {
      hint: 'Give a file that "portowner snapshot" wrote.',
      target: name,
    });
  }
  return value as Facts;
}
