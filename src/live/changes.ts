import type { Change, LiveSocket, Look } from './look.ts';

/** Whether another process has it now. That a socket has lost its process is told by its state, such as FinWait1. */
function isOwnerChange(before: LiveSocket, after: LiveSocket): boolean {
  const [was, is] = [before.owner, after.owner];
  if (was === is || (was.pid === is.pid && was.startTime === is.startTime)) return false;
  return is.pid !== null || before.state === after.state;
}

/**
 * Returns every difference between two looks exactly once: first what closed, then what changed, then what opened, so
 * that a closed socket precedes its successor with the same ends. A socket whose state and owner changed has two changes.
 * Counters are no differences.
 */
export function changes(before: Look, after: Look): Change[] {
  if (before.sockets === after.sockets) return [];
  const closed: Change[] = [];
  const changed: Change[] = [];
  const opened: Change[] = [];
  for (const [key, socket] of before.sockets)
    if (!after.sockets.has(key)) closed.push({ kind: 'Closed', socket, before: socket });
  for (const [key, socket] of after.sockets) {
    const was = before.sockets.get(key);
    if (was === socket) continue;
    if (was === undefined) {
      opened.push({ kind: 'Opened', socket, before: null });
      continue;
    }
    if (was.state !== socket.state) changed.push({ kind: 'State', socket, before: was });
    if (isOwnerChange(was, socket)) changed.push({ kind: 'Owner', socket, before: was });
  }
  return [...closed, ...changed, ...opened];
}
