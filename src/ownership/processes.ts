import type { Process } from '../facts/model/facts.ts';
import { containerText, shortId } from './containers.ts';
import { shortPath } from './short-path.ts';
import { insideText, placedText, type AttributeOwned, type AttributeProcess, type Known } from './attribution.ts';

const serviceNames = ({ pid }: Process, { servicesOf }: Known): string[] =>
  (servicesOf.get(pid) ?? []).map(({ name }) => name);

/** What manages a process: its container and the unit around it, its Windows services, or its unit. */
export function servicesRunning(process: Process, known: Known): readonly string[] | null {
  const { container, unit } = process;
  const units = unit === null ? [] : [unit];
  if (container !== null) return [`${container.runtime}:${shortId(container.id)}`, ...units];
  const names = serviceNames(process, known);
  const all = names.length > 0 ? names : units;
  return all.length === 0 ? null : all;
}

/** The service that created the socket, from the socket's tag, which only Windows has. */
export const taggedService: AttributeOwned = ({ windows }) =>
  windows
    ? ({ service }, owner) =>
        service === undefined
          ? null
          : { kind: 'Service', owner: `${service} (${insideText(owner)})`, services: [service] }
    : null;

/** The container takes precedence over its service, because you would stop the container. */
export const container: AttributeProcess = (process, known) => {
  if (process.container === null) return null;
  return {
    kind: 'Service',
    owner: `${containerText(process.container)} (${insideText(process)})`,
    services: servicesRunning(process, known),
  };
};

/** The Windows service; several in one process are all candidates unless the socket's tag identifies one. */
export const windowsService: AttributeProcess = (process, known) => {
  const names = serviceNames(process, known);
  if (names.length === 0) return null;
  const which = names.length > 1 ? `one of ${names.join(', ')}` : names[0]!;
  return { kind: 'Service', owner: `${which} (${insideText(process)})`, services: names };
};

/** The systemd service. */
export const serviceUnit: AttributeProcess = (process) =>
  process.unit?.endsWith('.service') === true
    ? { kind: 'Service', owner: `${process.unit} (${insideText(process)})`, services: [process.unit] }
    : null;

/** A folder, for a reader; null if it says nothing about a program: the root, or a folder of Windows. */
export const folderText = (folder: string | null, home: string): string | null =>
  folder === null || /^(?:\/?|[a-z]:\\?|[a-z]:\\Windows(?:\\.*)?)$/is.test(folder) ? null : shortPath(folder, home);

/** The working directory of a program that needs it to be recognized; null if it says nothing, or was not requested. */
const placeOf = ({ application, workingDirectory }: Process, { home }: Known): string | null =>
  home === null || application === undefined ? null : folderText(workingDirectory ?? null, home);

/** The program itself. */
export const program: AttributeProcess = (process, known) => ({
  kind: 'Process',
  owner: placedText(process, placeOf(process, known)),
  services: servicesRunning(process, known),
});
