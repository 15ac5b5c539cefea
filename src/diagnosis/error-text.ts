import { bracketed, unmapped } from '../ports/address.ts';
import { errorOrigin, type ErrorOrigin } from './error-origin.ts';
import type { ErrorMeaning, Meaning, Sign } from './error-text/codes.ts';
import { failuresIn, type Failure } from './error-text/failures.ts';
import { httpSign, isHttp } from './error-text/http.ts';
import { cleaned, endsOf, linesOf } from './error-text/lines.ts';
import { natureOf, tellsOfOthers } from './error-text/nature.ts';
import { placesIn, type NamedPlace } from './error-text/places.ts';
import { inBoth, protocolOf } from './error-text/protocol.ts';

export type { ErrorMeaning } from './error-text/codes.ts';
export { endsRead } from './error-text/lines.ts';

/** What a failed connection wanted to reach. */
export interface Remote {
  readonly port: number | null;
  readonly address: string | null;
  /** Whether the other side has answered, so that the connection had a local port. */
  readonly answered: boolean;
}

/** What could be read of one failure in an error message or a log; null for what it does not say. */
export interface ParsedError {
  /** What failed: a bind, a connection to somebody else, or something with a file, a lock or a path. */
  readonly about: 'bind' | 'connection' | 'file';
  /** The port that was to be bound. */
  readonly port: number | null;
  /** An address of a socket; null also stands for every address. */
  readonly address: string | null;
  readonly protocol: 'TCP' | 'UDP' | null;
  readonly meaning: ErrorMeaning | null;
  /** What the meaning was read from: a number or name, or words. */
  readonly sign: string | null;
  /** Whether it comes from HTTP.sys or a program on it. */
  readonly http: boolean;
  /** Of a connection: what could not be reached. */
  readonly remote: Remote | null;
  /** Who says it, where that decides what it means. */
  readonly origin: ErrorOrigin | null;
  /** One sentence for the evidence. */
  readonly evidence: string;
}

/** What a text says. */
export interface ErrorReading {
  /** Each failure once: binds before others, the newest first, and of one message in its order. */
  readonly errors: readonly [ParsedError, ...ParsedError[]];
  /** What was not read or is not answered, a sentence each. */
  readonly leftOut: readonly string[];
}

/** More of them in one text are not answered. */
const mostAnswers = 8;

/**
 * Reads an error message or the log of any program. The text is taken apart into failures, each with its own lines, and
 * each is read by itself: the system's numbers first, because only they are the same in every language, then the names of
 * errors, then the system's words, then the program's guess. A port comes from the failure's own lines, from a line beside
 * them that says that a bind failed, or from what the program announced before; never from what worked. `unreadBytes`:
 * so many were left out between both ends of the text.
 */
