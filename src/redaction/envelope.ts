/**
 * Redacts a recording: replaces values that identify people and networks, equal values by equal ones, so that it still
 * decodes and its parts still fit together. Entries that no source declares are left out: src/facts/sources.ts specifies
 * how each entry is redacted.
 *
 * | what | becomes |
 * |---|---|
 * | the machine's name, its domain | `MACHINE1`, `DOMAIN1` |
 * | accounts of people | `user1`, `user2` … |
 * | paths below a user's profile | `…\Users\user1\folder1\name.exe`: same depth, same file name |
 * | IPv4 addresses except any, loopback, multicast and broadcast | 198.18.0.1, 198.18.0.2 … (RFC 2544) |
 * | IPv6 addresses except any, loopback and multicast | 2001:db8::1 … (RFC 3849), fe80::1 … where link-local |
 * | SIDs of accounts | `S-1-5-21-0-0-0-1001` |
 * | hosts and paths of URLs | `host1`, `path1` … |
 * | command lines, working directories | an empty text |
 * | the program that an interpreter runs | the name of the interpreter, or of a well-known tool |
 */
import { withoutProject } from '../facts/decode/application/application.ts';
import { sourceEntry, type Redaction } from '../facts/sources.ts';
import type { Platform, RawEntry, RawEnvelope } from '../system/raw.ts';
import { nameFinder, type NameFinder } from './finder.ts';
import {
  account,
  changeJson,
  machineName,
  newNames,
  person,
  redactProfiles,
  redactText,
  scrubText,
  type Names,
} from './names.ts';

type Rule = (entry: RawEntry, names: Names) => RawEntry;

const keep: Rule = (entry) => entry;
const textRule =
  (change: (text: string, names: Names) => string): Rule =>
  (entry, names) =>
    entry.text === undefined ? entry : { ...entry, text: change(entry.text, names) };

/** Redacts addresses at fixed offsets in the rows of a table. */
const table =
  ({ first, size, places, length }: Extract<Redaction, object>): Rule =>
  (entry, names) => {
    if (entry.bytes === undefined) return entry;
    const bytes = Uint8Array.from(entry.bytes);
    for (let row = first; row + size <= bytes.length; row += size)
      for (const place of places) names.address(bytes.subarray(row + place, row + place + length));
    return { ...entry, bytes };
  };

/** Redacts console text in any code page: only ASCII is replaced. */
const consoleText: Rule = (entry, names) =>
  entry.bytes === undefined
    ? entry
    : {
        ...entry,
        bytes: new Uint8Array(Buffer.from(redactText(Buffer.from(entry.bytes).toString('latin1'), names), 'latin1')),
      };

/** Redacts sock_diag messages: nlmsghdr, then inet_diag_msg with both addresses. */
const diag: Rule = (entry, names) => {
  if (entry.bytes === undefined) return entry;
  const bytes = Uint8Array.from(entry.bytes);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at + 16 <= bytes.length;) {
    const length = view.getUint32(at, true);
    if (length < 16 || at + length > bytes.length) break;
    if (length >= 16 + 72) {
      const size = bytes[at + 16] === 10 ? 16 : 4;
      for (const place of [at + 24, at + 40]) names.address(bytes.subarray(place, place + size));
    }
    at += (length + 3) & ~3;
  }
  return { ...entry, bytes };
};

/** Redacts `0100007F:0050`: 32-bit numbers of a little-endian machine. */
const procNet = textRule((text, names) =>
  text.replace(/\b([0-9A-F]{8}|[0-9A-F]{32})(?=:[0-9A-F]{4}\b)/g, (hex) => {
    const bytes = Buffer.from(hex, 'hex').swap32();
    names.address(bytes);
    return bytes.swap32().toString('hex').toUpperCase();
  }),
);

const interfaces = textRule((text, names) =>
  text.replace(/^[0-9a-f]{32}/gm, (hex) => {
    const bytes = Buffer.from(hex, 'hex');
    names.address(bytes);
    return bytes.toString('hex');
  }),
);

/** Redacts /etc/passwd: the IDs of people start at 1000, except for nobody's. */
const users = textRule((text, names) =>
  text
    .split('\n')
    .map((line) => {
      const fields = line.split(':');
      if (fields.length < 7) return '';
      const uid = Number(fields[2]);
      const [name = '', , , , , home = '', shell = ''] = fields;
      const own = uid >= 1000 && uid !== 65534;
      const shown = own ? person(name, names) : name;
      return [
        shown,
        'x',
        fields[2],
        fields[3],
        '',
        own ? `/home/${shown}` : redactProfiles(home, names),
        redactProfiles(shell, names),
      ].join(':');
    })
    .join('\n'),
);

