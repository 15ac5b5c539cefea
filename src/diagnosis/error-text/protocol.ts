import { protocolOfCalls } from './calls.ts';
import { isHttp } from './http.ts';
import type { Line } from './lines.ts';
import { quotedAddress, type NamedPlace } from './places.ts';

/** Programs and protocols that use only UDP. */
const udpOnly =
  /\b(?:QUIC|HTTP\/?3|SSDP|mDNS|RakNet|PocketMine|chronyd?|ntpd|(?:NTP|command) socket|snmp(?:d|simd?|trapd?)(?![-\w])|nmbd|DHCP|TFTP|WireGuard|wg-quick|wg setconf|wg\d{1,3}:|listen-port \d{1,5}|DTLS|IKE(?:v[12])?|pluto|charon|L2TP|CoAP|BACnet|LLMNR|CreateBoundSocket|S?RTC?P|GTP-?U|ENet|ServerMultiplayerManager|Failed binding to (?:auth|acct|coa) address|\w{0,20}(?:broad|multi)cast[_ ]socket)\b|\*{4} FAILED TO BIND TO (?=[\d[])|\bIPv4 supported, port\b|\bNetwork port occupied\b/i;

/** A call of Node's TCP sockets in a stack. */
const isNet = /\((?:node:)?net(?:\.js)?:\d/;

/** A worker of Node's cluster, which binds TCP, too: bind EADDRINUSE null:3000 */
const ofCluster = /\bbind E[A-Z]{4,12} null:|\b(?:app_?worker|cluster|PM2|grpc)\b/i;

/** OpenVPN's notation for an unspecified protocol. */
const either = /\bTCP\/UDP\b/g;

/** Returns a place once for each protocol where the text allows both. */
export function inBoth(place: NamedPlace | undefined, around: string): (NamedPlace | undefined)[] {
  if (place === undefined || place.protocol !== null || around.search(either) < 0) return [place];
  if (protocolOf(around, undefined) !== null) return [place];
  return [
    { ...place, protocol: 'UDP' },
    { ...place, protocol: 'TCP' },
  ];
}

/**
 * Returns the protocol that a text names, or the calls and lines around it, the nearest first; null: none, and no place
 * for which TCP would be assumed.
 */
export function protocolOf(
  given: string,
  place: NamedPlace | undefined,
  calls: readonly Line[] = [],
): 'TCP' | 'UDP' | null {
  if (place?.protocol != null) return place.protocol;
  const text = given.replace(either, '');
  const udp =
    /(?<![a-z])udp(?![a-z])|(?<![a-z])UDP(?:v[46]|Socket|Client|Server)|\bdgram\b|\bdatagram\b|SOCK_DGRAM/i.test(
      text,
    ) ||
    // In a name: SourceUDPHandler
    /[a-z]U(?:DP|dp)(?=[A-Z][a-z])/.test(text) ||
    // Node's dgram, and the workers of its cluster, which bind for net
    (/\bbind E[A-Z]{4}/.test(text) && !isNet.test(text) && !ofCluster.test(text));
  const tcp =
    /(?<![a-z])tcp(?![a-z])|https?:\/\/|(?<![a-z])httpd error\b/i.test(text) ||
    /\bTCP(?:Server|Listener|Socket)\b|\blisten E(?:ADDRINUSE|ACCES|ADDRNOTAVAIL)\b/.test(text);
  if (udp !== tcp) return udp ? 'UDP' : 'TCP';
  if (!udp && udpOnly.test(text)) return 'UDP';
  const called = protocolOfCalls(calls);
  if (called !== null) return called;
  return place !== undefined || isHttp(given) || quotedAddress(given) !== null ? 'TCP' : null;
}
