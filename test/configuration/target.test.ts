// Which new ports move accepts, and what it lists beside its changes.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { MoveResult } from '../../src/schema/move.ts';
import { liveConfiguration } from '../../src/machine/configuration.ts';
import type { ConfigurationMachine, FileRead } from '../../src/system/configuration.ts';
import { noConfigurations, temporaryFolder } from '../support/harness.ts';
import { onThisMachine, serverFolder } from '../support/servers.ts';
import { skip, type TestContext } from '../support/skip.ts';

const test = suite('the new port of a move');

const onLinux = (name: string, work: () => Promise<void>): void =>
  test(name, async (context) => (process.platform === 'linux' ? work() : skip('it needs Linux', context as TestContext)));

/** A port outside of the dynamic range that is free on every address. */
async function target(): Promise<number> {
  const { out } = await onThisMachine(['free', '--near', String(20_000 + Math.floor(Math.random() * 10_000))], temporaryFolder());
  return Number(out);
}

/** Plans the move of an nginx with this listen directive. */
async function planned(listen: string, args: readonly string[], more: Partial<ConfigurationMachine> = {}) {
  const file = join(serverFolder(), 'nginx.conf');
  writeFileSync(file, `events {}\nhttp {\n  server {\n    listen ${listen};\n  }\n}\n`);
  const run = (): { status: number; output: string } => ({ status: 0, output: '' });
  const { code, out, err } = await onThisMachine(['move', ...args, '--path', file, '--dry-run', '--json'], temporaryFolder(), { run, ...more });
  return { code, err, row: out === '' ? undefined : (JSON.parse(out) as MoveResult[])[0] };
}

const real = await liveConfiguration();
/** Has these files instead of those in /etc. */
const readOf = (files: Readonly<Record<string, string>>): Partial<ConfigurationMachine> => ({
  read: (path): FileRead =>
    files[path] !== undefined ? { bytes: Buffer.from(files[path]), refusal: null } : path.startsWith('/etc/') ? noConfigurations.read(path) : real.read(path),
});

onLinux('the address of the setting decides', async () => {
  const port = await target();
  const server = createServer().listen(port, '127.0.0.2');
  await once(server, 'listening');
  try {
    // The machine does not have the address now.
    assert.is((await planned('192.0.2.1:4711', ['4711', '--to', String(port + 1)])).code, 0);
    const same = await planned('127.0.0.2:4711', ['4711', '--to', String(port)]);
    assert.is(same.code, 1);
    assert.match(same.err, /PO4402.*in use/s);
    assert.is((await planned('4711', ['4711', '--to', String(port)])).code, 1);
  } finally {
    server.close();
  }
});

onLinux('the protocol of the setting decides', async () => {
  const port = await target();
  const server = createSocket('udp4');
  server.bind(port, '127.0.0.1');
  await once(server, 'listening');
  try {
    assert.is((await planned('4711', ['4711', '--to', String(port)])).code, 0);
    const udp = await planned('4711 quic', ['4711', '--to', String(port)]);
    assert.is(udp.code, 1, udp.err);
    assert.match(udp.err, 'UDP');
  } finally {
    server.close();
  }
});

onLinux('ports of the dynamic range, and of other configurations, are refused', async () => {
  const first = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/)[0]!;
  assert.match((await planned('4711', ['4711', '--to', first])).err, 'in the dynamic range');
  const port = await target();
  const read = readOf({ '/etc/redis/redis.conf': `port ${port}\n` });
  const taken = await planned('4711', ['4711', '--to', String(port)], read);
  assert.is(taken.code, 1);
  assert.match(taken.err, `port ${port} is configured for something else: Redis: port ${port} (/etc/redis/redis.conf:1)`);
  assert.is((await planned('4711 quic', ['4711', '--to', String(port)], read)).code, 0);
  assert.match((await planned('4711', ['4711', '--to', '4711'])).err, 'the new port is the old one: 4711');
});

onLinux('auto avoids registered ports, and those that a proxy leads to', async () => {
  const port = await target();
  const read = readOf({
    '/etc/nginx/nginx.conf': `events {}\nhttp { server { listen 4712; location / { proxy_pass http://127.0.0.1:${port + 1}; } } }\n`,
  });
  const { code, row, err } = await planned(String(port), [String(port), '--to', 'auto'], read);
  assert.is(code, 0, err);
  assert.ok(row!.NewPort! > port + 1);
});

onLinux('side effects are listed: clients, SELinux, and a registered service', async () => {
  const read = readOf({
    '/sys/fs/selinux/enforce': '1',
    '/etc/nginx/nginx.conf': 'events {}\nhttp { server { listen 4712; location / { proxy_pass http://127.0.0.1:4711; } } }\n',
  });
  const { row, err } = await planned('4711', ['4711', '--to', '26'], read);
  const texts = row?.SideEffects?.join('\n') ?? err;
  assert.match(texts, 'nginx connects to port 4711: proxy_pass http://127.0.0.1:4711 (/etc/nginx/nginx.conf:2)');
  assert.match(texts, 'sudo semanage port -a -t http_port_t -p tcp 26');
});

onLinux('the well-known port of another program that is installed needs --force; of one that is not, it is noted', async () => {
  const [port, path] = ['5432', '/usr/lib/postgresql/15/bin/postgres'];
  const folders = [path.slice(0, path.lastIndexOf('/')), '/usr/local/bin'];
  const on = (found: string | null): Partial<ConfigurationMachine> => ({
    ...readOf({}),
    list: (folder) => (folder === '/usr/lib/postgresql' ? ['15'] : folder.startsWith('/usr') ? [] : real.list(folder)),
    realPath: (one) => (folders.some((folder) => one.startsWith(`${folder}/`)) ? (one === found ? one : null) : real.realPath(one)),
  });
  const refused = await planned('4711', ['4711', '--to', port], on(path));
  assert.is(refused.code, 1);
  assert.match(refused.err, `port ${port} is the well-known port of postgres, which is installed here: ${path}`);
  assert.match(refused.err, 'Use --force');
  assert.is((await planned('4711', ['4711', '--to', port, '--force'], on(path))).code, 0);
  const noted = await planned('4711', ['4711', '--to', port], on(null));
  assert.match(noted.row?.SideEffects?.join('\n') ?? noted.err, `port ${port} is registered for postgresql: programs may expect that service there`);
  // Another web server than nginx may be installed: the port belongs to it no more than to nginx.
  const own = await planned('4711', ['4711', '--to', '80'], { ...on(null), realPath: (one) => (one === '/usr/sbin/apache2' ? one : real.realPath(one)) });
  assert.is(own.code, 0, own.err);
  assert.not.match(own.row!.SideEffects?.join('\n') ?? '', 'registered');
});

test.run();
