// wait against listeners that this process opens and closes while the command waits.
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer as createWeb, type Server as WebServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { createSocket } from 'node:dgram';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { liveBinder, liveSource } from '../../../src/machine/live.ts';
import { thisMachine } from '../../../src/facts/machine.ts';
import { waitFor } from '../../../src/live/wait.ts';
import type { WaitTarget } from '../../../src/live/waiting.ts';
import type { RawSource } from '../../../src/system/raw.ts';
import type { WaitResult } from '../../../src/schema/wait.ts';
import { run, type Outcome } from '../../support/harness.ts';
import { attackPattern, attacks, startHostile } from '../../support/hostile.ts';
import { endAll, hold, newFolder } from '../../support/program.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const test = suite('wait');
const source = await liveSource();
const binder = await liveBinder();
const opened = new Set<{ close(): unknown }>();
test.after(() => {
  opened.forEach((one) => one.close());
  endAll();
});

async function listen(port = 0, host = '127.0.0.1', server: Server | WebServer = createServer()): Promise<number> {
  server.listen({ port, host });
  await once(server, 'listening');
  opened.add(server);
  return (server.address() as AddressInfo).port;
}

/** A port that nobody has: one that was free a moment ago. */
async function closedPort(): Promise<number> {
  const server = createServer();
  const port = await listen(0, '127.0.0.1', server);
  await close(server);
  return port;
}

async function close(server: Server | WebServer): Promise<void> {
  opened.delete(server);
  server.close();
  await once(server, 'close');
}

/** Runs the command, and calls `then` once it has looked at the sockets this many times. */
function waiting(args: readonly (string | number)[], then?: () => unknown, looks = 3, more: Parameters<typeof run>[1] = {}): Promise<Outcome> {
  let count = 0;
  const counted: RawSource = {
    ...source,
    read(name, hint) {
      if (/^(?:diag|proc\/net|tcp|udp)/.test(name) && ++count === looks && then !== undefined) setImmediate(then);
      return source.read(name, hint);
    },
  };
  return run(['wait', ...args.map(String)], { source: counted, binder, ...more });
}

/** A terminal with a person who reads the progress. */
const person = { confirm: () => false };

const rowsIn = (out: string): WaitResult[] => JSON.parse(out) as WaitResult[];

test('a port that is open is seen at once, with its owner', async () => {
  const port = await listen();
  const { code, out, err } = await waiting([port, '--format', 'json']);
  assert.is(err, '');
  assert.is(code, 0);
  const [row] = rowsIn(out);
  assert.is(row!.LocalPort, port);
  assert.is(row!.LocalAddress, '127.0.0.1');
  assert.is(row!.Condition, 'Open');
  assert.is(row!.OwningProcess, process.pid);
  assert.match(row!.Seen!, new RegExp(`^port ${port} is open: .*\\(${process.pid}\\)$`));
  const plain = await waiting([port]);
  assert.is(plain.out.trim(), `P${row!.Seen!.slice(1)}.`, 'as a sentence');
});

test('a port that opens late is waited for', async () => {
  const port = await closedPort();
  const { code, out } = await waiting([port, '--timeout', 'none'], () => listen(port));
  assert.is(code, 0);
  assert.match(out, new RegExp(`^Port ${port} is open: .*\\.$`, 'm'));
});

/** Waits with a machine of which a look takes this long, and counts the looks; `between` comes after each of them. */
async function lookingSlowly(target: Partial<WaitTarget>, lookMs: number, between: (looks: number) => unknown): Promise<{ looks: number; pauses: number[] }> {
  const machine = thisMachine({ source: async () => source, now: () => new Date() });
  const pauses: number[] = [];
  let looks = 0;
  await waitFor(
    { targets: [{ protocol: 'TCP', port: 1, address: null, host: null, condition: { kind: 'Open' }, ...target }], isAny: false, timeoutMs: null },
    {
      machine: {
        ...machine,
        async facts(question, hash) {
          // The listening sockets are listed once for each look; another question is about the owner of what was found.
          if (question.details.size === 0) looks++;
          await new Promise((resolve) => setTimeout(resolve, lookMs));
          return machine.facts(question, hash);
        },
      },
      binder: async () => binder,
      async rest(ms) {
        pauses.push(ms);
        await between(looks);
      },
    },
  );
  return { looks, pauses };
}

