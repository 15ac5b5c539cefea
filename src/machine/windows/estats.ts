import { notCollected, statisticsLayout } from '../../facts/decode/windows-statistics.ts';
import { win32 } from './errors.ts';

const { data, dataSize, dataError, path, pathSize, pathError } = statisticsLayout;
/** TCP_ESTATS_TYPE, and a bit for what was switched on. */
const kinds = {
  data: { type: 1, size: dataSize, at: data, errorAt: dataError, bit: 1 },
  path: { type: 3, size: pathSize, at: path, errorAt: pathError, bit: 2 },
} as const;
type Kind = keyof typeof kinds;
const allKinds = ['data', 'path'] as const satisfies readonly Kind[];

/** The two calls, for IPv4 or IPv6 by the length of the row. `rw` is the one byte that says whether collecting is on. */
export interface EstatsCalls {
  readonly set: (row: Buffer, type: number, rw: Buffer) => number;
  readonly get: (row: Buffer, type: number, rw: Buffer, rod: Buffer) => number;
}

/** The statistics of connections. */
export interface Estats {
  /** Returns a record for each row. Collecting is switched on for new rows, and off for those that are not given anymore. */
  readonly read: (rows: readonly Buffer[]) => Buffer;
  /** Takes over a connection for which a former process has switched on these kinds, as bits. */
  readonly adopt: (row: Buffer, bits: number) => void;
  /** Switches off what was switched on. */
  readonly off: () => void;
}

/** A connection, and for each kind: 0 if collecting is on, else the error; nothing before it is switched on. */
interface Known {
  readonly row: Buffer;
  readonly errors: Partial<Record<Kind, number>>;
  /** What was switched on here, and is switched off in the end. */
  readonly own: Set<Kind>;
}

/** Switches off what was switched on. A connection that was closed meanwhile has nothing to switch off. */
function end({ row, own }: Known, set: EstatsCalls['set']): void {
  for (const kind of own) set(row, kinds[kind].type, Buffer.alloc(1));
}

/** A connection for which these kinds, as bits, are already switched on. */
function knownOf(row: Buffer, bits: number): Known {
  const own = allKinds.filter((kind) => (bits & kinds[kind].bit) !== 0);
  return { row, errors: Object.fromEntries(own.map((kind) => [kind, 0])), own: new Set(own) };
}

const bitsOf = ({ own }: Known): number =>
  allKinds.reduce((bits, kind) => bits | (own.has(kind) ? kinds[kind].bit : 0), 0);

/** Identifies a connection. Its state changes. */
const keyOf = (row: Buffer): string => row.toString('latin1', 4);

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
    if (one.errors[kind] === undefined) switchOn(one, kind);
    let error = one.errors[kind]!;
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
    adopt: (row, bits) => void known.set(keyOf(row), knownOf(row, bits)),
    read(rows) {
      const keyed = rows.map((row) => ({ key: keyOf(row), row }));
      const wanted = new Set(keyed.map(({ key }) => key));
      for (const [key, one] of known)
        if (!wanted.has(key)) {
          end(one, set);
          known.delete(key);
        }
      const records = keyed.map(({ key, row }) => {
        const one: Known = known.get(key) ?? knownOf(row, 0);
        known.set(key, one);
        const record = Buffer.alloc(statisticsLayout.size);
        for (const kind of allKinds) readKind(one, kind, record);
        record.writeUInt32LE(bitsOf(one), statisticsLayout.own);
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
