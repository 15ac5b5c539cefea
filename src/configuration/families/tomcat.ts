import { portValue, type Placeholders } from '../placeholder.ts';
import type { ConfiguredPort, Instance } from '../configured-port.ts';
import type { Family } from '../family.ts';
import { properties, readLines } from '../readers/lines.ts';
import type { Word } from '../readers/setting.ts';
import { readXml, type Element } from '../readers/xml.ts';
import { inFile, portOf, type NewConfiguredPort, type Reading } from '../reading.ts';
import type { TextFile } from '../text-file.ts';

/*
 * server.xml: https://tomcat.apache.org/tomcat-10.1-doc/config/http.html. `${name}` is a system property; those of
 * catalina.properties override those of the command line, because Tomcat sets them after the start.
 */

/** The attributes that are ports, by the element. */
const attributes: Readonly<Record<string, readonly string[]>> = {
  Server: ['port'],
  Connector: ['port', 'redirectPort'],
  Listener: ['rmiRegistryPortPlatform', 'rmiServerPortPlatform'],
  Receiver: ['port'],
};

const lastProperty = (args: readonly string[], name: string): string | null =>
  args.findLast((one) => one.startsWith(`-D${name}=`))?.slice(name.length + 3) ?? null;

/** The folder of a Windows service, whose options are in the registry: it has the program in its folder bin. */
function folderOfService({ executable }: Instance, { path }: Reading): string | null {
  const isService = executable !== null && /[\\/]bin[\\/]tomcat\d*\.exe$/i.test(executable);
  return isService ? path.dirname(path.dirname(executable)) : null;
}

/** server.xml, and the folder of the instance. */
function mainOf(instance: Instance, reading: Reading): { base: string; file: TextFile | null } {
  const { path, machine } = reading;
  const { arguments: args, environment } = instance;
  const { path: given } = instance;
  if (given !== null) return { base: path.dirname(path.dirname(given)), file: reading.open(given) };
  const base =
    lastProperty(args, 'catalina.base') ??
    environment?.get('CATALINA_BASE') ??
    lastProperty(args, 'catalina.home') ??
    environment?.get('CATALINA_HOME') ??
    folderOfService(instance, reading);
  if (base === null) {
    reading.gap('the folder of Tomcat is unknown: name its server.xml with --path');
    return { base: '/', file: null };
  }
  const at = args.indexOf('-config');
  const whole = path.resolve(base, at < 0 ? 'conf/server.xml' : (args[at + 1] ?? ''));
  // Debian's /var/lib/tomcat10/conf is a link to /etc/tomcat10.
  return { base, file: reading.open(machine.realPath(whole) ?? whole) };
}

/** Returns where the placeholders of server.xml get their values. */
function placeholdersOf(instance: Instance, reading: Reading, base: string, main: TextFile): Placeholders {
  const { path } = reading;
  const beside = reading.open(path.join(path.dirname(main.path), 'catalina.properties'), { optional: true });
  const settings = beside === null ? [] : (reading.parse(beside, (text) => readLines(text, properties)) ?? []);
  const scripts = ['bin/setenv.sh', 'bin/setenv.bat'].map((name) => path.join(base, name));
  const opened = scripts.map((one) => reading.open(one, { optional: true })).filter((file) => file !== null);
  return {
    separator: ':-',
    isComplete: instance.pid !== null,
    find(name) {
      const setting = settings.findLast((one) => one.name === name);
      if (setting !== undefined) return { value: setting.value, source: inFile(beside!, setting) };
      const given = lastProperty(instance.arguments, name);
      // The command line of a running server comes from bin/setenv, if that has the same value.
      for (const file of opened) {
        const line = `-D${name}=`;
        const at = file.text.lastIndexOf(line);
        const value = at < 0 ? '' : (/^[\w.]+/.exec(file.text.slice(at + line.length))?.[0] ?? '');
        const start = at + line.length;
        const word: Word = { value, start, end: start + value.length, quote: null };
        if (value !== '' && (given === null ? instance.pid === null : given === value))
          return { value, source: inFile(file, word) };
      }
      return given === null ? null : { value: given, source: { kind: 'commandLine' } };
    },
  };
}

/** The number that a server adds to its own port, and to those of its connectors, whatever they set themselves. */
function offsetOf(name: string, all: readonly Element[]): number {
  const offset = all.find(({ path }) => path === 'Server')?.attributes.get('portOffset')?.value ?? '0';
  return name === 'Server' || name === 'Connector' ? Number(offset) || 0 : 0;
}

function portsOf(file: TextFile, elements: readonly Element[], placeholders: Placeholders): NewConfiguredPort[] {
  return elements.flatMap((element) => {
    const name = element.path.split('/').at(-1)!;
    return (attributes[name] ?? []).flatMap((attribute): NewConfiguredPort[] => {
      const word = element.attributes.get(attribute);
      if (word === undefined) return [];
      const offset = offsetOf(name, elements);
      const read = portValue(file, word, placeholders);
      const isMoved = read.port !== null && offset !== 0;
      return [
        {
          setting: `${name} ${attribute}`,
          ...read,
          value: word.value,
          port: read.port === null ? null : portOf(String(read.port + offset)),
          address: element.attributes.get('address')?.value ?? null,
          reason: isMoved ? `portOffset adds ${offset}` : read.reason,
          ...(isMoved && word.value.includes('$') && read.source.kind === 'file'
            ? { source: { ...read.source, port: null } }
            : {}),
        },
      ];
    });
  });
}

const isRedirect = ({ setting }: Pick<ConfiguredPort, 'setting'>): boolean => setting === 'Connector redirectPort';

export const tomcat: Family = {
  name: 'Tomcat',
  defaultFiles: [],
  defaultPatterns: ['/etc/tomcat*/server.xml', '/opt/*tomcat*/conf/server.xml', '/usr/local/*tomcat*/conf/server.xml'],
  read(instance, reading) {
    const { base, file } = mainOf(instance, reading);
    const elements = file === null ? null : reading.parse(file, readXml);
    if (file === null || elements === null) return;
    const ports = portsOf(file, elements, placeholdersOf(instance, reading, base, file));
    const own = new Set(ports.filter((one) => !isRedirect(one)).map(({ port }) => port));
    // A redirect to another connector of this server follows it; any other only mentions a port.
    for (const one of ports)
      reading.add({ ...one, role: isRedirect(one) && !own.has(one.port) ? 'reference' : 'listen' });
  },
  newText: ({ port, value }, to) => {
    const offset = portOf(value) === null || port === null ? 0 : port - Number(value);
    return to - offset > 0 ? String(to - offset) : null;
  },
  sideEffects: (_, { setting, port }, to) =>
    setting === 'Server port'
      ? [`programs that stop Tomcat by its shutdown port ${port} have to use port ${to}`]
      : isRedirect({ setting })
        ? []
        : [
            `proxies and clients that use port ${port} of Tomcat have to use port ${to}, and so does proxyPort of a connector`,
          ],
};