for (const lookMs of [0, 30])
  test(`a change is seen by the next look, at most 50 ms later, if a look takes ${lookMs} ms`, async () => {
    const port = await closedPort();
    const server = createServer();
    const opening = await lookingSlowly({ port }, lookMs, async (looks) => looks === 6 && listen(port, '127.0.0.1', server));
    assert.is(opening.looks, 7);
    const freeing = await lookingSlowly({ port, condition: { kind: 'Free' } }, lookMs, async (looks) => looks === 6 && close(server));
    assert.is(freeing.looks, 7);
    for (const { pauses } of [opening, freeing]) assert.ok(pauses.length === 7 && pauses.every((ms) => ms >= 25 && ms <= 50), `${pauses.join(', ')}`);
  });

test('a port that is named twice is waited for once', async () => {
  const port = await listen();
  const { out } = await waiting([port, `tcp/${port}`, `${port}-${port}`, '--format', 'json']);
  assert.is(rowsIn(out).length, 1);
  const free = await closedPort();
  const { err } = await waiting([free, free, '--timeout', '0']);
  assert.is(err.split(`port ${free} is still free`).length, 2, err);
  // Another address or condition is something else to wait for.
  assert.is(rowsIn((await waiting([port, `127.0.0.1:${port}`, '--format', 'json'])).out).length, 2);
  const { code } = await waiting(['1-1000', '1-1000', '--timeout', '0']);
  assert.is(code, 1);
});

test('a port that opens is reported without a long search for its owner', async (context: TestContext) => {
  if (source.platform !== 'linux') return skip('only Linux searches processes for the owner', context);
  const searches: (boolean | undefined)[] = [];
  /** Opens the port after a few looks, and refuses this entry. */
  const cut = (name: string, port: number, looks = 0): RawSource => ({
    ...source,
    read(asked, hint) {
      if (asked === 'diag/tcp' && ++looks === 3) setImmediate(() => void listen(port));
      if (asked.startsWith('holders')) searches.push(hint?.hasty);
      return asked === name ? { at: '', refusal: { code: 'Failed', text: 'the search for it was cut short' } } : source.read(asked, hint);
    },
  });
  const late = async (name: string): Promise<{ port: number; outcome: Outcome }> => {
    const port = await closedPort();
    return { port, outcome: await run(['wait', String(port), '--timeout', '20'], { source: cut(name, port), binder }) };
  };
  const found = await late('none');
  assert.is(found.outcome.code, 0);
  // Among very many processes, it may not come to this one.
  assert.match(found.outcome.out, new RegExp(`^Port ${found.port} is open: `));
  const unknown = await late('holders');
  assert.is(unknown.outcome.code, 0);
  assert.match(unknown.outcome.out, new RegExp(`^Port ${unknown.port} is open: an unknown holder`));
  assert.equal(searches, [true, true]);
});

test('a timeout is an error with what was seen last', async () => {
  const port = await closedPort();
  const { code, out, err } = await waiting([port, '--timeout', '0.2']);
  assert.is(code, 1);
  assert.is(out, '');
  assert.match(err, `portowner: PO4301: timed out after 0.2 s: port ${port} is still free`);
  const once = await waiting([port, '--timeout', '0']);
  assert.is(once.code, 1);
  assert.match(once.err, `PO4301: port ${port} is still free`);
});

test('a port that is bound, but does not listen, is not open', async () => {
  const { _createServerHandle: handleOf } = await import('node:net').then(
    (net) => net as unknown as { _createServerHandle(address: string, port: number, family: 4, fd: number): { getsockname(out: object): void; close(): void } },
  );
  const handle = handleOf('127.0.0.1', 0, 4, -1);
  const name = {} as AddressInfo;
  handle.getsockname(name);
  try {
    const { code, err } = await waiting([name.port, '--timeout', '0']);
    assert.is(code, 1);
    assert.match(err, new RegExp(`port ${name.port} is (?:bound by .*, which does not listen|still free)`));
  } finally {
    handle.close();
  }
});

