import { parseJson } from '../../io/nesting.ts';
import type { Machine, PortRange } from '../model/facts.ts';

/** An object of JSON text; empty when the text is none. */
function members(text: string): Record<string, unknown> {
  try {
    const parsed: unknown = parseJson(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

export function decodeMachine(text: string): Machine {
  const { name, release, architecture, elevated } = members(text);
  return {
    name: textOf(name),
    platform: 'linux',
    release: textOf(release),
    architecture: textOf(architecture),
    elevated: typeof elevated === 'boolean' ? elevated : null,
  };
}

/** When the machine was started (seconds since 1970) and how many clock ticks a second has; null when it is not said. */
export function decodeBoot(text: string): { readonly btime: number; readonly hertz: number } | null {
  const { stat, hertz } = members(text);
  const btime = /^btime (\d{1,12})$/m.exec(textOf(stat))?.[1];
  if (btime === undefined || typeof hertz !== 'number' || !(hertz > 0)) return null;
  return { btime: Number(btime), hertz };
}

/** Names by uid, from /etc/passwd; the first of several is the one that the system gives. */
export function decodeUsers(text: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [name, , uid] = line.split(':');
    if (name === undefined || name === '' || uid === undefined || !/^\d{1,10}$/.test(uid)) continue;
    if (!names.has(Number(uid))) names.set(Number(uid), name);
  }
  return names;
}

function portRange(kind: string, start: number, end: number, setting: string): PortRange[] {
  if (!(start >= 0 && start <= end && end <= 65535)) return [];
  // The settings are IPv4's by name; the kernel uses them for IPv6 too.
  return [{ kind, protocol: null, family: null, start, end, source: `net.ipv4.${setting}` }];
}

/**
 * The machine's ranges; `null` for a setting that could not be read.
 * https://www.kernel.org/doc/html/latest/networking/ip-sysctl.html
 */
export function decodeRanges(text: string): {
  readonly dynamic: PortRange[] | null;
  readonly reserved: PortRange[] | null;
} {
  const {
    ip_local_port_range: local,
    ip_local_reserved_ports: reserved,
    ip_unprivileged_port_start: unprivileged,
  } = members(text);
  const span = /^(\d+)\s+(\d+)$/.exec(textOf(local));
  // "8080,9148-9150", or nothing.
  const kept = textOf(reserved)
    .split(',')
    .flatMap((part) => {
      const match = /^(\d+)(?:-(\d+))?$/.exec(part.trim());
      return match === null
        ? []
        : portRange('Reserved', Number(match[1]), Number(match[2] ?? match[1]), 'ip_local_reserved_ports');
    });
  const privileged = /^\d+$/.test(textOf(unprivileged))
    ? portRange('Privileged', 1, Number(unprivileged) - 1, 'ip_unprivileged_port_start')
    : [];
  return {
    dynamic: span === null ? null : portRange('LocalDynamic', Number(span[1]), Number(span[2]), 'ip_local_port_range'),
    reserved: typeof reserved === 'string' ? [...kept, ...privileged] : null,
  };
}
