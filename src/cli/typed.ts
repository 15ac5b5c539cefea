/*
 * Converts what people type for the parser: other words for options, lists with blanks after their commas, and keys
 * that begin with a dash.
 */
import { firstValues, type CommandAbout } from './about.ts';
import { formats } from '../formats/formats.ts';
import type { GroupAbout } from './options/group.ts';

/** The parts of a command that are needed to read its words. */
export interface TypedCommand {
  readonly about: CommandAbout;
  readonly groups?: readonly { readonly about: GroupAbout }[];
}

/** Options that name a port for a command whose operands are ports. */
const portOptions = new Set(['-p', '--port', '--ports', '--local-port']);

/** What stands before a port in the output of netstat and in sentences: `TCP 0.0.0.0:3000`, `port 3000`. */
const portLabel = /^(?:(?:tcp|udp)6?|ports?)$/i;

/** Whether the operands of a command are ports. */
export const takesPorts = ({ operands }: CommandAbout): boolean =>
  operands === 'ports' || (operands !== null && typeof operands === 'object' && 'column' in operands);

/** Other words for the options of a command, and the meaning of each. */
export function synonymsOf({ about, groups = [] }: TypedCommand): Readonly<Record<string, readonly string[]>> {
  const all: Record<string, readonly string[]> = Object.assign(
    {},
    ...groups.map((group) => group.about.synonyms),
    about.synonyms,
  );
  // A command can have an option of its own that is a synonym elsewhere.
  return Object.fromEntries(Object.entries(all).filter(([name, [own]]) => own !== name));
}

/** Converts synonyms to the command's options: `--json` to `--format=json`, `--name=nginx` to `--image=nginx`. */
function ownWords(word: string, next: string | undefined, synonyms: Readonly<Record<string, readonly string[]>>) {
  const [, name = word, value] = /^(-[^=]*)=(.*)$/s.exec(word) ?? [];
  const own = Object.hasOwn(synonyms, name) ? synonyms[name]! : null;
  // -f is --format wherever a format follows.
  if (own === null || (name === '-f' && formats.some((format) => format === next))) return [word];
  if (value === undefined) return own;
  return own.length === 1 && !own[0]!.includes('=') ? [`${own[0]}=${value}`] : [word];
}

/** Whether a word continues in the next one: `80,` and `443` are one list. */
const isOpen = (word: string | undefined, next: string): boolean =>
  word !== undefined &&
  !next.startsWith('-') &&
  (word.endsWith(',') || (next.startsWith(',') && !word.startsWith('-')));

/** Converts the words after those of the command for the parser. */
export function asTyped(words: readonly string[], command: TypedCommand): string[] {
  const synonyms = synonymsOf(command);
  const ports = takesPorts(command.about);
  const typed: string[] = [];
  // The option whose value the next word is, if any; files may have commas in their names.
  let option: string | null = null;
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (word === '--') {
      for (const rest of words.slice(at)) typed.push(rest);
      break;
    }
    const last = typed.at(-1);
    if (option !== null && option === last && isDashedValue(word, option)) {
      typed.splice(-1, 1, `${option}=${word}`);
    } else if (word.startsWith('-') && word !== '-') {
      const [, name = word, value] = /^(-[^=]*)=(.*)$/s.exec(word) ?? [];
      if (ports && portOptions.has(name) && (value !== undefined || isValue(words[at + 1]))) {
        typed.push(value ?? words[++at]!);
        option = null;
        continue;
      }
      const own = ownWords(word, words[at + 1], synonyms);
      typed.push(...own);
      option = own.at(-1)!;
    } else if (option !== null && isOpen(last, word) && isList(command, option)) {
      typed.splice(-1, 1, `${last}${word}`);
    } else if (ports && option === null && portLabel.test(word) && /^\S*\d$/.test(words[at + 1] ?? '')) {
      typed.push(/^port/i.test(word) ? words[++at]! : `${word.replace(/6$/, '')}:${words[++at]!}`);
    } else {
      if (last !== option) option = null;
      // Ports may be several words in any case.
      if (option !== null || word !== ',' || !ports) typed.push(word);
    }
  }
  return typed;
}

/** A number or a text that begins with a dash, which no option does: `-1`, `-5s`, `-bash: listen: EADDRINUSE`. */
const dashedValue = /^-(?:\.?\d|(?!-[\w-]+=)\S*\s)/;

/** Whether a word that begins with a dash is the value of the option before it, whose own error then names it. */
const isDashedValue = (word: string, option: string): boolean =>
  dashedValue.test(word) || (option === '--sort' && word.startsWith('-'));

const isValue = (word: string | undefined): word is string =>
  word !== undefined && (!word.startsWith('-') || dashedValue.test(word));

/** Whether an option takes several values, separated by commas. */
function isList(command: TypedCommand, option: string): boolean {
  const values = firstValues(command, option.replace(/=.*$/s, ''));
  return values !== 'file' && values !== 'folder';
}
