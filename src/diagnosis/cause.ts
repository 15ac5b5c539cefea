import type { BindAttempt, Bind } from '../facts/gather/probe.ts';
import type { Facts, PortRange, Socket } from '../facts/model/facts.ts';
import type { OwnedEndpoint } from '../ownership/owned.ts';
import type { ParsedError } from './error-text.ts';
import type { Overlap } from './overlap.ts';
import type { Request } from './request.ts';

/** `depends`: on what no interface shows, such as the options of the other socket. */
export type Effect = 'blocks' | 'allows' | 'depends';

/** What a cause says of something that is in the way of a bind, or beside it. */
export interface Sight {
  readonly effect: Effect;
  readonly overlap: Overlap | null;
  /** Who; null for a range. */
  readonly row: OwnedEndpoint | null;
  readonly socket: Socket | null;
  readonly range: PortRange | null;
  /** One sentence. */
  readonly evidence: string;
  /** Two sockets of which one is for IPv6 and it is not known whether it is for IPv4 too. */
  readonly unsure?: boolean;
  /** The cause itself says what `depends` depends on: no options of another socket. */
  readonly explainsItself?: boolean;
}

/** One thing in the way of a bind, or beside it, and the cause that it is. */
export interface Obstacle extends Sight {
  readonly cause: Cause;
}

/** A socket that holds the port, as the causes tell them apart. */
export interface Held {
  readonly overlap: Overlap;
  /** The kind of its owner; `Unfound`: a failed look left it unknown. */
  readonly kind: string | null;
  readonly container: boolean;
}

/** What is left of connections on a port that nobody holds. */
export interface Leftovers {
  readonly facts: Facts;
  readonly bind: Bind;
  readonly connections: readonly Socket[];
  readonly waiting: readonly Socket[];
}

/** A range of ports that a bind falls into. */
export interface Ranged {
  readonly facts: Facts;
  readonly bind: Bind;
  readonly range: PortRange;
}

/**
 * What the system answered to an attempt: `inUse`, `access` (Windows: another user's, exclusive or excluded), `noRights`
 * (Linux), `notLocal`, `noBuffers`, or another error.
 */
export type Refused = 'inUse' | 'access' | 'noRights' | 'notLocal' | 'noBuffers' | 'other';

/** Everything that is known of one bind when its cause is looked for. */
export interface Look {
  readonly facts: Facts;
  readonly bind: Bind;
  /** Whether it can be bound; null: cannot tell. */
  readonly can: boolean | null;
  /** The attempt that was really made; null for none. */
  readonly attempt: BindAttempt | null;
  /** Null: no attempt was refused. */
  readonly refused: Refused | null;
  /** What stands in the way most, or beside it; null where there is nothing. */
  readonly obstacle: Obstacle | null;
  readonly all: readonly Obstacle[];
  /** Whether the facts miss a part of what holds ports. */
  readonly hasGaps: boolean;
}

/** The verdict on the whole request before the causes that are about more than one bind. */
export interface Draft {
  readonly facts: Facts;
  readonly can: boolean | null;
  readonly cause: Cause;
  readonly error: ParsedError | null;
  /** Whether a range of dynamic ports, of which any is wanted, is used up. */
  readonly full: boolean;
  /** Whether too much could not be seen for a yes. */
  readonly blind: boolean;
  /** What HTTP.sys is told to listen on and the machine does not have. */
  readonly stale: readonly string[];
}

/** What a remedy is written from. */
export interface Patient {
  readonly facts: Facts;
  readonly request: Request;
  readonly row: OwnedEndpoint | null;
  readonly socket: Socket | null;
  readonly range: PortRange | null;
  readonly addresses: readonly string[] | null;
  /** Whether the facts are this machine's, now. */
  readonly here: boolean;
  /** What HTTP.sys is told to listen on and the machine does not have. */
  readonly stale: readonly string[];
}

/**
 * One cause: all that is known of it. `holds`, `lingers` and `reserves` make an obstacle of what is seen; a cause with
 * none of the tests behind them explains a bind whose main obstacle it is.
 */
export interface Cause {
  /** As in the column Cause; never changes. */
  readonly name: string;
  /** What the name stands for, as the first sentence of the evidence ends. */
  readonly meaning: string;
  /** Whether a socket that holds the port is this. */
  readonly holds?: (held: Held) => boolean;
  /** What of connections on a port without a holder is this. */
  readonly lingers?: (left: Leftovers) => Sight | null;
  /** What a range of ports does, where it is this. */
  readonly reserves?: (ranged: Ranged) => Pick<Sight, 'effect' | 'evidence' | 'explainsItself'> | null;
  /** Whether it explains the answer to one bind. */
  readonly explains?: (look: Look) => boolean;
  /** The answer to the whole request where the cause is about more than one bind; undefined: it is not this. */
  readonly overrules?: (draft: Draft) => false | null | undefined;
  /** What is said besides, when it is the cause of the verdict. */
  readonly evidence?: string;
  /** Nobody is named as the owner: it is not about who holds the port. */
  readonly isOwnerless?: true;
  /** What to do, the safest first. */
  readonly remedies: (patient: Patient) => string[] | null;
}

/** Whether it is undecided for a reason that the obstacle itself says, no options of another socket. */
export function isSelfExplained({ can, attempt, obstacle }: Look): boolean {
  return can === null && attempt === null && obstacle?.effect === 'depends' && obstacle.explainsItself === true;
}

/** Whether the main obstacle of a bind is this cause, and says why. */
export function isMain(cause: Cause, look: Look): boolean {
  return look.obstacle?.cause === cause && (look.can !== null || isSelfExplained(look));
}
