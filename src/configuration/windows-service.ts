import { registryPlace } from '../system/registry.ts';
import type { ConfiguredPort, Instance } from './configured-port.ts';
import { commandValues } from './readers/command.ts';
import { partOf, type NamedValue, type Word } from './readers/setting.ts';
import { readEnv } from './readers/lines.ts';
import { openValue, readRegistryText, type OpenValue } from './registry.ts';
import { addressAndPort, inFile, type AddressAndPort, type Reading } from './reading.ts';
import { originOf } from './service-file.ts';

/*
 * What starts a Windows service, in the registry: ImagePath and Environment of the service itself, and what its wrapper
 * runs, as nssm and srvany have it.
 * https://learn.microsoft.com/windows/win32/services/service-installation-removal-and-enumeration
 * https://nssm.cc/usage
 */

export const servicesKey = String.raw`HKLM\SYSTEM\CurrentControlSet\Services`;
/** What is read only of a service that a wrapper runs: a machine has hundreds of services. */
const wrapper = /(?:nssm|srvany)[\w.-]{0,32}\.exe/i;

/** The values of a service with command lines. */
export function serviceCommands(reading: Reading, service: string): OpenValue[] {
  const [image, wrapped] = openedOf(reading, service);
  return [image, wrapped ? read(reading, service, String.raw`Parameters\AppParameters`) : null].filter(
    (one) => one !== null,
  );
}

function serviceEnvironments(reading: Reading, service: string): OpenValue[] {
  const [, wrapped] = openedOf(reading, service);
  const more = wrapped ? [String.raw`Parameters\AppEnvironment`, String.raw`Parameters\AppEnvironmentExtra`] : [];
  return ['Environment', ...more].flatMap((name) => read(reading, service, name) ?? []);
}

const read = (reading: Reading, service: string, name: string): OpenValue | null =>
  openValue(reading, `${servicesKey}\\${service}`, name);

/** The command line of a service, and whether it is that of a wrapper. */
function openedOf(reading: Reading, service: string): readonly [image: OpenValue | null, isWrapped: boolean] {
  const image = read(reading, service, 'ImagePath');
  return [image, image !== null && wrapper.test(image.word.value)];
}

/** An option or a variable of a service, with the value of the registry that has it. */
export interface ServiceValue extends NamedValue {
  readonly from: OpenValue;
}

/** Returns the options of a service with these names, and its variables. */
export function serviceValues(
  reading: Reading,
  service: string,
  { options, variables }: { readonly options: readonly string[]; readonly variables: readonly string[] },
): ServiceValue[] {
  const given = serviceCommands(reading, service).flatMap((from) =>
    // A path of Windows has backslashes, which are no escapes; the text is as long with slashes.
    commandValues(from.word.value.replaceAll('\\', '/'), options).map((one) =>
      Object.assign(moved(one, from.word), { from }),
    ),
  );
  const set = serviceEnvironments(reading, service).flatMap((from) =>
    readRegistryText(from.file.text).strings.flatMap((line) =>
      readEnv(line.value)
        .filter(({ name }) => variables.includes(name))
        .map((one) => Object.assign(moved(one, line), { from })),
    ),
  );
  return [...given, ...set];
}

/** A value within a word, with its position in the text of the word; one that is not literal there is at its start. */
const moved = <Value extends NamedValue>(value: Value, { start }: Word): Value => ({
  ...value,
  start: start + Math.max(value.start, 0),
  end: start + (value.start < 0 ? 0 : value.end),
});

/** The part of a value that is the port; null if it is not there exactly once. */
export function portPart({ from: _, ...value }: ServiceValue, port: number): Word | null {
  const digits = String(port);
  const found = [...value.value.matchAll(/\d+/g)].filter(([one]) => one === digits);
  return found.length === 1 ? partOf(value, found[0]!.index, found[0]!.index + digits.length) : null;
}

/** Finds the values of a running service's command line and environment in the registry, where they can be changed. */
export function traceToService({ service }: Instance, reading: Reading): void {
  if (service === null || reading.machine.platform !== 'win32') return;
  const isGiven = ({ source: { kind } }: ConfiguredPort): boolean => kind === 'commandLine' || kind === 'environment';
  const names = reading.places.filter(isGiven).map(({ setting }) => setting);
  if (names.length === 0) return;
  const values = serviceValues(reading, service, { options: names, variables: names });
  for (const [index, place] of reading.places.entries()) {
    const { setting, value, port } = place;
    const found = isGiven(place) ? originOf(setting, value, values) : null;
    if (found === null || port === null) continue;
    reading.places[index] = { ...place, source: inFile(found.from.file, found, portPart(found, port)) };
  }
}

/** The name of the service that a value of the registry belongs to; null for any other. */
export function serviceOfPath(path: string): string | null {
  const { key } = registryPlace(path);
  return /^SYSTEM\\[^\\]+\\Services\\([^\\]+)(?:\\Parameters)?$/i.exec(key)?.[1] ?? null;
}

/** The address and the port of a value such as `8080`, `0.0.0.0:8080`, or `http://*:8080/`; null if it has none. */
export function portInValue(value: string): AddressAndPort | null {
  const found = addressAndPort(value.replace(/^https?:\/\//i, '').replace(/\/$/, ''));
  return found === null || found.port === 0 ? null : found;
}
