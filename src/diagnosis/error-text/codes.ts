/** The meaning of a failed bind. */
export type ErrorMeaning =
  | 'inUse'
  | 'access'
  | 'notLocal'
  /** An address that is incomplete, such as a link-local address without its interface. */
  | 'invalid'
  /** No dynamic port was left for a connection or for port 0. */
  | 'exhausted'
  /** HTTP.sys: the account may not register the URL. */
  | 'urlReserved'
  /** HTTP.sys: the URL belongs to another program. */
  | 'urlTaken';

/** The meaning of a failed bind or outgoing connection. */
export type Meaning = ErrorMeaning | 'refused' | 'timedOut' | 'unreachable' | 'reset';

/** A meaning and the text from which it was determined. */
export interface Sign {
  readonly meaning: Meaning;
  readonly sign: string;
  /** The position and length of the sign in the text. */
  readonly index: number;
  readonly length: number;
}

type Known = readonly [Meaning, string];

/**
 * Numbers that mean the same in any context: Winsock errors, also as the low half of an HRESULT and in hexadecimal,
 * NTSTATUS, and SQL Server's own: https://learn.microsoft.com/windows/win32/winsock/windows-sockets-error-codes-2
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

/** Numbers that are errors only where the text labels them as such: Linux, macOS and BSD, libuv on Windows. */
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

/** Whether a number is one that the system's errors have. */
export const isErrorNumber = (number: string): boolean => number in everywhere || number in saidToBe;

/** Names of errors in C, Rust, .NET, Go, Chromium and NTSTATUS; compared case-insensitively. */
const names: Readonly<Record<string, Meaning>> = {
  EADDRINUSE: 'inUse',
  AddrInUse: 'inUse',
  AddressAlreadyInUse: 'inUse',
  AddressInUse: 'inUse',
  PortInUse: 'inUse',
  PortAlreadyInUse: 'inUse',
  ERR_ADDRESS_IN_USE: 'inUse',
  address_in_use: 'inUse',
  STATUS_ADDRESS_ALREADY_EXISTS: 'inUse',
  STATUS_ADDRESS_ALREADY_ASSOCIATED: 'inUse',
  EACCES: 'access',
  EPERM: 'access',
  'SocketError.AccessDenied': 'access',
  EADDRNOTAVAIL: 'notLocal',
  AddrNotAvailable: 'notLocal',
  AddressNotAvailable: 'notLocal',
  address_not_available: 'notLocal',
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
  ECONNRESET: 'reset',
};
const byLowerName = new Map(
  Object.entries(names).map(([name, meaning]) => [name.toLowerCase(), [meaning, name] as const]),
);
const anyName =
  /(?<![\w/])(?:WSA|UV_|NT_|NS_ERROR_SOCKET_|Errno::|:)?(EADDRINUSE|EACCES|(?<=\b(?:bind|listen|connect|send|socket)(?:\(\))?:? )EPERM|EADDRNOTAVAIL|EINVAL|ENOBUFS|ECONNREFUSED|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ECONNRESET|STATUS_ADDRESS_ALREADY_(?:EXISTS|ASSOCIATED)|STATUS_TOO_MANY_ADDRESSES|AddrInUse|(?:Address|Port)(?:Already)?InUse|AddrNotAvailable|AddressNotAvailable|NoBufferSpaceAvailable|ConnectionRefused(?:Error)?|NoRouteToHostException|address[_-](?:in[_-]use|not[_-]available)|SocketError\.AccessDenied|ERR_ADDRESS_IN_USE|ERR_CONNECTION_REFUSED)(?:Error|Exception|S)?\b/i;

/** Normalizes a number. 0x2740, 0x00002740 and 0x80072740 are 10048: an HRESULT has a Winsock error in its low half. */
function numberOf(code: string): string {
  const hex = /^0x(?:0000|8007)?(27[0-9a-f]{2})$/i.exec(code)?.[1];
  return hex === undefined ? code.toLowerCase() : String(parseInt(hex, 16));
}

