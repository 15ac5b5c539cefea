import type { Instance } from './configured-port.ts';
import { optionsOf } from './readers/arguments.ts';
import { commandValues } from './readers/command.ts';
import { readEnv } from './readers/lines.ts';
import { partOf, type NamedValue, type Word } from './readers/setting.ts';
import { addressAndPort, inFile, type AddressAndPort, type NewConfiguredPort, type Reading } from './reading.ts';
import type { TextFile } from './text-file.ts';
import { unitObstacle, unitSettings, type UnitSetting } from './units.ts';

/*
 * Programs that take their port from layers, each of which replaces the one before it: a default, files, the
 * environment, and the command line. A layer can have several ports, as in several URLs.
 */

export type Layer = readonly NewConfiguredPort[];

/** What a value says, apart from one port or one address with a port. Null: it is not a port at all. */
export type PortsOf = (text: string) => readonly (AddressAndPort | { readonly unknown: string })[] | null;

/** A port, or an address with one; anything else is unknown. */
export const onePort: PortsOf = (text) => {
  const found = addressAndPort(text);
  return [found ?? { unknown: /[$%{]/.test(text) ? 'the value contains a variable' : 'the value is not a port' }];
};

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

/** The ports of a value: the source of each, and what is to be said about it. */
function placesOf(
  { name, value }: Pick<WrittenValue, 'name' | 'value'>,
  portsOf: PortsOf,
  sourceOf: (found: AddressAndPort | null) => NewConfiguredPort['source'],
  note: string | null = null,
): NewConfiguredPort[] {
  const common = { setting: name, value };
  return (portsOf(value) ?? []).map((found) =>
    'unknown' in found
      ? Object.assign({ port: null, source: sourceOf(null), reason: found.unknown }, common)
      : Object.assign({ port: found.port, address: found.address, source: sourceOf(found), reason: note }, common),
  );
}

/** The ports of a value in a file. */
export function written(from: WrittenValue, portsOf: PortsOf, note: string | null = null): Layer {
  const { value, file, whole, start, obstacle = null } = from;
  const sourceOf = (found: AddressAndPort | null): NewConfiguredPort['source'] => {
    const digits = found === null ? 0 : /^\d*/.exec(value.slice(found.start))![0].length;
    const isFixed = found === null || start < 0 || digits === 0 || obstacle !== null;
    const part = isFixed ? null : partOf(whole, start + found.start, start + found.start + digits);
    return inFile(file, whole, part);
  };
  return placesOf(from, portsOf, sourceOf, obstacle ?? note);
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

/** What cannot be read, since code computes it. */
export const computed: PortsOf = () => [{ unknown: 'the value is computed by code' }];

/** The note about a setting that a program may not read. */
export const codeDecides = 'the code of the program decides whether it uses this';

/** The variables in a file that a unit names with EnvironmentFile; a hyphen before it says that it may be missing. */
function environmentFile(reading: Reading, { value }: NamedValue, names: readonly string[]): WrittenValue[] {
  const path = value.replace(/^-/, '');
  if (/[%*?[]/.test(path)) {
    reading.gap(`EnvironmentFile=${value} is not followed: its name has a pattern`);
    return [];
  }
  const file = reading.open(path, { optional: value.startsWith('-') });
  const settings = file === null ? [] : (reading.parse(file, readEnv) ?? []);
  return settings.filter(({ name }) => names.includes(name)).map((setting) => wholeValue(file!, setting));
}

/**
 * The variables and the options in a systemd unit, which its program gets. Files win over Environment, wherever each
 * of them is.
 */
export function startValues(
  reading: Reading,
  unit: string,
  names: readonly string[],
  path: string | null = null,
): WrittenValue[] {
  const settings = unitSettings(reading, unit, path);
  const valuesOf = (setting: UnitSetting, isWanted: (name: string) => boolean): WrittenValue[] =>
    commandIn(setting.file, setting, names.filter(isWanted)).map((one) =>
      Object.assign(one, { obstacle: unitObstacle(setting.file.path) }),
    );
  const called = (name: string): UnitSetting[] => settings.filter((setting) => setting.name === `Service.${name}`);
  return [
    ...called('Environment').flatMap((setting) => valuesOf(setting, (name) => !name.startsWith('-'))),
    ...called('EnvironmentFile').flatMap((setting) => environmentFile(reading, setting, names)),
    ...called('ExecStart').flatMap((setting) => valuesOf(setting, (name) => name.startsWith('-'))),
  ];
}

/** How a program is told a port. */
export interface StartSyntax {
  readonly options: readonly string[];
  /** The least important one first. */
  readonly variables: readonly string[];
  readonly portsOf: PortsOf;
}

/** Where the values that a program was started with may be written. */
function originOf(instance: Instance, reading: Reading, { options, variables }: StartSyntax): WrittenValue[] {
  const { service } = instance;
  if (service?.endsWith('.service') !== true || reading.machine.platform !== 'linux') return [];
  return startValues(reading, service, [...options, ...variables]);
}

/** Replaces a value by the last place that has the same one, since the program has it from there. */
function traced(setting: string, value: string, origins: readonly WrittenValue[], portsOf: PortsOf): Layer | null {
  const found = origins.findLast((one) => one.name === setting && one.value === value);
  return found === undefined ? null : written(found, portsOf);
}

/**
 * Returns the layers of the environment and of the command line. A value that the unit of the service or another file
 * (`origins`) has, too, comes from there.
 */
export function startLayers(
  instance: Instance,
  reading: Reading,
  syntax: StartSyntax,
  origins: readonly WrittenValue[] = [],
): Layer[] {
  const { options, variables, portsOf } = syntax;
  const all = [...originOf(instance, reading, syntax), ...origins];
  const environment = variables.map((name): Layer => {
    const value = instance.environment?.get(name);
    if (value === undefined || value === '') return [];
    return traced(name, value, all, portsOf) ?? placesOf({ name, value }, portsOf, () => ({ kind: 'environment' }));
  });
  // An interpreter has options of the same name for other things: `-production` is not `-p`.
  const given = optionsOf(instance.arguments, options).filter(({ value }) => /\d/.test(value));
  const commandLine = given.map(
    ({ name, value }) =>
      traced(name, value, all, portsOf) ?? placesOf({ name, value }, portsOf, () => ({ kind: 'commandLine' })),
  );
  return [...environment, ...commandLine];
}

/** Adds layers, the least important one first: the last that is not empty wins as a whole. */
export function addLayers(reading: Reading, key: string, layers: readonly Layer[]): void {
  const given = layers.filter((layer) => layer.length > 0);
  for (const [rank, layer] of given.entries())
    for (const [index, place] of layer.entries()) {
      const isShared = rank < given.length - 1 || index === 0;
      reading.add({ ...place, key: isShared ? key : null, rank });
    }
}

/** A layer with only a default. */
export const defaultLayer = (setting: string, port: number, address: string | null = null): Layer => [
  { setting, value: String(port), port, address, source: { kind: 'default' } },
];
