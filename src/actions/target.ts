import type { Facts, Socket } from '../facts/model/facts.ts';
import type { Refusal } from '../system/raw.ts';
import type { Self, ServiceId, ServiceState, Site, TreeProcess } from '../system/hands.ts';
import type { EndpointKey, Identity } from './identity.ts';

/** Everything that a plan is based on. */
export interface Situation {
  /** Every socket of the machine, with owners, paths, parents, and services. */
  readonly facts: Facts;
  /** Every process. */
  readonly tree: readonly TreeProcess[];
  readonly self: Self;
  /** The home folder of the person who reads the plan; missing if nobody does. */
  readonly home?: string;
  /** How a program is asked to end on this system, as text. */
  readonly asking: string;
  readonly service: (id: ServiceId) => ServiceState | null;
  readonly sites: () => readonly Site[];
  /** The application that a process runs; null if its file name says as much. Missing if it cannot be read now. */
  readonly applicationOf?: (process: TreeProcess) => string | null;
  /** Why this user cannot stop a process; null if possible. */
  readonly mayStop: (pid: number, startTime: string) => Refusal | null;
}

/**
 * Why a target is not stopped. `rights`: elevated rights would help. `unseen`: the owner cannot be seen; `untold`: and no
 * rights would help.
 */
export interface StopObstacle {
  readonly text: string;
  readonly rights: boolean;
  readonly unseen?: boolean;
  readonly untold?: boolean;
  /** The command to use instead. */
  readonly command: string | null;
}

export interface Member {
  readonly pid: number;
  readonly startTime: string;
  readonly imageName: string | null;
}

/** How a target is stopped. */
export type Means =
  /** Ask these processes to end, the owner first, and with --force end them. */
  | { readonly how: 'process'; readonly members: readonly Member[] }
  | {
      readonly how: 'service';
      readonly id: ServiceId;
      /** Whether it may be ended by force. */ readonly alone: boolean;
    }
  | { readonly how: 'sites'; readonly names: readonly string[] }
  | { readonly how: 'refused'; readonly obstacle: StopObstacle };

/** A process with its application, if it is known. */
export type NamedProcess = TreeProcess & { readonly application?: string };

/** One thing to stop, and everything that would end with it. */
export interface Target extends Identity {
  readonly imageName: string | null;
  readonly owner: string;
  readonly means: Means;
  readonly method: string;
  readonly command: string | null;
  readonly holders: readonly NamedProcess[];
  readonly children: readonly NamedProcess[];
  readonly services: readonly string[];
  readonly dependents: readonly string[];
  readonly otherPorts: readonly EndpointKey[];
  readonly connections: number;
  readonly supervisor: string | null;
  readonly notes: readonly string[];
}

export const keyOf = (socket: Pick<Socket, 'protocol' | 'localAddress' | 'localPort'>): EndpointKey => ({
  protocol: socket.protocol,
  address: socket.localAddress,
  port: socket.localPort,
});

/** Returns whether a socket listens: only listeners are stopped. */
export function listens({ protocol, state, remotePort }: Pick<Socket, 'protocol' | 'state' | 'remotePort'>): boolean {
  return protocol === 'TCP' ? state === 'Listen' : remotePort === null;
}

/** Returns a key for the action and its target, to find duplicates. */
export function meansText(means: Means): string {
  switch (means.how) {
    case 'service':
      return JSON.stringify([means.how, means.id.name, means.id.user, means.id.pid, means.id.startTime]);
    case 'sites':
      return JSON.stringify([means.how, means.names]);
    case 'refused':
      return JSON.stringify([means.how, means.obstacle.text]);
    case 'process':
      return JSON.stringify([means.how, means.members.map(({ pid, startTime }) => [pid, startTime])]);
  }
}
