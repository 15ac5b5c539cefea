import type { PortSpan } from '../ports/expression.ts';

/** What an owner should be asked for; each detail costs system calls. */
export type Detail = 'owner' | 'path' | 'commandLine' | 'user' | 'parent' | 'services';

/**
 * What is asked of a machine, as data. Gathering uses it to look at less; it is never the last filter.
 */
export interface Question {
  /** Local ports; null asks for every port. */
  readonly localPorts: readonly PortSpan[] | null;
  readonly protocols: readonly ('TCP' | 'UDP')[];
  /**
   * `listeners`: listening and bound TCP sockets and all UDP sockets.
   * `answer`: these, and only when there are none, every other socket with such a local port.
   * `all`: every socket.
   */
  readonly sockets: 'listeners' | 'answer' | 'all';
  /** `owner` gives pid, holders, image name and start time; empty asks for sockets alone. */
  readonly details: ReadonlySet<Detail>;
  /** Whether the machine's dynamic and reserved ranges are wanted. */
  readonly ranges: boolean;
}

/** Everything there is to know, but command lines, which may hold secrets. */
export const everything: Question = {
  localPorts: null,
  protocols: ['TCP', 'UDP'],
  sockets: 'all',
  details: new Set<Detail>(['owner', 'path', 'user', 'parent', 'services']),
  ranges: true,
};
