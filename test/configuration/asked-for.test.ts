// What why and conflicts say about configurations that ask for a port.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Conflict } from '../../src/schema/conflict.ts';
import type { Verdict } from '../../src/schema/verdict.ts';
import type { ConfigurationMachine } from '../../src/system/configuration.ts';
import { linuxSource } from '../../src/machine/linux/source.ts';
import { liveBinder } from '../../src/machine/live.ts';
import { freePort } from '../support/free-port.ts';
import { facts } from '../support/example.ts';
import { noConfigurations, run, snapshotFile } from '../support/harness.ts';
import { skip, type TestContext } from '../support/skip.ts';

const test = suite('configurations that ask for a port');

/** A machine with these configuration files only. */
const machineWith = (files: Readonly<Record<string, string>>): ConfigurationMachine => ({
  ...noConfigurations,
  read: (path) => (files[path] === undefined ? noConfigurations.read(path) : { bytes: Buffer.from(files[path]), refusal: null }),
});

const nginx = (listen: string): string => `events {}\nhttp {\n  server {\n    listen ${listen};\n  }\n}\n`;

const conflictsOf = async (files: Readonly<Record<string, string>>, port: number) => {
  const { out, code } = await run(['conflicts', String(port), '--json'], { source: linuxSource(), configuration: machineWith(files) });
  return { code, rows: (JSON.parse(out) as Conflict[]).filter(({ Kind }) => Kind === 'ConfiguredTwice') };
};

test('why names the place, also if nobody listens there', async (context) => {
  if (process.platform !== 'linux') return skip('it needs Linux', context as TestContext);
  const port = await freePort();
  const configuration = machineWith({ '/etc/nginx/nginx.conf': nginx(`127.0.0.1:${port}`) });
  const world = { source: linuxSource(), binder: await liveBinder(), configuration };
  const { out, code } = await run(['why', String(port), '--json'], world);
  assert.is(code, 0);
  const evidence = (JSON.parse(out) as Verdict[])[0]!.Evidence!;
  assert.ok(evidence.includes(`nginx is still configured for it in /etc/nginx/nginx.conf:4, but does not listen there now: listen 127.0.0.1:${port}`), evidence.join('\n'));
  const udp = await run(['why', String(port), '--protocol', 'udp', '--json'], world);
  assert.not.match(udp.out, 'configured for');
});

test('why does not look at this machine for a snapshot', async () => {
  const configuration = machineWith({ '/etc/nginx/nginx.conf': nginx('4711') });
  const { out } = await run(['why', '4711', '--from', snapshotFile(facts([])), '--json'], { configuration });
  assert.not.match(out, 'configured for');
});

test('conflicts finds two configurations that ask for one port before either starts', async (context) => {
  if (process.platform !== 'linux') return skip('it needs Linux', context as TestContext);
  const port = await freePort();
  const redis = (bind: string): string => `bind ${bind}\nport ${port}\n`;
  const both = { '/etc/nginx/nginx.conf': nginx(String(port)), '/etc/redis/redis.conf': redis('127.0.0.1') };
  const { code, rows } = await conflictsOf(both, port);
  assert.is(code, 1);
  assert.equal(
    rows.map(({ Severity, Protocol, Port, Owners }) => [Severity, Protocol, Port, Owners]),
    [['Warning', 'TCP', port, [`nginx: listen ${port} (/etc/nginx/nginx.conf:4)`, `Redis: port ${port} (/etc/redis/redis.conf:2)`]]],
  );
});

test('one server that asks twice, other protocols, and addresses that never meet are no conflict', async (context) => {
  if (process.platform !== 'linux') return skip('it needs Linux', context as TestContext);
  const port = await freePort();
  const twice = `events {}\nhttp {\n  server { listen ${port}; }\n  server { listen ${port}; }\n}\n`;
  assert.equal((await conflictsOf({ '/etc/nginx/nginx.conf': twice }, port)).rows, []);
  const redis = { '/etc/redis/redis.conf': `port ${port}\n` };
  assert.equal((await conflictsOf({ ...redis, '/etc/nginx/nginx.conf': nginx(`${port} quic`) }, port)).rows, []);
  assert.equal((await conflictsOf({ ...redis, '/etc/nginx/nginx.conf': nginx(String(port + 1)) }, port)).rows, []);
  assert.equal((await conflictsOf({ '/etc/nginx/nginx.conf': nginx(`127.0.0.2:${port}`), '/etc/postgresql/16/main/postgresql.conf': '' }, port)).rows, []);
});

test.run();
