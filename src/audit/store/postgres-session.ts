import type { DatabaseAddress } from './address.ts';
import { databaseError, openConnection, type Sql } from './postgres-connection.ts';
import { databaseVersion } from './postgres-schema.ts';
import { PortOwnerError } from '../../schema/problems.ts';

/** How long a question may take in total, in milliseconds. */
const patienceMs = 300_000;

/** Throws PO2003 for a store of a newer version, and the server's error if there is none. */
export async function checkVersion(sql: Sql, { url }: DatabaseAddress): Promise<void> {
  const [row] = await sql`select max(version)::integer as version from portowner.store`;
  const version: number = row?.['version'] ?? 0;
  if (version > databaseVersion)
    throw new PortOwnerError(
      'PO2003',
      `${url} has store version ${version}; this program knows version ${databaseVersion}`,
      { hint: 'Use the PortOwner that created it, or a newer one.', target: url },
    );
}

/** Runs `work` with a connection, and ends it. Errors of the database become PO4201, PO4202, or PO2003. */
export async function withDatabase<T>(address: DatabaseAddress, work: (sql: Sql) => Promise<T>): Promise<T> {
  const sql = openConnection(address);
  // A server that accepts connections and closes them at once would be asked again and again.
  const watch = setTimeout(() => void sql.end({ timeout: 0 }), patienceMs);
  try {
    return await work(sql);
  } catch (error) {
    throw databaseError(address, error);
  } finally {
    clearTimeout(watch);
    await sql.end({ timeout: 1 }).catch(() => {});
  }
}
