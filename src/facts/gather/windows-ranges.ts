import { decodeGuestPorts } from '../decode/windows-guests.ts';
import { decodeIpListenList, decodeUrlReservations } from '../decode/windows-httpsys.ts';
import { decodeDynamicRange, decodeExcludedRanges } from '../decode/windows-netsh.ts';
import type { PortRange, Sections } from '../model/facts.ts';
import type { RawSource } from '../../system/raw.ts';
import { flawOf, troubleOf, section, type Trouble } from './windows-sections.ts';

const families = ['IPv4', 'IPv6'] as const;
const protocols = ['TCP', 'UDP'] as const;

/** Returns the output of netsh as text; only its ASCII characters are used. */
const ascii = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');

/** Combines the refusals of netsh queries that have the same reason. */
function merged(what: string, refused: readonly Trouble[]): Trouble[] {
  const groups = new Map<string, Trouble[]>();
  for (const one of refused) {
    const text = one.text.replace(/\bipv[46]\b/g, 'ipv4|ipv6').replace(/\b(?:tcp|udp)\b/g, 'tcp|udp');
    const same = groups.get(text);
    if (same === undefined) groups.set(text, [one]);
    else same.push(one);
  }
  return [...groups].flatMap(([text, group]) =>
    group.length === families.length * protocols.length ? [{ source: what, text, needs: group[0]!.needs }] : group,
  );
}

/** Runs a netsh query for both families and both protocols. `decode` returns null if the output is invalid. */
function askAll<T>(
  source: RawSource,
  what: string,
  decode: (text: string) => T | null,
  use: (answer: T, family: 'IPv4' | 'IPv6', protocol: 'TCP' | 'UDP') => void,
) {
  let at: string | null = null;
  let answers = 0;
  const refused: Trouble[] = [];
  for (const family of families) {
    for (const protocol of protocols) {
      const name = `${what}/${family}/${protocol}`.toLowerCase();
      const entry = source.read(name);
      at ??= entry.at;
      const answer = entry.bytes === undefined ? null : decode(ascii(entry.bytes));
      if (answer === null) refused.push(troubleOf(name, entry));
      else {
        answers++;
        use(answer, family, protocol);
      }
    }
  }
  return { at, answers, troubles: merged(what, refused) };
}

/** Returns a section, which is `failed` if there were no answers. */
function rangeSection(at: string | null, data: PortRange[], troubles: readonly Trouble[], answers: number) {
  return section(at, data, troubles, answers === 0 ? 1 : Infinity);
}

function dynamicRanges(source: RawSource): Sections['dynamicRanges'] {
  const data: PortRange[] = [];
  const { at, answers, troubles } = askAll(source, 'dynamicports', decodeDynamicRange, (range, family, protocol) => {
    data.push({
      kind: 'LocalDynamic',
      protocol,
      family,
      ...range,
      source: `netsh interface ${family.toLowerCase()} show dynamicportrange ${protocol.toLowerCase()}`,
    });
  });
  return rangeSection(at, data, troubles, answers);
}

/** Returns the ranges that are active now. Ranges that are only stored take effect at the next start. */
function reservedPorts(source: RawSource): Sections['reservedPorts'] {
  const data: PortRange[] = [];
  const keys = new Set<string>();
  const key = (family: string, protocol: string, start: number, end: number): string =>
    `${family} ${protocol} ${start}-${end}`;
  const stored = askAll(source, 'persistentports', decodeExcludedRanges, (ranges, family, protocol) => {
    for (const { start, end } of ranges) keys.add(key(family, protocol, start, end));
  });
  const { at, answers, troubles } = askAll(
    source,
    'excludedports',
    decodeExcludedRanges,
    (ranges, family, protocol) => {
      const call = `netsh interface ${family.toLowerCase()} show excludedportrange ${protocol.toLowerCase()}`;
      for (const { start, end, administered } of ranges) {
        const kind = administered
          ? 'ExcludedAdministered'
          : keys.has(key(family, protocol, start, end))
            ? 'ExcludedPersistent'
            : 'Excluded';
        data.push({ kind, protocol, family, start, end, source: call });
      }
    },
  );
  const all = [...troubles, ...stored.troubles];
  const guests = source.read('guestports');
  if (guests.bytes !== undefined) {
    const decoded = decodeGuestPorts(guests.bytes);
    data.push(...decoded.data);
    if (decoded.flaw !== null) all.push(flawOf(decoded.flaw));
    // Without the library, there are no guests to reserve ports for.
  } else if (guests.refusal?.code !== 'NotSupported') all.push(troubleOf('guestports', guests));
  return rangeSection(at, data, all, answers);
}

function urlReservations(source: RawSource): NonNullable<Sections['urlReservations']> {
  const entry = source.read('urlacl');
  if (entry.bytes === undefined) return section(entry.at, [], [troubleOf('urlacl', entry)], 1);
  const { data, flaw } = decodeUrlReservations(entry.bytes, entry.meta?.['pages']);
  return section(entry.at, data, flaw === null ? [] : [flawOf(flaw)], 1);
}

function ipListenList(source: RawSource): NonNullable<Sections['ipListenList']> {
  const entry = source.read('iplisten');
  if (entry.bytes === undefined) return section(entry.at, [], [troubleOf('iplisten', entry)], 1);
  const { data, flaw } = decodeIpListenList(entry.bytes);
  return section(entry.at, data, flaw === null ? [] : [flawOf(flaw)], 1);
}

/** Reads everything that reserves ports without a socket: port ranges, URL reservations, and the IP listen list. */
export function gatherRanges(
  source: RawSource,
): Pick<Sections, 'dynamicRanges' | 'reservedPorts'> & Required<Pick<Sections, 'urlReservations' | 'ipListenList'>> {
  return {
    dynamicRanges: dynamicRanges(source),
    reservedPorts: reservedPorts(source),
    urlReservations: urlReservations(source),
    ipListenList: ipListenList(source),
  };
}
