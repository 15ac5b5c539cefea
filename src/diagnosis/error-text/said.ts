import { codeIn, type Sign } from './codes.ts';
import { httpSign, isHttp, withException } from './http.ts';
import type { Line } from './lines.ts';
import {
  connectsToEveryAddress,
  hasNoPort,
  isAboutFile,
  isDevice,
  natureOf,
  saysThatBindFailed,
  saysThatConnectFailed,
  type Nature,
} from './nature.ts';
import { placesIn, bareAddress, type NamedPlace } from './places.ts';
import { guessIn, isPostmasterHint, wordsIn } from './words.ts';

/** A line that reports a failure or its place. */
export interface LineSigns {
  readonly line: Line;
  readonly at: number;
  /** The system's number or name, its words, and the program's guess, in order of precedence. */
  readonly code: Sign | null;
  readonly words: Sign | null;
  readonly guess: Sign | null;
  readonly nature: Nature | null;
  readonly places: readonly NamedPlace[];
  readonly address: string | null;
}

export const signOf = ({ code, words, guess }: LineSigns): Sign | null => code ?? words ?? guess;
/** Returns the system's statement, which takes precedence over a guess. */
export const systemOf = ({ code, words }: LineSigns): Sign | null => code ?? words;

export const isOfConnections = (sign: Sign | null): boolean =>
  sign !== null && ['refused', 'timedOut', 'unreachable', 'reset'].includes(sign.meaning);

/** What somebody says that a tool shows: netstat shows only two ports in use. */
const listsPorts = /\b(?:netstat|lsof|nmap|tcpview)\b[^.\n]{0,30}\b(?:shows?|says|lists?|displays?|reports?|tells)\b/i;

/** Returns what a line reports about a failure; null for a line that reports none. */
export function read(lines: readonly Line[], at: number): LineSigns | null {
  const [before, line, next] = [lines[at - 1], lines[at]!, lines[at + 1]];
  if (line.frame) return null;
  const { text } = line;
  const couldNotBind = saysThatBindFailed(text);
  const code = codeIn(text) ?? httpSign(withRest(lines, at, couldNotBind));
  const isHint = isPostmasterHint(text);
  const words =
    (isHint ? null : wordsIn(text)) ??
    ((couldNotBind || /\bbind: \w/.test(text)) && code === null && next !== undefined
      ? wrappedWords(text, next.text)
      : null);
  const guess =
    listsPorts.test(text) && !/\b(?:error|fatal|fail\w{0,4})\b/i.test(text) ? null : guessIn(text, couldNotBind);
  const sign = code ?? words ?? guess;
  if (sign === null && !couldNotBind && !saysThatConnectFailed(text)) return null;
  const errorAt = (words ?? code ?? guess)?.index ?? text.length;
  const toEvery = connectsToEveryAddress(text);
  const of = natureOf(text, errorAt);
  const nature = of === 'connection' && toEvery && sign !== null && !isOfConnections(sign) ? 'bind' : of;
  // This error may be about anything, so it counts only where a bind failed.
  if (sign?.meaning === 'invalid' && nature !== 'bind') return null;
  const isOfOthers = nature === 'connection' || toEvery || (nature === null && isOfConnections(sign));
  const places = placesIn(text, errorAt, { but: code, said: guess, wanted: isOfOthers ? 'others' : 'own' }).filter(
    ({ address }) => address !== null || !isDevice(text),
  );
  // systemd names the path first, and then only the unit.
  const unit = /^(\S+\.socket): Failed to listen on sockets/.exec(text)?.[1];
  const isOfUnitBefore = unit !== undefined && before?.text.startsWith(unit) === true && isAboutFile(before.text);
  // Another program that has what the line before is about.
  const isOfFileBefore =
    isOfUnitBefore ||
    (places.length === 0 &&
      nature === null &&
      code === null &&
      words === null &&
      before?.source === line.source &&
      isAboutFile(before.text));
  // A doubtful line is about a file only where it names no port that the program clearly tried to bind.
  // Nor is a socket's own error number about a file, unless it is a socket with a path or without a port.
  const isFile =
    nature === 'file' &&
    (places[0] === undefined || places[0].score < 5) &&
    (code?.sign.startsWith('WSA') !== true || hasNoPort(text) || /\.sock\b|\bunix:/.test(text));
  const isBind =
    (nature === 'file' && !isFile) ||
    // A program's error class may be about connections, and what it says about a port that is in use.
    (nature === 'connection' && code === null && words === null && guess !== null);
  // PostgreSQL names the port of a socket with a path, too.
  if (isHint && before?.source === line.source && isAboutFile(before.text))
    return { line, at, code: null, words: null, guess, nature: 'file', places: [], address: null };
  const about = isBind
    ? 'bind'
    : isOfFileBefore
      ? 'file'
      : (nature ?? (couldNotBind && places.length > 0 ? 'bind' : null));
  return {
    line,
    at,
    code,
    words,
    guess,
    nature: about,
    places,
    address: places.length === 0 ? bareAddress(text) : null,
  };
}

/** The text of a line with what the rest of its message has of HTTP.sys: the exception, and words that a terminal wrapped. */
function withRest(lines: readonly Line[], at: number, couldNotBind: boolean): string {
  const { text, record } = lines[at]!;
  const next = lines[at + 1]?.text ?? '';
  const isQuoteOpen = text.split('"').length % 2 === 0;
  const goesOn = (couldNotBind && isQuoteOpen) || /^\W{0,4}your process does not have access rights/i.test(next);
  if (goesOn && isHttp(text)) return `${text} ${next}`;
  if (!/0x8007/i.test(text)) return text;
  const rest = lines.slice(at + 1, at + 8).filter((line) => line.record === record);
  return withException(text, rest.map((line) => line.text).join('\n'));
}

/** Finds words that a terminal wrapped at the end of a line. */
function wrappedWords(text: string, next: string): Sign | null {
  const [end, start] = [text.slice(-60), next.slice(0, 60)];
  const found = wordsIn(`${end}${start}`) ?? wordsIn(`${end} ${start}`);
  // Words entirely in the next line belong to that line.
  return found === null || found.index >= end.length
    ? null
    : { ...found, index: text.length - end.length + found.index };
}