const processRule = textRule((text, names) =>
  changeJson(text, (value, member) => {
    if (/^(?:cmdline|commandLine|cwd|workingDirectory)$/.test(member)) return '';
    if (member === 'application') return withoutProject(value);
    return member === 'user' || member === 'realUser' ? account(value, names) : redactText(value, names);
  }),
);

const jsonWithSlashes = textRule((text, names) =>
  changeJson(text, (value) =>
    value
      .split('/')
      .map((part) => redactText(part, names))
      .join('/'),
  ),
);

const machine = textRule((text, names) =>
  changeJson(text, (value, member) => {
    return member === 'name' ? machineName(value, names) : value;
  }),
);

/** Returns the rule for a kind of redaction; undefined for entries that are left out. */
function ruleOf(kind: Redaction): Rule | undefined {
  if (typeof kind === 'object') return table(kind);
  switch (kind) {
    case 'keep':
      return keep;
    case 'left out':
      return undefined;
    case 'console text':
      return consoleText;
    case 'JSON':
      return textRule((text, names) => changeJson(text, (value) => redactText(value, names)));
    case 'JSON with slashes':
      return jsonWithSlashes;
    case 'machine':
      return machine;
    case 'process':
      return processRule;
    case 'account':
      return textRule(account);
    case 'passwd':
      return users;
    case 'sock_diag':
      return diag;
    case 'proc net':
      return procNet;
    case 'if_inet6':
      return interfaces;
  }
}

/**
 * Returns how an entry is redacted, regardless of the platform that an envelope claims. The envelope also contains the
 * results of doctor, which are not a source.
 */
function redactionOf(platform: Platform, name: string): Redaction {
  if (name === 'doctor') return 'JSON with slashes';
  const entry = sourceEntry(platform, name) ?? sourceEntry(platform === 'linux' ? 'win32' : 'linux', name);
  return entry?.redaction ?? 'left out';
}

/** Removes names from bytes, where a name can only be replaced by one of the same length. */
function scrubBytes(bytes: Uint8Array, find: NameFinder): Uint8Array {
  const copy = Buffer.from(bytes);
  const given = Buffer.from(bytes);
  const mask = (encoding: 'utf16le' | 'latin1', from: number): void => {
    const size = encoding === 'utf16le' ? 2 : 1;
    for (const { start, end } of find(given.toString(encoding, from), false))
      copy.write('x'.repeat(end - start), from + start * size, encoding);
  };
  mask('latin1', 0);
  // Text in a structure can start at an odd offset, too.
  mask('utf16le', 0);
  mask('utf16le', 1);
  return new Uint8Array(copy);
}

/** Returns the envelope with everything redacted that this file lists. */
export function redact(envelope: RawEnvelope): RawEnvelope {
  const names = newNames();
  const entries = new Map<string, RawEntry>();
  // The machine's name first, because an account may belong to the machine.
  for (const [name, entry] of [...envelope.entries].toSorted(
    ([a], [b]) => Number(b === 'machine') - Number(a === 'machine'),
  )) {
    const rule = ruleOf(redactionOf(envelope.platform, name));
    entries.set(
      name,
      rule === undefined
        ? { at: entry.at, refusal: { code: 'Disabled', text: 'left out of the report' } }
        : rule(entry, names),
    );
  }
  // Then replace names that no rule covers. The names of JSON members stay, even if somebody has the same name.
  const find = nameFinder(names.secrets);
  for (const [name, entry] of entries) {
    const refusal =
      entry.refusal === undefined
        ? {}
        : { refusal: { ...entry.refusal, text: scrubText(redactText(entry.refusal.text, names), find) } };
    entries.set(name, {
      ...entry,
      ...(entry.text === undefined
        ? {}
        : {
            text: changeJson(entry.text, (value) => scrubText(value, find)) || scrubText(entry.text, find),
          }),
      ...(entry.bytes === undefined ? {} : { bytes: scrubBytes(entry.bytes, find) }),
      ...refusal,
    });
  }
  // In the order in which the entries were read.
  return {
    platform: envelope.platform,
    entries: new Map([...envelope.entries.keys()].map((name) => [name, entries.get(name)!])),
  };
}
