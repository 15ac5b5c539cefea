import type { AuditStore } from './contract.ts';

/** Lets `work` ask the store of a name: a file, kept by SQLite. */
export async function useStore<T>(name: string, work: (store: AuditStore) => Promise<T>): Promise<T> {
  const { sqliteStore } = await import('./sqlite.ts');
  const store = sqliteStore(name);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}
