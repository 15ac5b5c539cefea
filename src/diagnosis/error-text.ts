import { isIPv4, isIPv6 } from 'node:net';
import { errorOrigin, type ErrorOrigin } from './error-origin.ts';

/** What a failed bind was told. */
export type ErrorMeaning =
  | 'inUse'
  | 'access'
  | 'notLocal'
  /** No dynamic port was left, for a connection or for the port 0. */
  | 'exhausted'
  /** HTTP.sys: the account may not register the URL. */
  | 'urlReserved'
  /** HTTP.sys: the URL is another one's. */
  | 'urlTaken';

/** What could be read from an error message or a log line; null for what it does not say. */
export interface ParsedError {
  readonly port: number | null;
  /** An address of a socket; null also stands for every address. */
  readonly address: string | null;
  readonly protocol: 'TCP' | 'UDP' | null;
  readonly meaning: ErrorMeaning | null;
  /** What the meaning was read from: a number or name, or words. */
  readonly sign: string | null;
  /** Whether it comes from HTTP.sys or a program on it. */
  readonly http: boolean;
  /** Who says it, where that decides what it means. */
  readonly origin: ErrorOrigin | null;
  /** One sentence for the evidence. */
  readonly evidence: string;
}

/** More than this is not read: the message is at the beginning or the end of a log, not in the middle of megabytes. */
const longest = 64 * 1024;

const byNumber: Readonly<Record<string, readonly [ErrorMeaning, string]>> = {
  // Winsock: https://learn.microsoft.com/windows/win32/winsock/windows-sockets-error-codes-2, also as HRESULT.
  10048: ['inUse', 'WSAEADDRINUSE'],
  '0x80072740': ['inUse', 'WSAEADDRINUSE'],
  10013: ['access', 'WSAEACCES'],
  '0x8007271d': ['access', 'WSAEACCES'],
  10049: ['notLocal', 'WSAEADDRNOTAVAIL'],
  '0x80072741': ['notLocal', 'WSAEADDRNOTAVAIL'],
  10055: ['exhausted', 'WSAENOBUFS'],
  '0x80072747': ['exhausted', 'WSAENOBUFS'],
  // NTSTATUS
  '0xc000020a': ['inUse', 'STATUS_ADDRESS_ALREADY_EXISTS'],
  '0xc0000043': ['inUse', 'STATUS_SHARING_VIOLATION'],
  '0xc0000209': ['exhausted', 'STATUS_TOO_MANY_ADDRESSES'],
  '0xc0000141': ['notLocal', 'STATUS_INVALID_ADDRESS'],
  // SQL Server
  26023: ['inUse', 'SQL Server 26023'],
};

/** Numbers that are an error only where they are said to be one: Linux, macOS and BSD, libuv on Windows. */
const byErrno: Readonly<Record<string, readonly [ErrorMeaning, string]>> = {
  98: ['inUse', 'EADDRINUSE'],
  48: ['inUse', 'EADDRINUSE'],
  4091: ['inUse', 'EADDRINUSE'],
  13: ['access', 'EACCES'],
  4092: ['access', 'EACCES'],
  99: ['notLocal', 'EADDRNOTAVAIL'],
  49: ['notLocal', 'EADDRNOTAVAIL'],
  4090: ['notLocal', 'EADDRNOTAVAIL'],
  105: ['exhausted', 'ENOBUFS'],
  4060: ['exhausted', 'ENOBUFS'],
};

const byName: Readonly<Record<string, ErrorMeaning>> = {
  EADDRINUSE: 'inUse',
  AddrInUse: 'inUse',
  AddressAlreadyInUse: 'inUse',
  STATUS_ADDRESS_ALREADY_EXISTS: 'inUse',
  EACCES: 'access',
  AccessDenied: 'access',
  EADDRNOTAVAIL: 'notLocal',
  AddrNotAvailable: 'notLocal',
  AddressNotAvailable: 'notLocal',
  ENOBUFS: 'exhausted',
  STATUS_TOO_MANY_ADDRESSES: 'exhausted',
  NoBufferSpaceAvailable: 'exhausted',
};

