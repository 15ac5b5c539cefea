// Real servers with their own configuration folders: found, moved, asked on the new port, and moved back.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeFlags } from '../../../src/build/runtime.mjs';
import { liveConfiguration } from '../../../src/machine/configuration.ts';
import type { Configuration } from '../../../src/schema/configuration.ts';
import type { MoveResult } from '../../../src/schema/move.ts';
import type { ProgramCall } from '../../../src/system/configuration.ts';
import { freePort } from '../../support/free-port.ts';
import { temporaryFolder } from '../../support/harness.ts';
import { hasNginx, hasPostgres, hasRedis, onThisMachine, startNginx, startPostgres, startRedis, until } from '../../support/servers.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const test = suite('moving real servers');

const rowsOf = <Row>(out: string): Row[] => JSON.parse(out) as Row[];

/** A free port outside of the dynamic range, in which nothing is moved. */
async function target(): Promise<number> {
  const { out } = await onThisMachine(['free', '--near', String(20_000 + Math.floor(Math.random() * 10_000))], temporaryFolder());
  return Number(out);
}

test('nginx: found in an included file, moved with a reload, and undone', async (context) => {
  if (!hasNginx) return skip('nginx is not installed', context as TestContext);
  const [port, to, state] = [await freePort(), await target(), temporaryFolder()];
  const nginx = startNginx(port);
  try {
    const before = readFileSync(nginx.file, 'latin1');
    const found = rowsOf<Configuration>((await onThisMachine(['config', String(port), '--json'], state)).out);
    assert.is(found.length, 1);
    const { Application, File, Line, Setting, Value, NeedsRestart, Confidence, Address } = found[0]!;
    assert.equal(
      { Application, File, Line, Setting, Value, NeedsRestart, Confidence, Address },
      { Application: 'nginx', File: nginx.file, Line: 3, Setting: 'listen', Value: `127.0.0.1:${port}`, NeedsRestart: false, Confidence: 'Confirmed', Address: '127.0.0.1' },
    );
    const plan = await onThisMachine(['move', String(port), '--to', String(to), '--dry-run', '--json'], state);
    assert.is(plan.code, 0, plan.err);
    assert.is(rowsOf<MoveResult>(plan.out)[0]!.Result, 'Planned');
    assert.is(readFileSync(nginx.file, 'latin1'), before);
    const moved = await onThisMachine(['move', String(port), '--to', String(to), '--yes', '--restart', '--json'], state);
    assert.is(moved.code, 0, moved.err + moved.out);
    assert.is(rowsOf<MoveResult>(moved.out)[0]!.Result, 'Moved');
    assert.is(readFileSync(nginx.file, 'latin1'), before.replace(`:${port}`, `:${to}`));
    assert.ok(nginx.answers(to));
    assert.not.ok(nginx.answers(port));
    assert.is((await onThisMachine(['move', '--undo', '--yes'], state)).code, 0);
    assert.is(readFileSync(nginx.file, 'latin1'), before);
    const listed = rowsOf<MoveResult>((await onThisMachine(['move', '--list', '--json'], state)).out);
    assert.equal(
      listed.map(({ Result }) => Result),
      ['Undone'],
    );
  } finally {
    nginx.stop();
  }
});

test('a move that the server does not follow is rolled back', async (context) => {
  if (!hasNginx) return skip('nginx is not installed', context as TestContext);
  const [port, to, state] = [await freePort(), await target(), temporaryFolder()];
  const nginx = startNginx(port);
  try {
    const before = readFileSync(nginx.file, 'latin1');
    // The signal does not arrive.
    const moved = await onThisMachine(['move', String(port), '--to', String(to), '--yes', '--restart', '--timeout', '1', '--json'], state, { signal() {} });
    assert.is(moved.code, 1);
    const [row] = rowsOf<MoveResult>(moved.out);
    assert.is(row!.Result, 'RolledBack');
    assert.match(row!.Reason!.join(), `does not listen on port ${to}`);
    assert.is(readFileSync(nginx.file, 'latin1'), before);
    // The check of the new configuration fails.
    let [calls, signals] = [0, 0];
    const failing = await onThisMachine(['move', String(port), '--to', String(to), '--yes', '--restart', '--json'], state, {
      run: () => ({ status: calls++ === 0 ? 0 : 1, output: 'bad' }),
      signal: () => void signals++,
    });
    assert.is(failing.code, 1);
    assert.is(readFileSync(nginx.file, 'latin1'), before);
    // It was not restarted yet.
    assert.is(signals, 0);
    assert.ok(nginx.answers(port));
  } finally {
    nginx.stop();
  }
});

