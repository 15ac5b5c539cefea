import type { Family } from '../family.ts';
import type { Instance } from '../configured-port.ts';
import { lastOption } from '../readers/arguments.ts';
import { commandValues } from '../readers/command.ts';
import { readEnv } from '../readers/lines.ts';
import { readPython } from '../readers/python.ts';
import type { NamedValue } from '../readers/setting.ts';
import { addressAndPort, portOf, type Reading } from '../reading.ts';
import {
  addLayers,
  codeDecides,
  computed,
  defaultLayer,
  onePort,
  startLayers,
  written,
  type Layer,
  type PortsOf,
} from '../layers.ts';
import { wholeValue } from '../service-file.ts';

/*
 * gunicorn: its file, then GUNICORN_CMD_ARGS, then the command line: https://docs.gunicorn.org/en/stable/configure.html
 * uvicorn: UVICORN_PORT, then the command line: https://www.uvicorn.org/settings/
 * Flask: .flaskenv, .env, FLASK_RUN_PORT, then the command line: https://flask.palletsprojects.com/en/stable/cli/
 * http.server: https://docs.python.org/3/library/http.server.html#command-line-interface
 * Django: https://docs.djangoproject.com/en/stable/ref/django-admin/#runserver
 */

/** An address of gunicorn; without a port, it is 8000. */
const gunicornPorts: PortsOf = (text) => {
  if (/^(?:unix:|fd:)/.test(text)) return null;
  const value = text.replace(/^tcp:\/\//, '');
  const found = addressAndPort(value);
  // A number alone is not an address for gunicorn, but an IPv4 address is one without a port.
  if (found !== null) return [{ ...found, start: found.start + text.length - value.length }];
  return /^[\w.-]+$|^\[[\da-f:]+\]$/i.test(value)
    ? [{ address: value.replace(/^\[|\]$/g, ''), port: 8000, start: text.length }]
    : onePort(text);
};

function gunicornFile(instance: Instance, reading: Reading, folder: string): Layer {
  const { path } = reading;
  const named = lastOption(instance.arguments, ['-c', '--config'])?.value.replace(/^file:/, '');
  if (named?.startsWith('python:') === true) {
    reading.gap(`gunicorn reads the module ${named.slice('python:'.length)}, which is not looked for`);
    return [];
  }
  const given = instance.path ?? path.resolve(folder, named ?? 'gunicorn.conf.py');
  const file = reading.open(given, { optional: named === undefined });
  if (file === null) return [];
  const settings = (reading.parse(file, readPython) ?? []).filter(({ name }) => /^bind\b/.test(name));
  const plain = settings.filter(({ name }) => !name.endsWith('?'));
  const places = (setting: NamedValue, portsOf: PortsOf, note: string | null = null): Layer =>
    written({ ...wholeValue(file, setting), name: 'bind' }, portsOf, note);
  if (plain.length === 0) return settings.flatMap((setting) => places(setting, computed));
  const note = plain.length < settings.length ? 'code in the file also sets it, under a condition' : null;
  // An assignment replaces the ones before it; that of a list has several values.
  const from = plain.findLastIndex(({ name }) => name === 'bind' || name === 'bind[0]');
  return plain
    .slice(from)
    .flatMap((setting) => places(setting, setting.quote === null ? computed : gunicornPorts, note));
}

function addGunicorn(instance: Instance, reading: Reading, folder: string): void {
  const names = ['-b', '--bind'];
  const variable = instance.environment?.get('GUNICORN_CMD_ARGS') ?? '';
  const fromVariable = commandValues(variable, names).flatMap(({ value }): Layer =>
    (gunicornPorts(value) ?? []).map((found) => ({
      setting: 'GUNICORN_CMD_ARGS',
      value,
      port: 'unknown' in found ? null : found.port,
      address: 'unknown' in found ? null : found.address,
      source: { kind: 'environment' },
    })),
  );
  const byDefault = portOf(instance.environment?.get('PORT') ?? '');
  const starting: Layer =
    byDefault === null
      ? defaultLayer('bind', 8000, '127.0.0.1')
      : [
          {
            setting: 'PORT',
            value: String(byDefault),
            port: byDefault,
            address: '0.0.0.0',
            source: { kind: 'environment' },
          },
        ];
  const commandLine = startLayers(instance, reading, { options: names, variables: [], portsOf: gunicornPorts });
  // Each -b is one more address.
  addLayers(reading, 'bind', [starting, gunicornFile(instance, reading, folder), fromVariable, commandLine.flat()]);
}

/** The last setting of a variable in a file such as .env. */
function envLayer(reading: Reading, path: string, name: string, reason: string | null): Layer {
  const file = reading.open(path, { optional: true });
  const setting = file === null ? undefined : reading.parse(file, readEnv)?.findLast((one) => one.name === name);
  if (file === null || setting === undefined) return [];
  return written(wholeValue(file, setting), onePort, reason);
}

/** The programs that listen; others are programs of their own. */
function toolOf({ arguments: args, path: given }: Instance, { path }: Reading): string {
  if (given !== null) {
    const name = path.basename(given);
    return name.endsWith('.py') ? 'gunicorn' : name === '.flaskenv' ? 'flask' : '';
  }
  const names = args.slice(0, 4).map(
    (one) =>
      path
        .basename(one)
        .replace(/(?:\.exe|\.py)$/, '')
        .split(':', 1)[0]!,
  );
  if (args[args.indexOf('-m') + 1] === 'http.server') return 'http.server';
  if (args.includes('runserver') && names.some((name) => name === 'manage' || name.startsWith('django')))
    return 'django';
  return names.find((name) => /^(?:gunicorn|uvicorn|flask)$/.test(name)) ?? '';
}

/** The address that runserver has: `8000`, `0.0.0.0:8000`. */
function djangoLayer({ arguments: args }: Instance): Layer {
  const value = args.slice(args.indexOf('runserver') + 1).findLast((one) => !one.startsWith('-'));
  const found = value === undefined ? null : addressAndPort(value);
  return value === undefined || found === null
    ? []
    : [
        {
          setting: 'runserver',
          value,
          port: found.port,
          address: found.address ?? '127.0.0.1',
          source: { kind: 'commandLine' },
        },
      ];
}

/** The options of http.server that take a value. */
const serverOptions = /^(?:-b|--bind|-d|--directory|-p|--protocol)$/;

/** `python -m http.server 8000 --bind 127.0.0.1`; the port has no option. */
function simpleServerLayers({ arguments: args }: Instance): Layer[] {
  const given = args.slice(args.indexOf('http.server') + 1);
  const value = given.findLast((one, index) => /^\d/.test(one) && !serverOptions.test(given[index - 1] ?? ''));
  const address = lastOption(given, ['-b', '--bind'])?.value ?? null;
  const port = value === undefined ? null : portOf(value);
  return [
    defaultLayer('http.server', 8000, address),
    value === undefined || port === null
      ? []
      : [{ setting: 'http.server', value, port, address, source: { kind: 'commandLine' } }],
  ];
}

export const python: Family = {
  name: 'Python',
  defaultFiles: [],
  read(instance, reading) {
    const { path } = reading;
    const folder = instance.path === null ? instance.workingDirectory : path.dirname(instance.path);
    if (folder === null) return;
    const tool = toolOf(instance, reading);
    const beside = (name: string): string => path.join(folder, name);
    const byOption = (variables: readonly string[]): readonly Layer[] =>
      startLayers(instance, reading, { options: ['--port', '-p'], variables, portsOf: onePort });
    if (tool === 'gunicorn') addGunicorn(instance, reading, folder);
    else if (tool === 'uvicorn')
      addLayers(reading, 'port', [defaultLayer('port', 8000, '127.0.0.1'), ...byOption(['UVICORN_PORT'])]);
    else if (tool === 'django')
      addLayers(reading, 'port', [defaultLayer('runserver', 8000, '127.0.0.1'), djangoLayer(instance)]);
    else if (tool === 'http.server') addLayers(reading, 'port', simpleServerLayers(instance));
    else if (tool === 'flask')
      addLayers(reading, 'port', [
        defaultLayer('port', 5000, '127.0.0.1'),
        envLayer(reading, beside('.flaskenv'), 'FLASK_RUN_PORT', null),
        envLayer(reading, beside('.env'), 'FLASK_RUN_PORT', null),
        ...byOption(['FLASK_RUN_PORT']),
      ]);
    else addLayers(reading, 'port', [envLayer(reading, beside('.env'), 'PORT', codeDecides), ...byOption(['PORT'])]);
  },
  check(instance, reading) {
    const program = instance.arguments.slice(0, 3).find((one) => reading.path.basename(one) === 'gunicorn');
    if (program === undefined || !reading.path.isAbsolute(program) || instance.workingDirectory === null) return null;
    const first = instance.arguments.indexOf(program);
    return {
      words: [
        ...(first === 0 ? [] : [instance.executable ?? program]),
        ...instance.arguments.slice(first),
        '--check-config',
      ],
      workingDirectory: instance.workingDirectory,
    };
  },
  sideEffects: (_, place, port) => [
    `what connects to port ${place.port}, such as proxy_pass in nginx, has to use port ${port}`,
  ],
};
