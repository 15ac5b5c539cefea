import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeFlags, root } from '../../src/build/runtime.mjs';
import { run, snapshotFile, temporaryFolder } from '../support/harness.ts';
import { facts, socket } from '../support/example.ts';
import { skip, type TestContext } from '../support/skip.ts';

const test = suite<TestContext>('special files');

const snapshot = snapshotFile({ ...facts([socket({ localPort: 22 })]), at: '2026-01-02T02:00:00Z' });

/** A folder with a named pipe that nobody writes to, and a link to it. */
function pipes(): { folder: string; pipe: string; link: string } | null {
  const folder = temporaryFolder();
  const pipe = join(folder, 'pipe');
  if (spawnSync('mkfifo', [pipe]).status !== 0) return null;
  const link = join(folder, 'link');
  symlinkSync(pipe, link);
  return { folder, pipe, link };
}

const questions: [what: string, args: (path: string) => string[], message: RegExp][] = [
  ['--store', (path) => ['audit', '--from', snapshot, '--store', path], /PO4201: .* it is a named pipe, not a file/],
  ['--baseline', (path) => ['audit', '--from', snapshot, '--baseline', path], /PO2001: .* it is a named pipe, not a file/],
  ['--policy', (path) => ['audit', '--from', snapshot, '--policy', path], /PO2001/],
  ['--from', (path) => ['--from', path], /PO2001/],
  ['a second --from', (path) => ['--from', snapshot, '--from', path], /PO1005|PO2001/],
  ['diff', (path) => ['diff', snapshot, path], /PO2001/],
  ['history', (path) => ['history', '--store', path], /PO4201/],
  ['baseline update', (path) => ['baseline', 'update', path, '--from', snapshot], /PO2001/],
  ['baseline show', (path) => ['baseline', 'show', path], /PO2001/],
];
for (const [what, args, message] of questions) {
  test(`a named pipe as ${what} is refused at once`, async (context) => {
    const made = pipes();
    if (made === null) return skip('there is no mkfifo here', context);
    for (const path of [made.pipe, made.link]) {
      const { code, err } = await run(args(path));
      assert.ok([64, 69].includes(code), String(code));
      assert.match(err, message);
      assert.ok(statSync(path).isFIFO());
    }
    assert.equal(readdirSync(made.folder).sort(), ['link', 'pipe']);
  });
}

test('a device as store is refused, and stays', async (context) => {
  const folder = temporaryFolder();
  const device = join(folder, 'null');
  if (spawnSync('mknod', [device, 'c', '1', '3']).status !== 0) return skip('needs root on Linux', context);
  const link = join(folder, 'link');
  symlinkSync(device, link);
  for (const path of [device, link]) {
    const { code, err } = await run(['audit', '--from', snapshot, '--store', path]);
    assert.is(code, 69);
    assert.match(err, /PO4201: the store .* cannot be used: it is a device, not a file/);
    assert.ok(statSync(path).isCharacterDevice());
  }
  assert.equal(readdirSync(folder).sort(), ['link', 'null']);
});

test('a folder and a pipe in the place of a journal are refused, too', async (context) => {
  const made = pipes();
  if (made === null) return skip('there is no mkfifo here', context);
  assert.match((await run(['audit', '--from', snapshot, '--store', made.folder])).err, /PO4201: .* it is a folder/);
  const store = join(made.folder, 'audits.db');
  symlinkSync(made.pipe, `${store}-journal`);
  assert.match((await run(['audit', '--from', snapshot, '--store', store])).err, /PO4201: .* it is a named pipe/);
  assert.not.ok(existsSync(store));
});

test('a pipe in the folder of a recording is refused', async (context) => {
  const made = pipes();
  if (made === null) return skip('there is no mkfifo here', context);
  writeFileSync(join(made.folder, 'envelope.json'), '{"kind":"PortOwner.Raw","formatVersion":1,"platform":"linux","entries":{"a":{"at":"x","file":"pipe","form":"bytes"}}}');
  assert.match((await run(['--from', made.folder])).err, /PO2002: .*its file pipe cannot be read/);
});

test('standard input and what the shell has open are read', (context) => {
  if (!existsSync('/bin/bash') || !existsSync('/dev/fd/0')) return skip('there is no bash here', context);
  const command = [process.execPath, ...nodeFlags, join(root, 'src', 'main.ts')].map((part) => `'${part}'`).join(' ');
  for (const line of [
    `${command} --count --from <(cat '${snapshot}')`,
    `cat '${snapshot}' | ${command} --count --from -`,
    `cat '${snapshot}' | ${command} --count --from /dev/stdin`,
    `${command} --count --from /dev/stdin < '${snapshot}'`,
  ]) {
    const { stdout, stderr } = spawnSync('/bin/bash', ['-c', line], { encoding: 'utf8', timeout: 60_000 });
    assert.is(stdout, '1\n', `${line}: ${stderr}`);
  }
});

test.run();