test('connections cost a wait little: the system is rarely asked for more than listening sockets', async (context: TestContext) => {
  if (source.platform !== 'linux') return skip('only Linux walks through all connections to list bound sockets', context);
  const asked: (readonly number[] | undefined)[] = [];
  const noted: RawSource = {
    ...source,
    read(name, hint) {
      if (name === 'diag/tcp') asked.push(hint?.states);
      return source.read(name, hint);
    },
  };
  assert.is((await run(['wait', String(await closedPort()), '--timeout', '0.9'], { source: noted, binder })).code, 1);
  const whole = asked.filter((states) => states === undefined || states.length > 1).length;
  assert.ok(asked.length >= 3 && whole >= 1 && whole <= 2, `${whole} of ${asked.length}`);
});

test('a port that was only bound becomes free, or open', async () => {
  const { _createServerHandle: handleOf } = (await import('node:net')) as unknown as {
    _createServerHandle(address: string, port: number, family: 4, fd: number): { getsockname(out: object): void; listen(backlog: number): number; close(): void };
  };
  for (const condition of ['--free', '--open']) {
    const handle = handleOf('127.0.0.1', 0, 4, -1);
    const name = {} as AddressInfo;
    handle.getsockname(name);
    const change = (): void => void (condition === '--free' ? handle.close() : handle.listen(5));
    const { code, out } = await waiting([name.port, condition, '--timeout', 'none'], change);
    assert.is(code, 0);
    assert.match(out, `Port ${name.port} is ${condition.slice(2)}`);
    if (condition === '--open') handle.close();
  }
});

test('addresses and protocols count', async () => {
  const port = await listen();
  assert.is((await waiting([`127.0.0.1:${port}`, '--timeout', '0'])).code, 0);
  assert.is((await waiting([`[::1]:${port}`, '--timeout', '0'])).code, 1);
  assert.is((await waiting([`udp/${port}`, '--timeout', '0'])).code, 1);
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  opened.add(socket);
  const { code, out } = await waiting([`${socket.address().port}/udp`, '--timeout', '0']);
  assert.is(code, 0);
  assert.match(out, `UDP port ${socket.address().port} is open: `);
});

test('an address that this machine does not have may be that of another one', async () => {
  const absent = /^ {2}203\.0\.113\.7 is not an address of this machine\. To connect to another machine: portowner wait 80 --host 203\.0\.113\.7$/m;
  for (const asked of ['203.0.113.7:80', 'http://203.0.113.7/up']) {
    const { code, err } = await waiting([asked, '--timeout', '0.1'], undefined, 3, person);
    assert.is(code, 1);
    assert.match(err, '203.0.113.7 is not an address of this machine; use --host');
    assert.match(err, absent);
  }
  for (const asked of ['127.0.0.7:80', '[::1]:80', '0.0.0.0:80', 'localhost:80']) assert.not.match((await waiting([asked, '--timeout', '0'])).err, 'not an address');
  const module = await waiting(['203.0.113.7:80', '--timeout', '0', '--format', 'clixml', '--problems', 'rows']);
  assert.match(module.out, 'Wait-Port 80 -TargetName 203.0.113.7');
});

test('many ports that are not ready are one error', async () => {
  const ports = [await closedPort(), await closedPort(), await closedPort(), await closedPort()];
  const any = await waiting([...ports, '--any', '--timeout', '0']);
  assert.is(any.code, 1);
  const [one, two, three] = ports.map((port) => `port ${port} is still free`);
  assert.is(any.err, `portowner: PO4301: none of the 4 ports is ready: ${one}; ${two}; ${three}; and 1 more\n`);
  const each = await waiting([...ports, '--timeout', '0']);
  assert.is(each.err.match(/PO4301/g)?.length, 4, 'of several that all count, each is an error');
  const open = await listen();
  const many = await waiting(['1-12', open, '--timeout', '0']);
  assert.is(many.err.match(/PO4301/g)?.length, 1, many.err);
  assert.match(many.err, /1[0-2] of the 13 ports are not ready: /);
});

