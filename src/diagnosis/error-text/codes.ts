/** What a failed bind was told. */
export type ErrorMeaning =
  | 'inUse'
  | 'access'
  | 'notLocal'
  /** An address that means nothing as it is, such as a link-local one without its interface. */
  | 'invalid'
  /** No dynamic port was left, for a connection or for the port 0. */
  | 'exhausted'
  /** HTTP.sys: the account may not register the URL. */
  | 'urlReserved'
  /** HTTP.sys: the URL is another one's. */
  | 'urlTaken';

/** What a text says of a bind, or of a connection to somebody else. */
export type Meaning = ErrorMeaning | 'refused' | 'timedOut' | 'unreachable' | 'reset';

/** What was read, and what it was read from. */
export interface Sign {
  readonly meaning: Meaning;
  readonly sign: string;
  /** Where in the text it stands, and how much of it is the sign. */
  readonly index: number;
  readonly length: number;
}

type Known = readonly [Meaning, string];

/**
 * Numbers that mean the same wherever they stand: Winsock, also as the low half of an HRESULT and in hexadecimal, NTSTATUS,
 * and SQL Server's own: https://learn.microsoft.com/windows/win32/winsock/windows-sockets-error-codes-2
 */
const everywhere: Readonly<Record<string, Known>> = {
  10048: ['inUse', 'WSAEADDRINUSE'],
  10013: ['access', 'WSAEACCES'],
  10049: ['notLocal', 'WSAEADDRNOTAVAIL'],
  10022: ['invalid', 'WSAEINVAL'],
  10055: ['exhausted', 'WSAENOBUFS'],
  10061: ['refused', 'WSAECONNREFUSED'],
  10060: ['timedOut', 'WSAETIMEDOUT'],
  10051: ['unreachable', 'WSAENETUNREACH'],
  10065: ['unreachable', 'WSAEHOSTUNREACH'],
  10054: ['reset', 'WSAECONNRESET'],
  '0xc000020a': ['inUse', 'STATUS_ADDRESS_ALREADY_EXISTS'],
  '0xc0000043': ['inUse', 'STATUS_SHARING_VIOLATION'],
  '0xc0000209': ['exhausted', 'STATUS_TOO_MANY_ADDRESSES'],
  '0xc0000141': ['notLocal', 'STATUS_INVALID_ADDRESS'],
  26023: ['inUse', 'SQL Server 26023'],
};

/** Numbers that are an error only where they are said to be one: Linux, macOS and BSD, libuv on Windows. */
const saidToBe: Readonly<Record<string, Known>> = {
  98: ['inUse', 'EADDRINUSE'],
  48: ['inUse', 'EADDRINUSE'],
  4091: ['inUse', 'EADDRINUSE'],
  13: ['access', 'EACCES'],
  4092: ['access', 'EACCES'],
  99: ['notLocal', 'EADDRNOTAVAIL'],
  49: ['notLocal', 'EADDRNOTAVAIL'],
  4090: ['notLocal', 'EADDRNOTAVAIL'],
  22: ['invalid', 'EINVAL'],
  4071: ['invalid', 'EINVAL'],
  105: ['exhausted', 'ENOBUFS'],
  4060: ['exhausted', 'ENOBUFS'],
  111: ['refused', 'ECONNREFUSED'],
  61: ['refused', 'ECONNREFUSED'],
  4078: ['refused', 'ECONNREFUSED'],
  110: ['timedOut', 'ETIMEDOUT'],
  4039: ['timedOut', 'ETIMEDOUT'],
  101: ['unreachable', 'ENETUNREACH'],
  113: ['unreachable', 'EHOSTUNREACH'],
  4062: ['unreachable', 'ENETUNREACH'],
};

