// Bind attempts on a real Windows machine, or under Wine, whose rules of binding are not Windows': that they are made,
// that what became of them is reported, and that nothing is left of them.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../../../src/build/runtime.mjs';
import type { Verdict } from '../../../src/schema/verdict.ts';
import { windowsNodeCommand } from '../../support/build-machine.ts';
import { freePort } from '../../support/free-port.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const test = suite('bind attempts on Windows');

const command = windowsNodeCommand();

function windows(name: string, check: () => void | Promise<void>): void {
  test(name, (context) => (command === null ? skip('there is neither Windows nor Wine (.ci/wine-setup)', context as TestContext) : check()));
}

function run(...args: string[]): { code: number | null; out: string } {
  const [program, ...rest] = [...command!, ...args];
  const { stdout, stderr, status } = spawnSync(program!, rest, { encoding: 'utf8', timeout: 120_000 });
  assert.ok(stdout !== '', stderr);
  return { code: status, out: stdout };
}

/** What `portowner why` says, with its exit code. */
function why(...args: string[]): { code: number | null; row: Verdict } {
  const { code, out } = run(join(root, 'src/main.ts'), 'why', ...args, '--format', 'json');
  return { code, row: (JSON.parse(out) as Verdict[]).find((item) => 'CanBind' in item)! };
}

windows('every attempt is taken back: the same port again and again', async () => {
  const port = await freePort();
  const names = ['tcp', 'udp'].flatMap((protocol) =>
    ['default', 'exclusive', 'reuse'].flatMap((sharing) => Array.from({ length: 10 }, () => `bind/${protocol}/127.0.0.1/${port}/${sharing}`)),
  );
  const { out } = run(join(root, 'test/support/windows-bind.ts'), ...names, `bind/tcp/::1/${port}/exclusive/ipv6only`, `bind/tcp/::/${port}/default`);
  assert.equal(
    JSON.parse(out),
    Array.from({ length: names.length + 2 }, () => ({})),
  );
});

windows('what Windows refuses is told by its number', () => {
  const { out } = run(
    join(root, 'test/support/windows-bind.ts'),
    'bind/tcp/127.0.0.1/PORT/default',
    'bind/tcp/127.0.0.1/PORT/exclusive',
    'bind/tcp/192.0.2.99/0/default',
    'bind/tcp/web/1/default',
    'bind/udp/127.0.0.1/PORT/exclusive',
  );
  const [taken, exclusive, far, nonsense, udp] = JSON.parse(out);
  assert.equal(taken, { call: 'bind', error: 10048 });
  assert.ok([10013, 10048].includes(exclusive.error), String(exclusive.error));
  assert.equal([far, nonsense, udp], [{ call: 'bind', error: 10049 }, 'NotSupported', {}]);
});

windows('portowner why, on a port that is free and on one that is taken', async () => {
  const port = String(await freePort());
  const free = why(port, '--address', '127.0.0.1', '--exclusive');
  assert.equal([free.code, free.row.CanBind, free.row.Cause], [0, true, 'Free'], JSON.stringify(free.row));
  assert.ok(free.row.Evidence!.includes(`An attempt to bind TCP 127.0.0.1:${port} for exclusive use succeeded (released immediately).`));
  const far = why(port, '--address', '192.0.2.99');
  assert.equal([far.code, far.row.CanBind, far.row.Cause], [1, false, 'AddressNotLocal']);
  // A program of the Linux side has it: Wine lists its socket as nobody's.
  const server = createServer().listen(Number(port), '127.0.0.1');
  await once(server, 'listening');
  const taken = why(port, '--address', '127.0.0.1');
  server.close();
  assert.equal([taken.code, taken.row.CanBind], [1, false], JSON.stringify(taken.row));
  assert.ok(taken.row.Evidence!.some((line) => line.endsWith('failed: WSAEADDRINUSE (10048).')));
});

test.run();
