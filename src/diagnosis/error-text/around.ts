import { isCommand, isVariable, mayBeCommand, portOfDebugger, portsOfCommand, portsOfVariable } from './commands.ts';
import type { Line } from './lines.ts';
import {
  announces,
  endsAtOnce,
  hasNoPort,
  movesData,
  natureOf,
  natureOfCall,
  opensSocket,
  isReady,
  printsBeforehand,
  sendsEchoes,
  tellsOfOthers,
  type Nature,
} from './nature.ts';
import { placesIn, type NamedPlace } from './places.ts';
import { isOfConnections, signOf, systemOf, type LineSigns } from './said.ts';

/*
 * The lines around a failure that belong to it: the calls of its stack, the other lines of its message, and what the
 * program announced earlier. Lines about what succeeded or about other programs do not belong to it.
 */

/** The maximum distance in lines of a neighbor, and of a line that announces a port. */
export const near = 3;
const announced = 40;
/** The maximum distance of any line that gives a failure its place. */
export const farthest = 10 * announced;
/** The most lines to search for one failure. */
export const longest = 100;

/** Returns what calls and neighbors indicate where the failing line itself does not. */
export function natureFrom(said: readonly LineSigns[], lines: readonly Line[]): Nature | null {
  const signed = said.filter((one) => systemOf(one) !== null);
  // A client that cannot connect afterwards is a consequence of a bind that failed.
  const lastSigned = signed.at(-1)?.at ?? Infinity;
  const own = [...signed, ...said.filter(({ at, nature }) => at <= lastSigned || nature !== 'connection')]
    .map(({ nature }) => nature)
    .find((nature) => nature !== null);
  if (own != null) return own;
  const [first, lastSaid] = [said[0]!, said.at(-1)!];
  const calls: Line[] = [];
  for (const line of lines.slice(lastSaid.at + 1, lastSaid.at + longest)) {
    if (!line.frame && line.record !== lastSaid.line.record) break;
    calls.push(line);
  }
  // Python prints the innermost call last, and mostly the calls before the error.
  if (calls.some(({ text }) => text.startsWith('File "'))) calls.reverse();
  for (let at = first.at - 1; at >= Math.max(0, first.at - 12) && lines[at]!.frame; at--) calls.push(lines[at]!);
  // What a program says about a port that is in use is about a bind, whatever the call around it is named.
  const isGuess = signed.length === 0 && said.some(({ guess }) => guess !== null);
  for (const { text } of calls) {
    if (hasNoPort(text)) return 'file';
    const nature = natureOfCall(text);
    if (nature === 'bind' || (nature === 'connection' && !isGuess)) return nature;
  }
  if (said.some((one) => isOfConnections(signOf(one)))) return 'connection';
  const beside = [lines[first.at - 1], lines[lastSaid.at + 1]];
  const isRaw = signed.some((one) => systemOf(one)?.meaning === 'access' && one.places.length === 0);
  return isRaw && beside.some((line) => line !== undefined && sendsEchoes(line.text)) ? 'file' : null;
}

/** A place and the line that contains it. */
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

/** Returns the first place, provided that all places have the same port. */
const onePort = (told: readonly ToldAround[]): ToldAround | undefined =>
  new Set(told.map(({ place }) => place.port)).size === 1 ? told[0] : undefined;

/** Racket: `port number: 8080` */
const onlyPort = /^port number: \d{1,5}$/i;

/** What a program does next, after a failure. */
const startsAnother = /^(?:(?:start|launch|open)ing|trying)\b/i;

