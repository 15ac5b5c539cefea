import type { DatabaseAddress } from './address.ts';
import {
  databaseError,
  inTransaction,
  localSetting,
  withConnection,
  type AtEnd,
  type Connections,
  type Sql,
  type TransactionMode,
} from './postgres-connection.ts';
import { databaseVersion } from './postgres-schema.ts';
import { PortOwnerError } from '../../schema/problems.ts';

/** Throws PO2003 for a store of a newer version, and the server's error if there is none. */
async function checkVersion(sql: Sql, { url }: DatabaseAddress): Promise<void> {
  const [row] = await sql`select max(version)::integer as version from portowner.store`;
  const version: number = row?.['version'] ?? 0;
  if (version > databaseVersion)
    throw new PortOwnerError(
      'PO2003',
      `${url} has store version ${version}; this program knows version ${databaseVersion}`,
      { hint: 'Use the PortOwner that created it, or a newer one.', target: url },
    );
}

/** The connections on which the version of the store is known. */
const checked = new WeakSet<Sql>();

/** Runs `work` with a store of a known version, in one transaction. */
function storeTransaction<T>(
  connections: Connections,
  modeOf: (sql: Sql) => TransactionMode,
  work: (sql: Sql, atEnd: AtEnd) => Promise<T>,
): Promise<T> {
  return connections.use((sql) =>
    inTransaction(sql, modeOf(sql), async (atEnd) => {
      if (!checked.has(sql)) await checkVersion(sql, connections.address);
      checked.add(sql);
      return work(sql, atEnd);
    }),
  );
}

/** Compiling a statement for 16 parts of a table takes longer than running it. */
const notCompiled = localSetting('jit', 'off');
/**
 * The server would plan every statement for the part of each machine. One plan for all parts takes it as long as thirty of these:
 * too long for a connection that stores one audit. Citus needs the values to plan.
 */
const plannedOnce = localSetting('plan_cache_mode', 'force_generic_plan', "to_regclass('pg_dist_partition') is null");

/** Runs `work`, which only reads, and sees one state. */
export function questionTransaction<T>(connections: Connections, work: (sql: Sql) => Promise<T>): Promise<T> {
  const mode = { mode: 'isolation level repeatable read read only', settings: [notCompiled] };
  return storeTransaction(connections, () => mode, work);
}

/** Runs `work`, which stores something. */
export function changeTransaction<T>(
  connections: Connections,
  work: (sql: Sql, atEnd: AtEnd) => Promise<T>,
): Promise<T> {
  const modeOf = (sql: Sql): TransactionMode => ({
    mode: '',
    settings: checked.has(sql) ? [notCompiled, plannedOnce] : [notCompiled],
  });
  return storeTransaction(connections, modeOf, work);
}

/** Converts errors of the database to PO4201, PO4202, or PO2003. */
export async function withDatabaseErrors<T>(address: DatabaseAddress, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw databaseError(address, error);
  }
}

/**
 * Runs `work` with a connection, and ends it. Errors of the database become PO4201, PO4202, or PO2003. `patienceMs`: how long the
 * connection may last, if not as long as usual.
 */
export function withDatabase<T>(
  address: DatabaseAddress,
  work: (sql: Sql) => Promise<T>,
  patienceMs?: number,
): Promise<T> {
  return withDatabaseErrors(address, () => withConnection(address, work, patienceMs));
}
