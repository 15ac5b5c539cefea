// The loop while one works: pure tests only, several files in a process. `--shuffle` deals them out in another order.
import { closingLines } from './layers/closing.ts';
import { togetherLayer } from './layers/together.ts';

const shuffled = (files: string[]): string[] =>
  files
    .map((file) => ({ file, at: Math.random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ file }) => file);
const result = await togetherLayer(process.argv.includes('--shuffle') ? shuffled : undefined)();
process.stdout.write(`${closingLines(result).join('\n')}\n`);
process.exitCode = result.failed === 0 && result.passed > 0 ? 0 : 1;
