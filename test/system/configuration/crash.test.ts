// A move of several files that ends at every change of a file that it makes, and one whose disk is full at every change.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeFlags, root } from '../../../src/build/runtime.mjs';
import { liveConfiguration } from '../../../src/machine/configuration.ts';
import type { MoveResult } from '../../../src/schema/move.ts';
import { failingFiles } from '../../support/failing-files.ts';
import { temporaryFolder } from '../../support/harness.ts';
import { ownProgram } from '../../support/own-program.ts';
import { onThisMachine, serverFolder } from '../../support/servers.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const test = suite('moves that end half-way');
const names = ['nginx.conf', 'conf.d/a.conf', 'conf.d/b.conf'];
const listed = { list: () => null, run: () => ({ status: 0, output: '' }) };

/** Two sites with one port, in files of their own. */
function configuration(): { readonly main: string; readonly files: readonly string[] } {
  const folder = serverFolder();
  mkdirSync(join(folder, 'conf.d'));
  const files = names.map((name) => join(folder, name));
  writeFileSync(files[0]!, `events {}\nhttp { include ${files[1]}; include ${files[2]}; }\n`);
  writeFileSync(files[1]!, 'server { listen 127.0.0.1:4711; }\n', { mode: 0o640 });
  writeFileSync(files[2]!, 'server { listen 127.0.0.2:4711; }\n');
  return { main: files[0]!, files };
}

const textsOf = (files: readonly string[]): string[] => files.map((file) => readFileSync(file, 'utf8'));

async function movedWith(main: string, state: string, step: number, how: 'crash' | 'full'): Promise<{ code: number | null; steps: number }> {
  const end = failingFiles(step, how);
  try {
    // What is found on this machine is another matter, which takes time.
    const { code } = await onThisMachine(['move', '4711', '--to', '4713', '--path', main, '--yes', '--json'], state, listed);
    return { code, steps: end() };
  } catch {
    return { code: null, steps: end() };
  }
}

const resultsOf = async (state: string): Promise<unknown[]> =>
  (JSON.parse((await onThisMachine(['move', '--list', '--json'], state)).out) as MoveResult[]).map(({ Result }) => Result!);

const onLinux = (name: string, work: () => Promise<void>): void =>
  test(name, async (context) => (process.platform === 'linux' ? work() : skip('it needs Linux', context as TestContext)));

onLinux('at every step, each file is the old one or the new one, and undoing restores all of them', async () => {
  const seen = new Set<string>();
  for (let step = 1; ; step++) {
    const [{ main, files }, state] = [configuration(), temporaryFolder()];
    const before = textsOf(files);
    const after = before.map((text) => text.replace('4711', '4713'));
    const { code, steps } = await movedWith(main, state, step, 'crash');
    const texts = textsOf(files);
    for (const [index, text] of texts.entries()) assert.ok([before[index], after[index]].includes(text), `step ${step}: ${files[index]}`);
    const isChanged = texts.some((text, index) => text !== before[index]);
    seen.add(texts.map((text, index) => (text === before[index] ? 'old' : 'new')).join(' '));
    const results = await resultsOf(state);
    if (isChanged) assert.is(results.length, 1, `step ${step}`);
    if (results[0] === 'Interrupted') {
      const next = await onThisMachine(['move', texts[1] === before[1] ? '4711' : '4713', '--to', '4714', '--path', main, '--yes'], state, listed);
      assert.is(next.code, 1);
      assert.match(next.err, isChanged && texts[2] !== texts[1]!.replace('.1:', '.2:') ? /PO4402/ : /the move .* was interrupted/);
    }
    if (results.length > 0) assert.is((await onThisMachine(['move', '--undo', '--yes'], state)).code, 0, `step ${step}`);
    assert.equal(textsOf(files), before, `step ${step}`);
    assert.is(statSync(files[1]!).mode & 0o777, 0o640);
    if (steps < step) {
      assert.is(code, 0);
      break;
    }
    assert.is.not(code, 0, `step ${step}`);
  }
  assert.equal([...seen].toSorted(), ['old new new', 'old new old', 'old old old']);
});

onLinux('a disk that is full at any step leaves all old files or all new ones, and no others', async () => {
  for (let step = 1; ; step++) {
    const [{ main, files }, state] = [configuration(), temporaryFolder()];
    const before = textsOf(files);
    const { code, steps } = await movedWith(main, state, step, 'full');
    const texts = textsOf(files);
    const isMoved = texts[1] !== before[1];
    assert.equal(texts, isMoved ? before.map((text) => text.replace('4711', '4713')) : before, `step ${step}`);
    assert.is(code === 0, isMoved, `step ${step}`);
    assert.equal(readdirSync(join(main, '../conf.d')).toSorted(), ['a.conf', 'b.conf'], `step ${step}`);
    const results = await resultsOf(state);
    if (isMoved) assert.equal(results, ['Moved']);
    if (steps < step) break;
  }
});

