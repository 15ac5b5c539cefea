import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode, errorWords } from '../../io/errors.ts';
import { readBytes, textOf } from '../../io/read.ts';
import { parseJson } from '../../io/nesting.ts';
import { PortOwnerError } from '../../schema/problems.ts';
import type { RawEntry, RawEnvelope, Refusal } from '../../system/raw.ts';

/** The index of an envelope on disk: `envelope.json` in its folder, beside one file for each answer. */
interface Index {
  readonly kind: 'PortOwner.Raw';
  readonly formatVersion: 1;
  readonly platform: RawEnvelope['platform'];
  readonly entries: Readonly<Record<string, IndexEntry>>;
}

interface IndexEntry {
  readonly at: string;
  readonly file?: string;
  readonly form?: 'bytes' | 'text';
  readonly meta?: RawEntry['meta'];
  readonly refusal?: Refusal;
}

/** Returns the file name of an entry: `diag/tcp4` becomes `diag-tcp4.bin`, a name that is valid on every system. */
function fileName(name: string, form: 'bytes' | 'text'): string {
  return `${name.replace(/[^A-Za-z0-9.]+/g, '-')}.${form === 'bytes' ? 'bin' : 'txt'}`;
}

const hint = 'Use a folder written by "portowner snapshot --raw".';

/** Writes an envelope into a new folder. Throws PO2004. */
export function writeEnvelope(folder: string, envelope: RawEnvelope): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
    const entries: Record<string, IndexEntry> = {};
    for (const [name, { at, bytes, text, meta, refusal }] of envelope.entries) {
      const form = bytes === undefined ? 'text' : 'bytes';
      const data = bytes ?? text;
      const file = data === undefined ? undefined : fileName(name, form);
      if (file !== undefined) writeFileSync(join(folder, file), data!, { flag: 'wx', mode: 0o600 });
      entries[name] = {
        at,
        ...(file === undefined ? {} : { file, form }),
        ...(meta === undefined ? {} : { meta }),
        ...(refusal === undefined ? {} : { refusal }),
      };
    }
    const index: Index = { kind: 'PortOwner.Raw', formatVersion: 1, platform: envelope.platform, entries };
    // Write the index last: a folder with an index is a complete envelope.
    writeFileSync(join(folder, 'envelope.json'), `${JSON.stringify(index, null, 1)}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    const why = errorCode(error) === 'EEXIST' ? 'it exists already' : errorWords(error, 'write');
    throw new PortOwnerError('PO2004', `cannot write the folder ${folder}: ${why}`, {
      hint: 'Use a folder that does not exist yet.',
      target: folder,
      cause: error,
    });
  }
}

/** The largest entry to read, such as the descriptors of all processes. */
const maxPartBytes = 400 * 1024 * 1024;

const readPart = (folder: string, name: string): Buffer => readBytes(join(folder, name), maxPartBytes);

/** Reads the envelope in a folder. Throws PO2001 or PO2002. */
export function readEnvelope(folder: string): RawEnvelope {
  let index: Partial<Index>;
  try {
    const name = join(folder, 'envelope.json');
    index = (parseJson(textOf(readBytes(name, maxPartBytes, hint), name)) ?? {}) as Partial<Index>;
  } catch (error) {
    if (error instanceof SyntaxError) throw notAnEnvelope(folder, 'its envelope.json is not JSON', error);
    throw error;
  }
  const { platform } = index;
  if (
    index.kind !== 'PortOwner.Raw' ||
    (platform !== 'win32' && platform !== 'linux') ||
    typeof index.entries !== 'object' ||
    index.entries === null
  ) {
    throw notAnEnvelope(folder, 'its envelope.json is something else');
  }
  if (index.formatVersion !== 1) {
    throw new PortOwnerError(
      'PO2003',
      `${folder} has raw format version ${String(index.formatVersion)}; this program reads version 1`,
      { target: folder },
    );
  }
  const entries = new Map<string, RawEntry>();
  for (const [name, entry] of Object.entries(index.entries)) {
    const { at, file, form, meta, refusal } = entry ?? {};
    // A file name with a separator would leave the folder.
    if (
      typeof at !== 'string' ||
      (file !== undefined && !(typeof file === 'string' && /^[A-Za-z0-9.-]+$/.test(file))) ||
      (refusal !== undefined && typeof refusal?.text !== 'string')
    )
      throw notAnEnvelope(folder, `its entry ${name} is damaged`);
    let data: Buffer | undefined;
    try {
      if (file !== undefined) data = readPart(folder, file);
    } catch (error) {
      throw notAnEnvelope(folder, `its file ${file} cannot be read`, error);
    }
    entries.set(name, {
      at,
      ...(data === undefined
        ? {}
        : form === 'bytes'
          ? { bytes: new Uint8Array(data) }
          : { text: textOf(data, join(folder, String(file)), { allowNul: true }) }),
      ...(meta === undefined ? {} : { meta }),
      ...(refusal === undefined ? {} : { refusal }),
    });
  }
  return { platform, entries };
}

/**
 * Returns an envelope as one JSON text: the index of a folder, with the contents of the files inline (`base64` or
 * `text`).
 */
export function envelopeText({ platform, entries }: RawEnvelope): string {
  const lines = [...entries].map(
    ([name, { bytes, ...entry }]) =>
      `${JSON.stringify(name)}: ${JSON.stringify(bytes === undefined ? entry : { ...entry, base64: Buffer.from(bytes).toString('base64') })}`,
  );
  return `{"kind": "PortOwner.Raw", "formatVersion": 1, "platform": ${JSON.stringify(platform)}, "entries": {\n${lines.join(',\n')}\n}}\n`;
}

/** Whether a JSON value claims to be an envelope. */
export function isEnvelope(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'PortOwner.Raw';
}

/** Parses the envelope in a JSON value from the file `name`. Throws PO2002 or PO2003. */
export function parseEnvelope(value: unknown, name: string): RawEnvelope {
  const { kind, formatVersion, platform, entries: given } = (value ?? {}) as Partial<Index>;
  if (
    kind !== 'PortOwner.Raw' ||
    (platform !== 'win32' && platform !== 'linux') ||
    typeof given !== 'object' ||
    given === null
  )
    throw notAnEnvelope(name, 'it is something else');
  if (formatVersion !== 1)
    throw new PortOwnerError(
      'PO2003',
      `${name} has raw format version ${String(formatVersion)}; this program reads version 1`,
      { target: name },
    );
  const entries = new Map<string, RawEntry>();
  for (const [entryName, entry] of Object.entries(
    given as Record<string, Partial<IndexEntry> & { base64?: unknown; text?: unknown }>,
  )) {
    const { at, base64, text, meta, refusal } = entry ?? {};
    const wrong =
      typeof at !== 'string' ||
      (base64 !== undefined && typeof base64 !== 'string') ||
      (text !== undefined && typeof text !== 'string') ||
      (refusal !== undefined && typeof refusal?.text !== 'string');
    if (wrong) throw notAnEnvelope(name, `its entry ${entryName} is damaged`);
    entries.set(entryName, {
      at,
      ...(base64 === undefined ? {} : { bytes: new Uint8Array(Buffer.from(base64, 'base64')) }),
      ...(text === undefined ? {} : { text }),
      ...(meta === undefined ? {} : { meta }),
      ...(refusal === undefined ? {} : { refusal }),
    });
  }
  return { platform, entries };
}

function notAnEnvelope(folder: string, why: string, cause?: unknown): PortOwnerError {
  return new PortOwnerError('PO2002', `${folder} is not a raw recording: ${why}`, {
    hint,
    target: folder,
    cause,
  });
}
