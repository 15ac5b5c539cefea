import type { DatabaseAddress } from './address.ts';
import { refuseFuture, type AuditStore } from './contract.ts';
import { keptConnections, retried, type Sql } from './postgres-connection.ts';
import { queryCoverage, queryListeners, queryNewest, queryNews, queryRare, queryVersions } from './postgres-fleet.ts';
import { queryRuns, querySpans } from './postgres-read.ts';
import { questionTransaction, withDatabaseErrors } from './postgres-session.ts';
import { addRun } from './postgres-write.ts';

/*
 * Everything that needs a database: one compressed module of the executable.
 */

export { examineStore, makeStore, storeScript } from './postgres-admin.ts';

/** A store in a database, which must exist. A question sees one state. */
export function postgresStore(address: DatabaseAddress): AuditStore {
  const connections = keptConnections(address);
  const ask = <T>(work: (sql: Sql) => Promise<T>): Promise<T> =>
    withDatabaseErrors(address, () => retried(() => questionTransaction(connections, work)));
  return {
    add: async (run, now) => {
      refuseFuture(run, now);
      return withDatabaseErrors(address, () => addRun(connections, run, now));
    },
    runs: (question) => ask((sql) => queryRuns(sql, question)),
    spans: (question) => ask((sql) => querySpans(sql, question)),
    newest: (machine) => ask((sql) => queryNewest(sql, machine)),
    coverage: (machine, limit) => ask((sql) => queryCoverage(sql, machine, limit)),
    listeners: (question) => ask((sql) => queryListeners(sql, question)),
    rareListeners: (question, most) => ask((sql) => queryRare(sql, question, most)),
    versions: (question) => ask((sql) => queryVersions(sql, question)),
    news: (question, period) => ask((sql) => queryNews(sql, question, period)),
    close: () => connections.close(),
  };
}
