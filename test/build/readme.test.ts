import { readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { allCommands } from '../../src/commands/run.ts';
import { formats } from '../../src/formats/format.ts';

const test = suite('README');
const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

test('it names every command and every format', async () => {
  for (const command of await allCommands()) {
    const [path = []] = (command as { paths?: string[][] }).paths ?? [];
    const [word = '[PORTS…]', second] = path;
    const line = readme.split('\n').find((text) => text.startsWith(`| \`portowner ${word}`));
    assert.ok(line !== undefined && (second === undefined || line.includes(second)), path.join(' '));
  }
  assert.ok(readme.includes(`--format ${formats.join('|')}`));
});

test.run();