test('a port that closes late becomes free, and connections that linger do not matter', async () => {
  const server = createServer((socket) => socket.end());
  const port = await listen(0, '127.0.0.1', server);
  // The server closes first, so that its end goes to TIME_WAIT.
  const client = connect(port, '127.0.0.1');
  client.resume();
  await once(client, 'close');
  const busy = await waiting([port, '--free', '--timeout', '0']);
  assert.is(busy.code, 1);
  assert.match(busy.err, new RegExp(`port ${port} is still owned by .*\\(${process.pid}\\)`));
  const { code, out } = await waiting([port, '--free', '--timeout', 'none'], () => close(server));
  assert.is(code, 0);
  assert.is(out.trim(), `Port ${port} is free.`);
});

test('a port that nobody owns is not free while the system refuses to bind it', async () => {
  const port = await closedPort();
  const refused: RawSource = {
    ...binder,
    read: (name) => (name.startsWith('bind/') ? { at: '', text: JSON.stringify({ call: 'bind', error: binder.platform === 'linux' ? 98 : 10013 }) } : binder.read(name)),
  };
  const { code, err } = await run(['wait', String(port), '--free', '--timeout', '0'], { source, binder: refused });
  assert.is(code, 1);
  assert.match(err, new RegExp(`nobody owns port ${port}, but it cannot be bound: `));
});

test('an owner is known by the name of its program', async () => {
  const port = await listen();
  assert.is((await waiting([port, '--owned-by', 'no*such', '--timeout', '0'])).code, 1);
  const { code, err } = await waiting([port, '--owned-by', 'postgres', '--timeout', '0']);
  assert.is(code, 1);
  assert.match(err, new RegExp(`port ${port} is owned by .*\\(${process.pid}\\), not postgres`));
  const found = await waiting([port, '--owned-by', 'node', '--timeout', '0']);
  assert.is(found.code, 0, found.err);
  assert.match(found.out, new RegExp(`Port ${port} is owned by .*\\(${process.pid}\\)`));
});

test('an owner that these rights do not show is not ruled out', async (context: TestContext) => {
  if (source.platform !== 'linux') return skip('only on Linux, the holders of sockets are searched for', context);
  const port = await listen();
  // Nobody's processes are readable.
  const blind: RawSource = {
    ...source,
    read: (name, hint) =>
      name.startsWith('holders')
        ? { at: '', bytes: new Uint8Array(), refusal: { code: 'AccessDenied', text: 'the processes of other users cannot be read', needs: 'root (sudo)' } }
        : source.read(name, hint),
  };
  const { code, err } = await run(['wait', String(port), '--owned-by', 'postgres', '--timeout', '0'], { source: blind, binder });
  assert.is(code, 77, err);
  assert.match(err, new RegExp(`PO3002: port ${port} is owned by a process that these rights do not show; expected postgres`));
});

test('several ports: every one of them, or any', async () => {
  const [first, late] = [await listen(), await closedPort()];
  const any = await waiting([first, late, '--any', '--format', 'json']);
  assert.is(any.code, 0);
  assert.equal(
    rowsIn(any.out).map(({ LocalPort }) => LocalPort),
    [first],
  );
  const half = await waiting([`${first},${late}`, '--timeout', '0', '--format', 'json']);
  assert.is(half.code, 1);
  assert.match(half.err, `port ${late} is still free`);
  assert.not.match(half.err, `port ${first} `);
  const every = await waiting([first, late, '--every', '--timeout', 'none', '--format', 'json'], () => listen(late));
  assert.is(every.code, 0);
  assert.equal(
    rowsIn(every.out).map(({ LocalPort }) => LocalPort),
    [first, late],
  );
});

