/** What one layer of tests found. A layer prints its failures itself, in full. */
export interface Result {
  passed: number;
  failed: number;
  skipped: { name: string; reason: string }[];
}

export type Layer = () => Promise<Result>;