onLinux('a file that another program changes during the move: the others are restored, and that one stays', async () => {
  const [{ main, files }, state] = [configuration(), temporaryFolder()];
  const before = textsOf(files);
  const machine = await liveConfiguration();
  const other = 'server { listen 127.0.0.2:4711; } # new\n';
  const replace = (path: string, bytes: Uint8Array): void => {
    machine.replace(path, bytes);
    if (path === files[1]) writeFileSync(files[2]!, other);
  };
  const { code, out } = await onThisMachine(['move', '4711', '--to', '4713', '--path', main, '--yes', '--json'], state, { ...listed, replace });
  assert.is(code, 1);
  const [row] = JSON.parse(out) as MoveResult[];
  assert.is(row!.Result, 'Interrupted');
  assert.is(row!.Restart, 'not rolled back');
  assert.equal(row!.Reason, [`${files[2]} has changed in the meantime`, `not restored, because another program changed it: ${files[2]}`]);
  assert.equal(textsOf(files), [before[0], before[1], other]);
  // It is listed as what it is, but does not keep others from being done.
  assert.equal(await resultsOf(state), ['Interrupted']);
  const next = await onThisMachine(['move', '4711', '--to', '4713', '--path', main, '--yes'], state, listed);
  assert.is(next.code, 0, next.err);
});

onLinux('files that cannot be restored are said, and undone later', async () => {
  const [{ main, files }, state] = [configuration(), temporaryFolder()];
  const before = textsOf(files);
  const machine = await liveConfiguration();
  let calls = 0;
  const replace = (path: string, bytes: Uint8Array): void => {
    if (calls++ > 0) throw Object.assign(new Error('EROFS: read-only file system, open'), { code: 'EROFS' });
    machine.replace(path, bytes);
  };
  const { code, out } = await onThisMachine(['move', '4711', '--to', '4713', '--path', main, '--yes', '--json'], state, { ...listed, replace });
  assert.is(code, 1);
  const [row] = JSON.parse(out) as MoveResult[];
  assert.is(row!.Result, 'Interrupted');
  assert.equal(row!.Reason?.length, 3);
  assert.match(row!.Reason!.join('\n'), `the files were not restored: ${files[1]}: the file system is read-only`);
  assert.match(row!.Reason!.join('\n'), `undo it: portowner move --undo ${row!.Id}`);
  assert.equal(await resultsOf(state), ['Interrupted']);
  assert.is((await onThisMachine(['move', '--undo', '--yes'], state)).code, 0);
  assert.equal(textsOf(files), before);
});

onLinux('the name of the journal is durable before a file is changed', async () => {
  if (!existsSync('/usr/bin/strace')) return;
  const [{ main }, state] = [configuration(), temporaryFolder()];
  const log = join(state, 'log');
  const args = ['move', '4711', '--to', '4713', '--path', main, '--yes'];
  spawnSync('/usr/bin/strace', ['-f', '-y', '-o', log, '-e', 'trace=fsync,rename', process.execPath, ...nodeFlags, join(root, 'src/main.ts'), ...args], {
    env: { ...process.env, XDG_STATE_HOME: state },
  });
  const calls = readFileSync(log, 'utf8').split('\n');
  const named = calls.findIndex((line) => line.includes('rename(') && line.includes('/moves/'));
  const durable = calls.findIndex((line, index) => index > named && line.includes('fsync(') && line.includes('/moves>'));
  const changed = calls.findIndex((line) => line.includes('rename(') && line.includes('a.conf'));
  assert.ok(named >= 0 && named < durable && durable < changed, calls.join('\n'));
});

const [program, ...options] = ownProgram;

onLinux('of several moves at one time, one is done', async () => {
  const [folder, state] = [serverFolder(), temporaryFolder()];
  const file = join(folder, 'redis.conf');
  writeFileSync(file, 'port 4711\n');
  const targets = [4713, 4714, 4715];
  const codes = await Promise.all(
    targets.map(async (to) => {
      const args = ['move', '4711', '--to', String(to), '--path', file, '--yes'];
      const child = spawn(program, [...options, ...args], { stdio: 'ignore', env: { ...process.env, XDG_STATE_HOME: state } });
      const [code] = (await once(child, 'exit')) as [number | null];
      return code;
    }),
  );
  assert.equal(
    codes.toSorted((a, b) => (a ?? 0) - (b ?? 0)),
    [0, 1, 1],
  );
  assert.is(readFileSync(file, 'utf8'), `port ${targets[codes.indexOf(0)]}\n`);
  assert.ok((await resultsOf(join(state, 'portowner'))).includes('Moved'));
});

onLinux('a journal in a folder that belongs to another user is not used', async () => {
  if (process.getuid!() !== 0) return;
  const [{ main, files }, state] = [configuration(), temporaryFolder()];
  const before = textsOf(files);
  mkdirSync(join(state, 'moves'), { mode: 0o700 });
  chownSync(join(state, 'moves'), 12_345, 12_345);
  for (const args of [
    ['move', '4711', '--to', '4713', '--path', main, '--yes'],
    ['move', '--list'],
    ['move', '--undo', '--yes'],
  ]) {
    const { code, err } = await onThisMachine(args, state, listed);
    assert.is(code, 69, err);
    assert.match(err, 'PO4405');
    assert.match(err, 'belongs to another user (uid 12345)');
  }
  assert.equal(textsOf(files), before);
});

test.run();
