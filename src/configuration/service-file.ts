import type { Instance } from './configured-port.ts';
import { commandValues } from './readers/command.ts';
import { readEnv, readWords } from './readers/lines.ts';
import { partOf, type NamedValue, type Word } from './readers/setting.ts';
import { inFile, type NewConfiguredPort, type Reading } from './reading.ts';
import type { TextFile } from './text-file.ts';
import { unitObstacle, unitOfFile, unitSettings, type UnitSetting } from './units.ts';

/*
 * What starts a service: the unit, its drop-ins, and the files with its environment. A running program has its port from
 * there if the same value is there.
 * https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#Environment
 */

/** A value that is in a file, perhaps as a part of a longer one such as a command. */
export interface WrittenValue {
  readonly name: string;
  readonly value: string;
  readonly file: TextFile;
  readonly whole: Word;
  /** The position of the value in that of the whole; negative if it is not literal. */
  readonly start: number;
  /** Why it is not changed here. */
  readonly obstacle?: string | null;
}

/** A setting of a file as such a value. */
export const wholeValue = (file: TextFile, setting: NamedValue): WrittenValue => ({
  name: setting.name,
  value: setting.value,
  file,
  whole: setting,
  start: 0,
});

/** The values of options and variables in a command that a file has. */
export const commandIn = (file: TextFile, whole: Word, names: readonly string[]): WrittenValue[] =>
  commandValues(whole.value, names).map(({ name, value, start }) => ({ name, value, file, whole, start }));

/** What starts a service. */
export interface ServiceStart {
  /** The variables in the order in which they override each other: those of files win over those of the unit. */
  readonly variables: readonly WrittenValue[];
  /** The command lines of the unit. */
  readonly commands: readonly UnitSetting[];
}

/** Joins lines that a backslash continues; every position stays. */
const joined = (text: string): string => text.replaceAll(/\\\r?\n/g, (end) => ' '.repeat(end.length));

/** A unit, or a drop-in of one. */
const isUnit = (path: string): boolean => /\.service(?:\.d[\\/][^\\/]+\.conf)?$/.test(path);

/** A word at a position of a file, as a value that can be changed there unless it has escapes. */
const valueAt = (file: TextFile, name: string, word: Word): WrittenValue => ({
  name,
  value: word.value,
  file,
  whole: word,
  start: word.end - word.start === word.value.length ? 0 : -1,
  obstacle: unitObstacle(file.path),
});

/** The variables of a file with an environment. */
const variablesOfFile = (file: TextFile): WrittenValue[] =>
  readEnv(joined(file.text)).map((setting) => valueAt(file, setting.name, setting));

/** The variables of `Environment="A=b" C=d`. */
function variablesOfUnit({ value, start, file }: UnitSetting): WrittenValue[] {
  return readWords(value, '')
    .flat()
    .flatMap((word) => {
      const at = word.value.indexOf('=');
      if (at <= 0) return [];
      const part = partOf(word, at + 1, word.value.length) ?? { ...word, value: word.value.slice(at + 1) };
      const moved = { ...part, start: start + part.start, end: start + part.end };
      return [valueAt(file, word.value.slice(0, at), moved)];
    });
}

/** The variables of the files that a unit names with EnvironmentFile; a hyphen before it says that it may be missing. */
function variablesOfFiles(reading: Reading, value: string): WrittenValue[] {
  const pattern = value.replace(/^-/, '');
  if (pattern.includes('%')) {
    reading.gap(`EnvironmentFile=${value} is not followed: its name has a specifier`);
    return [];
  }
  return reading.glob(pattern).flatMap((path) => {
    const file = reading.open(path, { optional: value.startsWith('-') });
    return file === null ? [] : variablesOfFile(file);
  });
}

/** Reads what starts a unit: it is named, or its file is given. */
export function readUnitStart(reading: Reading, unit: string, path: string | null = null): ServiceStart {
  const settings = unitSettings(reading, unit, path);
  const called = (name: string): UnitSetting[] => settings.filter((setting) => setting.name === `Service.${name}`);
  return {
    variables: [
      ...called('Environment').flatMap(variablesOfUnit),
      ...called('EnvironmentFile').flatMap(({ value }) => variablesOfFiles(reading, value)),
    ],
    commands: called('ExecStart'),
  };
}

type Service = Pick<Instance, 'service' | 'serviceUser' | 'path'>;

const known = new WeakMap<Reading, Map<string, ServiceStart>>();