/** The systems' own words, as they are in English, German, French, Spanish, Italian, Portuguese, Polish, Russian, Chinese and Japanese. */
const byWords: readonly (readonly [ErrorMeaning, RegExp])[] = [
  [
    'exhausted',
    /ephemeral port|no free port|all such ports being in use|buffer space|lacked sufficient buffer|Pufferspeicher|espace de mémoire tampon|espacio suficiente en el búfer/i,
  ],
  [
    'inUse',
    /already in use|address in use|in use by another|is in use|only one usage of each socket|already allocated|already listening|something is already running|existing registration/i,
  ],
  [
    'inUse',
    /nur jeweils einmal verwendet|bereits verwendet|bereits belegt|seule utilisation de chaque adresse|déjà utilisée?|permite un uso de cada|ya se está (?:usando|utilizando)|già in uso|consentito un solo utilizzo|já em uso|já está em uso|já está sendo usad|permitida apenas uma utilização|już w użyciu|użycie każdego adresu/i,
  ],
  [
    'inUse',
    /уже используется|одно использование адреса сокета|通常每个套接字地址|通常每個通訊端位址|地址已在使用|地址已被使用|位址已在使用|各ソケット アドレス|既に使用され|使用中です|すでに使用/i,
  ],
  [
    'access',
    /forbidden by its access permissions|permission denied|access is denied|operation not permitted|Zugriffsrechte des Sockets|Keine Berechtigung|Zugriff verweigert|autorisations d.accès|permission non accordée|accès refusé|permisos de acceso|permiso denegado|acceso denegado|permessi di accesso|permesso negato|permissões de acesso|permissão negada|uprawnienia dostępu|brak dostępu/i,
  ],
  [
    'access',
    /правами доступа|отказано в доступе|访问权限不允许|權限不允許|权限不够|アクセス許可で禁じられた|許可がありません/i,
  ],
  [
    'notLocal',
    /cannot assign requested address|can't assign requested address|not valid in its context|address not available|Adresse ist in diesem Kontext ungültig|angeforderte Adresse|adresse demandée|dirección (?:solicitada|requerida)|indirizzo richiesto|endereço (?:solicitado|requisitado)|żądanego adresu|żądany adres|запрошенный адрес|запрошенного адреса|请求的地址|要求されたアドレス|要求したアドレス/i,
  ],
  // Hints of programs that guess: whatever the system itself says goes before.
  ['inUse', /another (?:\w{1,20} )?(?:server|process|postmaster)/i],
];

const number = '(?<!\\d)(\\d{1,5})(?!\\d)';
const ipv4 = '\\d{1,3}(?:\\.\\d{1,3}){3}';
const ipv6 = '[0-9a-f:.]{2,45}(?:%[\\w.-]{1,20})?';
const portWord = '(?:ports?|porta|puerto|poort|portu|порт[а-я]{0,3}|ポート|端口|連接埠|포트)';

