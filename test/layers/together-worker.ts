// Runs test files that it is sent, one after the other, in this process; started by together.ts. What a file needs is
// loaded once for all of them.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../../src/build/runtime.mjs';

interface Uvu {
  UVU_DEFER: number;
  UVU_QUEUE: unknown[][];
}
const uvu = globalThis as unknown as Uvu;
// It then runs nothing by itself.
uvu.UVU_DEFER = 1;
const { exec } = await import('uvu');

const write = process.stdout.write.bind(process.stdout);
// The helpers set these once, for what they start.
const once = /^(?:PORTOWNER_TEST_SKIPS|PORTOWNER_PWSH|POWERSHELL_\w+)$/;
const before = { ...process.env };

async function run(file: string): Promise<string> {
  let output = '';
  const keep = (text: string | Uint8Array): boolean => ((output += typeof text === 'string' ? text : Buffer.from(text).toString()), true);
  process.stdout.write = keep as typeof process.stdout.write;
  try {
    uvu.UVU_QUEUE = [[null]];
    await import(pathToFileURL(resolve(root, file)).href);
    await exec();
  } catch (error) {
    output += `${(error as Error).stack ?? String(error)}\n`;
  } finally {
    process.stdout.write = write;
  }
  return output;
}

process.on('message', async ({ file, skips }: { file: string; skips: string }) => {
  process.env.PORTOWNER_TEST_SKIPS = skips;
  const output = await run(file);
  process.exitCode = 0;
  const leaks = [...new Set([...Object.keys(before), ...Object.keys(process.env)])].filter((name) => !once.test(name) && before[name] !== process.env[name]);
  if (process.cwd() !== root) leaks.push('the working directory');
  process.send!({ output, trouble: leaks.length === 0 ? undefined : `leaves changed: ${leaks.join(', ')}` });
});
