// Answers the scripts of the shells: portowner internal-complete SHELL WORDS…
import type { Catalogue } from '../base.ts';
import { loadAllCommands } from '../commands.ts';
import { commandWords } from '../words.ts';
import { complete, type Candidate, type Completion } from './complete.ts';

/** Runs a command line and returns its standard output. */
export type Ask = (args: readonly string[]) => Promise<string>;

const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
/** Replaces control characters: anyone may choose a name, and terminals obey them. */
const shown = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');

/** The name by which people know the owner, if it is not that of its file: `vite`, `redis-server`, `python`. */
function knownName({ ImageName: file, Application: application }: Readonly<Record<string, unknown>>): string | null {
  if (typeof application !== 'string' || application === String(file).replace(/\.exe$/i, '')) return null;
  return application.replace(/:?\s.*$/s, '');
}

/** The distinct values in use in a column, without those that could end the line, reorder it, or be an option. */
async function inUse(column: string, from: readonly string[], ask: Ask): Promise<(readonly [string, string])[]> {
  const names = column === 'ImageName' ? ',Application' : '';
  const text = await ask(['--format=json', `--columns=${column}${names},Owner`, ...from]);
  const rows = text === '' ? [] : (JSON.parse(text) as Readonly<Record<string, unknown>>[]);
  const found = new Map<string, string>();
  for (const row of rows) {
    for (const value of [row[column], names === '' ? null : knownName(row)].flat()) {
      const word = value === null || value === undefined ? '' : String(value);
      if (word === '' || found.has(word) || word.startsWith('-') || unseen.test(word)) continue;
      found.set(word, column === 'LocalPort' || column === 'OwningProcess' ? String(row['Owner'] ?? '') : '');
    }
  }
  return [...found];
}

async function services(begin: string): Promise<(readonly [string, string])[]> {
  const { serviceNames, servicePorts } = await import('../../ports/iana.ts');
  return serviceNames()
    .filter((name) => name.startsWith(begin))
    .map((name) => [name, servicePorts(name).join(', ')]);
}

/** The snapshots that the words name: completion then uses their values. */
function fromOf(words: readonly string[]): string[] {
  return words.slice(0, -1).flatMap((word, at) => {
    if (word.startsWith('--from=')) return [word];
    return word === '--from' && at + 1 < words.length - 1 ? [`--from=${words[at + 1]}`] : [];
  });
}

/** Joins the parts of a word, which bash splits at = and :. */
function joined(parts: readonly string[]): string[] {
  const words: string[] = [];
  let open = false;
  for (const part of parts) {
    const isBreak = /^[=:]+$/.test(part);
    if ((isBreak || open) && words.length > 0) words.splice(-1, 1, words.at(-1)! + part);
    else words.push(part);
    open = isBreak;
  }
  return words;
}

/** Quotes text as one argument for PowerShell, which treats typographic quotes as quotes. */
const argument = (text: string): string =>
  /^[\w.:\\/][\w.:\\/-]*$/.test(text) ? text : `'${text.replaceAll(/['\u2018-\u201b]/g, '$&$&')}'`;

/** The lines for bash: only words that need no quotes, and in a list, also their owners. */
function bashLines(completion: readonly Candidate[], parts: readonly string[], isList: boolean): string[] {
  const last = parts.at(-1)!;
  // The part that bash split off is already on the line.
  const front = joined(parts).at(-1)!.length - (/^[=:]+$/.test(last) ? 0 : last.length);
  const safe = completion.filter(({ word, kind }) => kind !== 'used' || /^[\w.@-]+$/.test(word));
  return safe.map(({ before, word, description, kind }) => {
    const owner = isList && safe.length > 1 && kind === 'used' && description !== '' ? ` (${shown(description)})` : '';
    return `${before}${word}`.slice(front) + owner;
  });
}

/** The objects for PowerShell as JSON in pure ASCII, which no code page changes. */
function powershellText(completion: Completion, last: string): string {
  const isJoined = /^--[\w-]+=/.test(last);
  const items =
    typeof completion === 'string'
      ? [{ Kind: completion }]
      : completion.map(({ before, word, description, kind }) => {
          // PowerShell itself keeps the text before a comma, except in a word like --columns=A,B.
          const front = isJoined ? before : before.slice(before.lastIndexOf(',') + 1);
          return {
            Kind: { command: 'Command', option: 'ParameterName', value: 'ParameterValue', used: 'ParameterValue' }[
              kind
            ],
            Text: front + (kind === 'used' ? argument(word) : word),
            Listed: shown(word),
            Tip: shown(kind === 'used' ? `${word} ${description}`.trim() : description || word),
          };
        });
  return JSON.stringify(items).replaceAll(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The number of characters of a meaning that fit after the longest option on a terminal with 80 columns. */
const longestMeaning = 58;

/** Words that do not end a phrase. */
const unfinished = new Set('a an and as each for from how if in not of only or that the their to with'.split(' '));

/** Shortens a meaning to whole words that fit on a line: zsh cuts a longer one in the middle of a word. */
function fitting(meaning: string): string {
  if (meaning.length <= longestMeaning) return meaning;
  const end = meaning.lastIndexOf(' ', longestMeaning - 1);
  const words = meaning.slice(0, end > 0 ? end : longestMeaning - 1).split(' ');
  while (words.length > 1 && unfinished.has(words.at(-1)!)) words.pop();
  const begin = words.join(' ');
  return `${',:('.includes(begin.at(-1)!) ? begin.slice(0, -1) : begin}…`;
}

/** The lines for zsh and fish: each is a word and its meaning, after a colon (zsh) or a tab (fish). */
function lines(completion: readonly Candidate[], shell: string): string[] {
  return completion.map(({ before, word, description }) => {
    const text = `${before}${word}`;
    const meaning = fitting(shown(description.replaceAll(/\s+/g, ' ')));
    if (shell === 'fish') return `${text}\t${meaning}`;
    // _describe of zsh splits the two at a colon.
    return text.replaceAll(/[\\:]/g, '\\$&') + (meaning === '' ? '' : `:${meaning}`);
  });
}

/**
 * Answers the script of a shell. `bash TYPE WORDS…` has COMP_TYPE; `powershell` reads its words from standard
 * input, one on each line after a =, because Windows PowerShell loses empty arguments and quotes.
 */
export async function answerShell(
  [shell = '', ...given]: readonly string[],
  { catalogue, ask, input }: { readonly catalogue: Catalogue; readonly ask: Ask; readonly input: () => string },
): Promise<string> {
  const isPowerShell = shell === 'powershell';
  const parts = isPowerShell
    ? input()
        .split(/\r?\n/)
        .filter((line) => line.startsWith('='))
        .map((line) => line.slice(1))
    : given.slice(shell === 'bash' ? 1 : 0);
  if (parts.length === 0) parts.push('');
  const words = shell === 'bash' ? joined(parts) : parts;
  if (shell === 'bash' && /^[=:]+$/.test(parts.at(-1)!) === false && words.length === 0) words.push('');
  const completion = await complete(words, {
    commands: commandWords(await loadAllCommands(catalogue)),
    inUse: (column) => inUse(column, fromOf(words), ask),
    services,
  });
  if (isPowerShell) return `${powershellText(completion, words.at(-1)!)}\n`;
  if (typeof completion === 'string') return `:${completion}\n`;
  const texts = shell === 'bash' ? bashLines(completion, parts, given[0] === '63') : lines(completion, shell);
  return texts.map((text) => `${text}\n`).join('');
}
