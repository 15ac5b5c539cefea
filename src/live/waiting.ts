import type { AskedMachine } from '../facts/machine.ts';
import type { WaitResult } from '../schema/wait.ts';
import type { RawSource } from '../system/raw.ts';
import { bracketed } from '../ports/address.ts';

/** What has to be true of a port. */
export type Condition =
  /** Somebody listens on it, or, for UDP, has bound it. */
  | { readonly kind: 'Open' }
  /** Nobody owns it, and it can be bound. */
  | { readonly kind: 'Free' }
  /** A program, service, or container with this name, which may have wildcards, owns it. */
  | { readonly kind: 'OwnedBy'; readonly name: string }
  /** It answers a request with a status below 500. */
  | { readonly kind: 'Http'; readonly scheme: 'http' | 'https'; readonly path: string };

/** One port to wait for. */
export interface WaitTarget {
  readonly protocol: 'TCP' | 'UDP';
  readonly port: number;
  /** One address of this machine, or `localhost`; null for any. */
  readonly address: string | null;
  /** Another machine, to connect to; null for this machine. */
  readonly host: string | null;
  readonly condition: Condition;
}

export interface WaitRequest {
  readonly targets: readonly WaitTarget[];
  /** Whether one of the targets is enough. */
  readonly isAny: boolean;
  /** Null: without end; 0: look once. */
  readonly timeoutMs: number | null;
}

export interface WaitWorld {
  readonly machine: AskedMachine;
  readonly binder: () => Promise<RawSource>;
  /** Passes the time between two looks at this machine; by default, `pause`. */
  readonly rest?: typeof pause;
}

/** What was seen of a target. */
export interface Observation {
  /** Whether the condition is met; null if that cannot be told with these rights. */
  readonly isMet: boolean | null;
  /** As a sentence without a period: `port 80 is still owned by nginx (12)`. */
  readonly text: string;
  /** What the row of a met condition has of it. */
  readonly row?: Partial<WaitResult>;
}

/** Receives what was seen of a target. */
export type See = (target: WaitTarget, sight: Observation) => void;

/** What the loops that watch targets share. */
export interface Watching {
  readonly targets: readonly WaitTarget[];
  readonly see: See;
  /** Targets whose condition was met need not be watched any more. */
  readonly isMet: (target: WaitTarget) => boolean;
  /** Aborted when the time is up, or nothing is left to wait for. */
  readonly signal: AbortSignal;
  /** Whether to look only once. */
  readonly once: boolean;
}

/** Names a target: `port 80`, `UDP port 53`, `port 80 on 127.0.0.1`, `db1:5432`. */
export function targetText({ protocol, port, address, host }: WaitTarget): string {
  if (host !== null) return `${bracketed(host)}:${port}`;
  const where = address === null ? '' : ` on ${address}`;
  return `${protocol === 'UDP' ? 'UDP ' : ''}port ${port}${where}`;
}

/** Ends after a time, or when a signal is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
