import type { AuditStore } from './contract.ts';

/** Runs `work` with the named store, which is an SQLite file. */
export async function useStore<T>(name: string, work: (store: AuditStore) => Promise<T>): Promise<T> {
  const { sqliteStore } = await import('./sqlite.ts');
  const store = sqliteStore(name);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
