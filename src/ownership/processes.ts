import type { Process } from '../facts/model/facts.ts';
import { containerText, shortId } from './containers.ts';
import { shortPath } from './short-path.ts';
import { insideText, placedText, type AttributeOwned, type AttributeProcess, type Known } from './attribution.ts';

const serviceNames = ({ pid }: Process, { servicesOf }: Known): string[] =>
  (servicesOf.get(pid) ?? []).map(({ name }) => name);

/** What runs a process: its container and the unit around that, its Windows services, or its unit. */
export function servicesRunning(process: Process, known: Known): readonly string[] | null {
  const { container, unit } = process;
  const units = unit === null ? [] : [unit];
  if (container !== null) return [`${container.runtime}:${shortId(container.id)}`, ...units];
  const names = serviceNames(process, known);
  const all = names.length > 0 ? names : units;
  return all.length === 0 ? null : all;
}

/** The service that made the socket, by the socket's own tag, which Windows alone has. */
export const taggedService: AttributeOwned = ({ windows }) =>
  windows
    ? ({ service }, owner) =>
        service === undefined
          ? null
          : { kind: 'Service', owner: `${service} (${insideText(owner)})`, services: [service] }
    : null;

/** The container before its service: that is what one stops. */
export const container: AttributeProcess = (process, known) => {
  if (process.container === null) return null;
  return {
    kind: 'Service',
    owner: `${containerText(process.container)} (${insideText(process)})`,
    services: servicesRunning(process, known),
  };
};

/** The Windows service; several in one process are all candidates until the socket's own tag tells which. */
export const windowsService: AttributeProcess = (process, known) => {
  const names = serviceNames(process, known);
  if (names.length === 0) return null;
  const which = names.length > 1 ? `one of ${names.join(', ')}` : names[0]!;
  return { kind: 'Service', owner: `${which} (${insideText(process)})`, services: names };
};

/** The service of systemd. */
export const serviceUnit: AttributeProcess = (process) =>
  process.unit?.endsWith('.service') === true
    ? { kind: 'Service', owner: `${process.unit} (${insideText(process)})`, services: [process.unit] }
    : null;

/** Where a program was started that does not say by itself what it is; null where that says nothing, or was not asked for. */
function placeOf({ application, workingDirectory }: Process, { home }: Known): string | null {
  if (home === null || application === undefined || workingDirectory == null) return null;
  return /^(?:\/|[a-z]:\\(?:Windows(?:\\.*)?)?)$/is.test(workingDirectory) ? null : shortPath(workingDirectory, home);
}

/** The program by itself. */
export const program: AttributeProcess = (process, known) => ({
  kind: 'Process',
  owner: placedText(process, placeOf(process, known)),
  services: servicesRunning(process, known),
});