test('HTTP: an answer below 500 counts, an error of the server is waited out', async () => {
  const asked: string[] = [];
  const server = createWeb(({ url = '', headers }, response) => {
    asked.push(`${headers.host} ${url}`);
    response.statusCode = asked.length < 3 ? 503 : 404;
    response.end();
  });
  const port = await listen(0, '127.0.0.1', server);
  const early = await waiting([port, '--http', '--timeout', '0']);
  assert.is(early.code, 1);
  assert.match(early.err, `port ${port} answers GET / with status 503`);
  const { code, out } = await waiting([port, '--http=/health?a=1', '--timeout', 'none']);
  assert.is(code, 0);
  assert.is(out.trim(), `Port ${port} answers GET /health?a=1 with status 404.`);
  assert.equal(asked, [`localhost:${port} /`, `localhost:${port} /health?a=1`, `localhost:${port} /health?a=1`]);
  const url = await waiting([`http://127.0.0.1:${port}/up`, '--timeout', '0']);
  assert.is(url.code, 0);
  assert.is(asked.at(-1), `127.0.0.1:${port} /up`);
});

test('HTTP: a server that does not speak it, or does not answer, is not ready', async () => {
  const rude = await listen(
    0,
    '127.0.0.1',
    createServer((socket) => socket.end('SSH-2.0-x\r\n')),
  );
  const { code, err } = await waiting([rude, '--http', '--timeout', '0']);
  assert.is(code, 1);
  assert.match(err, new RegExp(`port ${rude} of .*\\(${process.pid}\\) does not speak HTTP`));
  const held: { destroy(): void }[] = [];
  const mute = createServer((socket) => void held.push(socket));
  const port = await listen(0, '127.0.0.1', mute);
  const silent = await waiting([port, '--http', '--timeout', '0.3']);
  held.forEach((socket) => socket.destroy());
  assert.is(silent.code, 1);
  assert.match(silent.err, new RegExp(`timed out after 0\\.3 s: port ${port} is open: .*\\(${process.pid}\\), but has not answered GET / yet`));
});

test('another machine is connected to', async () => {
  const port = await listen();
  const { code, out } = await waiting([port, '--host', '127.0.0.1', '--format', 'json']);
  assert.is(code, 0);
  const [row] = rowsIn(out);
  assert.equal([row!.LocalPort, row!.RemoteHostName, row!.RemotePort, row!.RemoteAddress], [null, '127.0.0.1', port, '127.0.0.1']);
  const closed = await closedPort();
  const refused = await waiting([closed, '--host', '127.0.0.1', '--timeout', '0']);
  assert.is(refused.code, 1);
  assert.match(refused.err, `127.0.0.1:${closed} refuses connections`);
  setTimeout(() => void listen(closed), 100);
  assert.is((await waiting([closed, '--host', '127.0.0.1', '--timeout', 'none'])).code, 0);
});

test('--redact: neither progress, nor results, nor errors name a project, a host, or a path of a request', async () => {
  const project = join(newFolder(), 'acme-shop');
  mkdirSync(project);
  writeFileSync(join(project, 'acme-server.js'), 'setInterval(() => {}, 1000);');
  const held = await hold([[process.execPath, join(project, 'acme-server.js')]], { cwd: project });
  try {
    const said: Outcome[] = [];
    for (const format of [[], ['--format', 'json'], ['--format', 'clixml', '--problems', 'rows']])
      said.push(
        await waiting([held.port, '--redact', ...format], undefined, 3, person),
        await waiting([held.port, '--free', '--timeout', '0.2', '--redact', ...format], undefined, 3, person),
        await waiting([held.port, '--owned-by', 'acme-api', '--timeout', '0.2', '--redact', ...format], undefined, 3, person),
        await waiting([held.port, '--owned-by', 'node acme-api*', '--timeout', '0.2', '--redact', ...format], undefined, 3, person),
        await waiting([held.port, '--owned-by', 'uvicorn', '--timeout', '0.2', '--redact', ...format], undefined, 3, person),
        await waiting([held.port, '--owned-by', '*acme*', '--redact', ...format], undefined, 3, person),
        await waiting([held.port, '--http=/acme?key=acme', '--timeout', '0.2', '--redact', ...format], undefined, 3, person),
        await waiting([await closedPort(), '--host', 'acme-db.invalid', '--timeout', '0.2', '--redact', ...format], undefined, 3, person),
        await waiting([await closedPort(), '--host', 'ac', '--timeout', '0.2', '--redact', ...format], undefined, 3, person),
        await waiting(['acme-db:80', '--redact', ...format], undefined, 3, person),
        await waiting(['https://acme.example/acme', '--redact', ...format], undefined, 3, person),
      );
    for (const { out, err } of said) assert.not.match(out + err, /acme|\bac:/i);
    assert.match(said[0]!.err, `Waiting for port ${held.port} to be open`);
    assert.match(said[0]!.out, new RegExp(`Port ${held.port} is open: node \\(${held.pids[0]}\\)`));
    assert.match(said[1]!.err, `port ${held.port} is still owned by node (${held.pids[0]})`);
    assert.match(said[2]!.err, `Waiting for port ${held.port} to be owned by owner1, for up to`);
    for (const [at, name] of [
      [2, 'owner1'],
      [3, 'node'],
      [4, 'uvicorn'],
    ] as const)
      assert.match(said[at]!.err, `port ${held.port} is owned by node (${held.pids[0]}), not ${name}`);
    assert.match(said[5]!.out, `Port ${held.port} is owned by node (${held.pids[0]})`);
    assert.match(said[7]!.err, 'Waiting for host1:');
    const near = await waiting([await listen(), '--host', 'localhost', '--redact', '--format', 'json']);
    assert.equal(
      rowsIn(near.out).map(({ RemoteHostName, RemoteAddress }) => [RemoteHostName, RemoteAddress]),
      [['localhost', '127.0.0.1']],
    );
  } finally {
    held.stop();
  }
});

