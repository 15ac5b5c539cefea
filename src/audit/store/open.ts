import { databaseAddress } from './address.ts';
import type { AuditStore } from './contract.ts';
import { isUrl } from '../../io/url.ts';

async function openStore(name: string): Promise<AuditStore> {
  if (isUrl(name)) {
    const address = databaseAddress(name);
    return (await import('./postgres.ts')).postgresStore(address);
  }
  const { sqliteStore } = await import('./sqlite.ts');
  return sqliteStore(name);
}

/** Throws PO1001 if the name of a store is a URL that is not one of a database, before anything is done for it. */
export function checkStoreName(name: string): void {
  if (isUrl(name)) databaseAddress(name);
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
