import type { ConfiguredPort, Instance } from '../configured-port.ts';
import type { Family } from '../family.ts';
import { certificateEffects } from '../http-certificates.ts';
import { partOf, type Word } from '../readers/setting.ts';
import { readXml, type Element } from '../readers/xml.ts';
import { inFile, isSamePath, portOf, type NewConfiguredPort, type Reading } from '../reading.ts';
import type { TextFile } from '../text-file.ts';

/*
 * IIS: applicationHost.config, of which it notices changes itself.
 * https://learn.microsoft.com/iis/configuration/system.applicationhost/sites/site/bindings/binding
 */

const sitePath = 'configuration/system.applicationHost/sites/site';

/** The folder of IIS. Its appcmd is run, so nobody but the system says where it is. */
const folderOf = ({ machine }: Reading): string => `${machine.systemFolder ?? 'C:\\Windows\\System32'}\\inetsrv`;

/** The file of an instance: IIS Express names its own. */
function mainOf(instance: Instance, reading: Reading): TextFile | null {
  if (instance.path !== null) return reading.open(instance.path);
  const given = instance.arguments.find((one) => /^[/-]config:/i.test(one))?.slice('/config:'.length);
  if (given !== undefined) return reading.open(given);
  const folder = `${folderOf(reading)}\\config`;
  const file = reading.open(`${folder}\\applicationHost.config`, { optional: true });
  const redirection = reading.open(`${folder}\\redirection.config`, { optional: true });
  const found = redirection === null ? null : reading.parse(redirection, readXml);
  const shared = found?.find(({ path }) => path === 'configuration/configurationRedirection');
  if (shared?.attributes.get('enabled')?.value.toLowerCase() === 'true')
    reading.gap(
      `IIS shares the configuration in ${shared.attributes.get('path')?.value ?? '?'} with other servers: name it with --path`,
    );
  return file;
}

/** The parts of a binding: `*:80:host`, `[::1]:8080:`, and for net.tcp `808:*`. */
function partsOf(
  protocol: string,
  { value }: Word,
): { readonly address: string | null; readonly text: string; readonly start: number; readonly host: string } | null {
  if (protocol === 'net.tcp') {
    const at = value.indexOf(':');
    return at < 0 ? null : { address: null, text: value.slice(0, at), start: 0, host: '' };
  }
  const [, address, text, host] = /^(\[[^\]]*\]|[^:]*):([^:]*):(.*)$/.exec(value) ?? [];
  if (address === undefined) return null;
  const plain = address.replace(/^\[|\]$/g, '');
  return { address: plain === '*' || plain === '' ? null : plain, text: text!, start: address.length + 1, host: host! };
}

function placeOf(file: TextFile, site: string, { attributes }: Element): NewConfiguredPort | null {
  const [protocol, word] = [
    attributes.get('protocol')?.value.toLowerCase() ?? '',
    attributes.get('bindingInformation'),
  ];
  if (word === undefined || !['http', 'https', 'ftp', 'net.tcp'].includes(protocol)) return null;
  const parts = partsOf(protocol, word);
  const port = parts === null ? null : portOf(parts.text) || null;
  const part = parts === null ? null : partOf(word, parts.start, parts.start + parts.text.length);
  return {
    setting: `${site} ${protocol}`,
    value: word.value,
    port,
    address: parts?.address ?? null,
    source: inFile(file, word, port === null ? null : part),
    needsRestart: false,
    reason: port === null ? 'the value is not a port' : null,
  };
}

function addSites(file: TextFile, elements: readonly Element[], reading: Reading): void {
  let [site, isStarted] = ['', true];
  for (const element of elements) {
    const { path, attributes } = element;
    if (path === sitePath) {
      site = attributes.get('name')?.value ?? '';
      isStarted = attributes.get('serverAutoStart')?.value.toLowerCase() !== 'false';
    }
    const place = path === `${sitePath}/bindings/binding` ? placeOf(file, site, element) : null;
    if (place !== null)
      reading.add({ ...place, reason: place.reason ?? (isStarted ? null : 'the site does not start automatically') });
  }
}

/** The certificates for the port of a binding. */
function certificatesOf({ port, value }: ConfiguredPort, to: number, reading: Reading): string[] {
  const host = partsOf('https', { value, start: 0, end: 0, quote: null })?.host ?? '';
  return port === null ? [] : certificateEffects(port, to, { reading, host });
}

export const iis: Family = {
  name: 'IIS',
  defaultFiles: [String.raw`C:\Windows\System32\inetsrv\config\applicationHost.config`],
  read(instance, reading) {
    const file = mainOf(instance, reading);
    const elements = file === null ? null : reading.parse(file, readXml);
    if (file !== null && elements !== null) addSites(file, elements, reading);
  },
  check(instance, reading) {
    const program = `${folderOf(reading)}\\appcmd.exe`;
    const isOwn =
      instance.path === null &&
      reading.main !== null &&
      isSamePath(reading.main, `${folderOf(reading)}\\config\\applicationHost.config`, reading.machine);
    const isThere =
      reading.machine.list(folderOf(reading))?.some((name) => name.toLowerCase() === 'appcmd.exe') === true;
    return isOwn && isThere ? { words: [program, 'list', 'sites'] } : null;
  },
  reload: () => 'watches',
  sideEffects: (_, place, to, reading) => [
    ...(place.setting.endsWith(' https') ? certificatesOf(place, to, reading) : []),
    `links and clients that name port ${place.port ?? ''} of ${place.setting.replace(/ [\w.]+$/, '')} have to name port ${to}`,
  ],
};
