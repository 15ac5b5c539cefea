/*
 * Parses where a port is, as people write it and as browsers, logs, netstat and ss show it.
 */
import { addressFamily, addressScope, canonicalAddress, unmapped, withoutScope } from './address.ts';
import { PortOwnerError } from '../schema/problems.ts';
import { formatPorts, commaList, parsePorts, portMatcher, type PortSpan } from './expression.ts';

/** Ports, optionally limited to a protocol and an address. */
export interface Place extends PortSpan {
  readonly protocol?: 'TCP' | 'UDP';
  /** One address, or `localhost`. */
  readonly address?: string;
}

/** The ports of URL schemes that are not the registered name of their service. */
const schemePorts: Readonly<Record<string, number>> = {
  amqp: 5672,
  amqps: 5671,
  mariadb: 3306,
  mongodb: 27017,
  mssql: 1433,
  mysqlx: 33060,
  postgres: 5432,
  redis: 6379,
  rediss: 6379,
  rtmp: 1935,
  sftp: 22,
  smb: 445,
  sqlserver: 1433,
  vnc: 5900,
  ws: 80,
  wss: 443,
};

type ServicePorts = (name: string) => readonly number[];

const everyAddress = new Set(['', '*', '0.0.0.0', '::']);

/** The accepted forms of ports, for a hint. */
export const portForms = 'Use a port such as 443, 8000-8100, https, 53/udp, localhost:3000, or a URL.';

function unreadable(text: string, what: string): PortOwnerError {
  return new PortOwnerError('PO1002', `${JSON.stringify(text)} ${what}`, { hint: portForms, target: text });
}

/** Returns the address that `host` specifies; empty for a name that only DNS can resolve. */
function addressOf(host: string): { address?: string } {
  const name = host.toLowerCase();
  if (everyAddress.has(name)) return {};
  const address = name === 'localhost' ? name : canonicalAddress(name);
  return address === null ? {} : { address };
}

/**
 * Splits `HOST:PORTS`; an IPv6 address may be in brackets or, as in error messages, without them. Null for ports only.
 */
function hostAndPorts(text: string): { host: string; ports: string } | null {
  const bracketed = /^\[([^\]]*)\]:(.+)$/s.exec(text);
  if (bracketed !== null) return { host: bracketed[1]!, ports: bracketed[2]! };
  // The notation of macOS and BSD.
  const dotted = /^(\*|\d{1,3}(?:\.\d{1,3}){3})\.(\d{1,5}|\*)$/.exec(text);
  if (dotted !== null) return { host: dotted[1]!, ports: dotted[2]! };
  const colon = text.lastIndexOf(':');
  if (colon < 0) return null;
  const [host, ports] = [text.slice(0, colon), text.slice(colon + 1)];
  const known =
    host === '' || host === '*' || canonicalAddress(host) !== null || /^[a-z_](?:[\w.-]{0,252}\w)?$/i.test(host);
  if (!known || ports === '') throw unreadable(text, 'is not an address with a port');
  return { host, ports };
}

