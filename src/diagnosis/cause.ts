import type { BindAttempt, Bind } from '../facts/gather/probe.ts';
import type { Facts, PortRange, Socket } from '../facts/model/facts.ts';
import type { OwnedEndpoint } from '../ownership/owned.ts';
import type { ParsedError } from './error-text.ts';
import type { ListenList } from './listen-list.ts';
import type { Overlap } from './overlap.ts';
import type { PairUse } from './pairs.ts';
import type { Request } from './request.ts';

/** `depends`: the effect depends on something that no interface shows, such as the other socket's options. */
export type Effect = 'blocks' | 'allows' | 'depends';

/** A cause's view of something that blocks a bind or exists beside it. */
export interface Sight {
  readonly effect: Effect;
  readonly overlap: Overlap | null;
  /** The owner; null for a range. */
  readonly row: OwnedEndpoint | null;
  readonly socket: Socket | null;
  readonly range: PortRange | null;
  /** One sentence. */
  readonly evidence: string;
  /** Whether one of the two sockets is IPv6 and may or may not include IPv4. */
  readonly unsure?: boolean;
  /** Whether the cause itself explains what `depends` depends on, rather than another socket's options. */
  readonly explainsItself?: boolean;
}

/** Something that blocks a bind or exists beside it, with its cause. */
export interface Obstacle extends Sight {
  readonly cause: Cause;
}

/** A socket that holds the port, with the properties that distinguish the causes. */
export interface Held {
  readonly overlap: Overlap;
  /** The kind of its owner; `Unfound`: unknown because a lookup failed. */
  readonly kind: string | null;
  readonly container: boolean;
}

/** What remains of connections on a port that no socket holds. */
export interface Leftovers {
  readonly facts: Facts;
  readonly bind: Bind;
  readonly connections: readonly Socket[];
  readonly waiting: readonly Socket[];
}

/** A port range that contains the port of a bind. */
export interface Ranged {
  readonly facts: Facts;
  readonly bind: Bind;
  readonly range: PortRange;
}

/**
 * The system's answer to an attempt: `inUse`, `access` (Windows: another user's, exclusive or excluded), `noRights`
 * (Linux), `notLocal`, `noBuffers`, `invalid`, or another error.
 */
export type BindError = 'inUse' | 'access' | 'noRights' | 'notLocal' | 'noBuffers' | 'invalid' | 'other';

/** Everything known about one bind when its cause is determined. */
export interface Inspected {
  readonly facts: Facts;
  readonly bind: Bind;
  /** Whether the bind is possible; null: unknown. */
  readonly can: boolean | null;
  /** The attempt that was made; null for none. */
  readonly attempt: BindAttempt | null;
  /** Null: no attempt was refused. */
  readonly refused: BindError | null;
  /** The main obstacle, or what exists beside the bind; null where there is nothing. */
  readonly obstacle: Obstacle | null;
  readonly all: readonly Obstacle[];
  /** Whether the facts lack some of the sockets or ranges that hold ports. */
  readonly hasGaps: boolean;
}

/** The verdict on the whole request before the causes that cover more than one bind are applied. */
export interface Draft {
  readonly facts: Facts;
  readonly request: Request;
  readonly can: boolean | null;
  readonly cause: Cause;
  readonly error: ParsedError | null;
  /** Whether a dynamic range is used up and the request accepts any port in it. */
  readonly full: boolean;
  /** Whether too much is hidden for the answer to be yes. */
  readonly blind: boolean;
  /** Where connections use up the dynamic ports, or nearly do. */
  readonly pairs: readonly PairUse[];
  readonly listenList: ListenList;
}

/** The input for writing remedies. */
export interface Patient {
  readonly facts: Facts;
  readonly request: Request;
  readonly row: OwnedEndpoint | null;
  readonly socket: Socket | null;
  readonly range: PortRange | null;
  readonly addresses: readonly string[] | null;
  /** Whether the facts describe this machine at the current time. */
  readonly here: boolean;
  readonly error: ParsedError | null;
  readonly pairs: readonly PairUse[];
  readonly listenList: ListenList;
}

/**
 * Everything about one cause. `holds`, `lingers` and `reserves` turn an observation into an obstacle. A cause with none
 * of the tests that follow them explains a bind when it is the cause of the main obstacle.
 */
export interface Cause {
  /** The value of the Cause column; never changes. */
  readonly name: string;
  /** The meaning of the name, worded to complete the first sentence of the evidence. */
  readonly meaning: string;
  /** Returns the meaning for this obstacle and this answer; null if nothing can be added to `meaning`. */
  readonly said?: (main: Obstacle, can: boolean | null) => string | null;
  /** Whether this cause applies to a socket that holds the port. */
  readonly holds?: (held: Held) => boolean;
  /** Returns what this cause finds among connections on a port without a holder. */
  readonly lingers?: (left: Leftovers) => Sight | null;
  /** Returns the effect of a port range where this cause applies. */
  readonly reserves?: (ranged: Ranged) => Pick<Sight, 'effect' | 'evidence' | 'explainsItself'> | null;
  /** Whether this cause explains the answer to one bind. */
  readonly explains?: (look: Inspected) => boolean;
  /** Returns the answer to the whole request where the cause covers more than one bind; undefined: does not apply. */
  readonly overrules?: (draft: Draft) => false | null | undefined;
  /** Additional evidence when this is the cause of the verdict. */
  readonly evidence?: string;
  /** Names no owner, because the cause is not about who holds the port. */
  readonly isOwnerless?: true;
  /** The facts do not prove that this is the cause. */
  readonly isLikely?: true;
  /** Returns what to do, the safest step first. */
  readonly remedies: (patient: Patient) => string[] | null;
}

/** Whether the answer is undecided for a reason that the obstacle itself explains, not another socket's options. */
export function isSelfExplained({ can, attempt, obstacle }: Inspected): boolean {
  return can === null && attempt === null && obstacle?.effect === 'depends' && obstacle.explainsItself === true;
}

/** Whether this cause is the main obstacle of a bind and explains the answer. */
export function isMain(cause: Cause, look: Inspected): boolean {
  return look.obstacle?.cause === cause && (look.can !== null || isSelfExplained(look));
}
