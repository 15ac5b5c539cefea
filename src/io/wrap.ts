// Text for people, wrapped to the width of their terminal.
import { isArgument } from './command-words.ts';

/** Splits text into unbreakable pieces: words, and the commands of this program with their arguments. */
function pieces(text: string): string[] {
  const found: string[] = [];
  let before: string | undefined;
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    const open = /^(?:["'(]?(?:sudo )?portowner)(?: |$)/.test(found.at(-1) ?? '') && !/[.,;:)]$/.test(before ?? '');
    // Every command has a word; some have two.
    const names = open && /(?:portowner(?: (?:baseline|schedule))?|sudo)$/.test(found.at(-1)!) && /^[a-z]/.test(word);
    if (before === 'sudo' || (open && (names || isArgument(word, before))))
      found.splice(-1, 1, `${found.at(-1)} ${word}`);
    else found.push(word);
    before = word;
  }
  return found;
}

/** Wraps text at blanks into lines of at most `width`, indented by `indent` blanks; a longer word stays whole. */
export function wrap(text: string, indent: number, width: number): string {
  const lines: string[] = [];
  let line = '';
  for (const piece of pieces(text)) {
    if (line !== '' && indent + line.length + 1 + piece.length > width) {
      lines.push(line);
      line = piece;
    } else line = line === '' ? piece : `${line} ${piece}`;
  }
  return [...lines, line].map((part) => ' '.repeat(indent) + part).join('\n');
}

/** Formats a comment; every line starts with #. */
const comment = (text: string, indent: number, width: number): string =>
  wrap(text, indent + 2, width).replaceAll(/^( *) {2}(?=\S)/gm, '$1# ');

/** Wraps one line. The description of a command moves to the next line if there is no room: the command stays whole. */
function fittedLine(line: string, width: number): string {
  if (line.length <= width) return line;
  const [, blanks = '', text = ''] = /^( *)(.*)$/s.exec(line)!;
  const indent = blanks.length;
  const [, command, what] = /^(\S.*?) {2}# (.*)$/s.exec(text) ?? [];
  if (command !== undefined) return `${blanks}${command}\n${comment(what!, indent + 2, width)}`;
  if (text.startsWith('# ')) return comment(text.slice(2), indent, width);
  const [, byHand] = /^By hand: (.*)$/s.exec(text) ?? [];
  if (byHand !== undefined) return `${blanks}By hand:\n${blanks}  ${byHand}`;
  return blanks + wrap(text, indent + 2, width).slice(indent + 2);
}

/** Wraps lines to `width`, as far as words and commands allow; continuation lines are indented. */
export const fitted = (text: string, width: number): string =>
  text
    .split('\n')
    .map((line) => fittedLine(line, width))
    .join('\n');
