import { codeIn, type Sign } from './codes.ts';
import { httpSign } from './http.ts';
import type { Line } from './lines.ts';
import {
  announces,
  endsAtOnce,
  natureOf,
  natureOfCall,
  printsBeforehand,
  saysThatBindFailed,
  saysThatConnectFailed,
  tellsOfOthers,
  type Nature,
} from './nature.ts';
import { placesIn, quotedAddress, type Place } from './places.ts';
import { guessIn, wordsIn } from './words.ts';

/** A line that says that something failed, or where. */
interface Said {
  readonly line: Line;
  readonly at: number;
  /** By the system's number or name, by its words, or by the program's guess: what comes first goes before. */
  readonly code: Sign | null;
  readonly words: Sign | null;
  readonly guess: Sign | null;
  readonly nature: Nature | null;
  readonly places: readonly Place[];
  readonly address: string | null;
}

/** One failure, which a text may tell in several lines. */
export interface Failure {
  readonly said: readonly Said[];
  readonly lines: readonly Line[];
  readonly nature: Nature;
  readonly sign: Sign | null;
  /** What was to be bound, or connected to; several where one line names several. */
  readonly places: readonly Place[];
  /** An address that stands without a port. */
  readonly address: string | null;
  /** Of which record it is; the higher, the newer. */
  readonly record: number;
  /** Its lines with those between and behind them, in which a protocol may be told. */
  readonly around: string;
  /** An error of the system that may be of anything: nothing says that it is of a bind. */
  readonly weak: boolean;
}

/** How many lines away a neighbor may stand, and one that announces a port. */
const near = 3;
const announced = 40;
/** More lines are not looked at for one failure. */
const longest = 100;

const signOf = ({ code, words, guess }: Said): Sign | null => code ?? words ?? guess;
/** What the system says, which a guess does not contradict. */
const systemOf = ({ code, words }: Said): Sign | null => code ?? words;