test('with --force, a server whose configuration was not valid before is moved, but not restarted', async (context) => {
  if (!hasNginx) return skip('nginx is not installed', context as TestContext);
  const [port, to, state] = [await freePort(), await target(), temporaryFolder()];
  const nginx = startNginx(port);
  try {
    writeFileSync(nginx.file, `${readFileSync(nginx.file, 'latin1')}no_such_directive on;\n`, 'latin1');
    const before = readFileSync(nginx.file, 'latin1');
    const args = ['move', String(port), '--to', String(to), '--yes', '--json'];
    const without = await onThisMachine(args, state);
    assert.is(without.code, 1);
    assert.match(without.err, 'the present configuration is not valid');
    const restarted = await onThisMachine([...args, '--force', '--restart'], state);
    assert.is(restarted.code, 1, restarted.out);
    assert.match(restarted.err, /PO4402.*nginx cannot be restarted: the present configuration is not valid/);
    assert.match(restarted.err, 'Leave out --restart');
    assert.is(readFileSync(nginx.file, 'latin1'), before);
    const moved = await onThisMachine([...args, '--force'], state);
    assert.is(moved.code, 0, moved.err + moved.out);
    assert.is(readFileSync(nginx.file, 'latin1'), before.replace(`:${port}`, `:${to}`));
    assert.ok(nginx.answers(port));
  } finally {
    nginx.stop();
  }
});

test('a move that is killed leaves the old file or the new one, and can be undone', async (context) => {
  if (!hasNginx) return skip('nginx is not installed', context as TestContext);
  const [port, to] = [await freePort(), await target()];
  const nginx = startNginx(port);
  try {
    const before = readFileSync(nginx.file, 'latin1');
    const after = before.replace(`:${port}`, `:${to}`);
    const script = join(import.meta.dirname, '../../support/killed-move.ts');
    const attempt = (step: number, state: string) =>
      spawnSync(process.execPath, [...nodeFlags, script, String(step), state, 'move', String(port), '--to', String(to), '--yes', '--restart'], { encoding: 'utf8' });
    const seen = new Set<string>();
    for (let step = 1; step < 20; step++) {
      const state = temporaryFolder();
      const { signal, status, stderr } = attempt(step, state);
      const text = readFileSync(nginx.file, 'latin1');
      assert.ok(text === before || text === after, `step ${step}`);
      seen.add(text === before ? 'old' : 'new');
      const listed = rowsOf<MoveResult>((await onThisMachine(['move', '--list', '--json'], state)).out);
      if (signal === null) assert.is(status, 0, stderr);
      else if (text === after) assert.is(listed[0]?.Result, 'Interrupted');
      if (listed.length > 0) assert.is((await onThisMachine(['move', '--undo', '--yes'], state)).code, 0);
      assert.is(readFileSync(nginx.file, 'latin1'), before);
      process.kill(nginx.pid, 'SIGHUP');
      if (signal === null) {
        assert.equal([...seen].toSorted(), ['new', 'old']);
        return;
      }
      assert.is(signal, 'SIGKILL');
      until(() => nginx.answers(port) && !nginx.answers(to));
    }
    assert.unreachable('the move never came to its end');
  } finally {
    nginx.stop();
  }
});

test('PostgreSQL: postgresql.auto.conf wins, its check runs as its own user, and it is restarted', async (context) => {
  if (!hasPostgres) return skip('PostgreSQL is not installed, or the tests do not run as root', context as TestContext);
  const [port, to, state] = [await freePort(), await target(), temporaryFolder()];
  const postgres = startPostgres(port);
  try {
    const found = rowsOf<Configuration>((await onThisMachine(['config', String(port), '--json'], state)).out);
    assert.equal(
      found.map(({ Application, File, IsEffective, Confidence }) => [Application, File, IsEffective, Confidence]),
      [['PostgreSQL', postgres.file, true, 'Confirmed']],
    );
    assert.match(found[0]!.Overrides!.join(), `Port ${port + 1} (${join(postgres.folder, 'postgresql.conf')}:`.replace('Port', 'port'));
    const before = readFileSync(postgres.file, 'utf8');
    const live = await liveConfiguration();
    const times: unknown[] = [];
    const run = (call: ProgramCall) => (times.push(call.timeoutMs), live.run(call));
    const moved = await onThisMachine(['move', String(port), '--to', String(to), '--yes', '--restart', '--timeout', '40', '--json'], state, { run });
    assert.is(moved.code, 0, moved.err + moved.out);
    // Only the restart may take that long.
    assert.equal(
      times.filter((time) => time !== undefined),
      [40_000],
    );
    assert.is(readFileSync(postgres.file, 'utf8'), before.replace(`'${port}'`, `'${to}'`));
    assert.ok(postgres.answers(to));
    // It goes on with the log that it had.
    assert.match(readFileSync(join(postgres.folder, 'log'), 'utf8'), `listening on IPv4 address "127.0.0.1", port ${to}`);
    assert.is((await onThisMachine(['move', '--undo', '--yes'], state)).code, 0);
    assert.is(readFileSync(postgres.file, 'utf8'), before);
  } finally {
    postgres.stop();
  }
});

