import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { nestingProblem } from '../nesting.ts';
import { PortOwnerError } from '../problems.ts';
import { specialFile } from '../special-file.ts';
import type { Facts } from './facts.ts';
import { holdsPort, type Question } from './question.ts';
import type { RawEnvelope } from './raw.ts';

/** The largest file that is read whole; a snapshot of 100,000 sockets has about 50 MB. */
const sizeLimit = 400 * 1024 * 1024;
const tooLarge = `it has more than ${sizeLimit / 1024 / 1024} MB`;

function unreadable(name: string, why: string, cause?: unknown): PortOwnerError {
  return new PortOwnerError('PO2001', `cannot read ${name}: ${why}`, {
    hint: 'Give a file that "portowner snapshot" wrote and that you may read.',
    target: name,
    cause,
  });
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'access is denied',
  EPERM: 'access is denied',
  EISDIR: 'it is a folder',
};

/** An open file, of which the first bytes are already read. */
interface OpenFile {
  readonly name: string;
  readonly file: number;
  readonly head: Uint8Array;
  readonly modified: Date;
}

const headSize = 4096;
const chunkSize = 65_536;

/** Runs what reads a file; what the system refuses becomes PO2001. */
function reading<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof PortOwnerError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw unreadable(name, reasons[code] ?? (error instanceof Error ? error.message : String(error)), error);
  }
}

/** Fills the buffer from where the file stands, as far as it goes. */
function fill(file: number, buffer: Uint8Array): Uint8Array {
  let length = 0;
  try {
    while (length < buffer.length) {
      const read = readSync(file, buffer, length, buffer.length - length, null);
      if (read === 0) break;
      length += read;
    }
  } catch (error) {
    // So ends a pipe on Windows.
    if (!(error instanceof Error && 'code' in error && error.code === 'EOF')) throw error;
  }
  return buffer.subarray(0, length);
}

function open(path: string): OpenFile {
  const name = path === '-' ? 'standard input' : path;
  return reading(name, () => {
    const special = path === '-' ? null : specialFile(path);
    if (special !== null) throw unreadable(name, special);
    const file = path === '-' ? 0 : openSync(path, 'r');
    try {
      return { name, file, head: fill(file, new Uint8Array(headSize)), modified: fstatSync(file).mtime };
    } catch (error) {
      if (file !== 0) closeSync(file);
      throw error;
    }
  });
}

function close({ file }: OpenFile): void {
  if (file !== 0) closeSync(file);
}

function* chunksOf(opened: OpenFile, step: FileStep | undefined): Generator<Uint8Array> {
  step?.(opened.name);
  yield opened.head;
  const buffer = new Uint8Array(chunkSize);
  for (;;) {
    const chunk = reading(opened.name, () => fill(opened.file, buffer));
    if (chunk.length === 0) return;
    yield chunk;
  }
}

/** A pipe has no size, and perhaps no end. */
function* restOf(name: string, file: number): Generator<Uint8Array> {
  for (let size = headSize; ;) {
    const chunk = fill(file, Buffer.allocUnsafe(chunkSize));
    if (chunk.length === 0) return;
    size += chunk.length;
    if (size > sizeLimit) throw unreadable(name, tooLarge);
    yield chunk;
  }
}

function wholeOf({ name, file, head }: OpenFile): Buffer {
  return reading(name, () => {
    const { size } = fstatSync(file);
    if (size > sizeLimit) throw unreadable(name, tooLarge);
    if (size <= head.length) return Buffer.concat([head, ...restOf(name, file)]);
    const whole = Buffer.allocUnsafe(size);
    whole.set(head);
    return whole.subarray(0, head.length + fill(file, whole.subarray(head.length)).length);
  });
}

/** Text of a file that PowerShell, an editor or a pipe may have written: UTF-8 or UTF-16, with or without a BOM. */
export function decodeText(bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes.subarray(2).toString('utf16le');
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return bytes.subarray(3).toString('utf8');
  return bytes.toString('utf8');
}

/** A recording of raw answers is decoded now, as if the machine were asked. */
async function decodeRecording(envelope: RawEnvelope, question: Question): Promise<Facts> {
  const { recordedSource } = await import('./raw.ts');
  const { gather } = await import('./gather.ts');
  const at =
    [...envelope.entries.values()]
      .map((entry) => entry.at)
      .sort()
      .at(-1) ?? '';
  const recorded = new Date(at);
  return gather(recordedSource(envelope), question, Number.isNaN(recorded.getTime()) ? new Date(0) : recorded);
}

