import { gunzipSync } from 'node:zlib';
import { decodeText } from '../../../io/text.ts';
import { textOf } from '../../../io/read.ts';
import { PortOwnerError } from '../../../schema/problems.ts';
import { isRefusalCode, type RawEntry, type Refusal } from '../../../system/raw.ts';
import { decodeConsoleText } from '../../decode/windows-text.ts';

/*
 * The text format of a collector (ps/Collector), described in docs/architecture/collection.md.
 */

/** The contents of a section: its lines, or why there are none. */
export interface Part {
  readonly lines: readonly string[];
  readonly refusal: Refusal | null;
}

/** The sections of a collection. */
export type Parts = ReadonlyMap<string, Part>;

const mark = '#PortOwner.Collection ';
const end = '#End';
/** The largest text to unpack, and its most lines: a collection of 100,000 sockets has 30 MB and 500,000 lines. */
const largest = 256 * 1024 * 1024;
const mostLines = 4_000_000;

export function damagedCollection(name: string, why: string, cause?: unknown): PortOwnerError {
  return new PortOwnerError('PO2002', `${name} is not a complete collection: ${why}`, {
    hint: 'Collect again: all that the collector writes is needed, from its first line to its last.',
    target: name,
    cause,
  });
}

/** Decodes the text. A console may have used its own code page, which the first line names. */
function collectionText(bytes: Uint8Array, name: string): string {
  try {
    return decodeText(bytes);
  } catch {
    const page = /^#PortOwner\.Collection \d+ plain (\d{1,5})\r?\n/.exec(
      Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 100)).toString('latin1'),
    )?.[1];
    if (page === undefined || page === '65001') return textOf(bytes, name);
    return decodeConsoleText(bytes, Number(page));
  }
}

/** Rejects input with too many lines: a file of line breaks alone would exhaust the memory. */
function checkLines(text: string, name: string): void {
  let lines = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1))
    if (++lines > mostLines) throw damagedCollection(name, `it has more than ${mostLines} lines`);
}

/** Returns the unpacked lines between the first and the last line of a collection. */
function linesOf(text: string, name: string): string[] {
  checkLines(text, name);
  const lines = text.split(/\r?\n/);
  while (lines.at(-1) === '') lines.pop();
  const [, version, form] = /^#PortOwner\.Collection (\d{1,6}) (plain|gzip)(?: \d{0,5})?$/.exec(lines[0] ?? '') ?? [];
  if (version === undefined) throw damagedCollection(name, 'its first line is not readable');
  if (version !== '1') {
    throw new PortOwnerError('PO2003', `${name} has collection version ${version}; this program reads version 1`, {
      hint: 'Use the collector that came with this PortOwner, or a newer PortOwner.',
      target: name,
    });
  }
  if (lines.at(-1) !== end)
    throw damagedCollection(name, `it does not end with the line ${end}, so that the rest is missing`);
  const body = lines.slice(1, -1);
  if (form === 'plain') return body;
  let unpacked: Buffer;
  try {
    unpacked = gunzipSync(Buffer.from(body.join(''), 'base64'), { maxOutputLength: largest });
  } catch (error) {
    throw damagedCollection(name, 'what it has packed cannot be unpacked', error);
  }
  const inner = new TextDecoder().decode(unpacked);
  if (!inner.startsWith(`${mark}1 plain`)) throw damagedCollection(name, 'what it has packed is something else');
  return linesOf(inner, name);
}

function refusalOf(line: string): Refusal {
  const [, code = '', text = ''] = /^!(\w{1,32}) (.*)$/.exec(line) ?? [];
  return isRefusalCode(code)
    ? { code, text: text.slice(0, 1000) }
    : { code: 'Failed', text: 'the answer is not readable' };
}

function sectionsOf(lines: readonly string[], name: string): Parts {
  const parts = new Map<string, { lines: string[]; refusal: Refusal | null }>();
  let part: { lines: string[]; refusal: Refusal | null } | null = null;
  for (const line of lines) {
    if (line.startsWith('@')) {
      part = { lines: [], refusal: null };
      if (parts.has(line.slice(1))) throw damagedCollection(name, `it has the section ${line.slice(1, 60)} twice`);
      parts.set(line.slice(1), part);
    } else if (part === null) throw damagedCollection(name, 'it begins with something else than a section');
    else if (line.startsWith(' ')) part.lines.push(line.slice(1));
    else if (line.startsWith('!')) part.refusal = refusalOf(line);
    // A mail program or a shell stripped the blank from an empty line of data.
    else if (line === '') part.lines.push('');
    else throw damagedCollection(name, 'it has a line that belongs to no section');
  }
  return parts;
}

/** Parses lines of `key value`. */
export function settings({ lines }: Part): ReadonlyMap<string, string> {
  return new Map(
    lines.map((line): [string, string] => {
      const blank = line.indexOf(' ');
      return blank < 0 ? [line, ''] : [line.slice(0, blank), line.slice(blank + 1)];
    }),
  );
}

export const nothing: Part = { lines: [], refusal: null };

/** The refusal for a section that a collection lacks. */
export const unasked: Refusal = { code: 'Failed', text: 'the collector did not request it' };

/** Returns the entry for a section's text, or a refusal if the section is refused or missing. */
export function textEntry(at: string, part: Part | undefined, text: (lines: readonly string[]) => string): RawEntry {
  const refusal = part === undefined ? unasked : part.refusal;
  return refusal === null ? { at, text: text(part!.lines) } : { at, refusal };
}

/** Parses the sections of a collection from the file `name`. Throws PO2002 and PO2003. */
export function partsOf(bytes: Uint8Array, name: string): Parts {
  return sectionsOf(linesOf(collectionText(bytes, name), name), name);
}
