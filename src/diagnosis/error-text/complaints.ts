import type { Failure } from './failures.ts';
import type { Line } from './lines.ts';
import { announces, natureOf, printsBeforehand, tellsOfOthers } from './nature.ts';
import { placesIn } from './places.ts';

/** Only texts of at most this many lines: somebody chose these lines because of their ports. */
const most = 6;

/** Words for a port that somebody else has, and for any failure of a line about binding. The level of a log is neither. */
const contention = /\b(?:duplicate|conflict\w{0,3}|another|already|occupied|taken|busy|blocked|no address added)\b/i;
const failing =
  /\b(?:fail\w{0,4}|can(?:not|'t| not)|could(?:n't| not)|unable|not|nope|won't|denied|refused|invalid)\b/i;

/** What a program does about a failure: the port is another one. */
const goesElsewhere = /\b(?:try|tries|trying|retry\w{0,3}|using|use|instead|fall\w{0,4} back|switch\w{0,4}|changed)\b/i;

/**
 * Returns the lines of a short text that complain about a port of their own in words of their own, as failures: next to
 * a line that contains a system error, they would not be answered.
 */
export function complaintsIn(lines: readonly Line[], failures: readonly Failure[]): Failure[] {
  if (lines.length < 2 || lines.length > most) return [];
  const ports = new Set(failures.flatMap(({ places }) => places.map(({ port }) => port)));
  const read = new Set(failures.flatMap((failure) => failure.lines));
  return lines.flatMap((line): Failure[] => {
    const { text } = line;
    if (read.has(line) || line.frame || goesElsewhere.test(text)) return [];
    if (tellsOfOthers(text) || announces(text) || printsBeforehand(text)) return [];
    const nature = natureOf(text, text.length);
    if (nature === 'bind' ? !failing.test(text) && !contention.test(text) : nature !== null || !contention.test(text))
      return [];
    const [place] = placesIn(text, text.length);
    if (place === undefined || ports.has(place.port)) return [];
    const none = { said: [], sign: null, address: null, calls: [], weak: true };
    return [{ ...none, lines: [line], nature: 'bind', places: [place], order: line.order, around: text }];
  });
}
