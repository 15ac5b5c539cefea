import type { Family } from '../family.ts';
import type { Instance } from '../configured-port.ts';
import { lastOption } from '../readers/arguments.ts';
import { readJson } from '../readers/json.ts';
import { portOf, type Reading } from '../reading.ts';
import { addLayers, defaultLayer, startLayers, written, type Layer, type PortsOf } from '../layers.ts';
import { wholeValue, type WrittenValue } from '../service-file.ts';

/*
 * Of the URLs, from the least important on: ASPNETCORE_HTTP_PORTS, ASPNETCORE_URLS, DOTNET_URLS, Urls in
 * appsettings.json and appsettings.ENVIRONMENT.json, URLS, --urls. An endpoint of Kestrel replaces all of them.
 * https://learn.microsoft.com/aspnet/core/fundamentals/servers/kestrel/endpoints
 */

/** `http://localhost:5000;https://*:5001`. Without a port, it is 80 or 443. */
const urlPorts: PortsOf = (text) => {
  if (/^(?:\s*|https?:\/\/(?:unix|pipe):.*)$/.test(text)) return null;
  const found = [...text.matchAll(/(https?):\/\/(\[[^\]]{0,100}\]|[^\s:/;,[]{1,300})(?::(\d+))?/gi)];
  const isWhole = text.split(';').filter((one) => one.trim() !== '').length === found.length;
  if (!isWhole) return [{ unknown: 'the value is not a list of URLs' }];
  return found.map(({ 0: whole, 1: scheme, 2: host = '', 3: digits, index }) => {
    const end = index + whole.length;
    const port = digits === undefined ? (scheme!.toLowerCase() === 'https' ? 443 : 80) : portOf(digits);
    if (port === null) return { unknown: 'the value is not a port' };
    const address = /^[*+]$/.test(host) ? null : host.replace(/^\[|\]$/g, '');
    return { address, port, start: digits === undefined ? end : end - digits.length };
  });
};

/** `8080;8081`. */
const portList: PortsOf = (text) =>
  [...text.matchAll(/[^;\s]+/g)].map(({ 0: one, index }) => {
    const port = portOf(one);
    return port === null ? { unknown: 'the value is not a port' } : { address: null, port, start: index };
  });

/** Endpoints are named without regard to case: `kestrel.endpoints.http.url`. */
const keyOf = (name: string): string => name.replaceAll(/:|__/g, '.').toLowerCase();
const endpointKey = /^kestrel\.endpoints\.(.+)\.url$/;

function environmentOf(instance: Instance, { path }: Reading): string {
  const named = /^appsettings\.(.+)\.json$/i.exec(path.basename(instance.path ?? ''))?.[1];
  const variable = (name: string): string | undefined => instance.environment?.get(name);
  return (
    named ??
    lastOption(instance.arguments, ['--environment'])?.value ??
    variable('DOTNET_ENVIRONMENT') ??
    variable('ASPNETCORE_ENVIRONMENT') ??
    'Production'
  );
}

/** The settings of both files, the more important file last. */
function settingsOf(instance: Instance, reading: Reading): WrittenValue[] {
  const { path } = reading;
  const { path: given, workingDirectory, arguments: args } = instance;
  const named = lastOption(args, ['--contentRoot'])?.value ?? instance.environment?.get('ASPNETCORE_CONTENTROOT');
  const root = given === null ? (named ?? workingDirectory) : path.dirname(given);
  if (root === null) return [];
  return ['appsettings.json', `appsettings.${environmentOf(instance, reading)}.json`].flatMap((name) => {
    const file = reading.open(path.resolve(workingDirectory ?? root, root, name), { optional: true });
    return file === null ? [] : (reading.parse(file, readJson) ?? []).map((setting) => wholeValue(file, setting));
  });
}

/** What sets something, by its key: names are compared without case, but variables and options have one. */
interface Given {
  /** In both files, the more important one last. */
  readonly settings: ReadonlyMap<string, readonly WrittenValue[]>;
  readonly variables: ReadonlyMap<string, readonly string[]>;
  /** Arguments, with the next one where that can be the value. */
  readonly options: ReadonlyMap<string, readonly { readonly name: string; readonly words: readonly string[] }[]>;
}