/** Returns the port of each host in a URL. */
function urlPlaces(text: string, servicePorts: ServicePorts): Place[] {
  const [, scheme = '', rest = ''] = /^(?:jdbc:)?([a-z][a-z0-9+.-]*):\/\/([^/?#]*)/i.exec(text)!;
  const name = scheme.toLowerCase();
  const protocol = name === 'tcp' || name === 'udp' ? ({ protocol: name === 'tcp' ? 'TCP' : 'UDP' } as const) : {};
  const usual = schemePorts[name] ?? servicePorts(name)[0];
  return rest
    .slice(rest.lastIndexOf('@') + 1)
    .split(',')
    .flatMap((authority): Place[] => {
      const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(authority) ?? [];
      if (host === '' && port === undefined) throw unreadable(text, 'is a URL without a host');
      if (!port && usual === undefined) throw unreadable(text, 'is a URL without a port');
      const spans = parsePorts(port || String(usual), () => []);
      const where = { ...protocol, ...addressOf(host.replace(/^\[|\]$/g, '')) };
      return spans.map((span) => Object.assign({}, span, where));
    });
}

/** Parses one expression without commas. */
function placesOf(text: string, servicePorts: ServicePorts): Place[] {
  const [, before, bare = '', after] = /^(?:(tcp|udp)[:/])?(.*?)(?:\/(tcp|udp))?$/is.exec(text)!;
  const [first, second] = [before?.toUpperCase(), after?.toUpperCase()] as ('TCP' | 'UDP' | undefined)[];
  if (first !== undefined && second !== undefined && first !== second) throw unreadable(text, 'names two protocols');
  const protocol = first ?? second;
  const { host, ports } = hostAndPorts(bare) ?? { host: '', ports: bare };
  const spans = parsePorts(ports.replace(/[\u2010-\u2015]/g, '-'), servicePorts);
  const where = { ...(protocol === undefined ? {} : { protocol }), ...addressOf(host) };
  return spans.map((span) => Object.assign({}, span, where));
}

const isUrl = (text: string): boolean => /^\s*(?:jdbc:)?[a-z][a-z0-9+.-]*:\/\//i.test(text);

/** Splits a list that begins with a URL. Commas belong to the URL, unless another URL or only numbers follow. */
function urlList(text: string): string[] {
  return text.split(/,(?=\s*(?:jdbc:)?[a-z][a-z0-9+.-]*:\/\/)/i).flatMap((part) => {
    const [, url = part, ports = ''] = /^([^?#,]*),([\d\s,-]*)$/.exec(part) ?? [];
    return [url].concat(ports.split(','));
  });
}

/**
 * Parses expressions separated by commas: ports, ranges and service names, each optionally with a protocol (`53/udp`,
 * `udp:53`) or an address (`localhost:3000`, `[::1]:3000`), and URLs. Throws PO1002.
 */
export function parsePlaces(text: string, servicePorts: ServicePorts): Place[] {
  const parts = isUrl(text) ? urlList(text) : text.split(',');
  const given = parts.map((part) => part.trim()).filter((part) => part !== '');
  if (given.length === 0) throw unreadable(text, 'is not a port');
  return given.flatMap((part) => (isUrl(part) ? urlPlaces(part, servicePorts) : placesOf(part, servicePorts)));
}

/** Returns a test for whether a socket's address serves the wanted one: the same address, or all addresses. */
function addressTest(wanted: string): (address: string) => boolean {
  if (wanted === 'localhost') return (address) => addressScope(address) !== 'Specific';
  const plain = unmapped(withoutScope(wanted));
  const isIPv4 = addressFamily(plain) === 'IPv4';
  return (address) =>
    address === '::' || (isIPv4 && address === '0.0.0.0') || unmapped(withoutScope(address)) === plain;
}

/** Returns a test for the location of a socket; null means everywhere. */
export function placeMatcher(
  places: readonly Place[] | null,
): (protocol: string | null, address: string | null, port: number | null) => boolean {
  if (places === null) return () => true;
  const groups = Map.groupBy(places, ({ protocol = '', address = '' }) => `${protocol} ${address}`);
  const tests = [...groups.values()].map((group) => {
    const [{ protocol, address } = {} as Place] = group;
    const [hasPort, hasAddress] = [portMatcher(group), address === undefined ? null : addressTest(address)];
    return (itsProtocol: string | null, itsAddress: string | null, port: number): boolean =>
      hasPort(port) &&
      (protocol === undefined || protocol === itsProtocol) &&
      (hasAddress === null || hasAddress(itsAddress ?? ''));
  });
  return (protocol, address, port) => port !== null && tests.some((test) => test(protocol, address, port));
}

/** Formats places as people write them: `53/udp,localhost:3000`. */
export function formatPlaces(places: readonly Place[]): string {
  const texts = places.map(({ protocol, address, ...span }) => {
    const host = address === undefined ? '' : `${address.includes(':') ? `[${address}]` : address}:`;
    return `${host}${formatPorts([span])}${protocol === undefined ? '' : `/${protocol.toLowerCase()}`}`;
  });
  return commaList(texts);
}
