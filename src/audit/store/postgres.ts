import type { DatabaseAddress } from './address.ts';
import { refuseFuture, type AuditStore } from './contract.ts';
import { retried, type Sql } from './postgres-connection.ts';
import { queryRuns, querySpans } from './postgres-read.ts';
import { checkVersion, withDatabase } from './postgres-session.ts';
import { addRun } from './postgres-write.ts';

/*
 * Everything that needs a database: one compressed module of the executable.
 */

export { examineStore, makeStore, storeScript } from './postgres-admin.ts';

/** A store in a database, which must exist. Each call uses one connection. */
export function postgresStore(address: DatabaseAddress): AuditStore {
  const use = <T>(work: (sql: Sql) => Promise<T>): Promise<T> =>
    withDatabase(address, async (sql) => {
      await retried(() => checkVersion(sql, address));
      return work(sql);
    });
  return {
    add: async (run, now) => {
      refuseFuture(run, now);
      return use((sql) => addRun(sql, run, now));
    },
    runs: (question) => use((sql) => queryRuns(sql, question)),
    spans: (question) => use((sql) => querySpans(sql, question)),
    close: async () => {},
  };
}
