import { Option } from 'clipanion';
import type { Place } from '../../ports/place.ts';
import { duration, places, portWords, wholeNumber } from '../values.ts';
import type { GroupAbout } from './group.ts';

/** The shortest interval: looking is not free. */
const shortestMs = 100;

/** What is watched, and for how long. */
export class WatchOptions {
  static readonly about = {
    parameters: { IntervalSec: '--interval', Count: '--count', For: '--for' },
  } as const satisfies GroupAbout;

  interval = Option.String('--interval', {
    description: 'the time between two checks: seconds, or 500ms (default: 1)',
  });
  count = Option.String('--count', {
    description: 'end after this many events; without --events, after this many checks',
  });
  lasting = Option.String('--for', { description: 'end after this time: seconds, or 30s, 5m, 1h' });
}

/** The values of WatchOptions. */
export interface WatchRequest {
  /** Null for all ports. */
  readonly places: readonly Place[] | null;
  readonly intervalMs: number;
  readonly count: number | null;
  /** Null: without a limit. */
  readonly forMs: number | null;
}

/** Reads the options and operands. Throws PO1001 and PO1002. */
export async function watchRequest(given: WatchOptions, operands: readonly string[]): Promise<WatchRequest> {
  const { interval, count, lasting } = given;
  return {
    places: operands.length === 0 ? null : await places(portWords(operands)),
    intervalMs: interval === undefined ? 1000 : duration('--interval', interval, { least: shortestMs }),
    count: count === undefined ? null : wholeNumber('--count', count, { most: 999_999_999 }),
    forMs: lasting === undefined ? null : duration('--for', lasting),
  };
}
