import { ianaData } from './iana-data.ts';

/** IANA's service names and port numbers, loaded only when needed. */
interface Registry {
  readonly tcp: ReadonlyMap<number, string>;
  readonly udp: ReadonlyMap<number, string>;
  readonly ports: ReadonlyMap<string, readonly number[]>;
}

/** Names that are missing from the data, because it has only one name for each port. */
const alsoRegistered: readonly (readonly [name: string, ports: readonly number[]])[] = [
  ['http', [80]],
  ['www', [80]],
  ['postgres', [5432]],
  ['ipp', [631]],
  ['x11', Array.from({ length: 64 }, (_, index) => 6000 + index)],
];

let registry: Registry | undefined;

function load(): Registry {
  const tcp = new Map<number, string>();
  const udp = new Map<number, string>();
  const ports = new Map<string, number[]>();
  for (const [name, numbers] of alsoRegistered) {
    ports.set(name, [...numbers]);
    for (const port of numbers) {
      if (otherNames.has(name)) continue;
      tcp.set(port, name);
      udp.set(port, name);
    }
  }
  for (const line of ianaData.trim().split('\n')) {
    const [number, name, only] = line.split(' ') as [string, string, string?];
    const port = Number(number);
    // If IANA lists two names for a port, the first is the common one.
    if (only !== 'u' && !tcp.has(port)) tcp.set(port, name);
    if (only !== 't' && !udp.has(port)) udp.set(port, name);
    const known = ports.get(name);
    if (known === undefined) ports.set(name, [port]);
    else if (!known.includes(port)) known.push(port);
  }
  return { tcp, udp, ports };
}

/** Names that find a port, but that no port is shown with. */
const otherNames = new Set(['www', 'postgres']);

/** Returns the registered name of a port; null if there is none. */
export function serviceName(port: number, protocol: 'TCP' | 'UDP'): string | null {
  registry ??= load();
  return (protocol === 'TCP' ? registry.tcp : registry.udp).get(port) ?? null;
}

/** Returns the ports registered for a name, ignoring case; empty if there are none. */
export function servicePorts(name: string): readonly number[] {
  registry ??= load();
  return registry.ports.get(name.toLowerCase()) ?? [];
}

/** Returns every registered name, for completion. */
export function serviceNames(): readonly string[] {
  registry ??= load();
  return [...registry.ports.keys()];
}
