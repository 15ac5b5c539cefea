// Patterns of included files, as a shell expands them: the same names as bash's, in real folders.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Reading } from '../../src/configuration/reading.ts';
import { liveConfiguration } from '../../src/machine/configuration.ts';
import { machineWith } from '../support/configurations.ts';
import { temporaryFolder } from '../support/harness.ts';
import { skip, type TestContext } from '../support/skip.ts';

const test = suite('patterns of included files');

const names = ['a.conf', 'b.conf', 'ab.conf', 'A.conf', '.a.conf', '1.conf', '!.conf', '-.conf', '^.conf', 'a.conf.bak', 'a b.conf'];
const patterns = [
  '*.conf',
  '?.conf',
  '[ab].conf',
  '[!ab].conf',
  '[a-z].conf',
  '[!a-z].conf',
  '[a-].conf',
  '[!].conf',
  '.*.conf',
  '.[!.]*.conf',
  '*',
  'a*',
  '*.bak',
  'sub*/*.conf',
  '[s]ub/[!x].conf',
  'x*y',
];

test('the same names as those of bash', async (context) => {
  if (process.platform !== 'linux') return skip('it needs bash', context as TestContext);
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'sub'));
  for (const name of [...names, 'sub/x.conf', 'sub/y.conf']) writeFileSync(join(folder, name), '');
  const reading = new Reading(await liveConfiguration());
  for (const pattern of patterns) {
    const script = `shopt -s nullglob; for one in ${pattern}; do echo "$PWD/$one"; done`;
    const { stdout } = spawnSync('bash', ['-c', script], { cwd: folder, env: { LC_ALL: 'C' }, encoding: 'utf8' });
    const expected = stdout.split('\n').slice(0, -1);
    assert.equal(reading.glob(join(folder, pattern)).toSorted(), expected.toSorted(), pattern);
  }
  assert.equal(reading.gaps, []);
});

test('what is no pattern, or too long, is a gap', () => {
  const reading = new Reading(machineWith({ '/x/a.conf': '', '/x/b.conf': '' }));
  assert.equal(reading.glob('/x/[z-a]*.conf'), []);
  assert.match(reading.gaps[0]!, '/x/[z-a]*.conf is not followed: "[z-a]*.conf" is not a wildcard pattern');
  assert.equal(reading.glob(`/x/${'?*'.repeat(1000)}`), []);
  assert.match(reading.gaps[1]!, 'a wildcard pattern has 2000 characters; the limit is 1000');
});

test.run();
