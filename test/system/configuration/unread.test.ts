// Configurations that cannot be read, or are not valid: that is said, and not that nothing sets the port.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ConfigurationMachine } from '../../../src/system/configuration.ts';
import { freePort } from '../../support/free-port.ts';
import { temporaryFolder } from '../../support/harness.ts';
import { onThisMachine, serverFolder } from '../../support/servers.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const test = suite('configurations that cannot be read');

const onLinux = (name: string, work: () => Promise<void>): void =>
  test(name, async (context) => (process.platform === 'linux' ? work() : skip('it needs Linux', context as TestContext)));

function fileOf(name: string, text: string): string {
  const file = join(serverFolder(), name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

onLinux('a file that is not valid, named with --path', async () => {
  for (const [name, text, why] of [
    ['nginx/nginx.conf', 'events {}\nhttp {\n  server {\n    listen 4711;\n}\n', 'nginx: FILE:'],
    ['server.xml', '<Server port="8005"><Connector port="4711">\n', 'Tomcat: FILE:'],
    ['compose.yaml', 'services:\n  web:\n   - "x\n  ports: [4711:80', 'Docker Compose: FILE:'],
  ] as const) {
    const file = fileOf(name, text);
    const expected = why.replace('FILE', file);
    const found = await onThisMachine(['config', '--path', file], temporaryFolder());
    assert.is(found.code, 69, found.out + found.err);
    assert.match(found.err, expected);
    assert.match(found.err, 'cannot be parsed');
    assert.not.match(found.err + found.out, 'No configuration that PortOwner understands');
    const moved = await onThisMachine(['move', '4711', '--to', '4713', '--path', file, '--dry-run'], temporaryFolder());
    assert.is(moved.code, 1, moved.err);
    assert.match(moved.err, 'PO4402');
    assert.match(moved.err, expected);
    assert.match(moved.err, 'cannot be parsed');
  }
});

onLinux('a file that sets no port is not called invalid', async () => {
  const { code, out, err } = await onThisMachine(['config', '--path', fileOf('nginx.conf', 'events {}\n')], temporaryFolder());
  assert.is(code, 1, err);
  assert.match(out + err, 'No configuration that PortOwner understands sets a port in');
  assert.not.match(err, 'PO4401');
});

onLinux('an unreadable file is named only where it could be about the port', async () => {
  const hidden: Partial<ConfigurationMachine> = {
    read: (path) =>
      path === '/etc/redis/redis.conf' ? { bytes: null, refusal: 'access is denied', isMissing: false } : { bytes: null, refusal: 'it does not exist', isMissing: true },
    list: (folder) => (folder === '/etc/redis' ? ['redis.conf'] : null),
  };
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  try {
    // This test's own program holds the port: it is not Redis.
    const held = await onThisMachine(['config', String(port)], temporaryFolder(), hidden);
    assert.not.match(held.err, 'redis.conf');
    const free = await onThisMachine(['config', String(await freePort())], temporaryFolder(), hidden);
    assert.match(free.err, '/etc/redis/redis.conf cannot be read: access is denied');
    assert.is(free.code, 69);
    const all = await onThisMachine(['config'], temporaryFolder(), hidden);
    assert.match(all.err, '/etc/redis/redis.conf cannot be read: access is denied');
  } finally {
    server.close();
  }
});

test.run();