export function readErrors(given: string, unreadBytes = 0): ErrorReading {
  const { text, leftOut } = endsOf(given, unreadBytes);
  const clean = cleaned(text);
  const lines = linesOf(clean);
  const errors = sorted(failuresIn(lines)).flatMap((failure) => parsed(failure));
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

/** The failure that is answered first. */
export function parseError(given: string): ParsedError {
  return readErrors(given).errors[0];
}

/** Binds first, the newest record first, and within a record as it has them. */
function sorted(failures: readonly Failure[]): Failure[] {
  const order = { bind: 0, connection: 1, file: 2 };
  return failures.toSorted((a, b) => order[a.nature] - order[b.nature] || b.record - a.record);
}

/** Each once: what was tried again and again, and what names less than another with the same port. */
function distinct(errors: readonly ParsedError[]): ParsedError[] {
  const kept: ParsedError[] = [];
  const seen = new Map<string, ParsedError[]>();
  const hasBinds = errors.some(({ about }) => about === 'bind');
  for (const error of errors) {
    if (hasBinds && error.about === 'file') continue;
    const key = error.about === 'bind' ? `bind ${error.port} ${error.protocol ?? 'TCP'}` : error.evidence;
    const same = seen.get(key) ?? [];
    const isKnown = same.some(
      (one) =>
        error.about !== 'bind' ||
        ((one.address === error.address || error.address === null || one.address === null) &&
          (one.meaning === error.meaning || error.meaning === null || one.meaning === null)),
    );
    if (isKnown) continue;
    same.push(error);
    seen.set(key, same);
    kept.push(error);
  }
  return kept;
}

/** What a text is about that tells of no failure: one port, where it names one and nothing else. */
function withoutFailure(all: readonly string[]): ParsedError {
  // What came up, or is of others, is no port that is asked for; a line alone is there because it is.
  const lines = all.slice(-200).filter((line) => all.length === 1 || !tellsOfOthers(line));
  const [only] = all;
  if (all.length === 1 && natureOf(only!, only!.length) === 'connection') {
    const [place] = placesIn(only!, only!.length, { wanted: 'others' });
    return error({ about: 'connection', sign: null, place, text: only!, around: only!, address: null });
  }
  const places = lines.flatMap((line) => placesIn(line, line.length).slice(0, 1));
  const isOne = new Set(places.map(({ port }) => port)).size === 1;
  const isSure = all.length === 1 || places.every(({ score }) => score >= 5);
  const place = isOne && isSure ? places[0] : undefined;
  const text = place === undefined ? '' : lines.join('\n');
  return error({ about: 'bind', sign: null, place, text, around: text, address: null });
}

/** What is said of one failure: as many as its line has addresses. */
function parsed(failure: Failure): ParsedError[] {
  const text = failure.lines.map((line) => line.text).join('\n');
  const joined = failure.lines.map((line) => line.text).join(' ');
  const { nature, address } = failure;
  const http = nature === 'bind' ? httpSign(joined) : null;
  const isNumber = failure.sign !== null && failure.sign.sign !== 'the words of the message';
  // Winsock's own number says more than what HTTP.sys makes of it.
  const sign = http !== null && !(isNumber && /WSA|NTSTATUS|STATUS_/.test(failure.sign.sign)) ? http : failure.sign;
  const usedUp =
    nature === 'connection' &&
    (sign?.meaning === 'notLocal' || sign?.meaning === 'inUse' || sign?.meaning === 'exhausted');
  if (usedUp || (sign?.meaning === 'exhausted' && nature === 'bind'))
    return [
      error({
        about: 'bind',
        sign: { ...sign!, meaning: 'exhausted' },
        place: undefined,
        text,
        around: failure.around,
        address: null,
      }),
    ];
  const places = failure.places.length === 0 || nature === 'file' ? [undefined] : failure.places;
  return places
    .flatMap((place) => inBoth(place, failure.around))
    .map((place) => error({ about: nature, sign, place, text, around: failure.around, address }));
}

interface ToldAround {
  readonly about: ParsedError['about'];
  readonly sign: Sign | null;
  readonly place: NamedPlace | undefined;
  /** All lines of the failure. */
  readonly text: string;
  /** These and those between and behind them. */
  readonly around: string;
  /** An address that stands without its port. */
  readonly address: string | null;
}

function error({ about, sign, place, text, around, address: bare }: ToldAround): ParsedError {
  const isBind = about === 'bind';
  const meaning = isBind ? bindMeaning(sign) : null;
  const isUsedUp = meaning === 'exhausted';
  const port = isUsedUp ? 0 : isBind ? (place?.port ?? null) : null;
  const address = isUsedUp || !isBind ? null : (place?.address ?? bare);
  const protocol = isUsedUp ? (protocolOf(around, undefined) ?? 'TCP') : isBind ? protocolOf(around, place) : null;
  const remote =
    about === 'connection'
      ? {
          port: place?.port ?? null,
          address: place?.address == null ? null : unmapped(place.address),
          answered: sign?.meaning === 'refused' || sign?.meaning === 'reset',
        }
      : null;
  const shown = isBind ? bindText(meaning, sign, { port, address, protocol }) : otherText(about, sign, remote);
  return {
    about,
    port,
    address,
    protocol,
    meaning,
    sign: sign?.sign ?? null,
    http: isHttp(text),
    origin: errorOrigin(text),
    remote,
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
  meaning: ErrorMeaning | null,
  sign: Sign | null,
  { port, address, protocol }: Pick<ParsedError, 'port' | 'address' | 'protocol'>,
): string {
  const about =
    port === null
      ? ''
      : port === 0
        ? ' for a dynamic port'
        : ` for ${protocol} ${address === null ? 'port ' : `${bracketed(address)}:`}${port}`;
  return meaning === null
    ? `The text contains no known error${about === '' ? '' : `, but is${about}`}.`
    : `The text says ${meaningText[meaning]}${about} (${sign!.sign}).`;
}

function otherText(about: 'connection' | 'file', sign: Sign | null, remote: Remote | null): string {
  const from = sign === null ? '' : ` (${sign.sign})`;
  if (about === 'file') return `The text is about a file, a lock, or a socket with a path${from}, not about a port.`;
  const to =
    remote?.port == null
      ? ''
      : ` to ${remote.address === null ? 'port ' : `${bracketed(remote.address)}:`}${remote.port}`;
  const how = sign === null ? 'failed' : (connectionText[sign.meaning] ?? 'was forbidden');
  return `The text is about an outgoing connection${to} that ${how}${from}: it does not bind a specific port.`;
}

const connectionText: Readonly<Partial<Record<Meaning, string>>> = {
  refused: 'was refused',
  timedOut: 'timed out',
  unreachable: 'could not reach the other machine',
  reset: 'was reset by the other side',
};

/** Scripts look for these words in the evidence: they do not change. */
const meaningText: Readonly<Record<ErrorMeaning, string>> = {
  inUse: '"already in use"',
  access: '"forbidden by access permissions"',
  notLocal: '"no such address here"',
  invalid: '"invalid argument"',
  exhausted: '"no ports or buffers left"',
  urlReserved: '"HTTP.sys does not let this account register the URL"',
  urlTaken: '"the URL is registered already"',
};
