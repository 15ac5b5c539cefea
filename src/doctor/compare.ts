import type { Socket } from '../facts/model/facts.ts';
import { comparableEndpoint, type ToolSocket } from './tools.ts';

/** One socket, or several with the same ends, as PortOwner or a tool lists them. */
interface Group {
  count: number;
  /** Null if the owners are unknown. */
  pids: Set<number> | null;
}

/** The key by which sockets are compared: without the state if the tool does not report states in a readable form. */
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

/** Converts PortOwner's sockets to the form of a tool's. */
export function asToolSockets(sockets: readonly Socket[]): ToolSocket[] {
  return (
    sockets
      // Tools differ in whether they list sockets that are only bound.
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
 * Describes where a tool and PortOwner disagree. `before` and `after` are what PortOwner saw before and after the tool
 * ran: only one of them may contain a socket that appeared or disappeared in between.
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
      // Only if both queries disagree with the tool: a process may have taken or closed a socket in the meantime.
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
