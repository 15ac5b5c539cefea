// The groups that sockets belong to.
import { accepterText } from '../../ownership/unaccepted.ts';
import type { LiveSocket } from '../look.ts';
import { isListener, type GroupScope } from './model.ts';
import type { ViewScene } from './scene.ts';

/** The port that a socket is about: the one that is listened on, here or at the remote end. */
function servicePort({ protocol, localPort, remotePort }: LiveSocket, listening: ReadonlySet<string>): string {
  const isLocal = remotePort === null || listening.has(`${protocol} ${localPort}`);
  return isLocal ? `${protocol} ${localPort}` : `${protocol} ${remotePort} remote`;
}

/** The group of a socket, and its name for people. */
export function groupOf(
  socket: LiveSocket,
  by: GroupScope['by'],
  listening: ReadonlySet<string>,
): { id: string; label: string } {
  const { owner, remoteAddress } = socket;
  if (by === 'process') {
    const label = accepterText(owner.owner);
    return { id: owner.pid === null ? `? ${label}` : `${owner.pid} ${owner.startTime}`, label };
  }
  if (by === 'remote') return { id: remoteAddress ?? '', label: remoteAddress ?? 'not connected' };
  const id = servicePort(socket, listening);
  const [protocol = '', port = '', side] = id.split(' ');
  return { id, label: `${port}/${protocol.toLowerCase()}${side === undefined ? '' : ' (remote)'}` };
}

/** The ports that are listened on, as `TCP 443`. */
export function listeningPorts({ look }: ViewScene): ReadonlySet<string> {
  const found = new Set<string>();
  for (const socket of look.sockets.values())
    if (isListener(socket)) found.add(`${socket.protocol} ${socket.localPort}`);
  return found;
}
