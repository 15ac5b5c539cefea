// Runs every layer of tests and ends with one line: N passed, N failed, N skipped.
// Arguments: parts of paths; then only the test files that have one of them in their path run, and no other layer.
import { readFileSync } from 'node:fs';
import { buildLayer } from './layers/build.ts';
import { checkLayer } from './layers/check.ts';
import type { Layer, Result } from './layers/layer.ts';
import { moduleLayer } from './layers/module.ts';
import { uvuLayer } from './layers/uvu.ts';

const patterns = process.argv.slice(2);
const layers: Layer[] = patterns.length > 0 ? [uvuLayer(patterns)] : [checkLayer, buildLayer, uvuLayer(), moduleLayer];
const say = (text: string): void => void process.stdout.write(`${text}\n`);

const sum: Result = { passed: 0, failed: 0, skipped: [] };
for (const layer of layers) {
  const result = await layer();
  sum.passed += result.passed;
  sum.failed += result.failed;
  sum.skipped.push(...result.skipped);
}

// Tests that silently stop to run are no success: this many at least have to.
const { floor } = JSON.parse(readFileSync(new URL('./floor.json', import.meta.url), 'utf8')) as { floor: number };
const executed = sum.passed + sum.failed;
if (patterns.length === 0 && executed < floor) {
  sum.failed += 1;
  say(`FAILED: only ${executed} checks ran, the floor in test/floor.json is ${floor}`);
}

for (const { name, reason } of sum.skipped) say(`skipped ${name}: ${reason}`);
say(`${sum.passed} passed, ${sum.failed} failed, ${sum.skipped.length} skipped`);
process.exitCode = sum.failed > 0 || executed + sum.skipped.length === 0 ? 1 : 0;
