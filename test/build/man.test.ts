import { spawnSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { manPage } from '../../src/build/man.ts';
import { loadAllCommands } from '../../src/cli/commands.ts';
import { catalogue } from '../../src/commands/catalogue.ts';
import { skip } from '../support/skip.ts';

const test = suite('man page');
const all = await loadAllCommands(catalogue);
const page = manPage(all, '1.2.3');

test('is pure ASCII, and names every command and option', () => {
  assert.not.match(page, /[^\n -~]/);
  for (const { path, definition } of all) {
    assert.ok(page.includes(path.replaceAll('-', '\\-')), path);
    for (const { definition: option } of definition.options) assert.ok(page.includes(option.split(/[ ,]/)[0]!.replaceAll('-', '\\-')), option);
  }
});

test('is read by groff without a warning, with no text lost', (context) => {
  const { error, stdout, stderr, status } = spawnSync('groff', ['-man', '-Tutf8', '-ww', '-P-c'], { input: page, encoding: 'utf8' });
  if (error !== undefined) return skip('groff is not installed', context);
  assert.equal([status, stderr], [0, '']);
  assert.match(stdout, /PORTOWNER\(1\)/);
  assert.match(stdout, /leases\.json\s+in\s+%LOCALAPPDATA%\\PortOwner/);
  assert.match(stdout, /\[PORTS…\]/);
});

test.run();
