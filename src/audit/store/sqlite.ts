import type { AuditStore } from './contract.ts';
import { readRuns, readSpans } from './sqlite-read.ts';
import { storeRun } from './sqlite-write.ts';

/** The store that is one SQLite file. It is open only while it is asked: others wait no longer than for one answer. */
export function sqliteStore(path: string): AuditStore {
  return {
    add: async (run, now) => storeRun(path, run, now),
    runs: async (question) => readRuns(path, question),
    spans: async (question) => readSpans(path, question),
    close: async () => {},
  };
}
