import { partOf, type Word } from './setting.ts';

/** A port in the text of a command, with positions in that text. */
export interface CommandValue extends Word {
  /** The option or the variable: `--port`, `PORT`. */
  readonly name: string;
}

/** Splits a command such as `PORT=80 node "a b.js" --port 80` into words, as a shell does without its expansions. */
export function wordsOfCommand(text: string): Word[] {
  const words: Word[] = [];
  for (const { 0: whole, index } of text.matchAll(
    /(?:"(?:[^"\\]|\\.)*(?:"|\\?$)|'[^']*(?:'|$)|\\.|[^\s"'\\]|\\$)+/gs,
  )) {
    const quote = /^(?:"[^"\\]*"|'[^']*')$/.test(whole) ? (whole[0] as '"' | "'") : null;
    const value = whole.replace(
      /"((?:[^"\\]|\\.)*)(?:"|\\?$)|'([^']*)(?:'|$)/gs,
      (part: string, double: string | undefined, single: string | undefined) => {
        const inside = double ?? single ?? '';
        // A quote that is not closed goes to the end, as in a shell.
        return part.length === inside.length + 2 && part.endsWith(part[0]!) ? inside : part;
      },
    );
    const inner = quote === null ? 0 : 1;
    words.push({ value, start: index + inner, end: index + whole.length - inner, quote });
  }
  return words;
}

/** Returns the values of options (`--port 80`, `--port=80`, `-p80`) and variables (`PORT=80`) in a command. */
export function commandValues(text: string, names: readonly string[]): CommandValue[] {
  const words = wordsOfCommand(text);
  return words.flatMap((word, index): CommandValue[] => {
    const next = words[index + 1];
    for (const name of names) {
      const isOption = name.startsWith('-');
      const rest = (from: number): CommandValue[] => {
        const value = word.value.slice(from);
        // Quotes only around the value: `PORT="80"`.
        const isQuoted = text.slice(word.start + from, word.end).replace(/^(["'])(.*)\1$/s, '$2') === value;
        const quoted = word.end - word.start - word.value.length === 2 && isQuoted;
        const start = quoted ? word.start + from + 1 : -1;
        const part = partOf(word, from, word.value.length) ?? { ...word, value, start, end: start + value.length };
        return [{ ...part, name }];
      };
      if (isOption && word.value === name && next !== undefined) return [{ ...next, name }];
      if (word.value.startsWith(`${name}=`)) return rest(name.length + 1);
      if (/^-\w$/.test(name) && word.value.startsWith(name) && /^\d/.test(word.value.slice(2))) return rest(2);
    }
    return [];
  });
}
