import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { version } from '../../src/build/bundle.ts';
import { nodeBinary, root, runtimes, sha256 } from '../../src/build/runtime.mjs';
import { verifyNodeSignature } from '../../src/build/signature.ts';
import { skip } from '../support/skip.ts';
import { has } from '../support/build-machine.ts';

const test = suite('runtime');
const buildScript = join(root, 'build.mjs');

for (const [name, runtime] of Object.entries(runtimes)) {
  test(`the Node for ${name} is the pinned one`, () => {
    assert.is(sha256(readFileSync(nodeBinary(runtime))), runtime.sha256);
  });
}

test("node.exe's signature leads to the OpenJS Foundation", (context) => {
  const said = verifyNodeSignature(nodeBinary(runtimes['win32-x64']));
  if (said.includes('not verified')) return skip(said, context);
  assert.match(said, /: verified$/);
});

test("a changed node.exe's signature is refused", (context) => {
  if (!has('osslsigncode', '--version')) return skip('osslsigncode is not installed', context);
  assert.throws(() => verifyNodeSignature(nodeBinary(runtimes['linux-x64'])), /is not signed/);
});

test('build.mjs hands on arguments, output and exit code', () => {
  const result = spawnSync(process.execPath, [buildScript, 'node', '-e', 'console.log(process.version, process.argv[1]); process.exitCode = 7', '443'], { encoding: 'utf8' });
  assert.is(result.status, 7);
  assert.is(result.stdout, `${process.version} 443\n`);
});

test('build.mjs says what it can do', () => {
  const result = spawnSync(process.execPath, [buildScript, 'dance'], { encoding: 'utf8' });
  assert.is(result.status, 64);
  assert.match(result.stderr, 'node build.mjs COMMAND');
});

test('npm start prints what PortOwner prints, and nothing else', (context) => {
  if (!has('npm', '--version')) return skip('npm cannot be started', context);
  const result = spawnSync('npm', ['start', '--', '--version'], { cwd: root, encoding: 'utf8', shell: process.platform === 'win32' });
  assert.is(result.stdout, `portowner ${version}\n`);
  assert.is(result.stderr, '');
  assert.is(result.status, 0);
});

test('npm start hands on the exit code', (context) => {
  if (!has('npm', '--version')) return skip('npm cannot be started', context);
  const result = spawnSync('npm', ['start', '--', 'abc'], { cwd: root, encoding: 'utf8', shell: process.platform === 'win32' });
  assert.is(result.stdout, '');
  assert.is(result.status, 64);
});

test('the lock pins everything and names no registry', () => {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, { resolved?: string; integrity?: string }> };
  for (const [path, { resolved, integrity }] of Object.entries(lock.packages)) {
    if (path === '') continue;
    assert.is(resolved, undefined, path);
    assert.match(integrity ?? '', /^sha512-/, path);
  }
});

test.run();
