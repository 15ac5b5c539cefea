import type { AuditStore } from './contract.ts';
import { readRuns, readSpans } from './sqlite-read.ts';
import { storeRun } from './sqlite-write.ts';

const fleet = () => import('./sqlite-fleet.ts');

/** A store in one SQLite file. It is open only during a query, so that others wait for one query at most. */
export function sqliteStore(path: string): AuditStore {
  return {
    add: async (run, now) => storeRun(path, run, now),
    runs: async (question) => readRuns(path, question),
    spans: async (question) => readSpans(path, question),
    newest: async (machine) => (await fleet()).readNewest(path, machine),
    listeners: async (question) => (await fleet()).readListeners(path, question),
    rareListeners: async (question, most) => (await fleet()).readRare(path, question, most),
    versions: async (question) => (await fleet()).readVersions(path, question),
    news: async (question, period) => (await fleet()).readNews(path, question, period),
    close: async () => {},
  };
}
