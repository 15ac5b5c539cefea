import { addressAround, farthest, longest, natureFrom, near, placeAround, remoteAround } from './around.ts';
import type { Sign } from './codes.ts';
import { withException } from './http.ts';
import type { Line } from './lines.ts';
import { isOfFile, natureOfCall, saysThatBindFailed, type Nature } from './nature.ts';
import { placesIn, quotedAddress, type NamedPlace } from './places.ts';
import { isOfConnections, read, systemOf, type LineSigns } from './said.ts';

/** One failure, which a text may report in several lines. */
export interface Failure {
  readonly said: readonly LineSigns[];
  readonly lines: readonly Line[];
  readonly nature: Nature;
  readonly sign: Sign | null;
  /** What the program tried to bind or connect to; several where one line names several. */
  readonly places: readonly NamedPlace[];
  /** An address without a port. */
  readonly address: string | null;
  /** Its place in the order of messages; higher is newer. */
  readonly order: number;
  /** Its lines with those between and after them, which may name a protocol. */
  readonly around: string;
  /** The calls and other lines of its message, the nearest to the error first. */
  readonly calls: readonly Line[];
  /** Whether nothing connects the system error with a bind, so that it may be about anything. */
  readonly weak: boolean;
}

/** The end of a line that was wrapped before the address. */
const wrappedProtocol = /\blisten (?:tcp|udp)[46]?$/;

/** Words that a failure with a path does not have. */
const ofNetwork = /\b(?:tcp|udp|ipv[46]|ports?)\b/i;

/** The number of lines after a failure in which it may be repeated. */
const echo = 10;

const best = (said: readonly LineSigns[]): NamedPlace | undefined =>
  said.flatMap(({ places }) => places.slice(0, 1)).sort((a, b) => b.score - a.score)[0];

/** Whether two places name the same port, as far as they name one. */
function agree(one: NamedPlace | undefined, other: NamedPlace | undefined): boolean {
  if (one === undefined || other === undefined) return true;
  return one.port === other.port && (one.address === null || other.address === null || one.address === other.address);
}

/** An incomplete failure with what is known about it so far. */
interface Draft {
  readonly said: LineSigns[];
  place: NamedPlace | undefined;
  system: Sign | null;
  address: string | null;
  nature: Nature | null;
}

function begun(said: LineSigns): Draft {
  return { said: [said], place: said.places[0], system: systemOf(said), address: said.address, nature: said.nature };
}

function goOn(draft: Draft, next: LineSigns): void {
  const [place] = next.places;
  if (draft.said.length < longest) draft.said.push(next);
  if (place !== undefined && (draft.place === undefined || place.score > draft.place.score)) draft.place = place;
  draft.system ??= systemOf(next);
  draft.address ??= next.address;
  draft.nature ??= next.nature;
}

/** XAMPP says so of its own services, beside a port that another program has. */
const isOwnService = (text: string): boolean =>
  /\bXAMPP .{1,40} is already running on port|\bAutostart aborted: \w{1,20} is already running/.test(text);

/** Whether a line continues a failure instead of reporting another one. */
function belongs({ said, place, system, address, nature }: Draft, next: LineSigns): boolean {
  const before = said.at(-1)!;
  const sameRecord = before.line.record === next.line.record;
  if (!sameRecord && next.at - before.at > near) return false;
  if (isOwnService(before.line.text)) return false;
  if (!agree(place, next.places[0])) return false;
  if (address !== null && next.address !== null && address !== next.address) return false;
  // What Node prints of an error as an object repeats it.
  if (sameRecord && /^(?:code|errno): /.test(next.line.text)) return true;
  // An error of a file and an error of a port are two, however near.
  const isOfPort = (has: NamedPlace | undefined, sign: Sign | null): boolean => has !== undefined || sign !== null;
  if (nature === 'file' && next.nature !== 'file' && isOfPort(next.places[0], systemOf(next))) return false;
  const more = systemOf(next);
  // A line that says which path could not be bound belongs to the error above it.
  const isOfPath =
    next.nature === 'file' &&
    saysThatBindFailed(next.line.text) &&
    (more === null || more.meaning === system?.meaning) &&
    !said.some(({ line }) => ofNetwork.test(line.text));
  if (next.nature === 'file' && nature !== 'file' && isOfPort(place, isOfPath ? null : system)) return false;
  if (system !== null && more !== null && isOfConnections(system) !== isOfConnections(more)) return false;
  // What a program says of a port in use is not about a connection that failed afterwards.
  if (system === null && isOfConnections(more) && said.some(({ guess }) => guess !== null)) return false;
  if (system !== null && more !== null && system.meaning !== more.meaning)
    return sameRecord && next.places.length === 0;
  if (
    nature !== null &&
    next.nature !== null &&
    nature !== next.nature &&
    more !== null &&
    !isOfPath &&
    (system !== null || place !== undefined)
  )
    return false;
  // A complete failure is not continued by another record that is complete itself.
  return sameRecord || system === null || more === null || place === undefined || next.places.length > 0;
}

