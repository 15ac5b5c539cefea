// A build in another folder, with a program in place of the one that signs.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { cache, root, sha256 } from '../../src/build/runtime.mjs';
import { sign } from '../../src/build/sign.ts';
import { dist } from '../support/build-machine.ts';

const test = suite('a build');

const folder = mkdtempSync(join(tmpdir(), 'portowner test-'));
test.after(() => rmSync(folder, { recursive: true, force: true }));
const log = join(folder, 'signed');
const signer = join(folder, 'signer.cjs');
writeFileSync(signer, `require('node:fs').appendFileSync(${JSON.stringify(log)}, process.argv[2] + '\\n'); process.exitCode = process.argv[2].endsWith('refused') ? 1 : 0;`);

const signing = `"${process.execPath}" "${signer}"`;

test.before(() => {
  const left = new Set(['.cache', '.git', 'dist']);
  const copy = (name: string): void => {
    // The dependencies, which nothing changes, are tens of thousands of files.
    const isLinked = name === 'node_modules' && spawnSync('cp', ['--archive', '--link', join(root, name), folder], { stdio: 'ignore' }).status === 0;
    if (!isLinked) cpSync(join(root, name), join(folder, name), { recursive: true, verbatimSymlinks: true });
  };
  for (const name of readdirSync(root).filter((entry) => !left.has(entry))) copy(name);
  mkdirSync(join(folder, '.cache'));
  symlinkSync(join(cache, '.pkg-cache'), join(folder, '.cache/.pkg-cache'), 'junction');
});

test('of the same sources in another folder gives the same portowner.exe, and signs all that can be signed', () => {
  const env = { ...process.env, PORTOWNER_SIGN: signing };
  const built = spawnSync(process.execPath, [join(folder, 'src/build/build.ts'), 'win'], { encoding: 'utf8', env });
  assert.is(built.status, 0, `${built.stdout}${built.stderr}`);
  const [first, second] = [dist, join(folder, 'dist')].map((path) => sha256(readFileSync(join(path, 'portowner.exe'))));
  assert.is(second, first);
  const module = process.platform === 'win32' ? 'PortOwner' : 'win/PortOwner';
  assert.equal(
    readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .map((path) => relative(join(folder, 'dist'), path).replaceAll('\\', '/'))
      .toSorted(),
    [
      'portowner.exe',
      ...[
        'Collector/Collect.ps1',
        'Collector/Deploy.ps1',
        'Collector/Stop.ps1',
        'Completion.ps1',
        'PortOwner.format.ps1xml',
        'PortOwner.psd1',
        'PortOwner.psm1',
        'PortOwner.types.ps1xml',
        'Remote.ps1',
        'Tasks/Invoke-FleetAudit.ps1',
      ].map((name) => `${module}/${name}`),
    ].toSorted(),
  );
});

test('fails when a file cannot be signed', () => {
  const old = process.env.PORTOWNER_SIGN;
  process.env.PORTOWNER_SIGN = signing;
  try {
    sign(join(folder, 'taken'));
    assert.throws(() => sign(join(folder, 'refused')), /^PORTOWNER_SIGN failed for .*refused$/);
  } finally {
    if (old === undefined) delete process.env.PORTOWNER_SIGN;
    else process.env.PORTOWNER_SIGN = old;
  }
});

test.run();
