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
  readonly errors: Readonly<Record<Kind, number>>;
  /** What was switched on here, and is switched off in the end. */
  readonly own: readonly Kind[];
}

/** The statistics of connections through these calls. Another program may collect them, too: that stays switched on. */
export function estats({ set, get }: EstatsCalls): Estats {
  const known = new Map<string, Known>();
  let isDenied = false;

  /** Returns the error of switching it on, and whether it was this program that did. */
  function switchOn(row: Buffer, kind: Kind): { error: number; isOwn: boolean } {
    const { type, size } = kinds[kind];
    if (isDenied) return { error: win32.accessDenied, isOwn: false };
    const rw = Buffer.alloc(1);
    if (get(row, type, rw, Buffer.alloc(size)) === 0 && rw[0] === 1) return { error: 0, isOwn: false };
    rw[0] = 1;
    const error = set(row, type, rw);
    if (error === win32.accessDenied) isDenied = true;
    return { error, isOwn: error === 0 };
  }

  function begin(row: Buffer): Known {
    const [data, path] = [switchOn(row, 'data'), switchOn(row, 'path')];
    return {
      row,
      errors: { data: data.error, path: path.error },
      own: [...(data.isOwn ? (['data'] as const) : []), ...(path.isOwn ? (['path'] as const) : [])],
    };
  }

  function end({ row, own }: Known): void {
    // A connection that was closed meanwhile has nothing to switch off.
    for (const kind of own) set(row, kinds[kind].type, Buffer.alloc(1));
  }

  /** Reads one kind into a record. Where switching it on failed, the call would return random numbers. */
  function readKind({ row, errors }: Known, kind: Kind, record: Buffer): void {
    const { type, size, at, errorAt } = kinds[kind];
    let error = errors[kind];
    if (error === 0) {
      const [rw, rod] = [Buffer.alloc(1), Buffer.alloc(size)];
      error = get(row, type, rw, rod);
      if (error === 0 && rw[0] !== 1) error = notCollected;
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
          end(one);
          known.delete(key);
        }
      const records = keyed.map(({ key, row }) => {
        const one = known.get(key) ?? begin(row);
        known.set(key, one);
        const record = Buffer.alloc(statisticsLayout.size);
        readKind(one, 'data', record);
        readKind(one, 'path', record);
        return record;
      });
      return Buffer.concat(records);
    },
    off() {
      for (const one of known.values()) end(one);
      known.clear();
    },
  };
}
