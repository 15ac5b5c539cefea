import type { Instance } from './configured-port.ts';
import { optionsOf } from './readers/arguments.ts';
import { partOf } from './readers/setting.ts';
import { addressAndPort, inFile, type AddressAndPort, type NewConfiguredPort, type Reading } from './reading.ts';
import { originOf, readServiceStart, startValues, type WrittenValue } from './service-file.ts';

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

type Found = AddressAndPort | { readonly unknown: string };

/** The ports of a value: the source of each, and what is to be said about it. */
function placesOf(
  { name, value }: Pick<WrittenValue, 'name' | 'value'>,
  portsOf: PortsOf,
  sourceOf: (found: Found) => Pick<NewConfiguredPort, 'source' | 'reason'>,
): NewConfiguredPort[] {
  return (portsOf(value) ?? []).map((found) =>
    Object.assign(
      'unknown' in found ? { port: null } : { port: found.port, address: found.address },
      { setting: name, value },
      sourceOf(found),
    ),
  );
}

/** The ports of a value in a file. */
export function written(from: WrittenValue, portsOf: PortsOf, note: string | null = null): Layer {
  const { value, file, whole, start, obstacle = null } = from;
  return placesOf(from, portsOf, (found) => {
    if ('unknown' in found) return { source: inFile(file, whole, null), reason: found.unknown };
    const digits = /^(?:\d(?:_?\d)*)?/.exec(value.slice(found.start))![0].length;
    const part = start < 0 || digits === 0 ? null : partOf(whole, start + found.start, start + found.start + digits);
    const reason =
      digits === 0 ? `it names no port, so it is ${found.port}` : part === null ? 'it is written with escapes' : note;
    return { source: inFile(file, whole, obstacle === null ? part : null), reason: obstacle ?? reason };
  });
}

/** What cannot be read, since code computes it. */
export const computed: PortsOf = () => [{ unknown: 'the value is computed by code' }];

/** The note about a setting that a program may not read. */
export const codeDecides = 'the code of the program decides whether it uses this';

/** How a program is told a port. */
export interface StartSyntax {
  readonly options: readonly string[];
  /** The least important one first. */
  readonly variables: readonly string[];
  readonly portsOf: PortsOf;
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
  const all = [
    ...startValues(readServiceStart({ ...instance, path: null }, reading), [...options, ...variables]),
    ...origins,
  ];
  const given = (kind: 'environment' | 'commandLine') => (found: Found) => ({
    source: { kind } as const,
    reason: 'unknown' in found ? found.unknown : null,
  });
  // The program has its value from the last place that has the same one.
  const traced = (name: string, value: string): Layer | null => {
    const origin = originOf(name, value, all);
    return origin === null ? null : written(origin, portsOf);
  };
  const environment = variables.map((name): Layer => {
    const value = instance.environment?.get(name);
    if (value === undefined || value === '') return [];
    return traced(name, value) ?? placesOf({ name, value }, portsOf, given('environment'));
  });
  // An interpreter has options of the same name for other things: `-production` is not `-p`.
  const set = optionsOf(instance.arguments, options).filter(({ value }) => /\d/.test(value));
  const commandLine = set.map(
    ({ name, value }) => traced(name, value) ?? placesOf({ name, value }, portsOf, given('commandLine')),
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
