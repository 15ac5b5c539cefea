/** What one layer of tests found. A layer prints its failures itself, in full. */
export interface Result {
  passed: number;
  failed: number;
  skipped: { name: string; reason: string }[];
}

export type Layer = () => Promise<Result>;

/** Reports that something failed as a whole. */
export function failure(name: string, why: string): Result {
  process.stdout.write(`FAILED ${name}: ${why}\n`);
  return { passed: 0, failed: 1, skipped: [] };
}

export const skipAll = (name: string, reason: string): Result => ({ passed: 0, failed: 0, skipped: [{ name, reason }] });

/** Several results as one. */
export function total(results: readonly Result[]): Result {
  return {
    passed: results.reduce((sum, { passed }) => sum + passed, 0),
    failed: results.reduce((sum, { failed }) => sum + failed, 0),
    skipped: results.flatMap(({ skipped }) => skipped),
  };
}
