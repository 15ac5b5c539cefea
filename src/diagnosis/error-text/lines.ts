/*
 * Splits a text from a terminal, a log or a message box into lines, without colors and with log prefixes separated from
 * the program's message.
 */

/** One line of a text. */
export interface Line {
  /** The program's message without the prefix of a log. */
  readonly text: string;
  /** The container or program, where the log names one; lines from other sources are not neighbors. */
  readonly source: string;
  /** The number of its record: all lines of a message have the same number. */
  readonly record: number;
  /**
   * Its place in the order of messages. In a log with timestamps, a line without one belongs to the record before it,
   * but what it says about a port is newer, unless it is indented or continues a sentence.
   */
  readonly order: number;
  /** Whether this is a call in a stack trace, which shows whether the program bound or connected. */
  readonly frame: boolean;
}

/**
 * The bytes to read from both ends of a long text: a log ends with its error, and an endless stream may begin with it.
 */
export const endsRead = { first: 64 * 1024, last: 192 * 1024 } as const;

/** The prefixes of log lines; matched repeatedly, so that their order within a line does not matter. */
const prefixes: readonly RegExp[] = [
  // Celery: [2026-01-02 03:04:05,678: ERROR/MainProcess]
  /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}: [A-Z]{4,8}\/[\w-]{1,40}\]/,
  // 2026-01-02 03:04:05.678 UTC, [2026/01/02 03:04:05], 2026-01-02T03:04:05Z, 2013-02-10_01:12:51.42050
  /^[[(]?\d{4}[-/.]\d\d?[-/.]\d\d?[T _]\d\d?:\d\d:\d\d(?:[.,:]\d{1,9})?(?: ?(?:Z|(?!(?:TCP|UDP|HTTP|QUIC)\b)[A-Z]{2,4}|[+-]\d\d:?\d\d)\b)?[\])]?:?/,
  // 03:04:05.678, [03:04:05 WARN]:, 10:02:11
  /^\[?\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?(?: (?!(?:TCP|UDP|HTTP|HTTPS|QUIC)\b)[A-Z]{3,9})?\]?:?(?=\s|$)/,
  // Jan  2 03:04:05, Mon Jan  2 03:04:05 2026, janv. 07 11:34:48
  /^\[?(?:\p{L}{2,4},? )?\p{L}{3,5}\.? {1,2}\d{1,2} \d\d[:;]\d\d[:;]\d\d(?:\.\d{1,9})?(?: \d{4})?(?: \p{L}{2}$)?\]?(?::(?= ))?/u,
  // Mon, 02 Jan 2026 03:04:05 GMT
  /^\[?\p{L}{2,4}, \d{1,2} \p{L}{3,5}\.? \d{4} \d\d:\d\d:\d\d(?: (?:(?!(?:TCP|UDP|HTTP|QUIC)\b)[A-Z]{2,4}|[+-]\d{4})\b)?\]?(?::(?= ))?/u,
  // Jan 2, 2026 3:04:05 AM
  /^\[?\p{L}{3,5}\.? \d{1,2}, \d{4},? \d{1,2}:\d\d:\d\d(?: [AP]M)?\]?(?::(?= ))?/u,
  // A date without a time: 2026-01-02
  /^\[?\d{4}-\d\d-\d\d\]?(?= )/,
  // 02-Jan-2026 03:04:05.678, 05-Mar-2026 09:01:58 Asia/Seoul
  /^\[?\d{1,2}-\p{L}{3}-\d{4}[ :]\d\d:\d\d:\d\d(?:\.\d{1,9}|(?: [\w/+-]{2,30})?)\]?(?::(?= ))?/u,
  // 26/01/02 03:04:05, 06-01 01:26:50, 260102 03:04:05
  /^\[?(?:\d\d\/\d\d\/\d\d|\d\d-\d\d|\d{6}) \d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]?(?::(?= ))?/,
  // Seconds since 1970: 1704164645:, [1704164645.678]
  /^\[?1\d{9}(?:\.\d{1,9})?\]?(?::|(?<=[.\]]\d{0,9}\]?)(?= ))/,
  // glog, tornado: E0102 03:04:05.678   31533 server.cc:40], [I 260102 03:04:05 command:168]
  /^[DIWEF]\d{4} \d\d:\d\d:\d\d\.\d{1,9} {1,8}\d{1,8} [\w./-]{1,120}:\d{1,6}\]/,
  /^\[[DIWEC] [\d: .-]{10,24} [\w.-]{1,60}:\d{1,6}\]/,
  // logfmt
  /^time="[^"]{1,40}"/,
  // Severity: [error], <Error>, WARN, INFO:
  /^[[<(](?:emerg|alert|crit(?:ical)?|fatal|ftl|severe|err(?:or)?|eror|warn(?:ing)?|wrn|notice|note|info(?:rmation)?|inf|debug|dbg|trace|fail|警告|エラー)[\])>]:?/iu,
  /^(?:ERROR|WARN(?:ING)?|INFO|NOTICE|FATAL|SEVERE|CRITICAL|DEBUG|TRACE|LOG|WRN|ERR|INF|FTL):?(?=\s)/,
  // RFC 5424: <11>1 2026-01-02T03:04:05Z host app 4711 ID47 -; OpenWrt: daemon.err
  /^<\d{1,3}>\d{1,2} \S{10,40} \S{1,255} \S{1,48} \S{1,128} \S{1,32} (?:-|\[[^\]\n]{1,400}\])(?= )/,
  /^(?:kern|user|daemon|auth|cron|local\d)\.(?:emerg|alert|crit|err|warn|notice|info|debug)(?: :)?(?= )/,
  // Redis: 4711:M 02 Jan 2026 03:04:05.678 #; Spring Boot: 4711 --- [  main] c.e.App   :
  /^\d{1,8}:[A-Z] \d\d \p{L}{3}(?: \d{4})? \d\d:\d\d:\d\d(?:\.\d{3})? [#*.-](?= )/u,
  /^\d{1,8} --- (?:\[[^\]\n]{0,60}\] ?){1,2}(?:\S{1,80} {0,40}:(?= ))?/,
  // Processes and threads: [4711], <4711>, #4711:, pid 4711:, [main-12], {thread=12}; kubectl: [pod/web-1/web]
  /^(?:\[(?:[A-Za-z][\w.-]{0,40} ?[-#] ?)?\d{1,8}\]|<\d{1,8}>|\{\w{1,16}=\d{1,8}\}|#\d{1,8}(?=:| \[)|#\d{3,8}|(?:pid|tid|thread) \d{1,8}(?=:)|T\d{1,8}):?(?= )/i,
  /^\[pod\/[^\]\s]{1,200}\](?= )/,
  // A column with the address of a thread before the severity, as in Monero's log
  /^0x[0-9a-f]{6,16}\s{1,8}(?=(?:FATAL|ERROR|WARN(?:ING)?|INFO|DEBUG|TRACE)\s)/,
  // The place in the source, and the name of a logger: main.go:12:, com.example.App:12 -, c.e.App :
  /^[\w./-]{1,120}\.(?:go|rs|py|js|ts|cc?|cpp|cs|java|rb|php|ex|erl)(?::\d{1,6}){1,2}:?(?= )/,
  /^(?:[a-z]\w{0,30}\.){1,8}[\w$]{1,60}(?::\d{1,6} -| {1,40}[:-])(?= )/,
  // weewx
  /^__main__:(?: {1,8}\*{4})?(?= )/,
  /^npm (?:ERR!|error|warn|WARN)(?= )/,
  // OpenFaaS, which prefixes what its function printed
  /^std(?:err|out):(?= )/,
  // Minecraft's threads, which may be named after a client: [Server thread/INFO] [net.minecraft.Server]:
  /^\[[^\]\n]{1,100}\/(?:INFO|WARN|ERROR|FATAL|DEBUG|TRACE)\](?: \[[\w.$/-]{1,100}\])?:?(?= )/,
  // WildFly's threads: (MSC service thread 1-2)
  /^\([\w .-]{0,60}[Tt]hread[\w -]{0,40}\)(?= )/,
  // Columns after a time
  /^\|(?: {1,4}[\w.-]{1,60} {0,40}\|){1,3}(?= )/,
  // Columns of a service wrapper; the line numbers of PowerShell's view of an error
  /^(?:(?:Line|INFO|WARN|ERROR|FATAL|DEBUG|STATUS) {0,6}|\d{0,4} ?)\|(?= )/,
];

/** The source of a line: a container of Docker Compose, a service wrapper, a syslog program, a module of XAMPP. */
const sources: readonly RegExp[] = [
  /^(?!(?:\d+|Line|INFO|WARN|ERROR|FATAL|DEBUG|STATUS) )([\w.-]{1,60}(?: \d{1,3})?) {0,40}\|(?= |$)/,
  /^(?:[\w.-]{1,60} ){0,2}\(?(?!(?:ports?|errno|error|use|bind|listen)\[|\/etc\/)([\w./@-]{1,60})(?:\(\w{1,40}\))?\[\d{1,10}\]\)?(?:[:;]|(?= (?:CRITICAL|ERROR|WARNING|INFO|DEBUG) \S))/,
  /^\[(Apache|mysql|FileZilla|Mercury|Tomcat)\](?=\s)/i,
];

/** A call in a stack trace, also in the languages of .NET. */
const frame =
  /^at (?!\d|https?:|localhost)(?:(?:async|new|static) )?(?:[^\s.(/\\<:$[]{0,200}[.(/\\<:$[]\S|\S{1,200} \(|line \d)|^(?![^\n]{0,60}?(?:(?<!level=)error|exception|fail|denied| in use)\b)\S{1,40} {1,6}(?:\S{1,20} {1,6}){0,4}at (?:[\w$<>`]{1,80}\.){2,12}[\w$<>`]{1,80}\(|^(?:bei|bij|à|en|em|in|w|v|vid|ved|в|konum:|kohteessa|στο|在|於|場所|위치:) [\w$<>`]{1,80}\.[\w$<>.`]{1,300}\(|^File "|^from \S{1,300}:\d(?![^\n]{0,200}': \S)|^in [\w./]{1,200}:\d|^#\d{1,4} |^thrown in |^--- End of |^\.\.\. \d{1,5} more|^(?:\d{1,3}: )?0x[0-9a-f]{6,}|^System(?:\.[\w<>`]{1,60}){2,8}\(|^(?:[\w+<>`]{1,60}\.){1,10}\.?\w{1,60} \((?:System\.[^\n]{1,600})?\)$|^[~^]{3,}/i;

/** The error at the end of a traceback, which may be indented as a whole. */
const pythonError = /^(?:[\w.]{1,80}\.)?\w{0,60}(?:Error|Exception|error): /;

/** The beginning of a line that continues the message before it. */
const goesOn =
  /^(?:Caused by|[\d\W]{0,20}--->|.{0,40}\S {2,4}--->|Suppressed:|Emitted 'error' event |nested|HINT|DETAIL|CONTEXT|TIPP|HINWEIS|note:|Reason:|Error =|Stack trace|Traceback|[}\])|:]|\d: |what\(\):|\+ {1,40}(?:[$~]|CategoryInfo|FullyQualifiedErrorId))/i;
/** The place that PowerShell prints below a message, in its languages: At C:\x.ps1:5 char:1, In Zeile:1 Zeichen:1 */
const position =
  /^(?:[\p{L} ]{1,20} )?(?:[A-Z]:\\[^\n:]{1,200}\.psm?1|line|zeile|ligne|línea|riga|linha|строка|regel|wierszu|satır|řádek|行|줄): ?\d{1,6} (?:\p{L}{1,12})? ?: ?\d{1,5}$/iu;

/** Returns the lines of a text that has been cleaned. */
export function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  let record = 0;
  let order = 0;
  let source = '';
  let hasPrefixes = false;
  let inPython = false;
  for (const whole of unwrapped(chronological(text).split('\n'))) {
    let inside = false;
    for (const [at, part] of whole.split(breakInside).entries()) {
      const line = withoutPrefix(part);
      const said = line.text.trimStart();
      if (said === '') continue;
      const from = at === 0 || line.source !== '' ? line.source : source;
      const indented = said.length < line.text.length;
      const call: boolean = frame.test(said) || (inPython && /^\s{4}/.test(line.text) && !pythonError.test(said));
      inPython = said.startsWith('File "') || (inPython && call);
      // In a log with timestamps, a line without one continues the message before it.
      const isStamped = at === 0 ? hasPrefixes : inside;
      // After a time of day, punctuation is the rest of a prefix.
      const isRest = line.text !== part && line.source === '' && /^[}\])|:]/.test(said);
      const continues = !isRest && (goesOn.test(said) || position.test(said));
      const isNew = from !== source || ((line.prefixed || (!isStamped && !indented)) && !continues);
      if (at === 0) hasPrefixes ||= line.prefixed;
      else inside ||= line.prefixed;
      source = from;
      if (isNew && !call) record++;
      if (!call && (isNew || (at === 0 && !indented && /\d/.test(said) && !continues))) order++;
      lines.push({ text: said.trimEnd(), source, record, order, frame: call });
    }
  }
  return lines;
}

/** The widths at which consoles of Windows break lines. */
const widths = new Set([80, 120]);

/** The end of a row before the place that it names, and the beginning of the next one: while attempting to bind on address */
const endsBefore = /\b(?:bind|listen)\w{0,3}\b[^:]{0,40}\b(?:on|to|at|for)(?: (?:the )?(?:address|port|endpoint))?$/;
const beginsWithPlace = /^\s{1,40}(?:\(['"]|\d{1,3}(?:\.\d{1,3}){3}:\d|\[[0-9a-f:]{2,45}\]:\d)/;

/** Joins each row for which `goesOn` is true with the next one. */
function joined(
  rows: readonly string[],
  goesOn: (row: string, next: string, at: number) => boolean,
): readonly string[] {
  const whole: string[] = [];
  for (const [at, row] of rows.entries()) {
    if (at > 0 && goesOn(rows[at - 1]!, row, at - 1)) whole.push(whole.pop()! + row);
    else whole.push(row);
  }
  return whole;
}

/**
 * Joins the rows of records that a console broke, even within a word: they are as wide as the console, and what follows
 * has no prefix of its own. One such row may be a coincidence.
 */
function unwrapped(broken: readonly string[]): readonly string[] {
  const rows = joined(broken, (row, next) => endsBefore.test(row) && beginsWithPlace.test(next));
  const width = rows.reduce((most, { length }) => Math.max(most, length), 0);
  if (!widths.has(width)) return rows;
  const goesOn = rows.map((row, at) => {
    const next = rows[at + 1] ?? '';
    return row.length === width && /\w$/.test(row) && /^(?:[a-z\d]| \S)/.test(next) && !withoutPrefix(next).prefixed;
  });
  if (goesOn.filter((one) => one).length < 2) return rows;
  return joined(rows, (_row, _next, at) => goesOn[at]!);
}

function withoutPrefix(raw: string): { text: string; source: string; prefixed: boolean } {
  let text = raw;
  let source = '';
  let prefixed = /^ ?[[{<=]/.test(raw);
  for (let round = 0; round < 8; round++) {
    const said = text.trimStart();
    const named = source === '' ? sources.map((one) => one.exec(said)).find((found) => found !== null) : undefined;
    const found = named ?? prefixes.map((one) => one.exec(said)).find((one) => one != null && one[0] !== '');
    if (found == null) break;
    if (named != null) source = named[1]!;
    // What the column of a container's name is followed by tells whether a message begins.
    prefixed ||= named?.[0].endsWith('|') !== true;
    text = said.slice(found[0].length).replace(/^ /, '');
  }
  return { text, source, prefixed };
}

/** A line break that a log wrote as an escape sequence. */
const breakInside = '\u2028';

/** The mark of a line that mail or Markdown quotes. */
const quote = /^ {0,3}> ?/;
/** What a quoted failure says, but no row of commands after prompts. */
const failing = /error|fail|exception|denied|forbidden|in use|only one|cannot|unable|could not|\bE(?:ADDR|ACCES)/i;

/** Removes the marks of quoted lines, where several in a row are quoted and report a failure, and of quotes in quotes. */
function unquoted(text: string, levels = 5): string {
  const lines = text.split('\n');
  let [start, isQuoted] = [0, false];
  for (let at = 0; at <= lines.length; at++) {
    if (at < lines.length && quote.test(lines[at]!)) continue;
    const isAll = start === 0 && at >= lines.length - 1;
    if (at - start >= (isAll ? 2 : 3) && lines.slice(start, at).some((line) => failing.test(line))) {
      for (let one = start; one < at; one++) lines[one] = lines[one]!.replace(quote, '');
      isQuoted = true;
    }
    start = at + 1;
  }
  return isQuoted && levels > 0 ? unquoted(lines.join('\n'), levels - 1) : lines.join('\n');
}

/** The times at which records begin: [10:13:47.448], 2026-01-02T03:04:05, Jan  2 03:04:05 host program[4711]: */
const stamps: readonly RegExp[] = [
  / (?=\[\d\d:\d\d:\d\d(?:[.,]\d{1,6})?\] )/g,
  / (?=\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)/g,
  / (?=[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d [\w.-]{1,60} [\w.-]{1,60}\[\d{1,8}\]: )/g,
];
/** How many times a line has that are those of several records: one may have the time of a container and its own. */
const severalTimes = 3;

/** Separates the records of a log that was pasted as one line. */
const separated = (text: string): string =>
  text.replace(/^.{200,}$/gm, (line) => {
    const stamp = stamps.find(
      (one) => ` ${line}`.search(one) === 0 && (` ${line}`.match(one)?.length ?? 0) >= severalTimes,
    );
    return stamp === undefined ? line : line.replace(stamp, '\n');
  });

/** The date and time of day at the beginning of a row. */
const dated = /^\[?(?<date>\d[\d/.-]{5,9}[ T])?(?<hour>\d\d):(?<minute>\d\d):(?<second>\d\d(?:[.,]\d{1,9})?)/;
/** How often the time falls in a log of which the newest row comes first: once may be a row that came late. */
const severalFalls = 2;
/** Longer falls, in seconds, are those of midnight. */
const longestFall = 3600;

/** Reverses a log of which the newest row comes first, as windows show it. */
function chronological(text: string): string {
  if (!dated.test(text.trimStart())) return text;
  const rows = text.split('\n').filter((row) => row.trim() !== '');
  const found = rows.map((row) => dated.exec(row)?.groups);
  const [first] = found;
  if (!found.every((one) => one !== undefined && one['date'] === first!['date'])) return text;
  const times = found.map(
    (one) => Number(one!['hour']) * 3600 + Number(one!['minute']) * 60 + Number(one!['second']!.replace(',', '.')),
  );
  const falls = times.slice(1).map((time, at) => times[at]! - time);
  const isReversed =
    falls.every((fall) => fall >= 0 && fall <= longestFall) && falls.filter((fall) => fall > 0).length >= severalFalls;
  return isReversed ? rows.toReversed().join('\n') : text;
}

/** Removes colors, quote marks and invisible characters from a text, and replaces escape sequences with their characters. */
export function cleaned(text: string): string {
  return (
    separated(unquoted(text.replace(/\r\n?/g, '\n')))
      // Colors, even where the escape character was lost
      // eslint-disable-next-line no-control-regex
      .replace(/\u001b(?:\[[0-?]{0,32}[ -/]{0,4}[@-~]|\][^\u0007\u001b\n]{0,400}(?:\u0007|\u001b\\)|[@-Z\\^_])/g, '')
      .replace(/\[\d{1,3}(?:;\d{1,3}){0,5}m/g, '')
      // Markdown's bold type
      .replace(/^\*\*(?=[^*\s])|(?<=[^*\s])\*\*$/gm, '')
      // A terminal copied with the blanks at the end of its rows
      .replace(/^(.{80}|.{120}) {40,}(?=\S)/gm, '$1')
      // Envoy: delayed_connect_error:_Cannot_assign_requested_address
      .replace(/_connect_error:_\w{5,60}/g, (written) => written.replaceAll('_', ' '))
      // Node's error object has the port on the line after the address
      .replace(/(\baddress: '[^'\n]{0,64}',)\n\s{0,40}(?=port: \d)/g, '$1 ')
      // Escape sequences of JSON and others within one line
      .replace(/\\{1,2}u([0-9a-f]{4})/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)))
      // In JSON and logfmt, a backslash in a path is doubled.
      .replace(/^.*(?:\{"|=").*$/gm, (line) => line.replace(/(?<!\\)\\n/g, breakInside))
      .replace(/\\{1,2}["']/g, '"')
      .replace(/\\{1,2}[rt](?![a-z]{2})/g, ' ')
      .replace(/\\{1,2}n(?![a-z]{2})/g, breakInside)
      // Null characters, direction marks, zero-width spaces, and remaining control characters
      .replace(
        /[\0-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g,
        '',
      )
      .replace(/[\u00a0\u2007\u202f\u3000]/g, ' ')
      .replace(/[\u2018\u2019\u02bc]/g, "'")
      .replace(/[\uff01-\uff5e]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))
  );
}

/** Returns both ends of a text, and a note about the rest; null: the whole text was read. */
export function endsOf(text: string, unreadBytes: number): { text: string; leftOut: string | null } {
  const { first, last } = endsRead;
  if (unreadBytes > 0) return { text, leftOut: leftOutText(unreadBytes, 'bytes') };
  if (text.length <= first + last) return { text, leftOut: null };
  const left = text.length - first - last;
  return { text: `${text.slice(0, first)}\n${text.slice(-last)}`, leftOut: leftOutText(left, 'characters') };
}

function leftOutText(left: number, unit: string): string {
  const { first, last } = endsRead;
  return `The text is long: its first ${first / 1024} KB and its last ${last / 1024} KB were read; ${left} ${unit} between them were not.`;
}
