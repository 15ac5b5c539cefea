import type { DatabaseAddress } from './address.ts';
import {
  databaseError,
  inTransaction,
  withConnection,
  type AtEnd,
  type Connections,
  type Sql,
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
export function storeTransaction<T>(
  connections: Connections,
  mode: string,
  work: (sql: Sql, atEnd: AtEnd) => Promise<T>,
): Promise<T> {
  return connections.use((sql) =>
    inTransaction(sql, mode, async (atEnd) => {
      if (!checked.has(sql)) await checkVersion(sql, connections.address);
      checked.add(sql);
      return work(sql, atEnd);
    }),
  );
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