/** A snapshot, checked against the JSON Schema, or a recording in one file. */
async function parseSnapshot(name: string, bytes: Buffer): Promise<FactsReader> {
  let value: unknown;
  try {
    // UTF-16 has other bytes.
    const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
    const problem = nestingProblem(utf16 ? Buffer.from(decodeText(bytes)) : bytes);
    if (problem !== null) throw new SyntaxError(problem);
    value = JSON.parse(decodeText(bytes));
  } catch (error) {
    const why = error instanceof SyntaxError ? error.message.replace(/\s+/g, ' ').slice(0, 120) : 'it is too large';
    throw new PortOwnerError('PO2002', `${name} is not a snapshot: it is not JSON (${why})`, {
      hint: 'Give a file that "portowner snapshot" wrote.',
      target: name,
      cause: error,
    });
  }
  const head =
    typeof value === 'object' && value !== null ? (value as { kind?: unknown; formatVersion?: unknown }) : {};
  if (head.kind === 'PortOwner.Facts' && typeof head.formatVersion === 'number' && head.formatVersion > 1) {
    throw new PortOwnerError(
      'PO2003',
      `${name} has format version ${head.formatVersion}; this program reads version 1`,
      {
        hint: 'Use the PortOwner that wrote it, or a newer one.',
        target: name,
      },
    );
  }
  const { isEnvelope, parseEnvelope } = await import('./envelope.ts');
  if (isEnvelope(value)) {
    const envelope = parseEnvelope(value, name);
    return (question) => decodeRecording(envelope, question);
  }
  const { validateFacts } = await import('./validate.ts');
  const problem = validateFacts(value);
  if (problem !== null) {
    throw new PortOwnerError('PO2002', `${name} is not a snapshot: ${problem}`, {
      hint: 'Give a file that "portowner snapshot" wrote.',
      target: name,
    });
  }
  const facts = value as Facts;
  disownKernel(facts);
  return async () => facts;
}

/** Facts of an older version took every socket without a visible holder for the kernel's: of Linux only what was shown is kept. */
function disownKernel({ machine, sections }: Facts): void {
  if (machine.platform !== 'linux') return;
  for (const socket of sections.sockets.data) {
    if (!socket.kernel || socket.kernelPart !== undefined || !holdsPort(socket)) continue;
    socket.kernel = false;
    socket.refusals.push({
      field: 'OwningProcess',
      code: 'Failed',
      text: 'no process was seen to have it, and the snapshot does not show that the kernel has it',
      needs: null,
    });
  }
}

function isFolder(path: string): boolean {
  return path !== '-' && (statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false);
}

/** Is told of each file before it is read. */
export type FileStep = (name: string) => void;

/** Gives the facts for a question; the files are not read again for another one. */
export type FactsReader = (question: Question) => Promise<Facts>;

/**
 * Reads a snapshot from a file (`-` is standard input) and checks all of it, or CLIXML files of one machine; or
 * prepares to decode the recording in a folder as far as a question goes.
 * Throws PO1005 (several that are not all CLIXML), PO2001 (cannot be read), PO2002 (not facts), PO2003 (of a newer version).
 */
export async function readFacts(paths: readonly string[], step?: FileStep): Promise<FactsReader> {
  const [path = '-'] = paths;
  if (paths.length <= 1 && isFolder(path)) {
    step?.(path);
    const envelope = (await import('./envelope.ts')).readEnvelope(path);
    return (question) => decodeRecording(envelope, question);
  }
  const files: OpenFile[] = [];
  try {
    const { looksLikeXml } = await import('./clixml/sniff.ts');
    for (const each of paths) {
      const file = isFolder(each) ? null : open(each);
      if (file !== null) files.push(file);
      if (paths.length > 1 && (file === null || !looksLikeXml(file.head))) {
        throw new PortOwnerError(
          'PO1005',
          `--from is given several times, which is for CLIXML files of one machine: ${each} is none`,
          { hint: 'Ask for each snapshot in turn.', target: each },
        );
      }
    }
    const [first] = files;
    if (first !== undefined && looksLikeXml(first.head)) {
      const { readClixmlFacts } = await import('./clixml/facts.ts');
      const facts = readClixmlFacts(
        files.map((file) => ({ name: file.name, chunks: chunksOf(file, step), modified: file.modified })),
      );
      return async (question) => facts(question);
    }
    step?.(first!.name);
    return await parseSnapshot(first!.name, wholeOf(first!));
  } finally {
    files.forEach(close);
  }
}
