import { NotParsed, type Word } from './setting.ts';

/** A directive of a nested syntax: its words, and the directives in its braces. */
export interface Directive {
  readonly words: readonly Word[];
  readonly block: readonly Directive[] | null;
}

/** `semicolon` as in nginx, `line` as in Caddyfiles. */
export type Terminator = 'semicolon' | 'line';

const deepest = 64;

/** The quotes of a syntax, and the escape sequences in them that stand for another character; nothing is escaped in backquotes. */
const quoting: Readonly<Record<Terminator, { readonly quotes: string; readonly escapes: RegExp }>> = {
  semicolon: { quotes: `"'`, escapes: /\\(["'\\])/g },
  line: { quotes: '"`', escapes: /\\(")/g },
};

function quotedEnd(text: string, at: number): number {
  const quote = text[at];
  for (let index = at + 1; index < text.length; index++) {
    if (text[index] === '\\' && quote !== '`') index++;
    else if (text[index] === quote) return index;
  }
  throw new NotParsed('a quote is not closed', at);
}

/** Yields words, and the punctuation that separates them as words without a length. */
function* tokensOf(text: string, terminator: Terminator): Generator<Word & { readonly mark: string | null }> {
  const { quotes, escapes } = quoting[terminator];
  const mark = (at: number, value: string) => ({ value, start: at, end: at, quote: null, mark: value });
  for (let at = 0; at < text.length;) {
    const character = text[at]!;
    if (character === '\n' && terminator === 'line') yield mark(at++, ';');
    else if (/\s/.test(character)) at++;
    else if (character === '#') at = text.indexOf('\n', at) < 0 ? text.length : text.indexOf('\n', at);
    else if ('{}'.includes(character) || (character === ';' && terminator === 'semicolon')) yield mark(at++, character);
    else if (quotes.includes(character)) {
      const end = quotedEnd(text, at);
      const inside = text.slice(at + 1, end);
      const isRaw = character === '`';
      yield {
        value: isRaw ? inside : inside.replace(escapes, '$1'),
        start: at + 1,
        end,
        quote: isRaw ? null : (character as '"' | "'"),
        mark: null,
      };
      at = end + 1;
    } else {
      let end = at;
      while (end < text.length && !/\s/.test(text[end]!)) {
        // `${name}` is a variable of nginx, `{$NAME}` a placeholder of Caddy.
        const variable = /^(?:\$\{[^\s{}]*\}|\{[$\w][^\s{}]*\})/.exec(text.slice(end, end + 200));
        if (variable !== null && (end > at || text[end] === '$' || terminator === 'line')) end += variable[0].length;
        else if (text[end] === '\\') end += 2;
        else if ('{}'.includes(text[end]!) || (terminator === 'semicolon' && text[end] === ';')) break;
        else end++;
      }
      end = Math.min(Math.max(end, at + 1), text.length);
      yield { value: text.slice(at, end), start: at, end, quote: null, mark: null };
      at = end;
    }
  }
}

/** Reads directives in braces. Throws NotParsed. */
export function readBraces(text: string, terminator: Terminator = 'semicolon'): Directive[] {
  const open: { block: Directive[]; words: Word[]; at: number }[] = [{ block: [], words: [], at: 0 }];
  let words: Word[] = [];
  for (const { mark, ...word } of tokensOf(text, terminator)) {
    const { block } = open.at(-1)!;
    if (mark === null) words.push(word);
    else if (mark === ';') {
      if (words.length > 0) block.push({ words, block: null });
      words = [];
    } else if (mark === '{') {
      if (open.length > deepest) throw new NotParsed(`braces are nested more than ${deepest} deep`, word.start);
      open.push({ block: [], words, at: word.start });
      words = [];
    } else {
      if (words.length > 0 && terminator === 'semicolon')
        throw new NotParsed('a semicolon is missing', words[0]!.start);
      if (words.length > 0) block.push({ words, block: null });
      if (open.length === 1) throw new NotParsed('a closing brace has no opening brace', word.start);
      const closed = open.pop()!;
      open.at(-1)!.block.push({ words: closed.words, block: closed.block });
      words = [];
    }
  }
  if (open.length > 1) throw new NotParsed('a brace is not closed', open.at(-1)!.at);
  if (words.length > 0) {
    if (terminator === 'semicolon') throw new NotParsed('a semicolon is missing', words[0]!.start);
    open[0]!.block.push({ words, block: null });
  }
  return open[0]!.block;
}
