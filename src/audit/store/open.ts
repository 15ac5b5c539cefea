import { databaseAddress, type DatabaseAddress } from './address.ts';
import type { AuditStore } from './contract.ts';
import { isUrl } from '../../io/url.ts';

/** The address of a store in a database; null for a file. Throws PO1001 for a URL of no database. */
const addressOf = (name: string): DatabaseAddress | null => (isUrl(name) ? databaseAddress(name) : null);

async function openStore(name: string): Promise<AuditStore> {
  const address = addressOf(name);
  if (address !== null) return (await import('./postgres.ts')).postgresStore(address);
  const { sqliteStore } = await import('./sqlite.ts');
  return sqliteStore(name);
}

/** Throws PO1001 if the name of a store is a URL that is not one of a database, before anything is done for it. */
export function checkStoreName(name: string): void {
  addressOf(name);
}

/** Runs `work` with the named store: an SQLite file, or the URL of a database. */
export async function useStore<T>(name: string, work: (store: AuditStore) => Promise<T>): Promise<T> {
  const store = await openStore(name);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