/** Returns the port that other lines of the message name, such as the options of a plugin that failed. */
function inRecord(said: readonly LineSigns[], lines: readonly Line[]): ToldAround | undefined {
  const [first, last] = [said[0]!, said.at(-1)!];
  const from = Math.max(0, first.at - 15);
  const ofRecord = ({ record, frame }: Line): boolean => record === last.line.record && !frame;
  const isOwn = ({ text }: Line): boolean => !tellsOfOthers(text);
  const before = lines.slice(from, first.at).filter(ofRecord);
  const after = lines.slice(first.at, last.at + 15).filter(ofRecord);
  const own = [
    ...pending(before).filter((line) => isOwn(line) && !isReady(line.text)),
    ...after.filter(
      (line) =>
        isOwn(line) &&
        (said.some((one) => one.line === line) || !(startsAnother.test(line.text) || announces(line.text))),
    ),
  ];
  return onePort(toldIn(own).filter(({ place, line }) => place.score >= 4 || onlyPort.test(line.text)));
}

/** What a line about a bind mentions, at least in English. */
const mentionsNetwork =
  /addr|socket|port|bind|listen|server|host\b|network|interface|endpoint|\b(?:tcp|udp|https?|ipv?[46])\b|[^\0-\x7F]/i;

/**
 * Whether an error is one that files, users, and other systems have, too, and nothing connects it with a bind: permission
 * denied, or only a number.
 */
function isVague(said: readonly LineSigns[], lines: readonly Line[]): boolean {
  const isOfAnything = (one: LineSigns): boolean => {
    const sign = systemOf(one);
    return (
      sign !== null &&
      (sign.meaning === 'access' || /\(\d{1,3}\)$/.test(sign.sign)) &&
      !mentionsNetwork.test(one.line.text)
    );
  };
  return said.every(isOfAnything) && natureFrom(said, lines) === null;
}

/** Whether a failure names a server for gRPC, and what was announced is the web server beside it. */
const isOtherService = (said: readonly LineSigns[], { text }: Line): boolean =>
  said.some(({ line }) => /grpc\w{0,12}server|\bgrpc server\b/i.test(line.text)) &&
  !/grpc/i.test(text) &&
  /\b(?:tomcat|jetty|undertow|https?|web)\b/i.test(text);

/** What a program says that it starts: Starting the metrics exporter, without a place. */
const startsServer =
  /^(?:start|launch|open|initiali[sz])ing (?:up )?(?:(?:the|an?) )?\w[\w-]{0,20} (?:server|endpoint|exporter)\b/i;

/** Whether a program says, after it announced one server, that it starts another one, whose port it does not tell. */
function startsAnotherServer(lines: readonly Line[], { text }: Line): boolean {
  const announced = startsServer.exec(text)?.[0].toLowerCase();
  return (
    announced !== undefined &&
    lines.some((line) => {
      const next = startsServer.exec(line.text)?.[0].toLowerCase();
      return next !== undefined && next !== announced && placeIn(line) === null;
    })
  );
}

/** Returns the port that a program announced before it failed, provided that it announced only one. */
function announcedBefore(said: readonly LineSigns[], lines: readonly Line[]): ToldAround | undefined {
  const first = said[0]!;
  const before = lines
    .slice(Math.max(0, first.at - farthest), first.at)
    .filter(({ frame, source }) => !frame && source === first.line.source)
    .slice(-announced);
  const says = endsAtOnce(before.at(-1)?.text ?? '')
    ? before.at(-2)
    : endsAtOnce(first.line.text)
      ? before.at(-1)
      : undefined;
  if (says !== undefined && printsBeforehand(says.text)) return onePort(toldIn([says]));
  // Of several sockets, the one that the line right before the error opens: Opening ipv4 listen socket on port 1883.
  const opened = before.at(-1);
  if (opened !== undefined && opened === lines[first.at - 1] && opensSocket(opened.text))
    return onePort(toldIn([opened]));
  if (isVague(said, lines)) return undefined;
  // A server that accepts clients has its port, and an error that may be about anything belongs to what was done last.
  const isUnclear = said.every(({ nature }) => nature !== 'bind');
  const since = before.findLastIndex(({ text }) => isUnclear && natureOf(text, text.length) === 'connection');
  const told = onePort(toldIn(pending(before.slice(since + 1)).filter(({ text }) => announces(text))));
  const isOther = told !== undefined && isOtherService(said, told.line);
  return told === undefined || isOther || startsAnotherServer(before.slice(before.indexOf(told.line)), told.line)
    ? undefined
    : told;
}

