import { parseJson } from '../../io/nesting.ts';
import { addressBytes, canonicalAddress, withoutScope } from '../../ports/address.ts';
import type { Platform, RawSource, Refusal } from '../../system/raw.ts';

/** What a program asks for when it binds: nothing, exclusive use (Windows), or one of the two kinds of reuse; reusePort is Linux's alone. */
export type Sharing = 'default' | 'exclusive' | 'reuse' | 'reusePort';

/** One bind: what a single call of bind() is given. */
export interface Bind {
  readonly protocol: 'TCP' | 'UDP';
  /** `0.0.0.0`, `::`, or one address, with %scope where IPv6 has one. */
  readonly address: string;
  /** 0 asks for any free one. */
  readonly port: number;
  readonly sharing: Sharing;
  /** IPv6: whether it leaves IPv4 alone. Without it `::` is for both. */
  readonly ipv6Only: boolean;
}

/** What became of a bind that was really tried: the socket was closed again at once, and never listened. */
export interface BindAttempt extends Bind {
  /** `noFamily`: the machine has no such address family, so nobody can want it. `notMade`: the attempt itself could not be made. */
  readonly result: 'bound' | 'refused' | 'noFamily' | 'notMade';
  /** The system's error, by its name: EADDRINUSE, WSAEACCES … */
  readonly error: string | null;
  readonly errorNumber: number | null;
  /** Why it was not made. */
  readonly reason: string | null;
  readonly at: string;
}

/** Who asks, and from where: what the rules of binding depend on. */
export interface Binder {
  /** The account, as the facts write accounts. */
  readonly user: string | null;
  /** Every address of the machine; null if unavailable. */
  readonly addresses: readonly string[] | null;
}

/** The attempts for one question. */
export interface Probe extends Binder {
  readonly attempts: readonly BindAttempt[];
}

/** What `bind/…` gives: the call that failed and its error, or neither. */
export interface BindOutcome {
  readonly call?: 'socket' | 'setsockopt' | 'bind';
  readonly error?: number;
}

/** linux/errno.h, winerror.h */
const errorNames: Readonly<Record<Platform, Readonly<Record<number, string>>>> = {
  linux: {
    1: 'EPERM',
    13: 'EACCES',
    19: 'ENODEV',
    22: 'EINVAL',
    23: 'ENFILE',
    24: 'EMFILE',
    97: 'EAFNOSUPPORT',
    98: 'EADDRINUSE',
    99: 'EADDRNOTAVAIL',
    105: 'ENOBUFS',
  },
  win32: {
    10013: 'WSAEACCES',
    10022: 'WSAEINVAL',
    10024: 'WSAEMFILE',
    10047: 'WSAEAFNOSUPPORT',
    10048: 'WSAEADDRINUSE',
    10049: 'WSAEADDRNOTAVAIL',
    10055: 'WSAENOBUFS',
  },
};

/** The name of a raw entry for a bind: `bind/tcp/0.0.0.0/8080/exclusive`, and `/ipv6only` behind it. */
export function bindName({ protocol, address, port, sharing, ipv6Only }: Bind): string {
  return `bind/${protocol.toLowerCase()}/${address}/${port}/${sharing}${ipv6Only ? '/ipv6only' : ''}`;
}

/** The bind that such a name stands for; null for any other name. */
export function parseBindName(name: string): Bind | null {
  const [, protocol, address = '', port, sharing, only] =
    /^bind\/(tcp|udp)\/([0-9a-f:.]+(?:%[^/]{1,64})?)\/(\d{1,5})\/(default|exclusive|reuse|reusePort)(\/ipv6only)?$/i.exec(
      name,
    ) ?? [];
  if (protocol === undefined || Number(port) > 65535 || canonicalAddress(address) === null) return null;
  return {
    protocol: protocol.toLowerCase() === 'tcp' ? 'TCP' : 'UDP',
    address,
    port: Number(port),
    sharing: sharing as Sharing,
    ipv6Only: only !== undefined,
  };
}

/** `struct sockaddr_in` or `struct sockaddr_in6`; the scope is the number of an interface. */
export function socketAddress(
  { address, port }: Pick<Bind, 'address' | 'port'>,
  platform: Platform,
  scope: number,
): Buffer {
  const own = addressBytes(withoutScope(address));
  if (own === null) throw new TypeError(`${address} is not an address`);
  const four = own.length === 4;
  const bytes = Buffer.alloc(four ? 16 : 28);
  bytes.writeUInt16LE(four ? 2 : platform === 'linux' ? 10 : 23, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(own, four ? 4 : 8);
  if (!four) bytes.writeUInt32LE(scope, 24);
  return bytes;
}

function json(text: string | undefined): Record<string, unknown> | null {
  try {
    const value: unknown = parseJson(text ?? '');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function attempt(source: RawSource, bind: Bind): BindAttempt {
  const { at, text, refusal } = source.read(bindName(bind));
  const answer = json(text) as BindOutcome | null;
  const notMade = ({ text: reason }: Pick<Refusal, 'text'>): BindAttempt => ({
    ...bind,
    at,
    result: 'notMade',
    error: null,
    errorNumber: null,
    reason,
  });
  if (answer === null) return notMade(refusal ?? { text: 'the answer is not readable' });
  if (answer.call === undefined) return { ...bind, at, result: 'bound', error: null, errorNumber: null, reason: null };
  const number = Number(answer.error);
  const error = errorNames[source.platform][number] ?? `error ${number}`;
  // A machine without IPv6 may still give out the socket, but has no such wildcard.
  const noFamily = error.endsWith('EAFNOSUPPORT') || (bind.address === '::' && error.endsWith('EADDRNOTAVAIL'));
  if (answer.call !== 'bind' && !noFamily && !error.endsWith('NOBUFS'))
    return notMade({ text: `${answer.call} failed: ${error}` });
  return { ...bind, at, result: noFamily ? 'noFamily' : 'refused', error, errorNumber: number, reason: null };
}

/** Tries binds, one after the other, and says who tried. Never throws for what the system refuses. */
export function probe(source: RawSource, binds: readonly Bind[]): Probe {
  const { user, addresses } = json(source.read('binder').text) ?? {};
  return {
    user: typeof user === 'string' ? user : null,
    addresses: Array.isArray(addresses)
      ? addresses.flatMap((one) => (typeof one === 'string' ? (canonicalAddress(one) ?? []) : []))
      : null,
    attempts: binds.map((bind) => attempt(source, bind)),
  };
}
