// Completes the words typed so far.
import { subcommands, type CommandWords, type OptionWords } from './words.ts';
import type { KnownValues } from '../about.ts';

/** A word that can replace the last one. */
export interface Candidate {
  /** The part of the last word that stays in front of it: `LocalPort,`. */
  readonly before: string;
  readonly word: string;
  readonly description: string;
  readonly kind: 'command' | 'option' | 'value' | 'used';
}

export type Completion = readonly Candidate[] | 'file' | 'folder';

/** Information from outside the words. */
export interface Knowledge {
  readonly commands: readonly CommandWords[];
  /** The values in use in a column, with their owners; this query takes a moment. */
  readonly inUse: (column: string) => Promise<readonly (readonly [value: string, owner: string])[]>;
  /** The names of services that begin with a word, with their ports. */
  readonly services: (begin: string) => Promise<readonly (readonly [name: string, ports: string])[]>;
}

/** The maximum number of services to offer; a longer list would not be read. */
const mostServices = 40;

const goesOn = (word: string, part: string): boolean => word.toLowerCase().startsWith(part.toLowerCase());

/** The command named by the words before the last one, and the number of words that name it. */
function commandOf(words: readonly string[], commands: readonly CommandWords[]): { command: CommandWords; at: number } {
  let command = commands.find(({ path }) => path === '')!;
  let at = 0;
  for (; at < words.length - 1; at++) {
    const path = command.path === '' ? words[at]! : `${command.path} ${words[at]!}`;
    const next = commands.find((one) => one.path === path || (at === 0 && one.aliases.includes(words[at]!)));
    if (next === undefined || words[at] === '') break;
    command = next;
  }
  return { command, at };
}

/** The option whose value is the last word, the text to keep before the value, and the part to complete. */
function wantedValue(words: readonly string[], { options }: CommandWords) {
  const last = words.at(-1)!;
  const [, name, value] = /^(--[\w-]+)=(.*)$/s.exec(last) ?? [];
  const wanted = name ?? words.at(-2);
  const option = options.find(({ names, takesValue }) => takesValue && names.includes(wanted ?? ''));
  return { option, before: name === undefined ? '' : `${name}=`, part: value ?? last };
}

/** The last item of a list, and the text before it. */
function lastItem(text: string): { before: string; part: string } {
  const comma = text.lastIndexOf(',') + 1;
  return { before: text.slice(0, comma), part: text.slice(comma) };
}

/** Completes the last word, which may be empty. */
export async function complete(words: readonly string[], knowledge: Knowledge): Promise<Completion> {
  const { command, at } = commandOf(words, knowledge.commands);
  const { option, before, part } = wantedValue(words, command);
  if (option !== undefined) return optionValues(option, { before, part }, { command, knowledge });
  const last = words.at(-1)!;
  if (last.startsWith('-')) return options(command, last);
  const next = subcommands(command.path, knowledge.commands)
    .filter(() => at === words.length - 1)
    .map(({ path, description }) => candidate('', path.split(' ').at(-1)!, description, 'command'))
    .filter(({ word }) => goesOn(word, last));
  // A query takes a moment: skip it while a command is being typed.
  if (last !== '' && next.length > 0) return next;
  const values = await valuesOf(command.operands, lastItem(last), { command, knowledge });
  return typeof values === 'string' ? (next.length > 0 ? next : values) : [...next, ...values];
}

const candidate = (before: string, word: string, description: string, kind: Candidate['kind']): Candidate => ({
  before,
  word,
  description,
  kind,
});

/** An option's description for a line of a list: its first clause and, if that is long, without its details. */
function brief(description: string): string {
  const clause = description.replace(/;.*$/s, '');
  return clause.length <= 60 ? clause : clause.replace(/(?<=^.{20,})(?: \(|: ).*$/s, '');
}

const options = (command: CommandWords, last: string): Candidate[] =>
  command.options
    .filter(({ names: [long = ''] }) => goesOn(long, last))
    .map(({ names: [long = ''], description }) => candidate('', long, brief(description), 'option'));

interface Place {
  readonly command: CommandWords;
  readonly knowledge: Knowledge;
}

async function optionValues(
  option: OptionWords,
  { before, part }: { before: string; part: string },
  place: Place,
): Promise<Completion> {
  if (option.values === 'file' || option.values === 'folder') return option.values;
  const item = lastItem(part);
  // The columns of --sort may begin with a dash.
  const dash = option.names[0] === '--sort' && item.part.startsWith('-') ? '-' : '';
  const front = `${before}${item.before}${dash}`;
  return valuesOf(option.values, { before: front, part: item.part.slice(dash.length) }, place);
}

/** The values that begin with the part. */
async function valuesOf(
  values: KnownValues | null,
  { before, part }: { before: string; part: string },
  { command, knowledge }: Place,
): Promise<Completion> {
  if (values === null || values === 'ports') return [];
  if (values === 'file' || values === 'folder') return values;
  if (!('column' in values))
    return values
      .filter((word) => goesOn(word, part))
      .map((word) => candidate(before, word, command.meanings[word] ?? '', 'value'));
  // A port may follow an address.
  const colon = values.column === 'LocalPort' ? part.lastIndexOf(':') + 1 : 0;
  const [front, rest] = [`${before}${part.slice(0, colon)}`, part.slice(colon)];
  if (values.column === 'LocalPort' && /^[a-z][\w-]+$/i.test(rest)) {
    const services = await knowledge.services(rest.toLowerCase());
    return services.slice(0, mostServices).map(([name, ports]) => candidate(front, name, `port ${ports}`, 'value'));
  }
  const used = await knowledge.inUse(values.column);
  return used.filter(([value]) => goesOn(value, rest)).map(([value, owner]) => candidate(front, value, owner, 'used'));
}
