// What is asked of an engine, and what becomes of its answers, over real Unix sockets.
import { createServer, type Socket as Connection } from 'node:net';
import type { RequestListener, Server } from 'node:http';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeContainers } from '../../../src/facts/decode/engine.ts';
import { askEngine } from '../../../src/machine/engine.ts';
import { fakeEngine, inspected, listed, shopId } from '../../support/fake-engine.ts';
import { temporaryFolder } from '../../support/harness.ts';
import { noNetwork, ownNetwork } from '../../support/own-network.ts';
import { endAll, linkOrCopy, newFolder } from '../../support/program.ts';
import { skip } from '../../support/skip.ts';
import { nodeFlags, root } from '../../../src/build/runtime.mjs';
import type { Endpoint } from '../../../src/schema/endpoint.ts';

const test = suite('engines');
const folder = temporaryFolder();
const windows = process.platform === 'win32';
let number = 0;
const newSocket = (): string => (windows ? `\\\\.\\pipe\\portowner-engine-${process.pid}-${++number}` : join(folder, `engine-${++number}.sock`));

const open = new Set<{ close(): unknown }>();
const connections = new Set<Connection>();
const keep = <T extends Server | ReturnType<typeof createServer>>(server: T): T => {
  open.add(server);
  server.on('connection', (connection: Connection) => connections.add(connection));
  return server;
};
test.after(() => {
  connections.forEach((connection) => connection.destroy());
  open.forEach((server) => void server.close());
  endAll();
});

/** What is answered by an engine that answers so, and how long it took. */
async function ask(answer: RequestListener, milliseconds?: number) {
  const path = newSocket();
  keep(await fakeEngine(path, answer));
  const before = performance.now();
  const { text, refusal } = await askEngine(path, 'more rights', { milliseconds });
  return { text, refusal, took: performance.now() - before };
}

test('the list is asked for, and nothing in it that may be secret is kept', async () => {
  const asked: unknown[] = [];
  const { text } = await ask((request, response) => {
    asked.push([request.method, request.url, request.headers.host]);
    response.end(JSON.stringify([listed()]));
  });
  assert.equal(asked, [['GET', '/containers/json', 'localhost']]);
  assert.not.match(text!, 'hunter2');
  const [container] = decodeContainers(text!)!;
  assert.equal([container!.id, container!.name, container!.project, container!.service, container!.addresses], [shopId, 'shop-web-1', 'shop', 'web', ['172.18.0.2']]);
  assert.is(container!.ports.length, 2);
});

test('of one container only the restart policy is kept', async () => {
  const path = newSocket();
  const asked: unknown[] = [];
  keep(
    await fakeEngine(path, (request, response) => {
      asked.push(request.url);
      response.end(JSON.stringify(inspected('unless-stopped')));
    }),
  );
  const { text } = await askEngine(path, 'more rights', { container: shopId });
  assert.equal([asked, text], [[`/containers/${shopId}/json`], '{"restart":"unless-stopped"}']);
});

const bad: readonly (readonly [what: string, answer: RequestListener, text: RegExp, code?: string])[] = [
  ['500', (_, response) => response.writeHead(500).end('{"message":"no"}'), /^it answered with status 500$/],
  ['403', (_, response) => response.writeHead(403).end('[]'), /^it answered with status 403$/, 'AccessDenied'],
  ['a redirect', (_, response) => response.writeHead(301, { Location: 'http://elsewhere/' }).end('[]'), /^it answered with status 301$/],
  ['an upgrade', (_, response) => response.writeHead(101, { Connection: 'Upgrade', Upgrade: 'tcp' }).end(), /cut off|cannot be read/],
  ['no JSON', (_, response) => response.end('<html>'), /^its answer is not JSON$/],
  ['deep JSON', (_, response) => response.end('['.repeat(100_000)), /^its answer is not JSON$/],
  ['no list', (_, response) => response.end('{"Id":1}'), /^its answer is not a list$/],
  [
    'half an answer',
    (_, response) => (response.writeHead(200, { 'Content-Length': 100 }), response.write('[]'), void setTimeout(() => response.destroy(), 10)),
    /cut off|cannot be read/,
  ],
  ['no answer', (request) => void request.socket.destroy(), /cut off|cannot be read/],
  ['endless headers', (_, response) => response.writeHead(200, { 'X-Long': 'x'.repeat(200_000) }).end('[]'), /cannot be read/],
];
for (const [what, answer, text, code = 'Failed'] of bad)
  test(`an engine that gives ${what}`, async () => {
    const { refusal, text: given } = await ask(answer);
    assert.equal([given, refusal?.code], [undefined, code]);
    assert.match(refusal!.text, text);
  });

test('an endless answer ends at its limit', async () => {
  const { refusal } = await ask((_, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(' '.repeat(1 << 20)));
    };
    response.on('drain', more);
    more();
  }, 60_000);
  assert.equal(refusal, { code: 'Failed', text: 'its answer is larger than 16 MB' });
});

