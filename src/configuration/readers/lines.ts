import type { NamedValue, Word } from './setting.ts';

/** How a line-oriented syntax differs from others. */
export interface LineSyntax {
  /** The characters that start a comment, at the start of a line. */
  readonly comments: string;
  /** The characters that also start a comment after a value, if blanks precede them; none by default. */
  readonly trailing?: string;
  /** The characters that separate a name from its value; a blank stands for blanks and tabs. */
  readonly separators: string;
  /** Whether `[section]` lines precede settings. */
  readonly sections?: boolean;
  /** Whether a backslash at the end continues a line. */
  readonly continues?: boolean;
  /** Whether a value can be in quotes, and how a quote is written in them. */
  readonly quotes?: 'backslash' | 'doubled';
  /** Whether an unquoted value ends at the first blank. */
  readonly oneWord?: boolean;
  /** Whether names are compared without case: they are returned in lowercase. */
  readonly ignoresCase?: boolean;
}

/** Properties of Java, as in Kafka and Spring Boot. */
export const properties: LineSyntax = { comments: '#!', separators: '=: ', continues: true };
/** INI files, as in Grafana and MySQL. */
export const ini: LineSyntax = { comments: '#;', separators: '=', sections: true, quotes: 'backslash' };

/** A line of a text with its position, without its line break. */
export interface TextLine {
  readonly text: string;
  readonly start: number;
}

/** Splits a text into lines. */
export function* textLines(text: string): Generator<TextLine> {
  for (let start = 0; start < text.length;) {
    const found = text.indexOf('\n', start);
    const end = found < 0 ? text.length : found;
    yield { text: text.slice(start, end > start && text[end - 1] === '\r' ? end - 1 : end), start };
    start = end + 1;
  }
}

const isBlank = (character: string | undefined): boolean =>
  character === ' ' || character === '\t' || character === '\f';

function skipBlanks(text: string, at: number): number {
  while (isBlank(text[at])) at++;
  return at;
}

/** Reads a value in quotes that begins at a position of a line; null if it has no end. */
function quotedAt(text: string, at: number, escape: 'backslash' | 'doubled'): Word | null {
  const quote = text[at] as '"' | "'";
  let value = '';
  for (let index = at + 1; index < text.length; index++) {
    const character = text[index]!;
    if (character === '\\' && escape === 'backslash' && index + 1 < text.length) value += text[++index]!;
    else if (character !== quote) value += character;
    else if (escape === 'doubled' && text[index + 1] === quote) value += text[++index]!;
    else return { value, start: at + 1, end: index, quote };
  }
  return null;
}

/** Reads the value of a line from a position on. */
function valueAt(text: string, at: number, syntax: LineSyntax): Word {
  const first = text[at];
  if (syntax.quotes !== undefined && (first === '"' || first === "'")) {
    const word = quotedAt(text, at, syntax.quotes);
    if (word !== null) return word;
  }
  let end = at;
  while (end < text.length) {
    if (syntax.oneWord === true && isBlank(text[end])) break;
    if (syntax.trailing?.includes(text[end]!) === true && (end === at || isBlank(text[end - 1]))) break;
    end++;
  }
  while (end > at && isBlank(text[end - 1])) end--;
  return { value: text.slice(at, end), start: at, end, quote: null };
}

/** Returns the end of the name that begins at a position of a line, and the start of its value. */
function nameAt(text: string, at: number, separators: string): { end: number; value: number } {
  let end = at;
  const separates = (character: string): boolean =>
    separators.includes(character) || (separators.includes(' ') && isBlank(character));
  while (end < text.length && !separates(text[end]!)) end++;
  let value = skipBlanks(text, end);
  if (separators.replaceAll(' ', '').includes(text[value] ?? ' ') && text[value] !== undefined) value++;
  return { end, value: skipBlanks(text, value) };
}

/** Whether a line ends in a backslash that is not escaped. */
const goesOn = (line: string): boolean => /(?:^|[^\\])(?:\\\\)*\\$/.test(line);

/** Reads the settings of a line-oriented text, in their order. A line without a value has an empty one. */
export function readLines(text: string, syntax: LineSyntax): NamedValue[] {
  const settings: NamedValue[] = [];
  let section = '';
  let isContinued = false;
  for (const line of textLines(text)) {
    // The rest of a value in several lines: a port is never in it.
    if (isContinued) {
      isContinued = goesOn(line.text);
      continue;
    }
    const at = skipBlanks(line.text, 0);
    if (at >= line.text.length || syntax.comments.includes(line.text[at]!)) continue;
    isContinued = syntax.continues === true && goesOn(line.text);
    const header = syntax.sections === true ? /^\[([^\]]*)\]/.exec(line.text.slice(at)) : null;
    if (header !== null) {
      section = header[1]!.trim();
      continue;
    }
    const { end, value }: { end: number; value: number } = nameAt(line.text, at, syntax.separators);
    const name = line.text.slice(at, end).trimEnd();
    if (name === '') continue;
    const word = valueAt(line.text, value, syntax);
    const whole = section === '' ? name : `${section}.${name}`;
    settings.push({
      ...word,
      name: syntax.ignoresCase === true ? whole.toLowerCase() : whole,
      start: line.start + word.start,
      end: line.start + word.end,
    });
  }
  return settings;
}

/** Reads the words of each line, as in Redis, Apache, HAProxy, and OpenSSH. Comments and empty lines are left out. */
export function readWords(text: string, comments = '#', trailing = ''): (readonly Word[])[] {
  const lines: (readonly Word[])[] = [];
  for (const line of textLines(text)) {
    const words: Word[] = [];
    let at = skipBlanks(line.text, 0);
    if (comments.includes(line.text[at] ?? '\n')) continue;
    while (at < line.text.length && !trailing.includes(line.text[at]!)) {
      const isQuoted = line.text[at] === '"' || line.text[at] === "'";
      const word =
        (isQuoted ? quotedAt(line.text, at, 'backslash') : null) ??
        valueAt(line.text, at, { comments: '', separators: '', oneWord: true });
      words.push({ ...word, start: line.start + word.start, end: line.start + word.end });
      at = skipBlanks(line.text, word.end + (word.quote === null ? 0 : 1));
      if (word.end === word.start && word.quote === null) break;
    }
    if (words.length > 0) lines.push(words);
  }
  return lines;
}

/** Reads a `.env` file: `NAME=value`, `export NAME='value'`, with comments after blanks. */
export function readEnv(text: string): NamedValue[] {
  const settings = readLines(text, { comments: '#', trailing: '#', separators: '=', quotes: 'backslash' });
  return settings.map((setting) => Object.assign(setting, { name: setting.name.replace(/^export\s+/, '') }));
}
