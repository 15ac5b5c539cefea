import { bracketed, unmapped } from '../ports/address.ts';
import { configuredServer, errorOrigin, type ConfiguredServer, type ErrorOrigin } from './error-origin.ts';
import type { ErrorMeaning, Meaning, Sign } from './error-text/codes.ts';
import { complaintsIn } from './error-text/complaints.ts';
import { confinementIn, type Confinement } from './error-text/confinement.ts';
import { failuresIn, type Failure } from './error-text/failures.ts';
import { httpSign, isHttp, unbound, withException } from './error-text/http.ts';
import { cleaned, endsOf, linesOf, type Line } from './error-text/lines.ts';
import { announces, isTransfer, movesData, natureOf, tellsOfOthers } from './error-text/nature.ts';
import { placesIn, type NamedPlace } from './error-text/places.ts';
import { inBoth, protocolOf } from './error-text/protocol.ts';
import { systemOf } from './error-text/said.ts';

export type { ErrorMeaning } from './error-text/codes.ts';
export { endsRead } from './error-text/lines.ts';

/** The remote end of a connection; the address is null where the text has only a host name. */
export interface FarEnd {
  readonly port: number;
  readonly address: string | null;
}

/** The destination of a failed connection. */
export interface Remote {
  readonly port: number | null;
  readonly address: string | null;
  readonly protocol: 'TCP' | 'UDP';
  /** Whether the other side has answered, which means that the connection had a local port. */
  readonly answered: boolean;
}

/** What an error message or log says about one failure; null for what it does not say. */
export interface ParsedError {
  /** What failed: a bind, an outgoing connection, or an operation on a file, lock or path. */
  readonly about: 'bind' | 'connection' | 'file';
  /** The port that the program tried to bind. */
  readonly port: number | null;
  /** The address of a socket; null also means every address. */
  readonly address: string | null;
  /** Whether the text says `localhost`. */
  readonly isLocalhost?: boolean;
  readonly protocol: 'TCP' | 'UDP' | null;
  /** Whether the text itself says so; otherwise the protocol may be assumed. */
  readonly namesProtocol: boolean;
  readonly meaning: ErrorMeaning | null;
  /** The text from which the meaning was determined: a number, a name, or words. */
  readonly sign: string | null;
  /** Whether the error comes from HTTP.sys or a program on it. */
  readonly http: boolean;
  /** Of a connection: the destination that could not be reached. */
  readonly remote: Remote | null;
  /** Of a connection without a local port: the destinations that the text may name. */
  readonly farEnds: readonly FarEnd[];
  /** The source of the text, where the source determines the meaning. */
  readonly origin: ErrorOrigin | null;
  /** The server that wrote it, if its configuration can name the port in several places. */
  readonly server: ConfiguredServer | null;
  /** What the text shows about a security module, if one may have refused the bind. */
  readonly confinement: Confinement | null;
  /** One sentence for the evidence. */
  readonly evidence: string;
}

/** The result of parsing a text. */
export interface ErrorReading {
  /** Each failure once: binds before others, the newest first, and in the order of the text within one message. */
  readonly errors: readonly [ParsedError, ...ParsedError[]];
  /** What was not read or is not answered, one sentence each. */
  readonly leftOut: readonly string[];
}

/** At most this many failures in one text are answered. */
const mostAnswers = 8;

/**
 * Parses an error message or the log of any program. Splits the text into failures, each with its own lines, and
 * evaluates each separately: first the system's numbers, because only they are the same in every language, then error
 * names, then the system's words, then the program's guess. A port comes from the failure's own lines, from an adjacent
 * line that reports a failed bind, or from what the program announced earlier; never from what succeeded.
 * `unreadBytes`: how many bytes were left out between the two ends of the text.
 */
