import { parseJson } from '../../io/nesting.ts';
import { addressBytes, canonicalAddress, withoutScope } from '../../ports/address.ts';
import type { Platform, RawSource, Refusal } from '../../system/raw.ts';

/**
 * The mode in which a program binds: no option, exclusive use (Windows), or one of the two kinds of reuse. reusePort is
 * available only on Linux.
 */
export type Sharing = 'default' | 'exclusive' | 'reuse' | 'reusePort';

/** The parameters of a single bind() call. */
export interface Bind {
  readonly protocol: 'TCP' | 'UDP';
  /** `0.0.0.0`, `::`, or a specific address, with %scope if an IPv6 address has one. */
  readonly address: string;
  /** 0 means any free port. */
  readonly port: number;
  readonly sharing: Sharing;
  /** For IPv6: whether the socket excludes IPv4. If it does not, `::` covers both families. */
  readonly ipv6Only: boolean;
}

/** The result of an actual bind attempt. The socket is closed immediately, and never listens. */
export interface BindAttempt extends Bind {
  /**
   * `noFamily`: the machine does not support the address family, so no program can bind it. `notMade`: the attempt
   * could not be made.
   */
  readonly result: 'bound' | 'refused' | 'noFamily' | 'notMade';
  /** The name of the system's error: EADDRINUSE, WSAEACCES … */
  readonly error: string | null;
  readonly errorNumber: number | null;
  /** Why it was not made. */
  readonly reason: string | null;
  readonly at: string;
}

/** The account and the machine that make the attempt, because the rules for binding depend on them. */
export interface Binder {
  /** The account, in the form that the facts use. */
  readonly user: string | null;
  /** All addresses of the machine; null if unavailable. */
  readonly addresses: readonly string[] | null;
}

/** The attempts for one question. */
export interface Probe extends Binder {
  readonly attempts: readonly BindAttempt[];
}

/** The result of `bind/…`: the call that failed and its error, or neither. */
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

/**
 * Returns the name of the raw entry for a bind: `bind/tcp/0.0.0.0/8080/exclusive`, optionally followed by `/ipv6only`.
 */
export function bindName({ protocol, address, port, sharing, ipv6Only }: Bind): string {
  return `bind/${protocol.toLowerCase()}/${address}/${port}/${sharing}${ipv6Only ? '/ipv6only' : ''}`;
}

/** Parses such a name; null for any other name. */
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

/** Returns `struct sockaddr_in` or `struct sockaddr_in6`; the scope is an interface index. */
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
  // A machine without IPv6 may still create the socket, but has no such wildcard address.
  const noFamily = error.endsWith('EAFNOSUPPORT') || (bind.address === '::' && error.endsWith('EADDRNOTAVAIL'));
  if (answer.call !== 'bind' && !noFamily && !error.endsWith('NOBUFS'))
    return notMade({ text: `${answer.call} failed: ${error}` });
  return { ...bind, at, result: noFamily ? 'noFamily' : 'refused', error, errorNumber: number, reason: null };
}

/**
 * Tries binds one after another, and returns the results with the account that tried. Never throws if the system
 * refuses.
 */
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