for (const [what, answer] of [
  ['hangs', () => {}],
  ['is slow', (_, response) => void setInterval(() => response.write(' '), 20).unref()],
  ['only says that it goes on', (_, response) => void setInterval(() => response.writeProcessing(), 20).unref()],
] satisfies [string, RequestListener][])
  test(`an engine that ${what} is given up`, async () => {
    const { refusal, took } = await ask(answer, 150);
    assert.equal(refusal, { code: 'Failed', text: 'it did not answer within 150 ms' });
    assert.ok(took < 5000, String(took));
  });

test('what is no HTTP is no answer', async () => {
  const path = newSocket();
  const server = keep(createServer((connection) => connection.on('error', () => {}).end('220 mail ESMTP\r\n'))).listen(path);
  await once(server, 'listening');
  assert.match((await askEngine(path, 'x')).refusal!.text, /cannot be read|cut off/);
});

test('no engine, and one that may not be asked', async (context) => {
  assert.equal((await askEngine(newSocket(), 'x')).refusal, { code: 'NotSupported', text: 'it does not run here' });
  if (windows || process.getuid?.() === 0) return skip('root may ask every engine', context);
  const path = newSocket();
  keep(await fakeEngine(path, (_, response) => response.end('[]')));
  chmodSync(path, 0);
  assert.equal((await askEngine(path, 'more rights')).refusal, { code: 'AccessDenied', text: 'access is denied', needs: 'more rights' });
});

const none = noNetwork();

const node = [process.execPath, ...nodeFlags] as const;
const engine = join(root, 'test/support/fake-engine.ts');
const sockets = join(root, 'test/support/device-sockets.ts');
// Where another user gets, too.
const bin = newFolder();
chmodSync(bin, 0o755);
const proxy = join(bin, 'docker-proxy');
if (none === null) linkOrCopy(process.execPath, proxy);
const as = (uid: number): string[] => (uid === 0 ? [] : ['setpriv', `--reuid=${uid}`, '--clear-groups']);

/** The owner of a port that docker-proxy of a user has, with an engine of a user on a socket, and what stop says to do. */
async function beside(prepare: string, own: { path: string; uid: number } | null, uid = 0): Promise<{ row: Endpoint; tree: string; command: string | null }> {
  const network = await ownNetwork([], `mount -t tmpfs -o mode=755 tmpfs /run && mkdir -p /run/user/1000 && chown 1000 /run/user/1000 && ${prepare}`);
  if (own !== null) await network.start([...as(own.uid), ...node, engine, own.path]);
  await network.start([...as(uid), proxy, ...nodeFlags, sockets, 'tcp,0.0.0.0,8080', '-host-port', '8080', '-container-ip', '172.18.0.2', '-container-port', '80']);
  const { out } = network.portowner(['8080', '--format', 'json']);
  const tree = network.portowner(['8080', '--tree']).out;
  const stopped = network.portowner(['stop', '8080', '--dry-run', '--problems', 'rows', '--format', 'ndjson']).out.trim().split('\n').at(-1)!;
  return { row: (JSON.parse(out) as Endpoint[])[0]!, tree, command: (JSON.parse(stopped) as { Command: string | null }).Command };
}

const web = ({ OwningProcess }: Endpoint): string => `docker shop-web-1 (nginx:1.27), compose shop (docker-proxy ${OwningProcess})`;
const unnamed = ({ OwningProcess }: Endpoint): string => `docker-proxy to 172.18.0.2:80 (docker-proxy ${OwningProcess})`;

test("Docker's own socket is asked, and the container is the owner", async (context) => {
  if (none !== null) return skip(none, context);
  const { row, tree, command } = await beside('true', { path: '/run/docker.sock', uid: 0 });
  assert.match(tree, /\n {2}May be restarted by: docker container shop-web-1, restart policy unless-stopped\n$/);
  assert.equal([row.OwnerKind, row.Owner, row.Reason, command], ['Relay', web(row), null, 'docker stop shop-web-1']);
});

test("a user's own socket is asked", async (context) => {
  if (none !== null) return skip(none, context);
  const { row, tree } = await beside('true', { path: '/run/user/1000/docker.sock', uid: 1000 }, 1000);
  assert.match(tree, /docker container shop-web-1, restart policy unless-stopped\n$/);
  assert.is(row.Owner, web(row));
});

test('without an engine the relay is all that is known', async (context) => {
  if (none !== null) return skip(none, context);
  const { row, command } = await beside('true', null);
  assert.equal([row.Owner, row.Reason, command], [unnamed(row), null, 'docker ps --filter publish=8080']);
});

for (const [what, prepare, own, uid] of [
  ["another's socket in a user's place", 'ln -s /run/private.sock /run/user/1000/docker.sock', { path: '/run/private.sock', uid: 0 }, 1000],
  ["a user's socket in the place of root's", 'ln -s /run/user/1000/x.sock /run/docker.sock', { path: '/run/user/1000/x.sock', uid: 1000 }, 0],
  ['a file that is no socket', 'touch /run/docker.sock', null, 0],
] as const) {
  test(`root does not speak to ${what}`, async (context) => {
    if (none !== null) return skip(none, context);
    const { row } = await beside(prepare, own, uid);
    assert.is(row.Owner, unnamed(row));
  });
}

test.run();