/** Finds an error number that means the same in any context. */
function numberEverywhere(text: string): Sign | null {
  for (const { 0: code, index } of text.matchAll(
    /(?<![\da-fx.])(?:100(?:48|13|49|22|55|6[015]|5[14])|26023|0x(?:[0-9a-f]{8}|27[0-9a-f]{2}))(?![\da-f])/gi,
  )) {
    // A port may be 10048, too: it then follows a colon, an address or the word "port". So may a process, and an amount.
    const [before, after] = [
      text.slice(Math.max(0, index - 24), index),
      text.slice(index + code.length, index + code.length + 12),
    ];
    if (
      /(?:(?:[\d\]*\s:=]|localhost|any):|(?:ports?|端口|ポート|포트|порт|porta|puerto) ?(?:n° ?)?['" :=#([>]{0,4}|['"], ?|\w\/|\b(?:pid|process|worker|user|order|customer|id)\b['" :=#([]{0,4}|\b(?:LISTEN(?:ING)?|tcp\/|udp\/|after) {0,10})$/i.test(
        before,
      ) ||
      /^(?: ?(?:ms|kB|KB|MB|bytes|records|rows|items|users|requests|files|messages)\b|\/(?:tcp|udp)\b)/.test(after)
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

/** Finds a labeled number: [Errno 98], errno:48, (13: …), (98)…, … (98), os error 98, code: -4091, port 80: 98, bind socket: -98, and IBM MQ's ArithInsert2(98). */
function numberSaidToBe(text: string): Sign | null {
  // The result codes of LDAP are other numbers, and its bind is a login.
  if (/\bldap|\bsasl|\bcredentials\b/i.test(text) && !/\berrno\b/i.test(text)) return null;
  for (const { 0: written, groups, index } of text.matchAll(
    /(?<!exit |exited with |status |shutting down with |return |http )\b(?:errno|strerror(?:_[rs] is not available)?|oserr|os error|code(?:\(s?\))?|err(?:or)? ?(?:code|number|num|no)?|system|generic)(?<=\)|\b)["']?(?:[ :=(]{0,3}(?:"(?=-?\d{1,4}"))?| was ")-?(?<a>\d{1,4})(?![\d.]|:\d\d:|, ?severity)|(?<![\w.)\]])\((?:OS )?(?<b>\d{1,4})(?:\)(?=\p{L})|: \p{L}|\)[.,]?$)|exception \((?<c>\d{1,4})\)|\breturn code from (?:TCP\/IP|the '\w{1,30}' call)[^\n]{0,60} (?:was|is) (?<d>\d{1,4})(?=[ .]|$)|(?:(?:\bport ?|:)\d{2,5}[:,)]{1,2}|\b(?:bind|listen)(?:ing)?\b[^\n:\d]{0,60}(?<!\bport):) -?(?<e>98|13|99|48|49)[.)]?$|\bAMQ92\d\d[A-Z]?\b[^\n]{0,2000}(?<![a-z])ArithInsert2(?:\(|": ?)(?<g>\d{1,3})(?!\d)|\b(?:bind|listen)(?:ing)?\b[^\n]{0,60}\b(?:failed|returned|ret(?:val)?|rc|no(?=[:=]))\W{1,4}(?<f>98|13|99|48|49)[.)]?$/gimu,
  )) {
    const number = Object.values(groups!).find((group) => group !== undefined)!;
    const known = saidToBe[number];
    if (known !== undefined)
      return { meaning: known[0], sign: `${known[1]} (${number})`, index, length: written.length };
  }
  return null;
}

function name(text: string): Sign | null {
  const found = anyName.exec(text);
  const known = byLowerName.get(found?.[1]?.toLowerCase().replaceAll('-', '_') ?? '');
  return found === null || known === undefined
    ? null
    : { meaning: known[0], sign: known[1], index: found.index, length: found[0].length };
}

/** Finds a Windows event that its log shows only as a number. */
function event(text: string): Sign | null {
  const found = /(?<!\d)42(?:27|31)(?!\d)/.exec(text);
  return found !== null && /tcpip|tcp\/ip/i.test(text)
    ? { meaning: 'exhausted', sign: 'Tcpip event 4227 or 4231', index: found.index, length: 4 }
    : null;
}

/** Finds the system's error numbers and names, which are the same in every language. */
export function codeIn(text: string): Sign | null {
  return numberEverywhere(text) ?? name(text) ?? numberSaidToBe(text) ?? event(text);
}
