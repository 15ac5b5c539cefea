// Runs every layer of tests and ends with one line: N passed, N failed, N skipped.
// Arguments: parts of paths; then only the test files that have one of them in their path run, and no other layer.
import { readFileSync } from 'node:fs';
import { buildLayer } from './layers/build.ts';
import { checkLayer } from './layers/check.ts';
import { closingLines } from './layers/closing.ts';
import type { Layer, Result } from './layers/layer.ts';
import { moduleLayer } from './layers/module.ts';
import { uvuLayer } from './layers/uvu.ts';

/** Layers that run at the same time, by name; the groups one after the other. */
const groups: Record<string, Layer>[] = [{ check: checkLayer }, { build: buildLayer }, { uvu: uvuLayer(), module: moduleLayer }];
const patterns = process.argv.slice(2);
const say = (text: string): void => void process.stdout.write(`${text}\n`);
// Tests that silently stop to run are no success: of a layer that runs, this many at least run or say why they do not.
const floors = JSON.parse(readFileSync(new URL('./floor.json', import.meta.url), 'utf8')) as Record<string, number>;

const sum: Result = { passed: 0, failed: 0, skipped: [] };
for (const group of patterns.length > 0 ? [{ some: uvuLayer(patterns) }] : groups) {
  const names = Object.keys(group);
  const results = await Promise.all(Object.values(group).map((layer) => layer()));
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

for (const line of closingLines(sum)) say(line);
process.exitCode = sum.failed > 0 || sum.passed + sum.skipped.length === 0 ? 1 : 0;