function read(line: Line, at: number, next: Line | undefined): Said | null {
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
  const places = placesIn(text, errorAt, code, nature === 'connection' ? 'others' : 'own');
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

const best = (said: readonly Said[]): Place | undefined =>
  said.flatMap(({ places }) => places.slice(0, 1)).sort((a, b) => b.score - a.score)[0];

/** Whether two name the same port, as far as they name one. */
function agree(one: Place | undefined, other: Place | undefined): boolean {
  if (one === undefined || other === undefined) return true;
  return one.port === other.port && (one.address === null || other.address === null || one.address === other.address);
}

/** A failure that is still put together, and what is known of it so far. */
interface Draft {
  readonly said: Said[];
  place: Place | undefined;
  system: Sign | null;
  address: string | null;
  nature: Nature | null;
}

function begun(said: Said): Draft {
  return { said: [said], place: said.places[0], system: systemOf(said), address: said.address, nature: said.nature };
}

function goOn(draft: Draft, next: Said): void {
  const [place] = next.places;
  if (draft.said.length < longest) draft.said.push(next);
  if (place !== undefined && (draft.place === undefined || place.score > draft.place.score)) draft.place = place;
  draft.system ??= systemOf(next);
  draft.address ??= next.address;
  draft.nature ??= next.nature;
}

/** Whether a line goes on with a failure, or tells another one. */
function belongs({ said, place, system, address, nature }: Draft, next: Said): boolean {
  const before = said.at(-1)!;
  const sameRecord = before.line.record === next.line.record;
  if (before.line.source !== next.line.source || (!sameRecord && next.at - before.at > near)) return false;
  if (!agree(place, next.places[0])) return false;
  if (address !== null && next.address !== null && address !== next.address) return false;
  const more = systemOf(next);
  if (system !== null && more !== null && system.meaning !== more.meaning)
    return sameRecord && next.places.length === 0;
  if (
    nature !== null &&
    next.nature !== null &&
    nature !== next.nature &&
    more !== null &&
    (system !== null || place !== undefined)
  )
    return false;
  // What is whole is not gone on with by another record that is whole in itself.
  return sameRecord || system === null || more === null || place === undefined || next.places.length > 0;
}

/** What calls and neighbors say where the failing line itself does not. */
function natureFrom(said: readonly Said[], lines: readonly Line[]): Nature | null {
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

const isOfConnections = (sign: Sign | null): boolean =>
  sign !== null && ['refused', 'timedOut', 'unreachable', 'reset'].includes(sign.meaning);

/** A place, and the line that has it. */
interface Told {
  readonly place: Place;
  readonly line: Line;
}

const toldIn = (lines: readonly Line[]): Told[] =>
  lines.flatMap((line) =>
    placesIn(line.text, line.text.length)
      .slice(0, 1)
      .map((place) => ({ place, line })),
  );

/** Only where all that is told is one port. */
const onePort = (told: readonly Told[]): Told | undefined =>
  new Set(told.map(({ place }) => place.port)).size === 1 ? told[0] : undefined;

/** The port that other lines of the message name, such as the options of a plugin that failed. */
function inRecord(said: readonly Said[], lines: readonly Line[]): Told | undefined {
  const [first, last] = [said[0]!, said.at(-1)!];
  const own = lines
    .slice(Math.max(0, first.at - 15), last.at + 8)
    .filter(({ record, frame, text }) => record === last.line.record && !frame && !tellsOfOthers(text));
  return onePort(toldIn(own).filter(({ place }) => place.score >= 2));
}

/** The port that a program announced before it failed: only where all that it announced is one port. */
function announcedBefore(said: readonly Said[], lines: readonly Line[]): Told | undefined {
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

/** The port that a program names right after its failure: WEBrick goes on to say where it listens. */
function namedAfter(said: readonly Said[], lines: readonly Line[]): Told | undefined {
  const last = said.at(-1)!;
  const after = lines
    .slice(last.at + 1, last.at + 1 + near)
    .filter(({ text, source }) => source === last.line.source && /\bWEBrick::HTTPServer#start\b/.test(text));
  return onePort(toldIn(after));
}

/** The surest place of all lines, and the others of its line with the same port. */
function placesOf(said: readonly Said[]): Place[] {
  const surest = best(said);
  if (surest === undefined) return [];
  const listed = said.flatMap(({ places }) => places.filter((place) => place.listed));
  if (surest.listed) return listed;
  const same = said
    .flatMap(({ places }) => places)
    .filter(({ port, score }) => port === surest.port && score >= surest.score - 2)
    .sort((a, b) => Number(b.address !== null) - Number(a.address !== null) || b.score - a.score);
  const known = new Map<string, Place>();
  for (const place of same) {
    const key = `${place.address}`;
    const old = known.get(key);
    if (old === undefined || (old.protocol === null && place.protocol !== null)) known.set(key, place);
  }
  const named = [...known.values()].filter(({ address }) => address !== null);
  return named.length === 0 ? [surest] : named.sort((a, b) => a.index - b.index);
}

function finish({ said }: Draft, lines: readonly Line[]): Failure {
  const [first, lastSaid] = [said[0]!, said.at(-1)!];
  const own = natureFrom(said, lines);
  const [code, words, guess] = (['code', 'words', 'guess'] as const).map(
    (kind) => said.map((one) => one[kind]).find((sign) => sign !== null) ?? null,
  );
  const sign = code ?? words ?? guess ?? null;
  const places = placesOf(said);
  return {
    said,
    lines: said.map(({ line }) => line),
    nature: isOfConnections(sign) && own !== 'file' ? 'connection' : (own ?? 'bind'),
    sign,
    places,
    address: said.map(({ address }) => address).find((address) => address !== null) ?? null,
    record: lastSaid.line.record,
    around: lines
      .slice(first.at, lastSaid.at + 8)
      .filter(({ record, source }, index) =>
        index <= lastSaid.at - first.at ? source === first.line.source : record === lastSaid.line.record,
      )
      .map(({ text }) => text)
      .join('\n'),
    weak: own === null && places.length === 0 && code === null && !(sign?.meaning === 'inUse' && guess !== null),
  };
}

/** A failed bind without a port, with what its surroundings say of it. */
function placed(failure: Failure, lines: readonly Line[]): Failure {
  if (failure.places.length > 0 || failure.nature !== 'bind') return failure;
  for (const look of [inRecord, namedAfter, announcedBefore]) {
    const told = look(failure.said, lines);
    if (told !== undefined) return { ...failure, places: [told.place], around: `${failure.around}\n${told.line.text}` };
  }
  return failure;
}

/** What a failure without a port is told again by: one right before it that has the port. */
function isEcho(failure: Failure, before: Failure | undefined): boolean {
  return (
    failure.places.length === 0 &&
    before !== undefined &&
    before.nature === failure.nature &&
    before.said[0]!.line.source === failure.said[0]!.line.source &&
    failure.said[0]!.at - before.said.at(-1)!.at <= announced &&
    (failure.sign === null || before.sign?.meaning === failure.sign.meaning || before.sign === null)
  );
}

/** The failures that a text tells of, in its order. */
export function failuresIn(lines: readonly Line[]): Failure[] {
  const drafts: Draft[] = [];
  for (const [at, line] of lines.entries()) {
    const said = read(line, at, lines[at + 1]);
    if (said === null) continue;
    const draft = drafts.at(-1);
    if (draft !== undefined && belongs(draft, said)) goOn(draft, said);
    else drafts.push(begun(said));
  }
  const failures: Failure[] = [];
  for (const draft of drafts) {
    const failure = finish(draft, lines);
    if (!isEcho(failure, failures.at(-1))) failures.push(placed(failure, lines));
  }
  const sure = failures.filter(({ weak }) => !weak);
  return sure.length > 0 ? sure : failures;
}
