import type { AuditStore } from './contract.ts';
import { readRuns, readSpans } from './sqlite-read.ts';
import { storeRun } from './sqlite-write.ts';

/** A store in one SQLite file. It is open only during a query, so that others wait for one query at most. */
export function sqliteStore(path: string): AuditStore {
  return {
    add: async (run, now) => storeRun(path, run, now),
    runs: async (question) => readRuns(path, question),
    spans: async (question) => readSpans(path, question),
    newest: async (machine) => (await import('./sqlite-fleet.ts')).readNewest(path, machine),
    coverage: async (machine, limit) => (await import('./sqlite-fleet.ts')).readCoverage(path, machine, limit),
    listeners: async (question) => (await import('./sqlite-fleet.ts')).readListeners(path, question),
    rareListeners: async (question, most) => (await import('./sqlite-fleet.ts')).readRare(path, question, most),
    versions: async (question) => (await import('./sqlite-fleet.ts')).readVersions(path, question),
    news: async (question, period) => (await import('./sqlite-fleet.ts')).readNews(path, question, period),
    close: async () => {},
  };
}