export function readErrors(given: string, unreadBytes = 0): ErrorReading {
  const { text, leftOut } = endsOf(given, unreadBytes);
  const clean = cleaned(text);
  const lines = linesOf(clean);
  const failures = failuresIn(lines);
  const errors = sorted([...failures, ...complaintsIn(lines, failures)]).flatMap((failure) => parsed(failure));
  const known = distinct(errors);
  const [first, ...rest] = known.length === 0 ? [withoutFailure(lines.map((line) => line.text))] : known;
  const more = rest.length + 1 - mostAnswers;
  return {
    errors: [first!, ...rest.slice(0, mostAnswers - 1)],
    leftOut: [
      ...(leftOut === null ? [] : [leftOut]),
      ...(more > 0
        ? [
            `${more} older ${more === 1 ? 'failure' : 'failures'} in the text ${more === 1 ? 'is' : 'are'} not answered.`,
          ]
        : []),
    ],
  };
}

/** Returns the failure that is answered first. */
export function parseError(given: string): ParsedError {
  return readErrors(given).errors[0];
}

/** Sorts binds first, then the newest message first, keeping the order within a message. */
function sorted(failures: readonly Failure[]): Failure[] {
  const order = { bind: 0, connection: 1, file: 2 };
  return failures.toSorted((a, b) => order[a.nature] - order[b.nature] || b.order - a.order);
}

/** Removes duplicates: repeated attempts, and errors with fewer details than another error with the same port. */
function distinct(errors: readonly ParsedError[]): ParsedError[] {
  const kept: ParsedError[] = [];
  const seen = new Map<string, ParsedError[]>();
  const hasBinds = errors.some(({ about }) => about === 'bind');
  for (const error of errors) {
    if (hasBinds && error.about === 'file') continue;
    const key = error.about === 'bind' ? `bind ${error.port} ${error.protocol ?? 'TCP'}` : error.evidence;
    const same = seen.get(key) ?? [];
    const known = same.find(
      (one) =>
        error.about !== 'bind' ||
        ((one.address === error.address || error.address === null || one.address === null) &&
          (one.meaning === error.meaning || error.meaning === null || one.meaning === null)),
    );
    if (known !== undefined) {
      // What a program says last is often only that it gives up.
      if (known.meaning === null && error.meaning !== null) {
        kept[kept.indexOf(known)] = error;
        same[same.indexOf(known)] = error;
      }
      continue;
    }
    same.push(error);
    seen.set(key, same);
    kept.push(error);
  }
  return kept;
}

/** Returns the subject of a text that reports no failure: one port, if it is the only one named. */
function withoutFailure(all: readonly string[]): ParsedError {
  // A port that was opened or belongs to others is not requested; a text of one line is there for its port.
  const lines = all.slice(-200).filter((line) => all.length === 1 || !tellsOfOthers(line));
  const [only] = all;
  if (all.length === 1 && natureOf(only!, only!.length) === 'connection') {
    const [place] = placesIn(only!, only!.length, { wanted: 'others' });
    return error({ about: 'connection', sign: null, place, text: only!, around: only!, address: null });
  }
  const named = lines.flatMap((line) =>
    placesIn(line, line.length)
      .slice(0, 1)
      .map((place) => ({ line, place })),
  );
  const places = named.map(({ place }) => place);
  const isOne = new Set(places.map(({ port }) => port)).size === 1;
  // Of several lines without a failure, one can only say what the program was about to open.
  const isSure = all.length === 1 || named.every(({ line, place }) => place.score >= 5 && announces(line));
  const place = isOne && isSure ? places[0] : undefined;
  const text = place === undefined ? '' : lines.join('\n');
  return error({ about: 'bind', sign: null, place, text, around: text, address: null });
}

/** Port 0 of an address, in a tuple, or in words: the program lets the system choose, which has none left. */
const portZero =
  /(?:[\]*\s]|\blocalhost|::|(?<![\d:.])\d{1,3}(?:\.\d{1,3}){3}):0(?!:?\w|\.\d|%)|', 0\)|_port=htons\(0\)|\bport[ =:]{1,2}0(?!\w|\.\d)/;

/** Returns the line of a failure in which the program asks for any port. */
const dynamicLine = ({ said }: Failure): string | undefined =>
  said
    .map(({ line }) => line.text)
    .find((text) => portZero.test(text) && /\bbind|\blisten(?:ing)?\b|\bE(?:ADDR|ACCES)/i.test(text));

