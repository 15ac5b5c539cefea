// What else names the port of a server on this machine: found, listed, and never changed.
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { MoveResult } from '../../../src/schema/move.ts';
import { temporaryFolder } from '../../support/harness.ts';
import { noNetwork, ownNetwork } from '../../support/own-network.ts';
import { endAll } from '../../support/program.ts';
import { onThisMachine, serverFolder } from '../../support/servers.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const test = suite('side effects of a move');

const node = process.execPath;
const listener = "require('node:net').createServer(() => {}).listen(4711, '::', () => console.log('ready'))";
const client = "require('node:net').connect(4711, '127.0.0.1', () => console.log('ready'))";

/** Files of the machine, by their paths, in mounts of the test's own. */
function mountsOf(files: Readonly<Record<string, string>>): string {
  const source = serverFolder();
  const commands: string[] = [];
  for (const [index, folder] of [...new Set(Object.keys(files).map((path) => path.slice(0, path.lastIndexOf('/'))))].entries()) {
    const own = join(source, String(index));
    mkdirSync(own);
    chmodSync(own, 0o755);
    for (const [path, text] of Object.entries(files)) if (path.startsWith(`${folder}/`)) writeFileSync(join(own, path.slice(folder.length + 1)), text);
    commands.push(`mount --bind ${own} ${folder}`);
  }
  return commands.join(' && ');
}

test('health checks, units, addresses of clients, and what is connected now', async (context) => {
  const without = noNetwork();
  if (without !== null) return skip(without, context as TestContext);
  const network = await ownNetwork(
    [],
    mountsOf({
      '/etc/cron.d/shop': '# curl http://localhost:4711/old\n*/5 * * * * root curl -fsS http://localhost:4711/health || redis-cli -h 127.0.0.1 -p 4711 ping\n',
      '/etc/cron.d/shop.bak': '* * * * * root curl http://localhost:4711/\n',
      '/etc/cron.d/other': '* * * * * root curl http://localhost:47110/ http://localhost:4711.5/ http://192.0.2.1:4711/ -p 4712\n',
      '/etc/systemd/system/shop.service': '[Service]\nEnvironment=CACHE=redis://:secret@127.0.0.1:4711/0\nExecStart=/usr/bin/shop --cache-port=4711\n',
      '/etc/profile.d/shop.sh': 'export SHOP_PORT="4711"\n',
    }),
  );
  const work = serverFolder();
  writeFileSync(join(work, '.env'), 'REDIS_HOST=localhost\nREDIS_PORT=4711\nREDIS_URL=redis://:secret@[::1]:4711\n');
  writeFileSync(join(work, 'notes.txt'), 'localhost:4711\n');
  await network.start(['sh', '-c', `cd ${work} && exec ${node} -e "${listener}"`]);
  // Programs that do not listen.
  const beside = serverFolder();
  writeFileSync(join(beside, '.env'), 'QUEUE_URL=redis://localhost:4711\n');
  const pid = await network.start(['env', `--chdir=${beside}`, 'DATABASE_URL=redis://:secret@localhost:4711/0', node, '-e', client]);
  const idle = () => network.start(['env', 'LOG_URL=tcp://:secret@localhost:4711', node, '-e', "setInterval(() => {}, 1000); console.log('ready')"]);
  const idles = [await idle(), await idle()];
  const listening = await network.start([
    'env',
    'CACHE_URL=redis://:secret@localhost:4711/0',
    node,
    '-e',
    "require('node:net').createServer(() => {}).listen(4712, '127.0.0.1', () => console.log('ready'))",
  ]);
  const file = join(serverFolder(), 'redis.conf');
  writeFileSync(file, 'port 4710\nport 4711\n');
  const { code, out, err } = network.portowner(['move', '4711', '--to', '4713', '--path', file, '--dry-run', '--json']);
  assert.is(code, 0, err);
  const effects = (JSON.parse(out) as MoveResult[])[0]!.SideEffects!;
  assert.equal(
    effects.filter((text) => text.includes('4711') && !/firewall|clients of Redis|cannot be read/.test(text) && !text.startsWith('Node.js')),
    [
      `node (process ${pid}) is connected to port 4711 now`,
      '/etc/cron.d/shop:2 names port 4711: localhost:4711',
      '/etc/cron.d/shop:2 names port 4711: -p 4711',
      '/etc/profile.d/shop.sh:1 names port 4711: SHOP_PORT="4711',
      '/etc/systemd/system/shop.service:2 names port 4711: 127.0.0.1:4711',
      '/etc/systemd/system/shop.service:3 names port 4711: --cache-port=4711',
      `${work}/.env:2 names port 4711: REDIS_PORT=4711`,
      `${work}/.env:3 names port 4711: [::1]:4711`,
      `${beside}/.env:1 names port 4711: localhost:4711`,
      `the environment of node (process ${listening}) names port 4711: CACHE_URL has localhost:4711`,
      `the environment of node (process ${pid}) names port 4711: DATABASE_URL has localhost:4711`,
      `the environment of node (process ${Math.min(...idles)} and 1 more) names port 4711: LOG_URL has localhost:4711`,
    ],
  );
  assert.not.match(out, 'secret');
});

test('nothing of it is changed, and what cannot be read is said', async (context) => {
  if (process.platform !== 'linux') return skip('it needs Linux', context as TestContext);
  const [file, hidden] = [join(serverFolder(), 'redis.conf'), '/etc/portowner-hidden'];
  writeFileSync(file, 'port 4711\n');
  const move = (more = {}) => onThisMachine(['move', '4711', '--to', '4713', '--path', file, '--yes', '--json'], temporaryFolder(), more);
  const text = 'url = http://localhost:4711/\n';
  const files = new Map([['/etc/portowner', Buffer.from(text)]]);
  const { out, err } = await move({
    list: (folder: string) => (folder === '/etc' ? ['portowner', 'portowner-hidden'] : null),
    read: (path: string) => {
      if (path === hidden) return { bytes: null, refusal: 'access is denied', isMissing: false };
      const bytes = files.get(path) ?? (path === file ? readFileSync(file) : null);
      return bytes === null ? { bytes: null, refusal: 'it does not exist', isMissing: true } : { bytes, refusal: null };
    },
  });
  assert.match(err + out, '/etc/portowner:1 names port 4711: localhost:4711');
  assert.match(out, `not searched for port 4711: ${hidden}, which cannot be read`);
  assert.is(files.get('/etc/portowner')!.toString(), text);
});

test.after(endAll);

test.run();
