import type { Family } from '../family.ts';
import type { Instance } from '../configured-port.ts';
import { readJson } from '../readers/json.ts';
import { readEnv } from '../readers/lines.ts';
import { readScript } from '../readers/script.ts';
import type { NamedValue } from '../readers/setting.ts';
import { portOf, type Reading } from '../reading.ts';
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
  type StartSyntax,
} from '../layers.ts';
import { commandIn, wholeValue, type WrittenValue } from '../service-file.ts';

/*
 * The command line wins over the environment, and that over .env files:
 * https://nodejs.org/api/cli.html#--env-filefile
 * https://nextjs.org/docs/app/guides/environment-variables#environment-variable-load-order
 * https://vite.dev/config/server-options#server-port, https://angular.dev/cli/serve
 */

const syntax: StartSyntax = { options: ['--port', '-p'], variables: ['PORT'], portsOf: onePort };

/** A literal port; everything else is code. */
const codePort: PortsOf = (text) => {
  const port = portOf(/^\d(?:_?\d)*$/.test(text) ? text.replaceAll('_', '') : text);
  return port === null ? computed(text) : [{ address: null, port, start: 0 }];
};

/** A tool that serves, which does not read PORT from .env files, and what it does without any setting. */
interface Tool {
  readonly name: RegExp;
  readonly port: number;
  readonly usesVariable: boolean;
  /** Its configuration file, and the properties with a port. */
  readonly files?: { readonly name: RegExp; readonly properties: RegExp };
}

const tools: readonly Tool[] = [
  {
    name: /^vite(?:\.js)?$/,
    port: 5173,
    usesVariable: false,
    files: { name: /^vite\.config\.[cm]?[jt]s$/, properties: /(?:^|\.)server\.port$/ },
  },
  { name: /^next(?:\.js)?$/, port: 3000, usesVariable: true },
  {
    name: /^ng(?:\.js)?$/,
    port: 4200,
    usesVariable: false,
    files: {
      name: /^angular\.json$/,
      properties: /^projects\..{1,300}\.(?:architect|targets)\.serve\..{0,300}\bport$/,
    },
  },
];

const toolOf = ({ arguments: args }: Instance, { path }: Reading): Tool | null =>
  tools.find(({ name }) => args.slice(0, 4).some((one) => name.test(path.basename(one)))) ?? null;

/** The files that `--env-file` names, in their order. */
function envFilesOf({ arguments: args }: Instance): { name: string; optional: boolean }[] {
  return args.flatMap((argument, index) => {
    const [, kind, given] = /^--env-file(-if-exists)?(?:=(.*))?$/s.exec(argument) ?? [];
    const isOne =
      argument.startsWith('--env-file') && (given !== undefined || /^--env-file(?:-if-exists)?$/.test(argument));
    const name = given ?? args[index + 1];
    return isOne && name !== undefined ? [{ name, optional: kind !== undefined }] : [];
  });
}

function envLayers(instance: Instance, reading: Reading, folder: string): Layer[] {
  const named = envFilesOf(instance);
  const mode = instance.environment?.get('NODE_ENV') ?? 'development';
  const usual = ['.env', `.env.${mode}`, '.env.local', `.env.${mode}.local`];
  const given = instance.path === null ? null : reading.path.basename(instance.path);
  const isOther = given?.startsWith('.env') === true && !usual.includes(given);
  const files =
    named.length > 0 ? named : [...usual, ...(isOther ? [given] : [])].map((name) => ({ name, optional: true }));
  return files.map(({ name, optional }) => {
    const file = reading.open(reading.path.resolve(folder, name), { optional });
    // Of a variable that is set twice, the last one counts.
    const setting = file === null ? undefined : reading.parse(file, readEnv)?.findLast((one) => one.name === 'PORT');
    if (file === null || setting === undefined) return [];
    const reason = named.length > 0 ? null : codeDecides;
    return written(wholeValue(file, setting), onePort, reason);
  });
}

/** The commands in the scripts of package.json. */
function scriptsIn(reading: Reading, folder: string, only: string | undefined): (WrittenValue & { script: string })[] {
  const file = reading.open(reading.path.join(folder, 'package.json'), { optional: true });
  const scripts = file === null ? [] : (reading.parse(file, readJson) ?? []);
  return scripts
    .filter(({ name }) => (only === undefined ? name.startsWith('scripts.') : name === `scripts.${only}`))
    .flatMap((script) =>
      commandIn(file!, script, [...syntax.options, ...syntax.variables]).map((one) =>
        Object.assign(one, { script: script.name }),
      ),
    )
    .filter(({ value }) => /\d/.test(value));
}

/** The settings in the configuration file of a tool. A name has the configuration of Angular that it is of. */
function toolLayer({ files }: Tool, reading: Reading, folder: string): Layer {
  for (const name of files === undefined
    ? []
    : (reading.machine.list(folder) ?? []).filter((one) => files.name.test(one))) {
    const file = reading.open(reading.path.join(folder, name), { optional: true });
    const read = (text: string): NamedValue[] => (name.endsWith('.json') ? readJson(text) : readScript(text));
    const settings = file === null ? [] : (reading.parse(file, read) ?? []);
    return settings
      .filter((setting) => files!.properties.test(setting.name))
      .flatMap((setting) => written(wholeValue(file!, setting), codePort));
  }
  return [];
}

/** The settings of one file that --path names, each of which counts. */
function addFile(reading: Reading, given: string): boolean {
  const { path } = reading;
  const name = path.basename(given);
  const folder = path.dirname(given);
  if (name === 'package.json') {
    for (const value of scriptsIn(reading, folder, undefined))
      for (const place of written({ ...value, name: `${value.script} ${value.name}` }, onePort)) reading.add(place);
    return true;
  }
  const tool = tools.find(({ files }) => files?.name.test(name));
  if (tool === undefined) return false;
  for (const place of toolLayer(tool, reading, folder)) reading.add(place);
  return true;
}

export const node: Family = {
  name: 'Node.js',
  defaultFiles: [],
  read(instance, reading) {
    const { path } = reading;
    if (instance.path !== null && addFile(reading, instance.path)) return;
    const folder = instance.path === null ? instance.workingDirectory : path.dirname(instance.path);
    if (folder === null) return;
    const tool = toolOf(instance, reading);
    const usesVariable = tool?.usesVariable ?? true;
    const scripts =
      instance.pid === null ? [] : scriptsIn(reading, folder, instance.environment?.get('npm_lifecycle_event'));
    addLayers(reading, 'port', [
      tool === null ? [] : defaultLayer('port', tool.port),
      ...(tool === null ? envLayers(instance, reading, folder) : [toolLayer(tool, reading, folder)]),
      ...startLayers(instance, reading, { ...syntax, variables: usesVariable ? syntax.variables : [] }, scripts),
    ]);
  },
  sideEffects: (_, place, port) => [
    `programs and addresses that use port ${place.port}, such as a proxy of a development server, have to use port ${port}`,
  ],
};
