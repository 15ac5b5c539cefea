// wait and watch as users start them, on each system that runs here.
import { once } from 'node:events';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeFlags, root } from '../../../src/build/runtime.mjs';
import type { SocketEvent } from '../../../src/schema/event.ts';
import type { WaitResult } from '../../../src/schema/wait.ts';
import { products, windowsNode } from '../../support/build-machine.ts';
import { endAll, portOwner, start, type PortOwner } from '../../support/program.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const test = suite('waiting and watching executables');
test.after(endAll);

/** Starts a program that opens and closes a port again and again, on the system of an executable; returns the port. */
async function opener(command: readonly string[], isWindows: boolean): Promise<number> {
  const node = isWindows && process.platform !== 'win32' ? windowsNode() : process.execPath;
  const child = start([...command.slice(0, -1), node, ...nodeFlags, join(root, 'test/support/opener.ts')], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [text] = (await once(child.stdout!, 'data')) as [Buffer];
  return Number(text.toString().trim());
}

for (const { name, command, without } of products()) {
  const check = (what: string, work: (portowner: PortOwner, port: number) => void): void =>
    test(`${name}: ${what}`, async (context: TestContext) => {
      if (command === null) return skip(without, context);
      work(portOwner(command), await opener(command, name.endsWith('.exe')));
    });

  check('wait sees that a port opens, that it closes, and who owns it', (portowner, port) => {
    const open = portowner(['wait', port, '--format', 'json']);
    assert.is(open.code, 0, open.err);
    const [row] = JSON.parse(open.out) as WaitResult[];
    assert.equal([row!.LocalPort, row!.LocalAddress, row!.Condition], [port, '127.0.0.1', 'Open']);
    const owned = portowner(['wait', port, '--owned-by', 'node']);
    assert.is(owned.code, 0, owned.err);
    assert.match(owned.out, new RegExp(`^Port ${port} is owned by .*\\(\\d+\\)`));
    const free = portowner(['wait', port, '--free']);
    assert.is(free.code, 0, free.err);
    assert.is(free.out.trim(), `Port ${port} is free.`);
    const reached = portowner(['wait', port, '--host', '127.0.0.1', '--format', 'json']);
    assert.is(reached.code, 0, reached.err);
    assert.is((JSON.parse(reached.out) as WaitResult[])[0]!.RemoteAddress, '127.0.0.1');
    const never = portowner(['wait', 1, '--timeout', '0.3']);
    assert.is(never.code, 1);
    assert.match(never.err, 'PO4301: timed out after 0.3 s: port 1 is still free');
  });

  check('watch reports what opens and closes, and ends by itself', (portowner, port) => {
    const { code, out, err } = portowner(['watch', port, '--events', '--interval', '0.1', '--format', 'ndjson', '--count', 4]);
    assert.is(code, 0, err);
    const rows = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as SocketEvent);
    assert.is(rows.length, 4);
    assert.ok(rows.every(({ LocalPort, Time }) => LocalPort === port && Time !== null));
    assert.ok(rows.some(({ Kind }) => Kind === 'Opened'));
    assert.ok(rows.some(({ Kind }) => Kind === 'Closed'));
    const lines = portowner(['watch', port, '--count', 2, '--interval', '0.1']);
    assert.is(lines.code, 0, lines.err);
    assert.match(lines.out, /^\d\d:\d\d:\d\d Watching /);
  });
}

test.run();