/** Returns the place that the lines of a part of the text give a failure. */
function placeWithin(
  said: readonly LineSigns[],
  lines: readonly Line[],
  { start, end }: { readonly start: number; readonly end: number },
): NamedPlace | undefined {
  const from = Math.max(0, start);
  const shifted = said.map((one) => ({ ...one, at: one.at - from }));
  return placeAround(shifted, lines.slice(from, end))?.place;
}

/** Whether a failure has its port from the lines around it, and another line has another port, itself or from its own. */
function isComplete({ said, place, system }: Draft, next: LineSigns, lines: readonly Line[]): boolean {
  if (place !== undefined || system === null || systemOf(next) === null) return false;
  const other = next.places[0] ?? placeWithin([next], lines, { start: said.at(-1)!.at + 1, end: next.at + 1 });
  if (other === undefined) return false;
  const told = placeWithin(said, lines, { start: said[0]!.at - farthest, end: next.at });
  return told !== undefined && (told.port !== other.port || told.address !== other.address);
}

/** Whether a line is what Python's program says of the exception that it handles: Port 8080 is in use. */
function isChained({ said, place, system }: Draft, next: LineSigns, lines: readonly Line[]): boolean {
  const before = said.at(-1)!;
  return (
    system !== null &&
    place === undefined &&
    next.guess !== null &&
    systemOf(next) === null &&
    next.at - before.at <= longest &&
    lines.slice(before.at, next.at).some(({ text }) => text.includes('During handling of the above exception'))
  );
}

/** Returns the most certain place of all lines, and the other places in its line with the same port. */
function placesOf(said: readonly LineSigns[]): NamedPlace[] {
  const surest = best(said);
  if (surest === undefined) return [];
  const listed = said.flatMap(({ places }) => places.filter((place) => place.listed));
  if (surest.listed) return listed;
  const same = said
    .flatMap(({ places }) => places)
    .filter(({ port, score }) => port === surest.port && score >= surest.score - 2)
    .sort((a, b) => Number(b.address !== null) - Number(a.address !== null) || b.score - a.score);
  const known = new Map<string, NamedPlace>();
  for (const place of same) {
    const key = `${place.address}`;
    const old = known.get(key);
    if (old === undefined || (old.protocol === null && place.protocol !== null)) known.set(key, place);
  }
  const addressed = [...known.values()].filter(({ address }) => address !== null);
  // What the system says it tried, not the name that the program has for it.
  const tried = addressed.filter(({ address, isName }) => !isName && /^(?:127\.|::1$)/.test(address!));
  const named = tried.length === 0 ? addressed : addressed.filter(({ isName }) => !isName);
  return named.length === 0 ? [surest] : named.sort((a, b) => a.index - b.index);
}

function finish({ said }: Draft, lines: readonly Line[]): Failure {
  const [first, lastSaid] = [said[0]!, said.at(-1)!];
  const own = natureFrom(said, lines);
  const [code, words, guess] = (['code', 'words', 'guess'] as const).map(
    (kind) => said.map((one) => one[kind]).find((sign) => sign !== null) ?? null,
  );
  const sign = code ?? words ?? guess ?? null;
  // Where a client could not connect is not where the server could not bind.
  const isBind = said.some(({ nature }) => nature === 'bind');
  const places = placesOf(isBind ? said.filter(({ nature }) => nature !== 'connection') : said);
  const around = [
    // Some programs are named after a protocol.
    first.line.source,
    ...(wrappedProtocol.test(lines[first.at - 1]?.text ?? '') ? [lines[first.at - 1]!.text] : []),
    ...lines
      .slice(first.at, lastSaid.at + 8)
      .filter(({ record, source }, index) =>
        index <= lastSaid.at - first.at ? source === first.line.source : record === lastSaid.line.record,
      )
      .map(({ text }) => text),
  ].join('\n');
  const text = withException(said.map(({ line }) => line.text).join('\n'), around);
  const isFile =
    places.length === 0 &&
    (own === 'file' || said.some(({ nature }) => nature === 'file') || (own === null && isOfFile(text)));
  return {
    said,
    lines: said.map(({ line }) => line),
    nature: isOfConnections(sign) && own !== 'file' ? 'connection' : isFile ? 'file' : (own ?? 'bind'),
    sign,
    places,
    address: said.map(({ address }) => address).find((address) => address !== null) ?? null,
    order: lastSaid.line.order,
    around,
    calls: callsAround(said, lines),
    weak:
      isOwnService(first.line.text) ||
      (own === null && places.length === 0 && code === null && !isOfSocket(sign, guess ?? null, text)),
  };
}

