/** A year of audits in a store: how large it becomes, and how long a question takes. As a script, it prints that. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Listener } from '../../src/audit/listeners.ts';
import type { SpanQuestion } from '../../src/audit/store/contract.ts';
import { readRuns, readSpans } from '../../src/audit/store/sqlite-read.ts';
import { storeRun } from '../../src/audit/store/sqlite-write.ts';

export interface HistoryLine {
  readonly name: string;
  readonly seen: string;
  readonly peer: string;
  /** Of what was seen to what may be. */
  readonly ratio: number;
  readonly budget: 1;
}

const nights = 365;
const listenerCount = 2_000;
/** Listeners that change each night: one hundredth. */
const changes = listenerCount / 100;
const sizeBudget = 20;
const timeBudget = 200;

/** The listener in a place of the machine, in the version that it has by now. */
function listenerAt(place: number, version: number): Listener {
  const port = 1024 + place * 13;
  return {
    protocol: place % 4 === 3 ? 'UDP' : 'TCP',
    port,
    address: place % 2 === 0 ? '0.0.0.0' : `192.0.2.${place % 250}`,
    scope: place % 2 === 0 ? 'Any' : 'Specific',
    program: `C:\\Program Files\\Vendor ${place % 300}\\Product\\bin\\server-${place}-${version}.exe`,
    services: [`Service${place}`],
    user: `CORP\\svc-${place % 100}`,
    sha256: null,
    signer: null,
    ports: [port],
  };
}

const middle = (values: number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

/** Stores a year and asks; the slowest kind of question counts. */
export function measureHistory(): HistoryLine[] {
  const folder = mkdtempSync(join(tmpdir(), 'portowner-bench-'));
  try {
    const store = join(folder, 'audits.db');
    const versions = new Uint16Array(listenerCount);
    const nightly: number[] = [];
    for (let night = 0; night < nights; night++) {
      // The first night is as it is.
      const changed = night === 0 ? 0 : changes;
      for (let change = 0; change < changed; change++) versions[(night * changes + change * 97) % listenerCount]!++;
      const listeners = Array.from(versions, (version, place) => listenerAt(place, version));
      const at = new Date(Date.UTC(2025, 0, 1 + night, 2));
      const start = performance.now();
      storeRun(store, { machine: 'SERVER7', at: at.toISOString(), tool: 'a benchmark', listeners, findings: [], keepDays: null, partial: false, forgetLater: false }, at);
      nightly.push(performance.now() - start);
    }
    const all: SpanQuestion = { machine: null, port: null, dynamic: true, owner: null };
    const questions: [name: string, ask: () => unknown[]][] = [
      ['all audits', () => readRuns(store, { machine: null, limit: null })],
      ['a port', () => readSpans(store, { ...all, port: [{ start: 1024 + 13 * 97, end: 1024 + 13 * 97 }], dynamic: false })],
      ['a program', () => readSpans(store, { ...all, owner: ({ program }) => program?.includes('server-97-') ?? false })],
      ['everything', () => readSpans(store, all)],
    ];
    const slowest = questions
      .map(([name, ask]) => {
        const times = Array.from({ length: 5 }, () => {
          const start = performance.now();
          if (ask().length === 0) throw new Error(`nothing about ${name}`);
          return performance.now() - start;
        });
        return { name, time: middle(times) };
      })
      .reduce((most, other) => (other.time > most.time ? other : most));
    const megabytes = statSync(store).size / 1024 / 1024;
    const what = `${nights} nights of ${listenerCount} listeners, ${changes} changes a night`;
    return [
      { name: `the store of ${what}`, seen: `${megabytes.toFixed(1)} MB`, peer: `${sizeBudget} MB`, ratio: megabytes / sizeBudget, budget: 1 },
      {
        name: `the slowest question to it (${slowest.name})`,
        seen: `${slowest.time.toFixed(0)} ms; storing a night takes ${middle(nightly).toFixed(0)} ms`,
        peer: `${timeBudget} ms`,
        ratio: slowest.time / timeBudget,
        budget: 1,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) for (const { name, seen, peer, ratio } of measureHistory()) process.stdout.write(`${name}: ${seen}, ${ratio.toFixed(2)} × ${peer}\n`);
