import { notCollected, statisticsLayout } from '../../facts/decode/windows-statistics.ts';
import { win32 } from './errors.ts';

/** TCP_ESTATS_TYPE */
const kinds = {
  data: { type: 1, size: statisticsLayout.dataSize, at: statisticsLayout.data, errorAt: statisticsLayout.dataError },
  path: { type: 3, size: statisticsLayout.pathSize, at: statisticsLayout.path, errorAt: statisticsLayout.pathError },
} as const;
type Kind = keyof typeof kinds;

/** The two calls, for IPv4 or IPv6 by the length of the row. `rw` is the one byte that says whether collecting is on. */
export interface EstatsCalls {
  readonly set: (row: Buffer, type: number, rw: Buffer) => number;
  readonly get: (row: Buffer, type: number, rw: Buffer, rod: Buffer) => number;
}

/** The statistics of connections. */
export interface Estats {
  /** Returns a record for each row. Collecting is switched on for new rows, and off for those that are not given anymore. */
  readonly read: (rows: readonly Buffer[]) => Buffer;
  /** Switches off what was switched on. */
  readonly off: () => void;
}

/** A connection, and for each kind: 0 if collecting is on, else the error. */
interface Known {
  readonly row: Buffer;
  readonly errors: Record<Kind, number>;
  /** What was switched on here, and is switched off in the end. */
  readonly own: Set<Kind>;
}

/** Switches off what was switched on. A connection that was closed meanwhile has nothing to switch off. */
function end({ row, own }: Known, set: EstatsCalls['set']): void {
  for (const kind of own) set(row, kinds[kind].type, Buffer.alloc(1));
}

/** The statistics of connections through these calls. Another program may collect them, too: that stays switched on. */
export function estats({ set, get }: EstatsCalls): Estats {
  const known = new Map<string, Known>();
  let isDenied = false;

  function switchOn(one: Known, kind: Kind): void {
    const { row, errors, own } = one;
    const { type, size } = kinds[kind];
    const rw = Buffer.alloc(1);
    if (isDenied) errors[kind] = win32.accessDenied;
    else if (get(row, type, rw, Buffer.alloc(size)) === 0 && rw[0] === 1) errors[kind] = 0;
    else {
      rw[0] = 1;
      errors[kind] = set(row, type, rw);
      if (errors[kind] === 0) own.add(kind);
      if (errors[kind] === win32.accessDenied) isDenied = true;
    }
  }

  /** Reads one kind into a record. Where switching it on failed, the call would return random numbers. */
  function readKind(one: Known, kind: Kind, record: Buffer): void {
    const { row } = one;
    const { type, size, at, errorAt } = kinds[kind];
    let error = one.errors[kind];
    if (error === 0) {
      const [rw, rod] = [Buffer.alloc(1), Buffer.alloc(size)];
      error = get(row, type, rw, rod);
      if (error === 0 && rw[0] !== 1) {
        // Another program switched it off, or this is a later connection with the same ends: the next read has numbers.
        error = notCollected;
        switchOn(one, kind);
      }
      if (error === 0) rod.copy(record, at);
    }
    record.writeUInt32LE(error, errorAt);
  }

  return {
    read(rows) {
      // The state of a connection changes.
      const keyed = rows.map((row) => ({ key: row.toString('latin1', 4), row }));
      const wanted = new Set(keyed.map(({ key }) => key));
      for (const [key, one] of known)
        if (!wanted.has(key)) {
          end(one, set);
          known.delete(key);
        }
      const records = keyed.map(({ key, row }) => {
        const one: Known = known.get(key) ?? { row, errors: { data: 0, path: 0 }, own: new Set() };
        if (!known.has(key)) for (const kind of ['data', 'path'] as const) switchOn(one, kind);
        known.set(key, one);
        const record = Buffer.alloc(statisticsLayout.size);
        readKind(one, 'data', record);
        readKind(one, 'path', record);
        return record;
      });
      return Buffer.concat(records);
    },
    off() {
      for (const one of known.values()) end(one, set);
      known.clear();
    },
  };
}
