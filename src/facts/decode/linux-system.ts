import { parseJson } from '../../io/nesting.ts';
import type { Machine, PortRange } from '../model/facts.ts';

/** Returns the members of a JSON object; empty if the text is not an object. */
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

/** Parses the boot time (seconds since 1970) and the number of clock ticks per second; null if either is missing. */
export function decodeBoot(text: string): { readonly btime: number; readonly hertz: number } | null {
  const { stat, hertz } = members(text);
  const btime = /^btime (\d{1,12})$/m.exec(textOf(stat))?.[1];
  if (btime === undefined || typeof hertz !== 'number' || !(hertz > 0)) return null;
  return { btime: Number(btime), hertz };
}

/**
 * Parses user names by UID from /etc/passwd. If a UID is repeated, the first name wins, as in the system's own lookup.
 */
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
  // The settings are named after IPv4; the kernel also applies them to IPv6.
  return [{ kind, protocol: null, family: null, start, end, source: `net.ipv4.${setting}` }];
}

/**
 * Parses the port ranges of the machine; `null` for a setting that could not be read.
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
  // "8080,9148-9150", or empty.
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
