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
  /** Whether this is a call in a stack trace, which shows whether the program bound or connected. */
  readonly frame: boolean;
}

/**
 * The bytes to read from both ends of a long text: a log ends with its error, and an endless stream may begin with it.
 */
export const endsRead = { first: 64 * 1024, last: 192 * 1024 } as const;

/** The prefixes of log lines; matched repeatedly, so that their order within a line does not matter. */
const prefixes: readonly RegExp[] = [
  // 2026-01-02 03:04:05.678 UTC, [2026/01/02 03:04:05], 2026-01-02T03:04:05Z, 2013-02-10_01:12:51.42050
  /^[[(]?\d{4}[-/.]\d\d?[-/.]\d\d?[T _]\d\d?:\d\d:\d\d(?:[.,:]\d{1,9})?(?: ?(?:Z|[A-Z]{2,4}|[+-]\d\d:?\d\d)\b)?[\])]?:?/,
  // 03:04:05.678, [03:04:05 WARN]:, 10:02:11
  /^\[?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: [A-Z]{3,9})?\]?:?(?=\s|$)/,
  // Jan  2 03:04:05, Mon Jan  2 03:04:05 2026, janv. 07 11:34:48
  /^\[?(?:\p{L}{2,4} )?\p{L}{3,5}\.? {1,2}\d{1,2} \d\d[:;]\d\d[:;]\d\d(?:\.\d{1,9})?(?: \d{4})?(?: \p{L}{2}$)?\]?/u,
  // 02-Jan-2026 03:04:05, 05-Mar-2026 09:01:58 Asia/Seoul
  /^\[?\d{1,2}-\p{L}{3}-\d{4}[ :]\d\d:\d\d:\d\d(?: [\w/+-]{2,30})?\]?/u,
  // 26/01/02 03:04:05, 06-01 01:26:50, 260102 03:04:05
  /^\[?(?:\d\d\/\d\d\/\d\d|\d\d-\d\d|\d{6}) \d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]?/,
  // Seconds since 1970: 1704164645:, [1704164645.678]
  /^\[?1\d{9}(?:\.\d{1,9})?\]?:/,
  // glog, tornado: E0102 03:04:05.678   31533 server.cc:40], [I 260102 03:04:05 command:168]
  /^[DIWEF]\d{4} \d\d:\d\d:\d\d\.\d{1,9} {1,8}\d{1,8} [\w./-]{1,120}:\d{1,6}\]/,
  /^\[[DIWEC] [\d: .-]{10,24} [\w.-]{1,60}:\d{1,6}\]/,
  // logfmt
  /^time="[^"]{1,40}"/,
  // Severity: [error], <Error>, WARN, INFO:
  /^[[<(](?:emerg|alert|crit(?:ical)?|fatal|ftl|severe|err(?:or)?|eror|warn(?:ing)?|wrn|notice|note|info(?:rmation)?|inf|debug|dbg|trace|fail|警告|エラー)[\])>]:?/iu,
  /^(?:ERROR|WARN(?:ING)?|INFO|NOTICE|FATAL|SEVERE|CRITICAL|DEBUG|TRACE|LOG|WRN|ERR|INF|FTL):?(?=\s)/,
  // Columns after a time
  /^\|(?: {1,4}[\w.-]{1,60} {0,40}\|){1,3}(?= )/,
  // Columns of a service wrapper; the line numbers of PowerShell's view of an error
  /^(?:(?:Line|INFO|WARN|ERROR|FATAL|DEBUG|STATUS) {0,6}|\d{0,4} ?)\|(?= )/,
];

/** The source of a line: a container of Docker Compose, a service wrapper, a syslog program. */
const sources: readonly RegExp[] = [
  /^(?!(?:\d+|Line|INFO|WARN|ERROR|FATAL|DEBUG|STATUS) )([\w.-]{1,60}(?: \d{1,3})?) {0,40}\|(?= |$)/,
  /^(?:[\w.-]{1,60} ){0,2}\(?(?!(?:ports?|errno|error|use|bind|listen)\[)([\w./@-]{1,60})(?:\(\w{1,40}\))?\[\d{1,10}\]\)?[:;]/,
];

/** A call in a stack trace, also in the languages of .NET. */
const frame =
  /^at \S{2}|^(?:bei|à|en|in|w|в|在|위치:) [\w$<>`]{1,80}\.[\w$<>.`]{1,300}\(|^File "|^from \S{1,300}:\d|^in [\w./]{1,200}:\d|^#\d{1,4} |^thrown in |^--- End of |^\.\.\. \d{1,5} more|^(?:\d{1,3}: )?0x[0-9a-f]{6,}|^System(?:\.[\w<>`]{1,60}){2,8}\(|^[~^]{3,}/i;

/** The beginning of a line that continues the message before it. */
const goesOn =
  /^(?:Caused by|--->|Suppressed:|nested|HINT|DETAIL|CONTEXT|TIPP|HINWEIS|note:|Reason:|Error =|Stack trace|Traceback|[}\])|:]|\d: |what\(\):)/i;

/** Returns the lines of a text that has been cleaned. */
export function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  let record = 0;
  let source = '';
  let hasPrefixes = false;
  let inPython = false;
  for (const raw of text.split('\n')) {
    const line = withoutPrefix(raw);
    const said = line.text.trimStart();
    if (said === '') continue;
    const indented = said.length < line.text.length;
    const call: boolean = frame.test(said) || (inPython && /^\s{4}/.test(line.text));
    inPython = said.startsWith('File "') || (inPython && call);
    // In a log with timestamps, a line without one continues the message before it.
    const isNew = line.source !== source || line.prefixed || (!hasPrefixes && !indented && !goesOn.test(said));
    hasPrefixes ||= line.prefixed;
    source = line.source;
    if (isNew && !call) record++;
    lines.push({ text: said.trimEnd(), source, record, frame: call });
  }
  return lines;
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
    prefixed = true;
    text = said.slice(found[0].length).replace(/^ /, '');
  }
  return { text, source, prefixed };
}

/** Removes colors and invisible characters from a text, and replaces escape sequences with their characters. */
export function cleaned(text: string): string {
  return (
    text
      // Colors, even where the escape character was lost
      // eslint-disable-next-line no-control-regex
      .replace(/\u001b(?:\[[0-?]{0,32}[ -/]{0,4}[@-~]|\][^\u0007\u001b\n]{0,400}(?:\u0007|\u001b\\)|[@-Z\\^_])/g, '')
      .replace(/\[\d{1,3}(?:;\d{1,3}){0,5}m/g, '')
      .replace(/\r\n?/g, '\n')
      // Node's error object has the port on the line after the address
      .replace(/(\baddress: '[^'\n]{0,64}',)\n\s{0,40}(?=port: \d)/g, '$1 ')
      // Escape sequences of JSON and others within one line
      .replace(/\\{1,2}u([0-9a-f]{4})/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)))
      .replace(/\\{1,2}["']/g, '"')
      .replace(/\\{1,2}[rnt](?![a-z]{2})/g, ' ')
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
