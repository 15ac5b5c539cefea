import type { Socket } from '../facts/model/facts.ts';
import { comparableEndpoint, type ToolSocket } from './tools.ts';

/** One socket, or several with the same ends, as either side sees them. */
interface Group {
  count: number;
  /** Null when nobody tells. */
  pids: Set<number> | null;
}

/** What of a socket is compared: without states when the tool has none that can be read. */
function key(socket: ToolSocket, states: boolean): string {
  const remote = socket.remote === null ? '' : ` to ${socket.remote}`;
  return `${socket.protocol} ${socket.local}${remote}${states && socket.state !== null ? ` ${socket.state}` : ''}`;
}

function group(sockets: readonly ToolSocket[], states: boolean): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const socket of sockets) {
    const name = key(socket, states);
    const known = groups.get(name) ?? { count: 0, pids: new Set() };
    known.count++;
    if (socket.pids === null) known.pids = null;
    else for (const pid of socket.pids) known.pids?.add(pid);
    groups.set(name, known);
  }
  return groups;
}

/** PortOwner's sockets in the form of a tool's. */
export function asToolSockets(sockets: readonly Socket[]): ToolSocket[] {
  return (
    sockets
      // Which tool lists a socket that is bound and does no more differs.
      .filter((socket) => socket.state !== 'Bound' && socket.state !== 'Closed')
      .map((socket) => ({
        protocol: socket.protocol,
        local: comparableEndpoint(socket.localAddress, socket.localPort),
        remote:
          socket.protocol === 'UDP' || socket.remoteAddress === null
            ? null
            : comparableEndpoint(socket.remoteAddress, socket.remotePort ?? 0),
        state: socket.state,
        pids: socket.pid === null && socket.refusals.length > 0 ? null : socket.holders,
      }))
  );
}

/**
 * Where a tool and PortOwner disagree, in words. PortOwner looked before and after the tool did: what came or went in
 * between may be seen by either.
 */
export function disagreements(
  before: readonly ToolSocket[],
  tool: readonly ToolSocket[],
  after: readonly ToolSocket[],
  options: { states: boolean },
): string[] {
  const [first, second, theirs] = [
    group(before, options.states),
    group(after, options.states),
    group(
      tool.filter(({ state }) => state !== 'Bound' && state !== 'Closed'),
      options.states,
    ),
  ];
  const found: string[] = [];
  for (const [name, group] of theirs) {
    const [one, two] = [first.get(name), second.get(name)];
    if (one === undefined && two === undefined) found.push(`only the tool lists ${name}`);
    else if (one !== undefined && two !== undefined) {
      if (group.count > Math.max(one.count, two.count) || group.count < Math.min(one.count, two.count)) {
        found.push(
          `${name}: the tool lists ${group.count}, PortOwner ${one.count === two.count ? one.count : `${one.count} and then ${two.count}`}`,
        );
      }
      const told = group.pids !== null && group.pids.size > 0 && one.pids !== null && two.pids !== null;
      // Only what neither look agrees with: a process may have taken or left a socket meanwhile.
      if (
        told &&
        [one, two].every(({ pids }) => pids!.symmetricDifference(group.pids!).size > 0) &&
        one.pids!.symmetricDifference(two.pids!).size === 0
      ) {
        found.push(`${name}: the tool shows ${ids(group.pids!)}, PortOwner ${ids(one.pids!)}`);
      }
    }
  }
  for (const name of first.keys())
    if (second.has(name) && !theirs.has(name)) found.push(`only PortOwner lists ${name}`);
  return found;
}

function ids(pids: ReadonlySet<number>): string {
  return pids.size === 0 ? 'no process' : `process ${[...pids].toSorted((a, b) => a - b).join(', ')}`;
}
