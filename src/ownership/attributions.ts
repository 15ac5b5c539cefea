import type { Process, Socket } from '../facts/model/facts.ts';
import { orphan, unlisted, unseen } from './absent.ts';
import {
  amongHolders,
  type AttributeOwned,
  type AttributeProcess,
  type AttributeSocket,
  type Attribution,
  type Known,
} from './attribution.ts';
import { closedConnection, httpSys, linuxKernel, windowsDriver, windowsKernel } from './kernel.ts';
import { container, program, serviceUnit, taggedService, windowsService } from './processes.ts';
import { portProxy, relay } from './relays.ts';

// Who has a socket: of each list, the first that has an answer gives it.

/** Of a socket that no process can have, or whose process is not among the facts. */
const withoutProcess: readonly AttributeSocket[] = [
  closedConnection,
  linuxKernel,
  windowsDriver,
  httpSys,
  windowsKernel,
  unseen,
  orphan,
  unlisted,
];

/** Of one socket of a process: who is behind it there. */
const bySocket: readonly AttributeOwned[] = [portProxy, relay, taggedService];

/** Of every other socket of a process: what it is, by what one would stop. */
const byProcess: readonly AttributeProcess[] = [container, windowsService, serviceUnit, program];

const nobody: Attribution = { kind: 'Unknown', owner: null };

/** What a process is, by the list of what is the same for all of its sockets. */
export function attributeProcess(process: Process, known: Known): Attribution {
  for (const attribute of byProcess) {
    const found = attribute(process, known);
    if (found !== null) return found;
  }
  return nobody;
}

interface Attributor {
  /** Attributes a socket of which no process is known. */
  withoutProcess(socket: Socket): Attribution;
  /** Attributes a socket of a process; `whole` is what the process is. */
  withProcess(socket: Socket, owner: Process, whole: Attribution): Attribution;
}

/** Attributes the sockets of these facts by the lists above. */
export function attributor(known: Known): Attributor {
  const ofSockets = withoutProcess.map((attribute) => attribute(known)).filter((attribute) => attribute !== null);
  const ofOwned = bySocket.map((attribute) => attribute(known)).filter((attribute) => attribute !== null);
  return {
    withoutProcess(socket) {
      for (const attribute of ofSockets) {
        const found = attribute(socket);
        if (found !== null) return found;
      }
      return nobody;
    },
    withProcess(socket, owner, whole) {
      for (const attribute of ofOwned) {
        const found = attribute(socket, owner);
        if (found !== null) return found;
      }
      return socket.holders.length < 2 ? whole : amongHolders(whole, socket);
    },
  };
}
