import fs, { constants } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** What changes files and folders, besides opening them. */
const changing = ['writeSync', 'fsyncSync', 'renameSync', 'rmSync', 'mkdirSync', 'fchmodSync', 'fchownSync', 'ftruncateSync', 'writeFileSync'] as const;

const errorOf = (code: string): Error => Object.assign(new Error(`${code}: a change of a file failed`), { code, syscall: 'write' });

const writes = (flags: unknown): boolean =>
  typeof flags === 'number' ? (flags & (constants.O_WRONLY | constants.O_RDWR | constants.O_CREAT)) !== 0 : /[wa+]/.test(String(flags ?? 'r'));

/**
 * Makes the change of a file with this number fail: `crash`, and every one after it, as if the process had ended there;
 * or `full`, only this one, as on a full disk. Returns how to end that, and how many changes there were.
 */
export function failingFiles(step: number, how: 'crash' | 'full'): () => number {
  let steps = 0;
  const next = (): void => {
    steps++;
    if (how === 'full' ? steps === step : steps >= step) throw errorOf(how === 'full' ? 'ENOSPC' : 'EIO');
  };
  const own = fs as unknown as Record<string, (...given: unknown[]) => unknown>;
  const before = Object.fromEntries([...changing, 'openSync'].map((name) => [name, own[name]!]));
  for (const name of changing)
    own[name] = (...given) => {
      next();
      return before[name]!(...given);
    };
  own.openSync = (...given) => {
    if (writes(given[1])) next();
    return before.openSync!(...given);
  };
  syncBuiltinESMExports();
  return () => {
    Object.assign(own, before);
    syncBuiltinESMExports();
    return steps;
  };
}
