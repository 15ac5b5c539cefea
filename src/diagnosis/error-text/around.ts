import type { Line } from './lines.ts';
import { announces, endsAtOnce, natureOfCall, printsBeforehand, tellsOfOthers, type Nature } from './nature.ts';
import { placesIn, type NamedPlace } from './places.ts';
import { isOfConnections, signOf, systemOf, type LineSigns } from './said.ts';

/*
 * What stands around a failure and belongs to it: the calls of its stack, the other lines of its message, and what the
 * program announced before. What worked, and what is of others, does not.
 */

/** How many lines away a neighbor may stand, and one that announces a port. */
export const near = 3;
const announced = 40;
/** The most lines to search for one failure. */
export const longest = 100;

/** What calls and neighbors say where the failing line itself does not. */
export function natureFrom(said: readonly LineSigns[], lines: readonly Line[]): Nature | null {
  const signed = said.filter((one) => systemOf(one) !== null);
  const own = [...signed, ...said].map(({ nature }) => nature).find((nature) => nature !== null);
  if (own != null) return own;
  const [first, lastSaid] = [said[0]!, said.at(-1)!];
  const calls: Line[] = [];
  for (const line of lines.slice(lastSaid.at + 1, lastSaid.at + longest)) {
    if (!line.frame && line.record !== lastSaid.line.record) break;
    calls.push(line);
  }
  // Python has the calls before the error.
  for (let at = first.at - 1; at >= Math.max(0, first.at - 12) && lines[at]!.frame; at--) calls.push(lines[at]!);
  for (const { text } of calls) {
    const nature = natureOfCall(text);
    if (nature !== null) return nature;
  }
  return said.some((one) => isOfConnections(signOf(one))) ? 'connection' : null;
}

/** A place, and the line that has it. */
export interface ToldAround {
  readonly place: NamedPlace;
  readonly line: Line;
}

/** Caches the most certain place of each line, because many failures share adjacent lines. */
const known = new WeakMap<Line, NamedPlace | null>();

function placeIn(line: Line): NamedPlace | null {
  let place = known.get(line);
  if (place === undefined) known.set(line, (place = placesIn(line.text, line.text.length)[0] ?? null));
  return place;
}

const toldIn = (lines: readonly Line[]): ToldAround[] =>
  lines.flatMap((line) => {
    const place = placeIn(line);
    return place === null ? [] : [{ place, line }];
  });

/** Only where all that is told is one port. */
const onePort = (told: readonly ToldAround[]): ToldAround | undefined =>
  new Set(told.map(({ place }) => place.port)).size === 1 ? told[0] : undefined;

/** The port that other lines of the message name, such as the options of a plugin that failed. */
function inRecord(said: readonly LineSigns[], lines: readonly Line[]): ToldAround | undefined {
  const [first, last] = [said[0]!, said.at(-1)!];
  const own = lines
    .slice(Math.max(0, first.at - 15), last.at + 8)
    .filter(({ record, frame, text }) => record === last.line.record && !frame && !tellsOfOthers(text));
  return onePort(toldIn(own).filter(({ place }) => place.score >= 2));
}

/** The port that a program announced before it failed: only where all that it announced is one port. */
function announcedBefore(said: readonly LineSigns[], lines: readonly Line[]): ToldAround | undefined {
  const first = said[0]!;
  const before = lines
    .slice(Math.max(0, first.at - 10 * announced), first.at)
    .filter(({ frame, source }) => !frame && source === first.line.source)
    .slice(-announced);
  const says = endsAtOnce(before.at(-1)?.text ?? '')
    ? before.at(-2)
    : endsAtOnce(first.line.text)
      ? before.at(-1)
      : undefined;
  if (says !== undefined && printsBeforehand(says.text)) return onePort(toldIn([says]));
  return onePort(toldIn(before.filter(({ text }) => announces(text))));
}

/** What names the port behind a stack: a line that is nothing but its label and the place. */
const label =
  /^(?:prefix(?:es)?|bindings?|(?:listen(?:ing)?|bind(?:ing)?|local) ?(?:address|endpoint|port|url))\s?[:=]/i;

/** The port that a program names right after its failure: in a labeled line, or as WEBrick that says where it listens. */
function namedAfter(said: readonly LineSigns[], lines: readonly Line[]): ToldAround | undefined {
  const last = said.at(-1)!;
  const after = lines
    .slice(last.at + 1, last.at + longest)
    .filter(({ frame, source }) => !frame && source === last.line.source)
    .slice(0, near)
    .filter(({ text }) => label.test(text) || /\bWEBrick::HTTPServer#start\b/.test(text));
  return onePort(toldIn(after));
}

/** What `systemctl status` says of a socket that systemd could not open, above the lines of its journal. */
function ofUnit(said: readonly LineSigns[], lines: readonly Line[]): ToldAround | undefined {
  const first = said[0]!;
  if (first.line.source !== 'systemd') return undefined;
  const before = lines.slice(Math.max(0, first.at - near * 10), first.at);
  return onePort(toldIn(before.filter(({ text }) => /^Listen: \S{1,80} \((?:Stream|Datagram)\)$/.test(text))));
}

/** Where the port of a failure stands that its own lines do not name. */
export function placeAround(said: readonly LineSigns[], lines: readonly Line[]): ToldAround | undefined {
  return inRecord(said, lines) ?? namedAfter(said, lines) ?? ofUnit(said, lines) ?? announcedBefore(said, lines);
}
