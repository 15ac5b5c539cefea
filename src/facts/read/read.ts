import { looksLikeXml } from '../../clixml/sniff.ts';
import { jsonProblem, nestingProblem } from '../../io/nesting.ts';
import { chunksOf, closeFile, isFolder, openFile, textOf, wholeOf, type OpenFile } from '../../io/read.ts';
import { PortOwnerError } from '../../schema/problems.ts';
import type { Facts } from '../model/facts.ts';
import { holdsPort, type Question } from '../model/question.ts';
import type { RawEnvelope } from '../../system/raw.ts';

/** The largest file to read whole; a snapshot of 100,000 sockets has about 50 MB. */
const sizeLimit = 400 * 1024 * 1024;
const hint = 'Use a file written by "portowner snapshot" that you can read, such as --from server7.json.';

/** Decodes a recording of raw entries for a question, as if its machine were queried now. */
export async function decodeRecording(envelope: RawEnvelope, question: Question): Promise<Facts> {
  const { recordedSource } = await import('../../system/raw.ts');
  const { gather } = await import('../gather/gather.ts');
  const at =
    [...envelope.entries.values()]
      .map((entry) => entry.at)
      .sort()
      .at(-1) ?? '';
  const recorded = new Date(at);
  return gather(recordedSource(envelope), question, Number.isNaN(recorded.getTime()) ? new Date(0) : recorded);
}

/** Parses a snapshot, checked against the JSON Schema, or a recording in one file. */
async function parseSnapshot(name: string, bytes: Buffer): Promise<FactsReader> {
  const text = textOf(bytes, name, { hint: 'Use a file written by "portowner snapshot", in UTF-8.' });
  let value: unknown;
  try {
    // The nesting check expects UTF-8.
    const utf16 = bytes[0] === 0xff || bytes[0] === 0xfe;
    const problem = nestingProblem(utf16 ? Buffer.from(text) : bytes);
    if (problem !== null) throw new SyntaxError(problem);
    value = JSON.parse(text);
  } catch (error) {
    const why = error instanceof SyntaxError ? jsonProblem(error) : 'it is too large';
    throw new PortOwnerError('PO2002', `${name} is not a snapshot: it is not JSON (${why})`, {
      hint: 'Use a file written by "portowner snapshot".',
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
      hint: 'Use a file written by "portowner snapshot".',
      target: name,
    });
  }
  const facts = value as Facts;
  disownKernel(facts);
  return async () => facts;
}

/**
 * Corrects facts from an older version, which attributed every socket without a visible holder to the kernel: on Linux,
 * only attributions with evidence are kept.
 */
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

const collectionMark = '#PortOwner.Collection ';

/** The most text that a shell may print before a collection, in bytes. */
export const mostNoise = 64 * 1024;

/** Returns the collection in a file, in UTF-8 or UTF-16; null if there is none. */
async function collectionOf(bytes: Buffer): Promise<Uint8Array | null> {
  const [a, b] = bytes;
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) {
    const decoder = new TextDecoder(a === 0xff ? 'utf-16le' : 'utf-16be');
    if (!decoder.decode(bytes.subarray(0, 2 * mostNoise)).includes(collectionMark)) return null;
    bytes = Buffer.from(decoder.decode(bytes));
  } else if (
    !bytes.subarray(0, mostNoise).includes(collectionMark) ||
    /^(?:\ufeff)?\s*[{[]/.test(bytes.toString('utf8', 0, 64))
  )
    return null;
  return (await import('./collection/find.ts')).collectionIn(bytes);
}

/** What a remote machine sent. */
export interface Collected {
  readonly facts: FactsReader;
  /** Its raw entries; null if it sent a snapshot. */
  readonly envelope: RawEnvelope | null;
}

/** Reads the output of a collector. Throws PO2002 and PO2003. */
export async function readCollection(bytes: Uint8Array, name: string): Promise<Collected> {
  const told = await (await import('./collection/collection.ts')).parseCollection(bytes, name);
  if (typeof told === 'string') return { facts: await parseSnapshot(name, Buffer.from(told)), envelope: null };
  return { facts: (question) => decodeRecording(told, question), envelope: told };
}

/** Whether a file is XML, such as CLIXML. False for folders, standard input and unreadable files. */
export function isClixml(path: string): boolean {
  if (path === '-' || isFolder(path)) return false;
  try {
    const file = openFile(path);
    closeFile(file);
    return looksLikeXml(file.head);
  } catch {
    return false;
  }
}

/** Called with the name of each file before it is read. */
export type FileStep = (name: string) => void;

/** Yields the chunks of a file, and reports the file before the first chunk. */
function* told(file: OpenFile, step: FileStep | undefined): Generator<Uint8Array> {
  step?.(file.name);
  yield* chunksOf(file);
}

/** Returns the facts for a question; the files are read only once. */
export type FactsReader = (question: Question) => Promise<Facts>;

/**
 * Reads a snapshot from a file (`-` is standard input) and validates all of it, or reads CLIXML files of one machine,
 * or opens the recording in a folder, which is decoded as far as a question requires. Throws PO1005 (several files that
 * are not all CLIXML), PO2001 (unreadable), PO2002 (not facts), PO2003 (from a newer version).
 */
export async function readFacts(paths: readonly string[], step?: FileStep): Promise<FactsReader> {
  const [path = '-'] = paths;
  if (paths.length <= 1 && path !== '-' && isFolder(path)) {
    step?.(path);
    const envelope = (await import('./envelope.ts')).readEnvelope(path);
    return (question) => decodeRecording(envelope, question);
  }
  const files: OpenFile[] = [];
  try {
    for (const each of paths) {
      const file = each !== '-' && isFolder(each) ? null : openFile(each, hint);
      if (file !== null) files.push(file);
      if (paths.length > 1 && (file === null || !looksLikeXml(file.head))) {
        throw new PortOwnerError(
          'PO1005',
          `${each} is not CLIXML: only several CLIXML files can describe one machine together`,
          { hint: 'Query one snapshot at a time.', target: each },
        );
      }
    }
    const [first] = files;
    if (first !== undefined && looksLikeXml(first.head)) {
      const { readClixmlFacts } = await import('./clixml/facts.ts');
      const facts = readClixmlFacts(
        files.map((file) => ({ name: file.name, chunks: told(file, step), modified: file.modified })),
      );
      return async (question) => facts(question);
    }
    step?.(first!.name);
    const { name } = first!;
    const bytes = wholeOf(first!, sizeLimit);
    const collection = await collectionOf(bytes);
    if (collection !== null) return (await readCollection(collection, name)).facts;
    return await parseSnapshot(name, bytes);
  } finally {
    files.forEach(closeFile);
  }
}