/** Returns the address on which a program asked for any port; undefined for every address. */
function dynamicPlace(text: string): NamedPlace | undefined {
  const places = placesIn(text, text.length, { dynamic: true });
  // In the log of a proxy, the address behind the name of its service is another program's: SOCKS/192.0.2.7:0
  const isOwn = (index: number): boolean => !/\b[A-Z]{2,8}\/\S{0,60}$/.test(text.slice(0, index));
  return places.find(
    ({ address, index }) => address !== null && address !== '0.0.0.0' && address !== '::' && isOwn(index),
  );
}

/** Windows says this of where a connection goes, such as port 0 or every address, and not of local ports. */
const ofDestination = /not valid in its context|(?<!\d)10049(?!\d)/;

/** Whether a connection was to an IPv6 address, for which a machine without IPv6 has no local address. */
function goesToIPv6({ places }: Failure): boolean {
  const address = places[0]?.address ?? null;
  return address !== null && unmapped(address).includes(':');
}

/** Returns the errors of one failure: one for each address in its line. */
function parsed(failure: Failure): ParsedError[] {
  const text = withException(failure.lines.map((line) => line.text).join('\n'), failure.around);
  const { nature, address } = failure;
  const http = nature === 'bind' ? httpSign(text.replaceAll('\n', ' ')) : null;
  const isNumber = failure.sign !== null && failure.sign.sign !== 'the words of the message';
  // Winsock's own number is more specific than HTTP.sys's interpretation.
  const sign = http !== null && !(isNumber && /WSA|NTSTATUS|STATUS_/.test(failure.sign.sign)) ? http : failure.sign;
  // Only the system's own statement about a connection means that, not a program's guess.
  const usedUp =
    nature === 'connection' &&
    failure.said.some((one) => systemOf(one) !== null) &&
    (sign?.meaning === 'inUse' ||
      (sign?.meaning === 'exhausted' && !movesData(text)) ||
      (sign?.meaning === 'notLocal' &&
        !goesToIPv6(failure) &&
        !ofDestination.test(text) &&
        !failure.said.some(({ line, words, code }) => isTransfer(line.text, (words ?? code)?.index ?? 0)) &&
        ![text, ...failure.calls.slice(0, 4).map((line) => line.text)].some(movesData)));
  const dynamic = nature === 'bind' && failure.places.length === 0 ? dynamicLine(failure) : undefined;
  const place = dynamic === undefined ? undefined : dynamicPlace(dynamic);
  const asksForAny = dynamic !== undefined && sign?.meaning === 'inUse';
  if (usedUp || (nature === 'bind' && (asksForAny || sign?.meaning === 'exhausted')))
    return [
      error({
        about: 'bind',
        sign: { ...sign!, meaning: 'exhausted' },
        place,
        text,
        around: failure.around,
        calls: failure.calls,
        address: null,
        farEnds: nature === 'connection' ? failure.said.flatMap((one) => one.places.map(farEnd)) : [],
      }),
    ];
  const isDynamic = place !== undefined && sign !== null;
  const isWithout = failure.places.length === 0 || nature === 'file';
  const places = isDynamic ? [place] : isWithout ? [undefined] : failure.places;
  return places
    .flatMap((one) => inBoth(one, failure.around))
    .map((one) =>
      error({ about: nature, sign, place: one, text, around: failure.around, calls: failure.calls, address }),
    );
}

interface ToldAround {
  readonly about: ParsedError['about'];
  readonly sign: Sign | null;
  readonly place: NamedPlace | undefined;
  /** All lines of the failure. */
  readonly text: string;
  /** The lines of the failure, with those between and after them. */
  readonly around: string;
  /** The calls and lines around the failure, the nearest first. */
  readonly calls?: readonly Line[];
  /** An address without a port. */
  readonly address: string | null;
  readonly farEnds?: readonly FarEnd[];
}

const farEnd = ({ port, address }: NamedPlace): FarEnd => ({
  port,
  address: address === null ? null : unmapped(address),
});