/** Names of errors: of C, Rust, .NET, Go, Chromium and NTSTATUS; compared without regard to case. */
const names: Readonly<Record<string, Meaning>> = {
  EADDRINUSE: 'inUse',
  AddrInUse: 'inUse',
  AddressAlreadyInUse: 'inUse',
  ERR_ADDRESS_IN_USE: 'inUse',
  STATUS_ADDRESS_ALREADY_EXISTS: 'inUse',
  EACCES: 'access',
  EADDRNOTAVAIL: 'notLocal',
  AddrNotAvailable: 'notLocal',
  AddressNotAvailable: 'notLocal',
  EINVAL: 'invalid',
  ENOBUFS: 'exhausted',
  STATUS_TOO_MANY_ADDRESSES: 'exhausted',
  NoBufferSpaceAvailable: 'exhausted',
  ECONNREFUSED: 'refused',
  ConnectionRefused: 'refused',
  ConnectionRefusedError: 'refused',
  ERR_CONNECTION_REFUSED: 'refused',
  ETIMEDOUT: 'timedOut',
  ENETUNREACH: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  NoRouteToHostException: 'unreachable',
  ECONNRESET: 'reset',
};
const byLowerName = new Map(
  Object.entries(names).map(([name, meaning]) => [name.toLowerCase(), [meaning, name] as const]),
);
const anyName =
  /(?<![\w/])(?:WSA|UV_|Errno::|:)?(EADDRINUSE|EACCES|EADDRNOTAVAIL|EINVAL|ENOBUFS|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ECONNRESET|STATUS_ADDRESS_ALREADY_EXISTS|STATUS_TOO_MANY_ADDRESSES|AddrInUse|AddressAlreadyInUse|AddrNotAvailable|AddressNotAvailable|NoBufferSpaceAvailable|ConnectionRefused(?:Error)?|NoRouteToHostException|ERR_ADDRESS_IN_USE|ERR_CONNECTION_REFUSED)\b/i;

/** 0x2740, 0x00002740 and 0x80072740 are 10048: Win32 errors in an HRESULT are Winsock's in the low half. */
function numberOf(code: string): string {
  const hex = /^0x(?:0000|8007)?(27[0-9a-f]{2})$/i.exec(code)?.[1];
  return hex === undefined ? code.toLowerCase() : String(parseInt(hex, 16));
}

/** The number of an error that means the same wherever it stands. */
function numberEverywhere(text: string): Sign | null {
  for (const { 0: code, index } of text.matchAll(
    /(?<![\da-fx.])(?:100(?:48|13|49|22|55|6[015]|5[14])|26023|0x(?:[0-9a-f]{8}|27[0-9a-f]{2}))(?![\da-f])/gi,
  )) {
    // A port may be called 10048, too: there it stands behind a colon, an address or the word port.
    if (
      /(?:(?:[\d\]*\s:]|localhost|any):|port[s ]?['" :=#([>]{0,4}|['"], ?)$/i.test(
        text.slice(Math.max(0, index - 12), index),
      )
    )
      continue;
    const known = everywhere[numberOf(code)];
    if (known === undefined) continue;
    return {
      meaning: known[0],
      sign: known[1].startsWith('SQL') ? known[1] : `${known[1]} (${code})`,
      index,
      length: code.length,
    };
  }
  return null;
}

/** A number that is said to be an error: [Errno 98], errno:48, (13: …), (98)…, … (98), os error 98, code: -4091. */
function numberSaidToBe(text: string): Sign | null {
  for (const { 0: written, groups, index } of text.matchAll(
    /(?<!exit |exited with |status |shutting down with |return |http )\b(?:errno|os error|code(?:\(\))?|err(?:or)? ?(?:code|number|num|no)?|system)\b["']?[ :=]{0,3}-?(?<a>\d{1,4})(?![\d.]|, ?severity)|(?<![\w.)\]])\((?:OS )?(?<b>\d{1,4})(?:\)(?=\p{L})|: \p{L}|\)[.,]?$)|exception \((?<c>\d{1,4})\)/gimu,
  )) {
    const number = groups!['a'] ?? groups!['b'] ?? groups!['c']!;
    const known = saidToBe[number];
    if (known !== undefined)
      return { meaning: known[0], sign: `${known[1]} (${number})`, index, length: written.length };
  }
  return null;
}

function name(text: string): Sign | null {
  const found = anyName.exec(text);
  const known = byLowerName.get(found?.[1]?.toLowerCase() ?? '');
  return found === null || known === undefined
    ? null
    : { meaning: known[0], sign: known[1], index: found.index, length: found[0].length };
}

/** An event of Windows that is one number of its log. */
function event(text: string): Sign | null {
  const found = /(?<!\d)42(?:27|31)(?!\d)/.exec(text);
  return found !== null && /tcpip|tcp\/ip/i.test(text)
    ? { meaning: 'exhausted', sign: 'Tcpip event 4227 or 4231', index: found.index, length: 4 }
    : null;
}

/** What the system's numbers and names say: they are the same in every language. */
export function codeIn(text: string): Sign | null {
  return numberEverywhere(text) ?? name(text) ?? numberSaidToBe(text) ?? event(text);
}