/** Reads what starts a service, once: its unit if it has one; otherwise, the files with an environment. */
export function readServiceStart(
  service: Service,
  reading: Reading,
  environmentFiles: readonly string[] = [],
): ServiceStart {
  const starts = known.getOrInsertComputed(reading, () => new Map());
  const key = JSON.stringify([service.service, service.serviceUser, service.path, environmentFiles]);
  return starts.getOrInsertComputed(key, () => readStart(service, reading, environmentFiles));
}

function readStart(
  { service, serviceUser, path }: Service,
  reading: Reading,
  environmentFiles: readonly string[],
): ServiceStart {
  const given = path === null ? null : reading.open(path);
  if (given !== null && !isUnit(given.path)) return { variables: variablesOfFile(given), commands: [] };
  const none: ServiceStart = { variables: [], commands: [] };
  if (reading.machine.platform !== 'linux') return none;
  if (given !== null) {
    const unit = unitOfFile(given.path, reading);
    return readUnitStart(reading, unit.name, unit.path);
  }
  const name = service === null || service.includes('.') ? service : `${service}.service`;
  // The units of users are in other folders.
  const isKnown = name?.endsWith('.service') === true && serviceUser === null;
  const start = isKnown ? readUnitStart(reading, name) : none;
  if (start.variables.length + start.commands.length > 0) return start;
  return { ...none, variables: environmentFiles.flatMap((one) => variablesOfFiles(reading, `-${one}`)) };
}

/** Returns a variable of what starts a service; null if it is not set there. */
export const startVariable = ({ variables }: ServiceStart, name: string): WrittenValue | null =>
  variables.findLast((one) => one.name === name) ?? null;

/** A text with options: each of its characters is at the same distance from the start of the text in the file. */
interface OptionText {
  readonly file: TextFile;
  readonly text: string;
  readonly start: number;
  /** A backslash has a meaning in double quotes. */
  readonly quote: Word['quote'];
}

/** Returns the values of options in a text. */
export function optionsIn({ file, text, start, quote }: OptionText, names: readonly string[]): WrittenValue[] {
  // Where each character of the unescaped text is.
  const places: number[] = [];
  let plain = '';
  for (let at = 0; at < text.length; at++) {
    if (quote === '"' && text[at] === '\\' && at + 1 < text.length) at++;
    plain += text[at]!;
    places.push(start + at);
  }
  return commandValues(plain, names).map(({ name, value, start: from }) => {
    const [first = start, last = start] =
      from < 0 || value === '' ? [] : [places[from], places[from + value.length - 1]];
    const isWhole = from >= 0 && value !== '';
    return valueAt(file, name, { value, start: first, end: isWhole ? last + 1 : first, quote: null });
  });
}

/** Returns the values of options in what starts a service: in its command lines, and in all variables. */
export function startOptions({ variables, commands }: ServiceStart, names: readonly string[]): WrittenValue[] {
  return [
    ...commands.flatMap(({ file, value, start }) => optionsIn({ file, text: value, start, quote: null }, names)),
    ...variables.flatMap(({ file, whole: { start, end, quote } }) =>
      optionsIn({ file, text: joined(file.text.slice(start, end)), start, quote }, names),
    ),
  ];
}

/** Returns the variables and the values of options with these names, in the order in which they override each other. */
export const startValues = (start: ServiceStart, names: readonly string[]): WrittenValue[] => [
  ...start.variables.filter(({ name }) => names.includes(name)),
  ...startOptions(
    start,
    names.filter((name) => name.startsWith('-')),
  ),
];

/** Returns where the value of a running program comes from: the last place that has the same one; null if there is none. */
export const originOf = <Value extends { readonly name: string; readonly value: string }>(
  name: string,
  value: string,
  places: readonly Value[],
): Value | null => places.findLast((one) => one.name === name && one.value === value) ?? null;

/** Returns the source of a value that is a port and nothing else, and why it is not changed there. */
export function sourceOf({
  file,
  whole,
  value,
  start,
  obstacle = null,
}: WrittenValue): Pick<NewConfiguredPort, 'source' | 'reason'> {
  const part = start < 0 || obstacle !== null ? null : partOf(whole, start, start + value.length);
  return { source: inFile(file, whole, part), reason: obstacle };
}

/** Returns a sentence about what systemd needs after a change of a file; none for files that are not units. */
export const unitSideEffects = (path: string): string[] =>
  path.includes('/systemd/')
    ? ['systemd uses the changed unit only after systemctl daemon-reload, before the restart']
    : [];
