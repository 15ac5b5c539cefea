import type { Instance } from '../configured-port.ts';
import type { Family } from '../family.ts';
import { optionsOf } from '../readers/arguments.ts';
import { readXml } from '../readers/xml.ts';
import { portOf, type Reading } from '../reading.ts';
import {
  optionsIn,
  readServiceStart,
  sourceOf,
  startOptions,
  startVariable,
  unitSideEffects,
  type WrittenValue,
} from '../service-file.ts';

/*
 * The service manager gives Jenkins its arguments: https://www.jenkins.io/doc/book/system-administration/systemd-services/
 * with JENKINS_PORT in the unit; before 2.332, with HTTP_PORT in /etc/default/jenkins; on Windows, in jenkins.xml.
 * The last option on the command line wins: https://www.jenkins.io/doc/book/installing/initial-settings/
 */

const rank = { default: 0, environment: 1, commandLine: 2, service: 3 } as const;
const kinds = [
  { option: '--httpPort', variables: ['JENKINS_PORT', 'HTTP_PORT'], fallback: 8080 },
  { option: '--httpsPort', variables: ['JENKINS_HTTPS_PORT', 'HTTPS_PORT'], fallback: null },
] as const;

const off = '-1 or 0 switches it off';

/** The options in jenkins.xml, which WinSW reads: `<arguments>-jar jenkins.war --httpPort=8080</arguments>`. */
function optionsInXml(
  { path: given, arguments: args, workingDirectory }: Instance,
  reading: Reading,
  option: string,
): WrittenValue[] {
  const { path } = reading;
  const war = args.find((one) => one.endsWith('.war'));
  const beside = war === undefined ? null : path.resolve(workingDirectory ?? '/', path.dirname(war), 'jenkins.xml');
  const file =
    given?.endsWith('.xml') === true
      ? reading.open(given)
      : beside === null
        ? null
        : reading.open(beside, { optional: true });
  const text =
    file === null ? undefined : reading.parse(file, readXml)?.find((one) => one.path === 'service/arguments')?.text;
  if (file === null || text == null) return [];
  const { start, end } = text;
  return optionsIn({ file, text: file.text.slice(start, end), start, quote: null }, [option]);
}

export const jenkins: Family = {
  name: 'Jenkins',
  defaultFiles: [
    '/etc/systemd/system/jenkins.service.d/override.conf',
    '/etc/default/jenkins',
    '/etc/sysconfig/jenkins',
  ],
  read(instance, reading) {
    const isXml = instance.path?.endsWith('.xml') === true;
    const unit = {
      ...instance,
      service: instance.service ?? (instance.pid === null && instance.path === null ? 'jenkins.service' : null),
    };
    const start = isXml ? null : readServiceStart(unit, reading, this.defaultFiles.slice(1));
    for (const { option, variables, fallback } of kinds) {
      const given = optionsOf(instance.arguments, [option]);
      const inUse =
        given.at(-1)?.value ??
        variables.map((name) => instance.environment?.get(name)).find((one) => one !== undefined) ??
        null;
      const set = [
        ...variables
          .toReversed()
          .flatMap((name) => (start === null ? [] : [{ setting: name, found: startVariable(start, name) }])),
        ...(start === null ? [] : startOptions(start, [option])).map((found) => ({ setting: option, found })),
        ...optionsInXml(instance, reading, option).map((found) => ({ setting: option, found })),
      ];
      let isFromService = false;
      for (const { setting, found } of set) {
        if (found === null || found.value.includes('$')) continue;
        const { value } = found;
        const { source, reason } = sourceOf(found);
        // If it was started with something else, that is what counts.
        const isOrigin = instance.pid === null || inUse === value;
        isFromService ||= isOrigin;
        reading.add({
          setting,
          value,
          port: portOf(value) || null,
          key: option,
          rank: isOrigin ? rank.service : rank.default,
          source,
          reason: reason ?? (portOf(value) ? (isOrigin ? null : 'Jenkins was not started with it') : off),
        });
      }
      if (!isFromService)
        for (const { value } of given)
          reading.add({
            setting: option,
            value,
            port: portOf(value) || null,
            key: option,
            rank: rank.commandLine,
            source: { kind: 'commandLine' },
            reason: portOf(value) ? null : off,
          });
      if (fallback !== null && (instance.pid !== null || reading.files.size > 0))
        reading.add({
          setting: option,
          value: String(fallback),
          port: fallback,
          key: option,
          rank: rank.default - 1,
          source: { kind: 'default' },
        });
    }
  },
  sideEffects: (_, { port, source }, to) => [
    ...(source.kind === 'file' ? unitSideEffects(source.file.path) : []),
    `the address of Jenkins in Manage Jenkins > System has to name port ${to} instead of ${port}, and so do its agents, its webhooks, and a proxy before it`,
  ],
};