/** The call in Flask's development server that fails after it has printed where it runs. */
const testsPort = /\btest_socket\.bind\(|[\\/]werkzeug[\\/]serving\.py", line \d{1,6}, in run_simple\b/;
/** What a program calls the server for browsers. */
const webServer = /\b(?:web|https?)[ _-]?(?:server|listener)\b/i;

/** Returns the port of the server that can only be the one that failed: Flask's, or the web server of HttpListener. */
function ofOnlyServer(said: readonly LineSigns[], lines: readonly Line[]): ToldAround | undefined {
  const first = said[0]!;
  const above = lines.slice(Math.max(0, first.at - announced), first.at);
  const own = above.filter(({ frame, source }) => !frame && source === first.line.source);
  if (above.some(({ frame, text }) => frame && testsPort.test(text)))
    return onePort(toldIn(own.filter(({ text }) => /^(?:\* )?Running on https?:/.test(text))));
  if (!said.some(({ line }) => line.text.includes('HttpListener'))) return undefined;
  return onePort(
    toldIn(pending(own).filter(({ text }) => webServer.test(text) && !tellsOfOthers(text) && !isReady(text))),
  );
}

/** Returns the address that a program announced for a port, if its failure names only the port; localhost may be a URL for users. */
export function addressAround(said: readonly LineSigns[], lines: readonly Line[], port: number): string | null {
  const first = said[0]!;
  const before = lines.slice(Math.max(0, first.at - announced), first.at);
  const told = pending(before.filter(({ frame, source }) => !frame && source === first.line.source)).filter(
    (line) => announces(line.text) && placeIn(line)?.port === port,
  );
  const places = told.map((line) => placeIn(line)!);
  const addresses = new Set(places.map(({ address, isName }) => (isName ? null : address)));
  return addresses.size === 1 ? [...addresses][0]! : null;
}

/** What a server says when it has all its ports. */
const acceptsClients =
  /\baccept(?:ed|ing)\b|\bStarting worker \[\d|(?:^|[^\w'-] ?)(?:the )?(?:(?:web|https?|api|dev|application) )?(?:server|listener|service|app|application) (?:is |has )?(?:been )?(?:now )?(?:successfully )?(?:started|ready|running|up)\b(?! (?:on|at|in) (?!line\b))/i;

/** Removes what was done: the lines before a server says that it is ready, and those whose port a later line reports as opened. */
function pending(lines: readonly Line[]): Line[] {
  const done = lines.findLastIndex(({ text }) => acceptsClients.test(text));
  const opened = new Map<number, number>();
  // What listens elsewhere by now was started after what was announced before it.
  let listens = -1;
  for (const [at, line] of lines.entries()) {
    const port = isReady(line.text) && !announces(line.text) ? placeIn(line)?.port : undefined;
    if (port === undefined) continue;
    opened.set(port, at);
    if (/\b(?:listening|serving)\b/i.test(line.text)) listens = at;
  }
  // Most texts open nothing.
  const isPending = (line: Line, at: number): boolean =>
    opened.size === 0 || (opened.get(placeIn(line)?.port ?? 0) ?? -1) < at;
  return lines.filter((line, at) => at > done && at > listens && isPending(line, at));
}

/** A line after a stack that names the port: it consists only of a label and the place. */
const label =
  /^(?:prefix(?:es)?|bindings?|(?:listen(?:ing)?|bind(?:ing)?|local) ?(?:address|endpoint|port|url))\s?[:=]|^the \w{1,30} is https?:/i;

/** The command that reserves the URL for the account. */
const reservation = /^(?:netsh )?http add urlacl\b/;

/**
 * Returns the port that a program names right after its failure, in a labeled line or, like WEBrick and Tcl, where it
 * listens, or, like adb, in the command that failed.
 */
function namedAfter(said: readonly LineSigns[], lines: readonly Line[]): ToldAround | undefined {
  const last = said.at(-1)!;
  const after = lines
    .slice(last.at + 1, last.at + longest)
    .filter(({ frame, source }) => !frame && source === last.line.source)
    .slice(0, 2 * near)
    .filter(
      ({ text }, at) =>
        reservation.test(text) ||
        (at < near && label.test(text)) ||
        /\bWEBrick::HTTPServer#start\b|^"socket -server | forward tcp:\d|^failed to \w{1,10} (?:TCP|UDP) socket \(/i.test(
          text,
        ),
    );
  return onePort(toldIn(after));
}

/** Returns the socket that systemd could not open, from `systemctl status` above the lines of its journal. */
function ofUnit(said: readonly LineSigns[], lines: readonly Line[]): ToldAround | undefined {
  const first = said[0]!;
  if (first.line.source !== 'systemd') return undefined;
  const before = lines.slice(Math.max(0, first.at - near * 10), first.at);
  return onePort(
    toldIn(
      before.filter(({ text }) =>
        /^(?:Listen: )?\S{1,80} \((?:Stream|Datagram)\)$|^Listen(?:Stream|Datagram)=\S/.test(text),
      ),
    ),
  );
}

/** The most certain place of a remote end, such as Node's address: '192.0.2.1', port: 25, which names both. */
const namesBoth = 5;

/** Returns the remote end of a failed connection, from the other lines of its message or what was done right before. */
export function remoteAround(said: readonly LineSigns[], lines: readonly Line[]): ToldAround | undefined {
  const [first, last] = [said[0]!, said.at(-1)!];
  const from = Math.max(0, first.at - near);
  const told = lines.slice(from, last.at + longest).flatMap((line, index) => {
    const [isBefore, isAfter] = [from + index < first.at, from + index > last.at];
    const belongs = isBefore
      ? line.source === first.line.source &&
        (natureOf(line.text, line.text.length) === 'connection' || movesData(line.text))
      : line.record === last.line.record;
    const [place] = line.frame || !belongs ? [] : placesIn(line.text, line.text.length, { wanted: 'others' });
    return place === undefined || (isAfter && (place.score < namesBoth || place.address === null))
      ? []
      : [{ place, line }];
  });
  return onePort(told);
}

/** Returns the port in the call that failed, which Python prints right before the error: `s.bind(('', 5000))`. */
function inCall(said: readonly LineSigns[], lines: readonly Line[]): ToldAround | undefined {
  const stack = lines.slice(Math.max(0, said[0]!.at - longest), said[0]!.at);
  const calls = stack.slice(stack.findLastIndex(({ frame }) => !frame) + 1);
  const isCode = ({ text }: Line): boolean => !/^(?:File "|at |[~^\s]+$)/.test(text);
  const call = calls.findLast((line) => isCode(line) && natureOfCall(line.text) !== null);
  const typed = lines
    .slice(Math.max(0, said[0]!.at - near * 4), said[0]!.at)
    .findLast(({ text }) => text.startsWith('>>> '));
  if (typed !== undefined && natureOfCall(typed.text) === 'bind') return onePort(toldIn([typed]));
  // Python does not show what a library in another language calls.
  const isBind = call === undefined ? said.some(({ nature }) => nature === 'bind') : natureOfCall(call.text) === 'bind';
  if (!isBind) return undefined;
  return (call === undefined ? undefined : onePort(toldIn([call]))) ?? onePort(toldIn(ownCall(calls).filter(isCode)));
}

/** The file of a Python library, and the calls with which a server handles a request, in which another socket may fail. */
const library =
  /^File "(?:<|[^"\n]{0,300}[\\/](?:(?:site|dist)-packages|python\d[\d.]{0,5}|Python\d{2,3}[\\/]Lib)[\\/])/i;
const handling = /\b(?:serve_forever|handle_request|process_request|wsgi_app|dispatch_request|run_forever|lifespan)\b/;
/** The arguments of a call with an address and a port, or with only a port. */
const withPort = /(?:^|[(,] ?)(?:listen_?)?port ?= ?\d|[(,] ?["'][^"'\n]{0,64}["'], ?["']?\d{2,5}\b/i;

/**
 * Returns the code of the program's own innermost call in a stack of Python: what libraries do inside of it is done for
 * its arguments, such as app.run(port=5000), unless a server handles a request there.
 */
function ownCall(calls: readonly Line[]): Line[] {
  const own = calls.findLastIndex(({ text }) => text.startsWith('File "') && !library.test(text));
  const inside = calls.slice(own + 1);
  const end = inside.findIndex(({ text }) => text.startsWith('File "'));
  if (own < 0 || end < 0 || inside.some(({ text }) => handling.test(text))) return [];
  return inside.slice(0, end).filter(({ text }) => withPort.test(text) && natureOf(text, text.length) !== 'connection');
}

/** Returns the port in the command whose output the failure is. */
function inCommand(said: readonly LineSigns[], lines: readonly Line[]): ToldAround | undefined {
  const from = Math.max(0, said[0]!.at - announced);
  const before = lines.slice(from, said[0]!.at);
  if (said.some(({ line }) => /\bJDWP\b|\btransport error \d/.test(line.text))) {
    // Some programs print the command after its output.
    const both = lines.slice(from, said.at(-1)!.at + announced);
    return onePort(both.flatMap((line) => portOfDebugger(line).map((place) => ({ place, line }))));
  }
  const source = {
    engine: said.some(({ line }) =>
      /\bError response from daemon\b|\bHNS\b|\brootlessport\b|\bnetavark\b/.test(line.text),
    ),
    tunnel: said[0]!.line.text.startsWith('bind'),
  };
  const portsAt = (line: Line, index: number): NamedPlace[] => [
    ...portsOfCommand(line, source),
    ...(isCommand(line) || mayBeCommand(line)
      ? before
          .slice(before.slice(0, index).findLastIndex((one) => !isVariable(one)) + 1, index)
          .flatMap(portsOfVariable)
      : []),
  ];
  const at = before.findLastIndex((line, index) => isCommand(line) || portsAt(line, index).length > 0);
  if (at < 0) return undefined;
  const line = before[at]!;
  const told = onePort(portsAt(line, at).map((place) => ({ place, line })));
  // What the program says it opened did not fail.
  const opened = toldIn(before.slice(at + 1).filter(({ text }) => tellsOfOthers(text) || isReady(text)));
  return opened.some(({ place }) => place.port === told?.place.port) ? undefined : told;
}

/** Returns the port in the arguments that pytest prints with the code that failed: args = (('localhost', 50000),) */
function inArguments(said: readonly LineSigns[], lines: readonly Line[]): ToldAround | undefined {
  const [first] = said;
  if (!first!.line.text.startsWith('E  ')) return undefined;
  const before = lines.slice(Math.max(0, first!.at - 12), first!.at);
  return onePort(toldIn(before.filter(({ text }) => /^\w{1,40} = /.test(text))));
}

/** Returns the place of a failure whose own lines do not name the port. */
export function placeAround(said: readonly LineSigns[], lines: readonly Line[]): ToldAround | undefined {
  return (
    inCall(said, lines) ??
    inRecord(said, lines) ??
    namedAfter(said, lines) ??
    ofUnit(said, lines) ??
    announcedBefore(said, lines) ??
    inArguments(said, lines) ??
    ofOnlyServer(said, lines) ??
    inCommand(said, lines)
  );
}