/** Whether the words about something in use are a program's guess, or next to the word socket. */
const isOfSocket = (sign: Sign | null, guess: Sign | null, text: string): boolean =>
  sign?.meaning === 'inUse' && (guess !== null || /\bsocket\b/i.test(text));

/** Returns the calls after the error, as most languages print them, and before it, as Python does, the nearest first. */
function callsAround(said: readonly LineSigns[], lines: readonly Line[]): Line[] {
  const [first, last] = [said[0]!, said.at(-1)!];
  const next = lines.slice(last.at + 1, last.at + 9);
  // A heading may stand before the calls.
  const begin = next.slice(0, near).findIndex(({ frame, text }) => frame && natureOfCall(text) === 'bind');
  const calls = next.slice(Math.max(0, begin));
  const end = calls.findIndex((line) => !line.frame && line.record !== last.line.record);
  const after = end < 0 ? calls : calls.slice(0, end);
  const before = lines
    .slice(Math.max(0, first.at - 12), last.at + 1)
    .filter(
      ({ record, frame, text }) =>
        frame ||
        record === last.line.record ||
        record === first.line.record ||
        /\bsocket\(\w{2}_INET6?, SOCK_/.test(text),
    );
  return [...after, ...before.toReversed()];
}

/** Adds the place from the surrounding lines to a failed bind or connection without a port. */
function placed(failure: Failure, lines: readonly Line[]): Failure {
  const [own] = failure.places;
  if (own !== undefined && own.address === null && failure.nature === 'bind' && failure.places.length === 1) {
    const address = addressAround(failure.said, lines, own.port);
    return address === null ? failure : { ...failure, places: [{ ...own, address }] };
  }
  if (own !== undefined || failure.nature === 'file') return failure;
  const told = (failure.nature === 'bind' ? placeAround : remoteAround)(failure.said, lines);
  return told === undefined
    ? failure
    : { ...failure, places: [told.place], around: `${failure.around}\n${told.line.text}` };
}

/** The number of lines around a failure in which PostgreSQL reports its other addresses. */
const ofServer = 20;

/** Adds the port that PostgreSQL reported with another address, where it failed or listens: it has one port for all of them. */
function withPortOf(before: Failure | undefined, failure: Failure, lines: readonly Line[]): Failure {
  const names = ({ text }: Line): boolean => quotedAddress(text) !== null;
  if (failure.places.length > 0 || !failure.lines.some(names)) return failure;
  const [first, last] = [failure.said[0]!, failure.said.at(-1)!];
  const others = lines
    .slice(Math.max(0, first.at - ofServer), last.at + ofServer)
    .filter((line) => line.source === first.line.source && names(line) && !/\bconnect(?:ed| to)\b/i.test(line.text))
    .flatMap(({ text }) => placesIn(text, text.length).slice(0, 1));
  const place = before?.lines.some(names) === true ? before.places[0] : undefined;
  const isOne = new Set(others.map(({ port }) => port)).size === 1;
  const known = place ?? (isOne ? others[0] : undefined);
  if (known === undefined) return failure;
  return { ...failure, places: [{ ...known, address: failure.address }], weak: false };
}

/** Kamailio's list of what it listens on: udp: 192.0.2.1:5060 */
const listed = /^(?:udp|tcp): \S{1,60}$/;
/** The sockets that a text lists, which many failures may search. */
const lists = new WeakMap<readonly Line[], readonly NamedPlace[]>();

function listIn(lines: readonly Line[]): readonly NamedPlace[] {
  let places = lists.get(lines);
  if (places === undefined) {
    const texts = lines.map(({ text }) => text).filter((text) => listed.test(text));
    lists.set(lines, (places = texts.flatMap((text) => placesIn(text, text.length).slice(0, 1))));
  }
  return places;
}

/** Adds the port that a program's list of its sockets has with the address of a failure. */
function withListedPort(failure: Failure, lines: readonly Line[]): Failure {
  const { address, nature, places, around } = failure;
  const isKamailio = /\b(?:udp|tcp)_init\b/.test(around);
  if (nature !== 'bind' || places.length > 0 || address === null || !isKamailio) return failure;
  const protocol = /(?<![a-z])udp(?![a-z])/i.test(around) ? 'UDP' : 'TCP';
  const told = listIn(lines).filter((place) => place.address === address && place.protocol === protocol);
  return new Set(told.map(({ port }) => port)).size === 1 ? { ...failure, places: [told[0]!] } : failure;
}

/** Adds the protocol of a socket that a line next to its failure creates, as unbound reports it. */
function withProtocol(failure: Failure, lines: readonly Line[]): Failure {
  const [first, last] = [failure.said[0]!, failure.said.at(-1)!];
  if (failure.nature !== 'bind' || failure.places.length !== 1 || failure.places[0]!.protocol !== null) return failure;
  const [place] = failure.places as [NamedPlace];
  const told = lines
    .slice(Math.max(0, first.at - near), last.at + near)
    .filter(({ source, text }) => source === first.line.source && new RegExp(`\\b${place.port}$`).test(text))
    .flatMap(({ text }) => /\bcreating (tcp|udp)[46]? socket\b/i.exec(text)?.[1]!.toUpperCase() ?? []);
  const isOne = new Set(told).size === 1;
  return isOne ? { ...failure, places: [{ ...place, protocol: told[0] as 'TCP' | 'UDP' }] } : failure;
}

/** Whether a failure without a port repeats the failure right before it. */
function isEcho(failure: Failure, before: Failure | undefined): boolean {
  return (
    failure.places.length === 0 &&
    before !== undefined &&
    before.nature === failure.nature &&
    !isOwnService(before.lines[0]!.text) &&
    (failure.address === null || before.address === null || failure.address === before.address) &&
    failure.said[0]!.at - before.said.at(-1)!.at <= echo &&
    (failure.sign === null || before.sign?.meaning === failure.sign.meaning || before.sign === null)
  );
}

/** Whether the port of a failure is in a line after the failure before it, which has another port. */
function isAnnounced({ said, places }: Failure, before: Failure | undefined, lines: readonly Line[]): boolean {
  const [place] = places;
  const isSame = ({ port, address }: NamedPlace): boolean => port === place?.port && address === place.address;
  if (place === undefined || before === undefined || before.places.some(isSame)) return false;
  const part = { start: before.said.at(-1)!.at + 1, end: said.at(-1)!.at + longest };
  return placeWithin(said, lines, part)?.port === place.port;
}

/** Returns the failures that a text reports, in its order. */
export function failuresIn(lines: readonly Line[]): Failure[] {
  const drafts: Draft[] = [];
  // The lines of containers and services are interleaved.
  const open = new Map<string, Draft>();
  for (const [at, line] of lines.entries()) {
    const said = read(lines, at);
    if (said === null) continue;
    const draft = open.get(line.source);
    const goesOnWith =
      draft !== undefined &&
      (isChained(draft, said, lines) || (belongs(draft, said) && !isComplete(draft, said, lines)));
    if (goesOnWith) goOn(draft, said);
    else {
      const next = begun(said);
      drafts.push(next);
      open.set(line.source, next);
    }
  }
  const failures: Failure[] = [];
  const last = new Map<string, Failure>();
  for (const draft of drafts) {
    const failure = finish(draft, lines);
    const { source } = draft.said[0]!.line;
    const before = last.get(source);
    const own = withListedPort(placed(failure, lines), lines);
    const whole = withProtocol(withPortOf(before, own, lines), lines);
    if (isEcho(failure, before) && !isAnnounced(whole, before, lines)) continue;
    failures.push(whole);
    last.set(source, whole);
  }
  const sure = failures.filter(({ weak }) => !weak);
  return sure.length > 0 ? sure : failures;
}
