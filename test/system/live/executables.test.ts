// wait and watch as users start them, on each system that runs here.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { SocketEvent } from '../../../src/schema/event.ts';
import type { WaitResult } from '../../../src/schema/wait.ts';
import { products } from '../../support/build-machine.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const test = suite('waiting and watching executables');

async function listen(port = 0): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => {}).resume()).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
const portOf = (server: Server): number => (server.address() as AddressInfo).port;
async function close(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}

for (const { name, command, without } of products()) {
  const check = (what: string, work: () => Promise<void>): void => test(`${name}: ${what}`, (context: TestContext) => (command === null ? skip(without, context) : work()));

  /** Starts the executable, and returns what it has written when it has ended. */
  function start(args: readonly (string | number)[]) {
    const [file, ...before] = command!;
    const child = spawn(file!, [...before, ...args.map(String)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    return once(child, 'close').then(([code]) => ({ code: code as number | null, out, err }));
  }

  check('wait sees a port that is open, one that opens, and one that closes', async () => {
    const server = await listen();
    const port = portOf(server);
    const open = await start(['wait', port, '--format', 'json']);
    assert.is(open.code, 0, open.err);
    assert.is((JSON.parse(open.out) as WaitResult[])[0]!.LocalPort, port);
    await close(server);
    const free = await start(['wait', port, '--free', '--timeout', 'none']);
    assert.is(free.code, 0, free.err);
    assert.is(free.out.trim(), `port ${port} is free`);
    const never = await start(['wait', port, '--timeout', '0.3']);
    assert.is(never.code, 1);
    assert.match(never.err, `PO4301: timed out after 0.3 s: port ${port} is still free`);
    // Long after it has begun to look, or before: both are right.
    const late = start(['wait', port, '--timeout', 'none']);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const again = await listen(port);
    assert.is((await late).code, 0);
    const far = await start(['wait', port, '--host', '127.0.0.1', '--timeout', 'none', '--format', 'json']);
    assert.is((JSON.parse(far.out) as WaitResult[])[0]!.RemoteAddress, '127.0.0.1');
    await close(again);
  });

  check('watch reports what opens and closes, and ends by itself', async () => {
    const server = await listen();
    const port = portOf(server);
    const watch = start(['watch', '--events', '--interval', '0.1', '--format', 'ndjson', '--count', 4, '--', port]);
    const isOver = async (): Promise<boolean> => Promise.race([watch.then(() => true), new Promise<false>((resolve) => setTimeout(() => resolve(false), 300))]);
    // Whatever the first look has: the port closes, and opens again and again.
    await close(server);
    while (!(await isOver())) {
      const again = await listen(port);
      await isOver();
      await close(again);
    }
    const { code, out, err } = await watch;
    assert.is(code, 0, err);
    const rows = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as SocketEvent);
    assert.is(rows.length, 4);
    assert.ok(rows.every(({ LocalPort, Time }) => LocalPort === port && Time !== null));
    assert.ok(rows.some(({ Kind }) => Kind === 'Opened'));
    assert.ok(rows.some(({ Kind }) => Kind === 'Closed'));
  });
}

test.run();
