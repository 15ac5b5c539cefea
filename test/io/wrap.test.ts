// Text no wider than the terminal, and commands that stay whole.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadAllCommands } from '../../src/cli/commands.ts';
import { catalogue } from '../../src/commands/catalogue.ts';
import { fitted, wrap } from '../../src/io/wrap.ts';

const test = suite('wrap');

test('what fits stays as it is', () => {
  const text = 'portowner: PO1001: no\n  a  b\n\n  portowner stop 80  # stop it';
  assert.is(fitted(text, 60), text);
});

test('what a command does goes below it, and the command stays whole', () => {
  const command = 'sudo netsh http show servicestate view=requestq';
  const [first, ...below] = fitted(`  ${command}  # see what would end with it, and then decide`, 40).split('\n');
  assert.is(first, `  ${command}`);
  assert.ok(below.length > 0 && below.every((line) => /^ {4}# \S/.test(line) && line.length <= 40), below.join('\n'));
});

test('a comment stays one in each of its lines', () => {
  assert.is(fitted('  # the program could bind another address', 30), '  # the program could bind\n  # another address');
});

test('a sentence goes on in the next line, further in', () => {
  assert.is(fitted('  An attempt to bind TCP 0.0.0.0:3000 failed: EADDRINUSE (98).', 40), '  An attempt to bind TCP 0.0.0.0:3000\n    failed: EADDRINUSE (98).');
  assert.is(fitted('portowner: PO1001: one two three', 24), 'portowner: PO1001: one\n  two three');
});

test('a command in a sentence stays whole, and the sentence does not cling to it', () => {
  assert.is(wrap('Give --baseline or --policy; portowner baseline create makes a baseline.', 0, 40), 'Give --baseline or --policy;\nportowner baseline create makes a\nbaseline.');
  assert.is(wrap('Its row says why: portowner PORT --format list.', 0, 30), 'Its row says why:\nportowner PORT --format list.');
  assert.is(wrap('portowner --help lists the commands and', 0, 30), 'portowner --help lists the\ncommands and');
  assert.is(fitted('  By hand: sudo systemctl stop a-service-with-a-long-name.service', 40), '  By hand:\n    sudo systemctl stop a-service-with-a-long-name.service');
});

for (const [text, command] of [
  ['Stop it there: ssh HOST portowner stop PORT, or kill it.', 'ssh HOST portowner stop PORT,'],
  ['the container that uses the port; use docker stop to stop it', 'docker stop'],
  ['To end all of them, docker stop web-1 stops the container.', 'docker stop web-1'],
  ['In a terminal of the administrator: netsh interface ipv4 show dynamicportrange protocol=tcp shows the range.', 'netsh interface ipv4 show dynamicportrange protocol=tcp'],
  ['If it has a unit, use sudo systemctl restart nginx.service and look again.', 'sudo systemctl restart nginx.service'],
  ['It is stopped with systemctl --user stop redis if you want.', 'systemctl --user stop redis'],
  ['It is a rule of netsh interface portproxy: delete the rule.', 'netsh interface portproxy:'],
] as const)
  test(`a command of another program stays whole: ${command}`, () => {
    for (let width = 12; width <= 100; width++)
      assert.ok(
        wrap(text, 2, width)
          .split('\n')
          .some((line) => line.includes(command)),
        `${width}: ${wrap(text, 2, width)}`,
      );
    assert.match(wrap(text, 0, 12), /\n.*\n/, 'the rest of the sentence is still wrapped');
  });

test('every command stays whole', async () => {
  for (const { path } of await loadAllCommands(catalogue)) if (path !== '') assert.ok(wrap(`See portowner ${path} for it`, 0, 10).split('\n').includes(`portowner ${path}`), path);
});

test.run();
