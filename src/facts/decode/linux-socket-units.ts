import { parseJson } from '../../io/nesting.ts';
import { canonicalAddress } from '../../ports/address.ts';
import type { SocketUnit } from '../model/facts.ts';

/** A unit in the `socketunits` entry: its file, followed by its drop-ins in order of precedence. */
interface UnitFiles {
  readonly name: string;
  readonly texts: readonly string[];
}

function isUnitFiles(value: unknown): value is UnitFiles {
  if (typeof value !== 'object' || value === null || !('name' in value) || !('texts' in value)) return false;
  return (
    typeof value.name === 'string' &&
    Array.isArray(value.texts) &&
    value.texts.every((text) => typeof text === 'string')
  );
}

/** Returns the settings in section [Socket], in order. A line that ends with a backslash continues on the next line. */
function settings(text: string): [name: string, value: string][] {
  let inSocket = false;
  return text
    .split('\n')
    .filter((line) => !/^\s*[#;]/.test(line))
    .join('\n')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .flatMap((line): [string, string][] => {
      const section = /^\s*\[([^\]]*)\]/.exec(line)?.[1];
      if (section !== undefined) inSocket = section === 'Socket';
      const equals = line.indexOf('=');
      return section !== undefined || !inSocket || equals < 0
        ? []
        : [[line.slice(0, equals).trim(), line.slice(equals + 1).trim()]];
    });
}

/**
 * Parses `80`, `127.0.0.1:80`, or `[::1]:80`. Returns null for an address without a port: a path, an abstract or VSOCK
 * name, or a specifier that is not expanded.
 */
function listenAddress(text: string): { readonly address: string; readonly port: number } | null {
  const [, four, six, port] = /^(?:(\d{1,3}(?:\.\d{1,3}){3}):|\[([0-9a-f:.]+)\]:)?(\d{1,5})$/i.exec(text) ?? [];
  const number = Number(port);
  const address = canonicalAddress(four ?? six ?? '::');
  return port === undefined || number < 1 || number > 65535 || address === null ? null : { address, port: number };
}

const protocols: Readonly<Record<string, SocketUnit['protocol']>> = { ListenStream: 'TCP', ListenDatagram: 'UDP' };

function listensOf({ name, texts }: UnitFiles): SocketUnit[] {
  let listens: Omit<SocketUnit, 'unit' | 'service' | 'ipv6Only'>[] = [];
  const last = new Map<string, string>();
  for (const [setting, value] of texts.flatMap(settings)) {
    last.set(setting, value);
    if (!setting.startsWith('Listen')) continue;
    const found = listenAddress(value);
    const protocol = protocols[setting];
    // An empty value of any kind discards all earlier ones.
    if (value === '') listens = [];
    else if (found !== null && protocol !== undefined) listens.push({ protocol, ...found });
  }
  const yes = (setting: string): boolean => /^(?:1|yes|y|true|t|on)$/i.test(last.get(setting) ?? '');
  // Units with ReusePort= can share the port. SCTP and UDP-Lite have separate port spaces.
  if (yes('ReusePort') || /^(?:sctp|udplite)$/.test(last.get('SocketProtocol') ?? '')) return [];
  const stem = name.replace(/\.socket$/, '');
  const service = last.get('Service') || (yes('Accept') ? `${stem}@.service` : `${stem}.service`);
  const ipv6Only = last.get('BindIPv6Only') === 'ipv6-only';
  const device = last.get('BindToDevice') ?? '';
  return listens.map(({ protocol, address: plain, port }) => {
    const address = device === '' ? plain : `${plain}%${device}`;
    return { unit: name, service, protocol, address, port, ipv6Only };
  });
}

/**
 * Parses the ports that enabled systemd socket units are configured to listen on, from JSON text: [{ name, texts }].
 * https://www.freedesktop.org/software/systemd/man/latest/systemd.socket.html
 */
export function decodeSocketUnits(text: string): { readonly data: SocketUnit[]; readonly flaw: string | null } {
  let parsed: unknown;
  try {
    parsed = parseJson(text);
  } catch {
    parsed = null;
  }
  if (!Array.isArray(parsed) || !parsed.every(isUnitFiles))
    return { data: [], flaw: 'the list of socket units is broken' };
  return { data: parsed.flatMap(listensOf), flaw: null };
}
