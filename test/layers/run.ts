import { readFileSync } from 'node:fs';
import { closingLines } from './closing.ts';
import type { Layer, Result } from './layer.ts';

/** Layers that run at the same time, by name. */
export type Group = Readonly<Record<string, Layer>>;

/** Runs a layer, and says how long it took. */
async function timed(name: string, layer: Layer, say: (text: string) => void): Promise<Result> {
  const started = Date.now();
  const result = await layer();
  const seconds = Math.round((Date.now() - started) / 1000);
  if (seconds > 0) say(`the layer ${name} took ${seconds} s`);
  return result;
}

/** Runs groups of layers, one after the other; prints the closing lines, and gives them and whether nothing failed. */
export async function runLayers(groups: readonly Group[]): Promise<{ ok: boolean; lines: string[] }> {
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  // Tests that silently stop to run are no success: of a layer that runs, this many at least run or say why they do not.
  const floors = JSON.parse(readFileSync(new URL('../floor.json', import.meta.url), 'utf8')) as Record<string, number>;
  const sum: Result = { passed: 0, failed: 0, skipped: [] };
  for (const group of groups) {
    const names = Object.keys(group);
    const results = await Promise.all(Object.entries(group).map(([name, layer]) => timed(name, layer, say)));
    for (const [at, { passed, failed, skipped }] of results.entries()) {
      sum.passed += passed;
      sum.failed += failed;
      sum.skipped.push(...skipped);
      const floor = floors[names[at]!] ?? 0;
      const counted = passed + failed + skipped.length;
      if (counted >= floor || counted === skipped.length) continue;
      sum.failed += 1;
      say(`FAILED: the layer ${names[at]} has only ${counted} checks, skipped ones included; the floor in test/floor.json is ${floor}`);
    }
  }
  const lines = closingLines(sum);
  for (const line of lines) say(line);
  return { ok: sum.failed === 0 && sum.passed + sum.skipped.length > 0, lines };
}