test('the name of an owner does nothing to the terminal', async () => {
  for (const [kind, name] of Object.entries(attacks)) {
    const held = await startHostile(name);
    try {
      const free = await waiting([held.port, '--free', '--timeout', '0.1'], undefined, 3, person);
      assert.match(free.err, `port ${held.port} is still owned by`);
      const { out } = await waiting([held.port], undefined, 3, person);
      assert.match(out, `Port ${held.port} is open: `);
      assert.not.match(free.err + out, attackPattern, kind);
    } finally {
      held.stop();
    }
  }
});

test('wrong usage', async () => {
  const wrong: readonly (readonly [string[], RegExp])[] = [
    [[], /PO1001: missing PORTS/],
    [['80', '--free', '--http'], /PO1005: --free and --http exclude each other/],
    [['80', '--free', '--host', 'db1'], /PO1005: --free and --host exclude each other/],
    [['80', '--any', '--every'], /PO1005: --any and --every exclude each other/],
    [['80', '--timeout', 'soon'], /PO1001: unknown value "soon" for --timeout; expected seconds/],
    [['80', '--timeout', '-2'], /PO1001/],
    [['80', '--owned-by', ' '], /PO1001: unknown value " " for --owned-by/],
    [['udp/53', '--http'], /PO1005: --http needs a TCP port, but UDP port 53 was requested/],
    [['udp/53', '--host', 'db1'], /PO1005: --host needs a TCP port/],
    [['db1:5432'], /PO1005: "db1:5432" names another machine\n {2}Use --host to connect to it: portowner wait 5432 --host db1/],
    [['https://example.org/up'], /PO1005: "https:\/\/example.org\/up" names another machine\n.* portowner wait https --host example.org/],
    [['1-65535'], /PO1001: too many ports to wait for; expected at most 1000/],
    [['80', '--http', '--http=/a b'], /PO1001/],
    [['80', '--host', 'a b'], /PO1001: unknown value "a b" for --host/],
  ];
  for (const [args, message] of wrong) {
    const { code, out, err } = await run(['wait', ...args], { source, binder });
    assert.is(code, 64, `${args.join(' ')}: ${err}`);
    assert.is(out, '');
    assert.match(err, message);
  }
});

test('sockets that cannot be read are no answer', async () => {
  const blind: RawSource = { platform: source.platform, read: () => ({ at: '', refusal: { code: 'Failed', text: 'it is broken' } }) };
  const { code, err } = await run(['wait', '80', '--timeout', '0'], { source: blind, binder });
  assert.is(code, 69);
  assert.match(err, /PO3001: the sockets cannot be read/);
});

test.run();
