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
import { unacceptedText } from './unaccepted.ts';

// Attribution: in each list, the first function that returns an answer decides.

/** For a socket that no process can own, or whose process is not in the facts. */
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

/** For one socket of a process: who is behind this socket. */
const bySocket: readonly AttributeOwned[] = [portProxy, relay, taggedService];

/** For every other socket of a process: what the process is, named after what you would stop. */
const byProcess: readonly AttributeProcess[] = [container, windowsService, serviceUnit, program];

const nobody: Attribution = { kind: 'Unknown', owner: null };

/** Describes a process, with the list that is the same for all of its sockets. */
export function attributeProcess(process: Process, known: Known): Attribution {
  for (const attribute of byProcess) {
    const found = attribute(process, known);
    if (found !== null) return found;
  }
  return nobody;
}

interface Attributor {
  /** Attributes a socket without a known process. */
  withoutProcess(socket: Socket): Attribution;
  /** Attributes a socket of a process; `whole` describes the process. */
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
      const found = socket.holders.length < 2 ? whole : amongHolders(whole, socket);
      // The kernel holds it for the listener.
      return socket.unaccepted === true && found.owner !== null
        ? { ...found, owner: unacceptedText(found.owner) }
        : found;
    },
  };
}
