// npm run fuzz -- MINUTES [--seed N] [TARGET…]: runs spoiled input until the time is up, and keeps what fails in test/fuzz/corpus/failures.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../src/build/runtime.mjs';
import { caseText } from './case.ts';
import { casesFolder, fuzz } from './fuzz.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const words = process.argv.slice(2);
const seedAt = words.indexOf('--seed');
const [, seedText] = seedAt < 0 ? [] : words.splice(seedAt, 2);
const seed = seedText === undefined ? Date.now() % 2 ** 31 : Number(seedText);
const [minutes = '1', ...only] = words;
if (!(Number(minutes) > 0) || !Number.isInteger(seed)) {
  process.stderr.write('npm run fuzz -- MINUTES [--seed N] [TARGET…]\n');
  process.exit(64);
}

/** What is the same about two failures: the message without its numbers and texts. */
const kindOf = (target: string, flaw: string): string => `${target} ${flaw.replace(/"[^"]*"|\d+|\/[^ :)]+/g, '').slice(0, 160)}`;

const kinds = new Map<string, number>();
const built = join(root, 'dist/portowner');
const executable = process.platform === 'linux' && existsSync(built) ? built : null;
say(`seed ${seed}, ${minutes} minutes, ${executable === null ? 'without the executable: it is not built' : `a share of it with ${executable}`}`);
const { runs, codes } = await fuzz({
  seed,
  count: Infinity,
  until: Date.now() + Number(minutes) * 60_000,
  only,
  executable,
  failed({ given, flaw, seed: own }) {
    const kind = kindOf(given.target, flaw);
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    if (kinds.get(kind)! > 1) return;
    const text = caseText(given);
    mkdirSync(casesFolder, { recursive: true });
    const file = join(casesFolder, `${given.target}-${createHash('sha256').update(text).digest('hex').slice(0, 12)}.case.json`);
    writeFileSync(file, text);
    say(`\nFAILED ${given.target}, seed ${own}: ${flaw}\n  portowner ${given.args.map((word) => JSON.stringify(word.slice(0, 200))).join(' ')}\n  kept as ${file}`);
  },
});
say(`\n${runs} runs, ${[...kinds.values()].reduce((sum, count) => sum + count, 0)} failed in ${kinds.size} ways`);
say(
  [...codes]
    .toSorted()
    .map(([key, count]) => `${key}: ${count}`)
    .join(', '),
);
process.exitCode = kinds.size > 0 ? 1 : 0;