test('PostgreSQL in the foreground of another program: a restart is refused before anything is written', async (context) => {
  if (!hasPostgres) return skip('PostgreSQL is not installed, or the tests do not run as root', context as TestContext);
  const [port, to, state] = [await freePort(), await target(), temporaryFolder()];
  const postgres = startPostgres(port, 'pipe');
  try {
    const before = readFileSync(postgres.file, 'utf8');
    const move = ['move', String(port), '--to', String(to), '--json'];
    for (const more of [
      ['--yes', '--restart'],
      ['--dry-run', '--restart'],
      ['--yes', '--restart', '--force'],
    ]) {
      const { code, err } = await onThisMachine([...move, ...more], state);
      assert.is(code, 1, err);
      assert.match(err, /PO4402.*PostgreSQL \(process \d+\) cannot be restarted from here: its output goes to a terminal or a program/);
      assert.match(err, 'Leave out --restart');
      assert.is(readFileSync(postgres.file, 'utf8'), before);
    }
    assert.ok(postgres.answers(port));
    const moved = await onThisMachine([...move, '--yes'], state);
    assert.is(moved.code, 0, moved.err);
    assert.equal(rowsOf<MoveResult>(moved.out)[0]!.Reason, [`the server uses port ${to} after: restart it yourself`]);
  } finally {
    postgres.stop();
  }
});

test('Redis without a service: a restart is refused before anything is written', async (context) => {
  if (!hasRedis) return skip('Redis is not installed', context as TestContext);
  const [port, to, state] = [await freePort(), await target(), temporaryFolder()];
  const redis = startRedis(port);
  try {
    const before = readFileSync(redis.file, 'utf8');
    const { code, err } = await onThisMachine(['move', String(port), '--to', String(to), '--yes', '--restart'], state);
    assert.is(code, 1);
    assert.match(err, `Redis (process ${redis.pid}) cannot be restarted from here: no service is known that runs it`);
    assert.is(readFileSync(redis.file, 'utf8'), before);
    assert.is((await onThisMachine(['move', '--list', '--json'], state)).out.trim(), '[]');
    assert.is((await onThisMachine(['move', String(port), '--to', String(to), '--yes'], state)).code, 0);
    // Its title shows the old port, so it is not known to use the file.
    const undone = await onThisMachine(['move', '--undo', '--yes', '--restart', '--json'], state);
    assert.equal([undone.code, rowsOf<MoveResult>(undone.out)[0]!.Reason], [0, ['no running server uses the files']], undone.err);
    assert.is(readFileSync(redis.file, 'utf8'), before);
  } finally {
    redis.stop();
  }
  const stopped = await onThisMachine(['move', String(port), '--to', String(to), '--path', redis.file, '--yes', '--restart', '--force', '--json'], state);
  assert.is(stopped.code, 0, stopped.err);
  assert.is(rowsOf<MoveResult>(stopped.out)[0]!.Restart, 'it does not run');
});

test('Redis: the last of two settings, restarted by its service', async (context) => {
  if (!hasRedis) return skip('Redis is not installed', context as TestContext);
  const [port, to, state] = [await freePort(), await target(), temporaryFolder()];
  const redis = startRedis(port);
  try {
    const found = rowsOf<Configuration>((await onThisMachine(['config', String(port), '--json'], state)).out);
    assert.equal(
      found.map(({ Application, File, Line }) => [Application, File, Line]),
      [['Redis', redis.file, 6]],
    );
    const before = readFileSync(redis.file, 'utf8');
    const without = await onThisMachine(['move', String(port), '--to', String(to), '--yes', '--json'], state);
    assert.is(without.code, 0, without.err + without.out);
    assert.is(readFileSync(redis.file, 'utf8'), before.replace(`    ${port}`, `    ${to}`));
    redis.restart();
    for (let wait = 0; wait < 100 && !redis.answers(to); wait++);
    assert.ok(redis.answers(to));
    assert.is((await onThisMachine(['move', '--undo', '--yes'], state)).code, 0);
    assert.is(readFileSync(redis.file, 'utf8'), before);
  } finally {
    redis.stop();
  }
});

test.run();
