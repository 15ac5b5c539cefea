import type { Instance } from '../configured-port.ts';
import type { Family } from '../family.ts';
import { lastOption } from '../readers/arguments.ts';
import { ini, readLines } from '../readers/lines.ts';
import { inFile, portOf, type Reading } from '../reading.ts';
import { originOf, readServiceStart, sourceOf, startVariable, unitSideEffects } from '../service-file.ts';
import type { TextFile } from '../text-file.ts';

/*
 * conf/defaults.ini, then cfg:default. arguments, then custom.ini or the file after --config, then GF_SERVER_HTTP_PORT, then cfg: arguments.
 * https://grafana.com/docs/grafana/latest/setup-grafana/configure-grafana/
 */

const rank = { defaults: 1, defaultArgument: 2, file: 3, environment: 4, commandLine: 5 } as const;
const variable = 'GF_SERVER_HTTP_PORT';
const environmentFiles = ['/etc/default/grafana-server', '/etc/sysconfig/grafana-server'];

/** Adds the port in a file; returns the protocol that it sets, which can be a socket. */
function addFile(file: TextFile, reading: Reading, isDefaults: boolean): void {
  const settings = reading.parse(file, (text) => readLines(text, ini)) ?? [];
  const last = (name: string): string | null => settings.findLast((one) => one.name === name)?.value || null;
  for (const setting of settings) {
    // An empty value counts as none.
    if (setting.name !== 'server.http_port' || setting.value === '') continue;
    const isVariable = /[$%]/.test(setting.value);
    const isSocket = last('server.protocol') === 'socket';
    reading.add({
      setting: '[server] http_port',
      value: setting.value,
      port: isSocket || isVariable ? null : portOf(setting.value) || null,
      address: last('server.http_addr'),
      key: 'http_port',
      rank: isDefaults ? rank.defaults : rank.file,
      source: inFile(file, setting, isDefaults || isVariable ? null : setting),
      reason: isSocket
        ? 'protocol = socket: it listens on no port'
        : isVariable
          ? 'the value contains a variable'
          : !portOf(setting.value)
            ? 'the value is not a port to listen on'
            : isDefaults
              ? 'an update replaces defaults.ini: set http_port under [server] in grafana.ini or custom.ini'
              : null,
    });
  }
}

/** The files of an instance: defaults.ini, and its own. */
function filesOf(
  { arguments: args, path: given, workingDirectory }: Instance,
  reading: Reading,
): { own: TextFile | null; defaults: TextFile | null } {
  const { path } = reading;
  const base = workingDirectory ?? '/';
  const home = lastOption(args, ['--homepath', '-homepath'])?.value ?? null;
  const named = lastOption(args, ['--config', '-config'])?.value ?? null;
  const folders = home === null ? [base, '/usr/share/grafana'] : [path.resolve(base, home)];
  const isDefaults = given !== null && path.basename(given) === 'defaults.ini';
  const own =
    given !== null && !isDefaults
      ? reading.open(given)
      : named !== null
        ? reading.open(path.resolve(base, named))
        : reading.openFirst([
            ...folders.map((folder) => path.join(folder, 'conf/custom.ini')),
            ...(args.length === 0 ? grafana.defaultFiles : []),
          ]);
  const defaults = isDefaults
    ? reading.open(given)
    : reading.openFirst(folders.map((folder) => path.join(folder, 'conf/defaults.ini')));
  return { own, defaults };
}

export const grafana: Family = {
  name: 'Grafana',
  defaultFiles: ['/etc/grafana/grafana.ini', '/usr/local/etc/grafana/grafana.ini'],
  read(instance, reading) {
    const { own, defaults } = filesOf(instance, reading);
    if (own !== null) addFile(own, reading, false);
    if (defaults !== null) addFile(defaults, reading, true);
    const set = instance.environment?.get(variable) ?? null;
    const isService = instance.path === null && (instance.service !== null || instance.pid === null);
    const start = isService ? readServiceStart(instance, reading, environmentFiles) : null;
    const value = set ?? (start === null || instance.pid !== null ? undefined : startVariable(start, variable)?.value);
    const origin = value === undefined || start === null ? null : originOf(variable, value, start.variables);
    if (value !== undefined)
      reading.add({
        setting: variable,
        value,
        port: portOf(value),
        key: 'http_port',
        rank: rank.environment,
        ...(origin === null ? { source: { kind: 'environment' } } : sourceOf(origin)),
      });
    for (const argument of instance.arguments) {
      const value = /^cfg:(?:default\.)?server\.http_port=(.*)$/.exec(argument)?.[1];
      const ownRank = argument.startsWith('cfg:default.') ? rank.defaultArgument : rank.commandLine;
      if (value !== undefined)
        reading.add({
          setting: argument.slice(0, argument.indexOf('=')),
          value,
          port: portOf(value),
          key: 'http_port',
          rank: ownRank,
          source: { kind: 'commandLine' },
        });
    }
    if (own !== null || instance.pid !== null)
      reading.add({
        setting: '[server] http_port',
        value: '3000',
        port: 3000,
        key: 'http_port',
        rank: -1,
        source: { kind: 'default' },
      });
  },
  sideEffects: (_, { port, source }, to) => [
    ...(source.kind === 'file' ? unitSideEffects(source.file.path) : []),
    `proxies and links that use port ${port} of Grafana have to use port ${to}, and so does root_url if it names the port`,
  ],
};
