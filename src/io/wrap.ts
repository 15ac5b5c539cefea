// Text for people, wrapped to the width of their terminal.
import { isArgument } from './command-words.ts';

/** Programs whose commands are in messages. */
const program = /^["'(]?(?:sudo )?(?:portowner|docker|kill|net|netsh|podman|ssh|sysctl|systemctl|wsl)(?: |$)/;
/** The words of their commands that look like prose. */
const commandWord =
  /^(?:add|all|delete|disable|dynamicportrange|enable|excludedportrange|http|interface|iplisten|ipv[46]|list-sockets|portproxy|ps|restart|servicestate|set|show|start|status|stop|urlacl)$/;
/** What such a word acts on may be any name, but not a word that continues the sentence. */
const verb = /^(?:restart|start|status|stop)$/;
const proseWord = /^(?:a|and|for|if|in|it|on|or|the|them|to|with)$/;

/** Whether a word continues the command that a piece begins with. */
function continues(piece: string, word: string, before: string): boolean {
  if (before === 'sudo') return true;
  if (!program.test(piece) || /[.,;:)]$/.test(before)) return false;
  // Every command of this program has a word; some have two.
  const isName = /portowner(?: (?:baseline|schedule|store))?$/.test(piece) && /^[a-z]/.test(word);
  if (isName || isArgument(word, before) || /\w=/.test(word)) return true;
  if (/^["'(]?(?:sudo )?portowner/.test(piece)) return false;
  if (piece.startsWith('ssh ')) return word === 'portowner';
  return commandWord.test(word.replace(/[.,;:)]$/, '')) || (verb.test(before) && !proseWord.test(word));
}

/** Splits text into unbreakable pieces: words, and commands with their arguments. */
function pieces(text: string): string[] {
  const found: string[] = [];
  let before = '';
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    if (continues(found.at(-1) ?? '', word, before)) found.splice(-1, 1, `${found.at(-1)} ${word}`);
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