function givenOf(instance: Instance, reading: Reading): Given {
  const options = instance.arguments.map((one, index) => ({
    name: one.split('=', 1)[0]!,
    words: instance.arguments.slice(index, index + (one.includes('=') ? 1 : 2)),
  }));
  return {
    settings: Map.groupBy(settingsOf(instance, reading), ({ name }) => keyOf(name)),
    variables: Map.groupBy(instance.environment?.keys() ?? [], keyOf),
    options: Map.groupBy(options.slice(1), ({ name }) => keyOf(name.replace(/^(?:--|\/)/, ''))),
  };
}

/** The layers of a setting: both files, then the environment and the command line. */
function layersOf(instance: Instance, reading: Reading, { settings, ...given }: Given, key: string): Layer[] {
  const options = given.options.get(key) ?? [];
  const [program = ''] = instance.arguments;
  return [
    ...(settings.get(key) ?? []).map((value) => written(value, urlPorts)),
    ...startLayers({ ...instance, arguments: [program, ...options.flatMap(({ words }) => words)] }, reading, {
      options: [...new Set(options.map(({ name }) => name).filter((name) => /^(?:--|\/)/.test(name)))],
      variables: given.variables.get(key) ?? [],
      portsOf: urlPorts,
    }),
  ];
}

/** The endpoints of Kestrel, each of which counts. */
const endpointsOf = ({ settings, variables, options }: Given): string[] =>
  [...new Set([...settings.keys(), ...variables.keys(), ...options.keys()])].filter((key) => endpointKey.test(key));

/** Settings that only the development tools use. */
function addLaunchSettings(reading: Reading, given: string): void {
  const file = reading.open(given);
  for (const setting of (file === null ? null : reading.parse(file, readJson)) ?? [])
    if (
      /^profiles\..*\.(?:applicationUrl|commandLineArgs)$|^iisSettings\.iisExpress\.applicationUrl$/i.test(
        setting.name,
      ) &&
      /https?:/.test(setting.value)
    )
      for (const place of written(wholeValue(file!, setting), urlPorts))
        reading.add({ ...place, reason: 'only dotnet run and Visual Studio use launchSettings.json' });
}

const codeOverrides = 'code such as UseUrls or ConfigureKestrel can override it';

export const aspnet: Family = {
  name: 'ASP.NET Core',
  defaultFiles: [],
  read(instance, reading) {
    if (instance.path !== null && /launchSettings\.json$/i.test(instance.path))
      return addLaunchSettings(reading, instance.path);
    const given = givenOf(instance, reading);
    const endpoints = endpointsOf(given);
    const variables = (names: readonly string[], portsOf: PortsOf): Layer[] =>
      startLayers(instance, reading, { options: [], variables: names, portsOf });
    const urls: Layer[] = [
      instance.pid === null ? [] : defaultLayer('urls', 5000, 'localhost'),
      ...variables(['ASPNETCORE_HTTP_PORTS', 'DOTNET_HTTP_PORTS', 'HTTP_PORTS'], portList),
      ...variables(['ASPNETCORE_URLS', 'DOTNET_URLS'], urlPorts),
      ...layersOf(instance, reading, given, 'urls'),
    ];
    const [first, ...others] = endpoints.map((key) => layersOf(instance, reading, given, key));
    addLayers(reading, 'urls', [...urls, ...(first ?? [])]);
    for (const [index, layers] of others.entries()) addLayers(reading, `endpoint ${index}`, layers);
    for (const [index, place] of reading.places.entries())
      if (place.source.kind === 'file') reading.places[index] = { ...place, reason: place.reason ?? codeOverrides };
  },
  sideEffects: (_, place, port) => [
    `what connects to port ${place.port} has to use port ${port}: reverse proxies, health checks, and redirect addresses of OpenID Connect`,
  ],
};
