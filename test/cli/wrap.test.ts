// Lines below a table: no wider than the terminal, and commands that stay whole.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { titled } from '../../src/cli/wrap.ts';

const test = suite('wrap');

test('what fits stays in its line', () => {
  assert.equal(titled('What to do', ['portowner stop 80  # stop it'], 60), ['', 'What to do:', '  portowner stop 80  # stop it']);
  assert.equal(titled('What to do', [], 60), []);
  assert.equal(titled('What to do', null, 60), []);
});

test('what a command does goes below it, and the command stays whole', () => {
  const command = 'portowner stop 80 --dry-run --protocol udp';
  const [, , text = ''] = titled('What to do', [`${command}  # see what would end with it, and then decide`], 40);
  const [first, ...below] = text.split('\n');
  assert.is(first, `  ${command}`);
  assert.ok(below.length > 0 && below.every((line) => /^ {4}# \S/.test(line) && line.length <= 40), text);
});

test('a sentence goes on in the next line', () => {
  const [, , text = ''] = titled('Evidence', ['An attempt to bind TCP 0.0.0.0:3000 failed: EADDRINUSE (98).'], 40);
  assert.equal(text.split('\n'), ['  An attempt to bind TCP 0.0.0.0:3000', '    failed: EADDRINUSE (98).']);
});

test('nothing of the text reaches the terminal as a control', () => {
  assert.is(titled('Evidence', ['a\x1b[31m\nb'], 80)[2], '  a\\x1b[31m\\nb');
});

test.run();
