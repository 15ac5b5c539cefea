// A running server whose configuration was changed: where it still listens is explained, and how it can move is proposed.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Configuration } from '../../../src/schema/configuration.ts';
import type { Verdict } from '../../../src/schema/verdict.ts';
import { freePort } from '../../support/free-port.ts';
import { temporaryFolder } from '../../support/harness.ts';
import { targetPort } from '../../support/moved-server.ts';
import { hasNginx, hasPostgres, hasRedis, onThisMachine, startNginx, startPostgres, startRedis, until } from '../../support/servers.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const test = suite('a configuration that the running server does not use yet');

const verdict = async (port: number): Promise<Verdict> => (JSON.parse((await onThisMachine(['why', String(port), '--json'], temporaryFolder())).out) as Verdict[])[0]!;
const config = async (port: number) => {
  const { code, out, err } = await onThisMachine(['config', String(port), '--json'], temporaryFolder());
  return { code, err, rows: JSON.parse(out) as Configuration[] };
};

test('after a move without a restart, and an edit by hand', async (context) => {
  if (!hasNginx) return skip('nginx is not installed', context as TestContext);
  const [port, to] = [await freePort(), await targetPort()];
  const nginx = startNginx(port);
  try {
    const fresh = await verdict(port);
    assert.is(fresh.CanBind, false);
    assert.match(fresh.Remedy!.join('\n'), `portowner move ${port} --to auto --dry-run  # show how nginx would move to a free port`);
    assert.is((await onThisMachine(['move', String(port), '--to', String(to), '--yes'], temporaryFolder())).code, 0);
    const still = new RegExp(
      `nginx \\(process ${nginx.pid}\\) still listens on port ${port}: it started before its configuration was changed \\(20[\\d:.TZ-]+\\); after a restart, it uses listen 127\\.0\\.0\\.1:${to} \\(${nginx.file}:3\\)`,
    );
    const old = await config(port);
    assert.equal([old.code, old.rows], [1, []]);
    assert.match(old.err, /PO4406: warning/);
    assert.match(old.err, still);
    const again = await onThisMachine(['move', String(port), '--to', String(to + 1), '--dry-run'], temporaryFolder());
    assert.is(again.code, 1);
    assert.match(again.err, still);
    assert.match((await verdict(port)).Evidence!.join('\n'), still);
    assert.not.match((await verdict(port)).Remedy!.join('\n'), 'portowner move');
    // Its file is in no usual place: only what runs leads there.
    assert.match(
      (await verdict(to)).Evidence!.join('\n'),
      new RegExp(
        `nginx is configured for it in ${nginx.file}:3: listen 127\\.0\\.0\\.1:${to}; the running server does not listen there, but on port ${port}: it started before the file`,
      ),
    );
    const young = await config(to);
    assert.equal([young.code, young.rows[0]!.Confidence], [0, 'Configured']);
    assert.match(young.rows[0]!.Reason!.join(), new RegExp(`the running server does not listen there, but on port ${port}: it started before the file was changed \\(20`));
    assert.is(young.err, '');
    // As by hand, and back.
    const text = readFileSync(nginx.file, 'latin1');
    writeFileSync(nginx.file, text.replace(`:${to}`, `:${port}`), 'latin1');
    assert.is((await config(port)).err, '');
    assert.equal((await config(port)).rows[0]!.Reason, null);
    writeFileSync(nginx.file, text, 'latin1');
    process.kill(nginx.pid, 'SIGHUP');
    until(() => nginx.answers(to) && !nginx.answers(port));
    assert.equal([(await config(to)).rows[0]!.Reason, (await config(to)).rows[0]!.Confidence], [null, 'Confirmed']);
    assert.not.match((await verdict(to)).Evidence!.join('\n'), 'still');
  } finally {
    nginx.stop();
  }
});

test('Redis, whose title hides its file: by the port of the title, or by the file with its process ID', async (context) => {
  if (!hasRedis) return skip('Redis is not installed', context as TestContext);
  const state = temporaryFolder();
  for (const [more, isProved] of [
    ['', false],
    ['pidfile @/redis.pid\n', true],
  ] as const) {
    const [port, to] = [await freePort(), await targetPort()];
    const redis = startRedis(port, { name: 'cache 1.conf', more });
    try {
      // Not its own, although it is the first one.
      writeFileSync(join(redis.folder, 'a.conf'), `port ${to + 1}\n`);
      assert.is((await config(port)).rows[0]!.File, redis.file);
      assert.is((await onThisMachine(['move', String(port), '--to', String(to), '--yes'], state)).code, 0);
      const old = await config(port);
      if (isProved) {
        assert.match(old.err, `Redis (process ${redis.pid}) still listens on port ${port}`);
        assert.match((await verdict(to)).Evidence!.join('\n'), `Redis is configured for it in ${redis.file}:6: port ${to}`);
      } else assert.match(old.err, 'Redis replaced its arguments with a title, and no known file has its port');
    } finally {
      redis.stop();
    }
  }
});

test('PostgreSQL with two settings: only the one that counts is named', async (context) => {
  if (!hasPostgres) return skip('PostgreSQL is not installed, or the tests do not run as root', context as TestContext);
  const [port, to] = [await freePort(), await targetPort()];
  const postgres = startPostgres(port);
  try {
    writeFileSync(postgres.file, readFileSync(postgres.file, 'utf8').replace(String(port), String(to)));
    const { err } = await config(port);
    assert.match(err, `PostgreSQL (process ${postgres.pid}) still listens on port ${port}`);
    assert.match(err, `after a restart, it uses port ${to} (${postgres.file}:`);
    assert.match((await verdict(port)).Evidence!.join('\n'), `PostgreSQL (process ${postgres.pid}) still listens on port ${port}`);
  } finally {
    postgres.stop();
  }
});

test.run();