/** Where an address and a port are found; the first that fits counts. Each has the groups `a` and `p`. */
const places: readonly RegExp[] = [
  // SQL Server: [ 'any' <ipv4> 1433], [ 10.0.0.5 <ipv4> 1433]
  /\[ ?'?(?<a>any|[0-9a-f:.]{2,45})'? ?<ipv[46]> ?(?<p>\d{1,5}) ?\]/i,
  // Python: ('127.0.0.1', 8000), ('::1', 8000, 0, 0)
  /\(\s?['"](?<a>[^'"\n]{0,64})['"],\s?(?<p>\d{1,5})(?:,\s?\d{1,5}){0,2}\s?\)/,
  // URLs: http://+:8080/, https://[::1]:5001, http://*:80:10.0.0.5/
  /https?:\/\/(?<a>\[[^\]\s]{1,64}\]|[^\s/:'"<>]{1,255}):(?<p>\d{1,5})(?!\d)/i,
  // Docker: port TCP 0.0.0.0:5432 -> …; Go: listen tcp4 0.0.0.0:80:, listen udp :53, listen tcp example:80
  /\b(?:tcp|udp)[46]?:? (?<a>\[[^\]\s]{1,64}\]|[^\s:/[\]()'"]{0,255}):(?<p>\d{1,5})(?!\d)/i,
  // Node: address already in use :::3000, permission denied ::1:80
  /\bE(?:ADDRINUSE|ACCES|ADDRNOTAVAIL|NOBUFS)\b[^\n\d]{0,60}?\s(?<a>[0-9a-f:.*]{1,45}):(?<p>\d{1,5})(?![\d:]|\.\d)/i,
  // [::]:443, [fe80::1%eth0]:80
  new RegExp(`\\[(?<a>${ipv6})\\]:(?<p>\\d{1,5})(?!\\d)`, 'i'),
  // 0.0.0.0:80
  new RegExp(`(?<![\\d.])(?<a>${ipv4}):(?<p>\\d{1,5})(?!\\d|\\.\\d)`),
  // *:6379, localhost:8000, :::8080, <null>:8080
  /(?<![\w.])(?<a>\*|localhost|::|<null>):(?<p>\d{1,5})(?!\d)/i,
  // Ruby: for "127.0.0.1" port 3000
  new RegExp(`["'](?<a>${ipv4}|${ipv6}|localhost)["'] port ${'(?<p>\\d{1,5})'}(?!\\d)`, 'i'),
  // OpenSSH: port 22 on 0.0.0.0
  new RegExp(`\\bport (?<p>\\d{1,5}) on (?<a>${ipv4}|${ipv6})(?![\\w])`, 'i'),
  // Node's error object: address: '::', port: 3000
  /\baddress: '(?<a>[^'\n]{0,64})',\s{0,40}port: (?<p>\d{1,5})(?!\d)/,
  // Go: listen :8080, bind: :8080
  /(?:\b(?:listen|bind|address|addr|on)\b[ :=]{1,3}["']?)(?<a>):(?<p>\d{2,5})(?![\d:])/i,
];

/** A port without its address. */
const ports: readonly RegExp[] = [
  new RegExp(`${portWord}["']?(?: ?(?:number|nummer|номер))?[ :=#"'»„“«]{0,4}${number}`, 'iu'),
  // Tomcat: Connector["http-nio-8080"], Connector[HTTP/1.1-8080]
  /(?:http|https|ajp)(?:\/1\.1)?-(?:nio2?-|apr-|bio-)?(\d{2,5})(?!\d)/i,
  // Japanese and Korean put the number first: 8080 番ポート
  /(?<!\d)(\d{1,5}) ?(?:番ポート|번 포트|号端口|端口)/u,
];

function portNumber(text: string | undefined): number | null {
  const port = Number(text);
  return text !== undefined && Number.isInteger(port) && port >= 1 && port <= 65535 ? port : null;
}

/** An address as it was found; null stands for every one, and for a name that is none of an address. */
function addressOf(found: string | undefined, text: string): string | null {
  const plain = (found ?? '').replace(/^\[|\]$/g, '');
  if (/^localhost$/i.test(plain)) return /IPv6 loopback/i.test(text) ? '::1' : '127.0.0.1';
  const unscoped = plain.replace(/%.*$/s, '');
  return isIPv4(unscoped) || isIPv6(unscoped) ? plain.toLowerCase() : null;
}

/** PostgreSQL names the address alone, in the quotes of the language. */
function quotedAddress(text: string): string | null {
  const found = /IPv[46][^\n"'»„“«]{0,60}["'»„“«]\s?([0-9a-f:.]{2,45})\s?["'«»“”]/i.exec(text)?.[1];
  return addressOf(found, text);
}

function where(text: string): { port: number | null; address: string | null } {
  for (const place of places) {
    const { a, p } = place.exec(text)?.groups ?? {};
    const port = portNumber(p);
    if (port !== null) return { port, address: addressOf(a, text) };
  }
  for (const place of ports) {
    const port = portNumber(place.exec(text)?.[1]);
    if (port !== null) return { port, address: quotedAddress(text) };
  }
  // A prefix without a port: http://+/path
  const scheme = /\b(https?):\/\/(?:[+*]|localhost)(?=\/|\s|'|"|$)/i.exec(text)?.[1]?.toLowerCase();
  if (scheme !== undefined) return { port: scheme === 'http' ? 80 : 443, address: null };
  return { port: null, address: quotedAddress(text) };
}

function isHttp(text: string): boolean {
  return /HttpListener|http\.sys|HttpAddUrl|UrlAcl|HTTP could not register|URL prefix|UrlPrefix|listen on prefix|W3SVC|HttpEvent|underlying transport|https?:\/\/[+*]:/i.test(
    text,
  );
}

/** HTTP.sys has numbers of its own, which are everybody's: they count only beside its name. */
function httpMeaning(text: string): [ErrorMeaning, string] | null {
  if (!isHttp(text)) return null;
  const code =
    /HttpListenerException \((?:0x[0-9a-f]{8}|(\d{1,3}))\)|(?:ErrorCode|error code|Fehlercode|code d.erreur|Win32 error|error)[ :=]{1,3}(\d{1,3})(?!\d)/i.exec(
      text,
    );
  const value = code?.[1] ?? code?.[2];
  if (value === '183') return ['urlTaken', 'ERROR_ALREADY_EXISTS (183)'];
  if (value === '32') return ['inUse', 'ERROR_SHARING_VIOLATION (32)'];
  if (value === '5' || /0x80070005/i.test(text)) return ['urlReserved', 'ERROR_ACCESS_DENIED (5)'];
  if (/0x800700b7/i.test(text)) return ['urlTaken', 'ERROR_ALREADY_EXISTS (183)'];
  if (/0x80070020/i.test(text)) return ['inUse', 'ERROR_SHARING_VIOLATION (32)'];
  if (/port \d{1,5} is being used by another application|underlying transport/i.test(text))
    return ['inUse', 'the words of the message'];
  if (
    /existing registration|already registered|vorhandenen? Registrierung|inscription existante|registro existente/i.test(
      text,
    )
  )
    return ['urlTaken', 'the words of the message'];
  if (
    byWords.some(([meaning, words]) => meaning === 'access' && words.test(text)) ||
    /does not have access rights to this namespace/i.test(text)
  ) {
    return /10013/.test(text) ? null : ['urlReserved', 'the words of the message'];
  }
  return null;
}

function meaningOf(text: string): [ErrorMeaning, string] | null {
  // A port may be called 10048, too: there it stands behind a colon or the word port.
  for (const { 0: code, index } of text.matchAll(
    /(?<![\da-fx.])(?:100(?:48|13|49|55)|26023|0x[0-9a-f]{8})(?![\da-f])/gi,
  )) {
    if (/(?:[\d\]*]:|port[ :=]{0,3})$/i.test(text.slice(Math.max(0, index - 12), index))) continue;
    const known = byNumber[code.toLowerCase()];
    if (known !== undefined) return [known[0], known[1].startsWith('SQL') ? known[1] : `${known[1]} (${code})`];
  }
  const http = httpMeaning(text);
  if (http !== null) return http;
  const name =
    /\b(?:WSA)?(EADDRINUSE|EACCES|EADDRNOTAVAIL|ENOBUFS|STATUS_ADDRESS_ALREADY_EXISTS|STATUS_TOO_MANY_ADDRESSES)\b|\b(AddrInUse|AddressAlreadyInUse|AddrNotAvailable|AddressNotAvailable|NoBufferSpaceAvailable)\b/i.exec(
      text,
    );
  const known = Object.keys(byName).find((one) => one.toLowerCase() === (name?.[1] ?? name?.[2])?.toLowerCase());
  if (known !== undefined) return [byName[known]!, known];
  for (const [, a, b, c] of text.matchAll(
    /(?:errno|os error|code|error)\b[ :=]{0,3}-?(\d{1,4})(?!\d)|\((\d{1,3})(?:\)|:)|\[errno (\d{1,3})\]/gi,
  )) {
    const found = byErrno[(a ?? b ?? c)!];
    if (found !== undefined) return [found[0], `${found[1]} (${a ?? b ?? c})`];
  }
  if (/tcpip|tcp\/ip/i.test(text) && /(?<!\d)42(?:27|31)(?!\d)/.test(text))
    return ['exhausted', 'Tcpip event 4227 or 4231'];
  const words = byWords.find(([, pattern]) => pattern.test(text));
  return words === undefined ? null : [words[0], 'the words of the message'];
}

/** Lines of a stack trace are about the program, not about the port. */
function withoutFrames(text: string): string {
  return text
    .split(/\r?\n/)
    .filter((line) => !/^\s*(?:at |File "|from \/|in [\w./]+:\d)/.test(line))
    .join('\n');
}

/**
 * Reads an error message or a log line of any program: numbers first, because only they are the same in every
 * language, then the names of errors, then words. Only the first 64 KB are read.
 */
export function parseError(given: string): ParsedError {
  const text = withoutFrames(given.slice(0, longest).replace(/[\0\u200b-\u200f\u202a-\u202e]/g, ''));
  const read = meaningOf(text);
  const sign = read?.[1] ?? null;
  let meaning = read?.[0] ?? null;
  let { port, address } = where(text);
  // Who connects has no port of its own to ask for: all of them are used up.
  const connecting =
    /\b(?:connect|dial|dialing|outgoing|outbound|new connection|ConnectException|NoRouteToHostException|HTTPConnectionPool)\b/i.test(
      text,
    ) && !/\b(?:listen|bind)\b/i.test(text);
  if (connecting && (meaning === 'notLocal' || meaning === 'inUse')) meaning = 'exhausted';
  if (meaning === 'exhausted') [port, address] = [0, null];
  const udp = /\budp[46]?\b|\bdgram\b|SOCK_DGRAM|\bbind E[A-Z]{4}/i.test(text);
  const tcp = /\btcp[46]?\b|https?:\/\//i.test(text);
  const protocol = udp && !tcp ? 'UDP' : tcp || port !== null ? 'TCP' : null;
  const about =
    port === null
      ? ''
      : port === 0
        ? ' for a dynamic port'
        : ` for ${protocol} ${address === null ? 'port ' : `${address.includes(':') ? `[${address}]` : address}:`}${port}`;
  return {
    port,
    address,
    protocol,
    meaning,
    sign,
    http: isHttp(text),
    origin: errorOrigin(text),
    evidence:
      meaning === null
        ? `The text names no error that is known${about === '' ? '' : `, but is${about}`}.`
        : `The text says ${meaningText[meaning]}${about} (${sign}).`,
  };
}

const meaningText: Readonly<Record<ErrorMeaning, string>> = {
  inUse: '"already in use"',
  access: '"forbidden by access permissions"',
  notLocal: '"no such address here"',
  exhausted: '"no ports or buffers left"',
  urlReserved: '"HTTP.sys does not let this account register the URL"',
  urlTaken: '"the URL is registered already"',
};
