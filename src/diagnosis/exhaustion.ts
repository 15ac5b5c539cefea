import { addressFamily, unmapped } from '../ports/address.ts';
import type { Facts, Socket } from '../facts/model/facts.ts';

/** How many ports of a dynamic range are in use. */
export interface Usage {
  readonly protocol: 'TCP' | 'UDP';
  readonly family: 'IPv4' | 'IPv6' | null;
  readonly start: number;
  readonly end: number;
  readonly used: number;
  readonly size: number;
  /** The processes with the most ports: PID (null: none or hidden) and number of ports, at most three. */
  readonly top: readonly { readonly pid: number | null; readonly ports: number }[];
}

const familyOf = (socket: Socket) => addressFamily(unmapped(socket.localAddress));

/** Returns the usage of each dynamic range, by protocol. A port counts once, however many connections share it. */
export function usage(facts: Facts): Usage[] {
  return facts.sections.dynamicRanges.data.flatMap((range) =>
    (range.protocol === null ? (['TCP', 'UDP'] as const) : [range.protocol]).map((protocol): Usage => {
      const ports = new Set<number>();
      const byPid = new Map<number | null, Set<number>>();
      for (const socket of facts.sections.sockets.data) {
        const { localPort: port, pid } = socket;
        if (
          socket.protocol !== protocol ||
          port < range.start ||
          port > range.end ||
          (range.family !== null && familyOf(socket) !== range.family)
        )
          continue;
        ports.add(port);
        const known = byPid.get(pid);
        if (known === undefined) byPid.set(pid, new Set([port]));
        else known.add(port);
      }
      const top = [...byPid]
        .map(([pid, own]) => ({ pid, ports: own.size }))
        .sort((a, b) => b.ports - a.ports)
        .slice(0, 3);
      return {
        protocol,
        family: range.family,
        start: range.start,
        end: range.end,
        used: ports.size,
        size: range.end - range.start + 1,
        top,
      };
    }),
  );
}

/** Describes in words which processes have most of the ports in use. */
export function topText(facts: Facts, { top }: Usage): string {
  const names = new Map(facts.sections.processes.data.map((process) => [process.pid, process.imageName]));
  return top
    .map(
      ({ pid, ports }) =>
        `${pid === null ? 'closed connections and processes that cannot be seen' : pid === 0 ? 'closed connections (TIME_WAIT)' : `${names.get(pid) ?? 'process'} (${pid})`}: ${ports}`,
    )
    .join(', ');
}

/** Describes how full the dynamic ranges are. */
export function dynamicUse(facts: Facts, protocol: 'TCP' | 'UDP'): { evidence: string[]; full: boolean } {
  const uses = usage(facts).filter((one) => one.protocol === protocol);
  return {
    evidence: uses.map(
      (one) =>
        `${one.used} of ${one.size} dynamic ports ${one.start}-${one.end} are in use for ${one.protocol}${one.family === null ? '' : ` on ${one.family}`}${one.top.length === 0 ? '' : ` (${topText(facts, one)})`}.`,
    ),
    full: uses.some((one) => one.used >= one.size),
  };
}