function error({ about, sign, place, text, around, calls, address: bare, farEnds = [] }: ToldAround): ParsedError {
  const isBind = about === 'bind';
  const meaning = isBind ? bindMeaning(sign) : null;
  const isUsedUp = meaning === 'exhausted';
  const port = isUsedUp ? 0 : isBind ? (place?.port ?? null) : null;
  const address = isBind ? (place?.address ?? (isUsedUp ? null : bare)) : null;
  const protocol = isUsedUp
    ? (protocolOf(around, undefined, calls) ?? 'TCP')
    : isBind
      ? protocolOf(around, place, calls)
      : null;
  const remote =
    about === 'connection'
      ? {
          port: place?.port ?? null,
          address: place?.address == null ? null : unmapped(place.address),
          protocol: protocolOf(around, place) ?? 'TCP',
          answered: sign?.meaning === 'refused' || sign?.meaning === 'reset',
        }
      : null;
  const origin = errorOrigin(text);
  const shown = isBind
    ? bindText(origin === 'HttpSysListen' && sign === null ? 'unbound' : meaning, sign, { port, address, protocol })
    : otherText(about, sign, remote);
  return {
    about,
    port,
    address,
    ...(isBind && place?.isName === true ? { isLocalhost: true } : {}),
    protocol,
    namesProtocol: place?.protocol != null || /(?<![a-z])(?:tcp|udp)(?![a-z])/i.test(around),
    meaning,
    sign: sign?.sign ?? null,
    http: isHttp(text),
    origin,
    server: isBind ? configuredServer(text) : null,
    confinement: meaning === 'access' && origin === null ? confinementIn(around) : null,
    remote,
    farEnds,
    evidence: shown,
  };
}

function bindMeaning(sign: Sign | null): ErrorMeaning | null {
  const meaning = sign?.meaning;
  return meaning === undefined || isOfConnection(meaning) ? null : meaning;
}

function isOfConnection(meaning: Meaning): meaning is Exclude<Meaning, ErrorMeaning> {
  return meaning === 'refused' || meaning === 'timedOut' || meaning === 'unreachable' || meaning === 'reset';
}

function bindText(
  meaning: ErrorMeaning | 'unbound' | null,
  sign: Sign | null,
  { port, address, protocol }: Pick<ParsedError, 'port' | 'address' | 'protocol'>,
): string {
  const about =
    port === null
      ? ''
      : port === 0
        ? ` for a dynamic port${address === null ? '' : ` on ${address}`}`
        : ` for ${protocol} ${address === null ? 'port ' : `${bracketed(address)}:`}${port}`;
  if (meaning === 'unbound' || sign?.sign === unbound)
    return `The text says that HTTP.sys cannot listen${about.replace(/^ for/, ' on')}.`;
  return meaning === null
    ? `The text contains no known error${about === '' ? '' : `, but is${about}`}.`
    : `The text says ${meaningText[meaning]}${about} (${sign!.sign}).`;
}

function otherText(about: 'connection' | 'file', sign: Sign | null, remote: Remote | null): string {
  const from = sign === null ? '' : ` (${sign.sign})`;
  if (about === 'file') return `The text is about a file, a lock, or a socket without a port${from}, not about a port.`;
  const to =
    remote?.port == null
      ? ''
      : ` to ${remote.address === null ? 'port ' : `${bracketed(remote.address)}:`}${remote.port}`;
  const how = sign === null ? 'failed' : (connectionText[sign.meaning] ?? 'failed');
  return `The text is about an outgoing connection${to} that ${how}${from}: it does not bind a specific port.`;
}

const connectionText: Readonly<Partial<Record<Meaning, string>>> = {
  access: 'was forbidden',
  refused: 'was refused',
  timedOut: 'timed out',
  unreachable: 'could not reach the other machine',
  reset: 'was reset by the other side',
  notLocal: 'has no local address',
};

/** Scripts search the evidence for these words, so they do not change. */
const meaningText: Readonly<Record<ErrorMeaning, string>> = {
  inUse: '"already in use"',
  access: '"forbidden by access permissions"',
  notLocal: '"no such address here"',
  invalid: '"invalid argument"',
  exhausted: '"no ports or buffers left"',
  urlReserved: '"HTTP.sys does not let this account register the URL"',
  urlTaken: '"the URL is registered already"',
};
