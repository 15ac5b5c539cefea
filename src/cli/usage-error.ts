// Explains why the parser rejected a command line: the word, and what was expected instead.
import { servicePorts } from '../ports/iana.ts';
import { portForms } from '../ports/place.ts';
import { didYouMean, nearest, suggested } from '../schema/nearest.ts';
import { PortOwnerError } from '../schema/problems.ts';
import type { Catalogue, CommandClass } from './base.ts';
import { knownCommand, type KnownCommand } from './commands.ts';
import { operandsOf, pathOf } from './help.ts';
import { synonymsOf, takesPorts } from './typed.ts';
import { orList } from './values.ts';
import { optionNames, takesValue, valuesOf } from './words.ts';

/** A command line that the parser rejected, without the words of its command. */
export interface RefusedLine {
  readonly words: readonly string[];
  readonly command: CommandClass;
  readonly catalogue: Catalogue;
}

interface Known {
  readonly known: KnownCommand;
  /** Each name of an option, with whether a value follows. */
  readonly options: ReadonlyMap<string, boolean>;
  readonly help: string;
}

const wrong = (message: string, hint: string, target?: string): PortOwnerError =>
  new PortOwnerError('PO1001', message, { hint, ...(target === undefined ? {} : { target }) });

/** Returns the error that explains why the parser rejected a command line. */
export async function usageError({ words, command, catalogue }: RefusedLine): Promise<PortOwnerError> {
  const known = await knownCommand(command);
  const options = new Map(
    known.definition.options.flatMap((option) =>
      optionNames(option).map((name): [string, boolean] => [name, takesValue(option)]),
    ),
  );
  const help = `To list the options: ${pathOf(known.definition)} --help`;
  const line = { known, options, help };
  return (
    (known.path === '' ? unknownCommand(words[0], catalogue) : null) ??
    wrongOption(words, line) ??
    wrongOperand(words, line)
  );
}

/** A first word that is neither a command nor a port. */
function unknownCommand(word: string | undefined, catalogue: Catalogue): PortOwnerError | null {
  if (word === undefined || !/^[a-z][a-z-]*$/i.test(word) || servicePorts(word).length > 0) return null;
  const found = nearest(word, Object.keys(catalogue));
  const hint = found === null ? '' : `Did you mean portowner ${found}? `;
  return wrong(`unknown command ${JSON.stringify(word)}`, `${hint}To list the commands: portowner --help`, word);
}

/** Finds the first option that is unknown, lacks a value, or has an unexpected one. */
function wrongOption(words: readonly string[], line: Known): PortOwnerError | null {
  const { known, options, help } = line;
  const path = known.path === '' ? '' : ` for portowner ${known.path}`;
  let bound: PortOwnerError | null = null;
  for (const [at, word] of words.entries()) {
    if (word === '--') break;
    if (!word.startsWith('-') || word === '-') continue;
    const [, name = word, value] = /^(-[^=]*)=(.*)$/s.exec(word) ?? [];
    const negated = options.get(name.replace(/^--no-/, '--')) === false;
    const batch =
      /^-[a-z]{2,}$/i.test(name) && Array.from(name.slice(1)).every((letter) => options.get(`-${letter}`) === false);
    if (batch || (negated && value === undefined)) continue;
    const takes = options.get(name);
    if (takes === undefined) return unknownOption(name, line, path);
    const next = words[at + 1];
    if (takes && value === undefined && (next === undefined || (next.startsWith('-') && next !== '-')))
      return missingValue(name, next, line);
    if (!takes && value !== undefined)
      bound ??= wrong(`${name} takes no value, but got ${JSON.stringify(value)}`, help, word);
  }
  return bound;
}

/** An option without a value, or before a word that only looks like an option. */
function missingValue(name: string, next: string | undefined, { known, options, help }: Known): PortOwnerError {
  const message = `missing value for ${name}${expected(known, name)}`;
  const isOption = next === undefined || next === '--' || options.has(/^[^=]*/.exec(next)![0]);
  if (isOption) return wrong(message, help, name);
  const value = /^[\w./:@%+,-]+$/.test(next) ? next : 'VALUE';
  return wrong(message, `Attach a value that begins with a dash: ${name}=${value}`, name);
}

/** The values that an option takes, for the end of a message. */
function expected(known: KnownCommand, name: string): string {
  const option = known.definition.options.find((one) => optionNames(one).includes(name))!;
  const values = valuesOf(known, optionNames(option)[0]!);
  if (values === null) return '';
  if (values === 'file') return '; expected the path of a file';
  if (values === 'folder') return '; expected the path of a folder';
  if (values === 'ports' || 'column' in values) return '';
  // A word among other values, such as auto among ports.
  if (values.length === 1) return '';
  return values.length > 15 ? `; expected ${values.slice(0, 6).join(', ')} …` : `; expected ${orList(values)}`;
}

function unknownOption(name: string, { known, options, help }: Known, path: string): PortOwnerError {
  if (takesPorts(known.about) && /^-\d/.test(name))
    return new PortOwnerError('PO1002', `${JSON.stringify(name)} is not a port, a range, or a known service name`, {
      hint: portForms,
      target: name,
    });
  if (takesPorts(known.about) && /^(?:-p|--(?:local-)?ports?)$/.test(name))
    return wrong(`missing value for ${name}; expected a port`, help, name);
  if (name === '--host' || name === '--host-timeout' || name === '--ssh-config')
    return wrong(
      `unknown option ${name}${path}`,
      known.path === 'stop'
        ? 'portowner stop works only on this machine: use portowner why PORT --host HOST to show the command that stops the owner there'
        : `portowner ${known.path} works only on this machine; if PortOwner is installed on the other one: ssh HOST portowner ${known.path}`,
      name,
    );
  const synonyms = synonymsOf({ about: known.about, groups: known.groups.map((about) => ({ about })) });
  const candidates = ['--help', '--version', ...options.keys(), ...Object.keys(synonyms)].filter((one) =>
    one.startsWith('--'),
  );
  // The letters of another program's options, such as -ano, are not the beginning of a word.
  const isLetters = /^-\w{1,4}$/.test(name);
  const exact = candidates.find((one) => one === `-${name}`);
  const begun = candidates.filter((one) => name.length > 3 && one.startsWith(name));
  const hint = isLetters
    ? suggested(exact ?? null, help)
    : begun.length === 1
      ? suggested(begun[0]!, help)
      : didYouMean(name, candidates, help);
  return wrong(`unknown option ${name}${path}`, hint, name);
}

/** An operand too many, or one that is missing. */
function wrongOperand(words: readonly string[], { known, options, help }: Known): PortOwnerError {
  const usage = `${pathOf(known.definition)}${operandsOf(known.definition)}`;
  const operands: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    if (options.get(word) === true) at++;
    else if (word === '-' || !word.startsWith('-')) operands.push(word);
  }
  const places = operandsOf(known.definition).match(/<[^<>]+>|\[[^[\]]+\]|[A-Z]+…/g) ?? [];
  const missing = places.filter((place) => !place.startsWith('['))[operands.length];
  if (missing !== undefined) return wrong(`missing ${missing.replaceAll(/[<>…]/g, '')}: ${usage}`, help);
  const extra = operands[places.length];
  if (extra !== undefined && places.join('') === '[PORT]')
    return wrong(
      `${known.path} answers about one port at a time, and ${JSON.stringify(extra)} is another one`,
      help,
      extra,
    );
  if (extra !== undefined && !usage.includes('…'))
    return wrong(`unexpected operand ${JSON.stringify(extra)}: ${usage}`, help, extra);
  return wrong(`cannot read the command line: ${usage} [options]`, help);
}
