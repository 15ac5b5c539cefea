import { codeIn, type Sign } from './codes.ts';
import { httpSign } from './http.ts';
import type { Line } from './lines.ts';
import { natureOf, saysThatBindFailed, saysThatConnectFailed, type Nature } from './nature.ts';
import { placesIn, quotedAddress, type NamedPlace } from './places.ts';
import { guessIn, wordsIn } from './words.ts';

/** A line that says that something failed, or where. */
export interface LineSigns {
  readonly line: Line;
  readonly at: number;
  /** By the system's number or name, by its words, or by the program's guess: what comes first goes before. */
  readonly code: Sign | null;
  readonly words: Sign | null;
  readonly guess: Sign | null;
  readonly nature: Nature | null;
  readonly places: readonly NamedPlace[];
  readonly address: string | null;
}

export const signOf = ({ code, words, guess }: LineSigns): Sign | null => code ?? words ?? guess;
/** What the system says, which a guess does not contradict. */
export const systemOf = ({ code, words }: LineSigns): Sign | null => code ?? words;

export const isOfConnections = (sign: Sign | null): boolean =>
  sign !== null && ['refused', 'timedOut', 'unreachable', 'reset'].includes(sign.meaning);

/** What a line says of a failure; null for a line that tells of none. */
export function read(line: Line, at: number, next: Line | undefined): LineSigns | null {
  if (line.frame) return null;
  const { text } = line;
  const couldNotBind = saysThatBindFailed(text);
  const code = codeIn(text) ?? httpSign(text);
  const words =
    wordsIn(text) ?? (couldNotBind && code === null && next !== undefined ? wrappedWords(text, next.text) : null);
  const guess = guessIn(text, couldNotBind);
  const sign = code ?? words ?? guess;
  if (sign === null && !couldNotBind && !saysThatConnectFailed(text)) return null;
  const errorAt = (words ?? code ?? guess)?.index ?? text.length;
  const nature = natureOf(text, errorAt);
  // It may be said of anything: it is read where a bind failed.
  if (sign?.meaning === 'invalid' && nature !== 'bind') return null;
  const isOfOthers = nature === 'connection' || (nature === null && isOfConnections(sign));
  const places = placesIn(text, errorAt, { but: code, said: guess, wanted: isOfOthers ? 'others' : 'own' });
  // What is in doubt is a file only where no port is named as one that was to be bound.
  const isFile = nature === 'file' && (places[0] === undefined || places[0].score < 5);
  const about = nature === 'file' && !isFile ? 'bind' : nature;
  return { line, at, code, words, guess, nature: about, places, address: quotedAddress(text) };
}

/** Words that a terminal broke at the end of a line. */
function wrappedWords(text: string, next: string): Sign | null {
  const [end, start] = [text.slice(-60), next.slice(0, 60)];
  const found = wordsIn(`${end}${start}`) ?? wordsIn(`${end} ${start}`);
  // What the next line says alone is its own.
  return found === null || found.index >= end.length
    ? null
    : { ...found, index: text.length - end.length + found.index };
}
