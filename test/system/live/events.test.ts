// Events against sockets that this process opens and closes, each in numbers: none is lost, none is told twice.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSocket } from 'node:dgram';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { collectCloses, type Close } from '../../../src/live/closes.ts';
import { eventRow, eventRows, watchSteps, type Step, type StepRequest } from '../../../src/live/events.ts';
import { newGaps } from '../../../src/live/gaps.ts';
import { plainLines } from '../../../src/live/plain.ts';
import type { LiveSocket, Look } from '../../../src/live/look.ts';
import { lookAtAll, startLooking } from '../../../src/live/looker.ts';
import { liveLooks, liveSource } from '../../../src/machine/live.ts';
import type { SocketEvent } from '../../../src/schema/event.ts';
import type { Sink } from '../../../src/io/sink.ts';
import { run, type Outcome } from '../../support/harness.ts';
import { products } from '../../support/build-machine.ts';
import { endAll as endPrograms, hold, newFolder } from '../../support/program.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const test = suite('events');
const isLinux = process.platform === 'linux';
const servers = new Set<Server>();
const endAll = (): void => servers.forEach((server) => server.close());
test.after(() => {
  endAll();
  endPrograms();
});

/** A server that keeps its connections, and resets them when told to, so that none lingers in TIME_WAIT. */
async function keepingServer() {
  const accepted = new Set<Socket>();
  const server = createServer((socket) => {
    accepted.add(socket);
    socket
      .resume()
      .on('error', () => {})
      .on('close', () => accepted.delete(socket));
  });
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 });
  await once(server, 'listening');
  servers.add(server);
  const { port } = server.address() as AddressInfo;
  /** Opens connections; returns their client ports. */
  async function open(count: number): Promise<number[]> {
    const clients = Array.from({ length: count }, () => connect(port, '127.0.0.1').on('error', () => {}));
    await Promise.all(clients.map((client) => once(client, 'connect')));
    const ports = clients.map(({ localPort }) => localPort!);
    while (accepted.size < count) await new Promise(setImmediate);
    return ports;
  }
  const closed = async (): Promise<void> => {
    while (accepted.size > 0) await new Promise(setImmediate);
  };
  return {
    port,
    open,
    async reset() {
      for (const socket of accepted) socket.resetAndDestroy();
      await closed();
    },
    async close() {
      servers.delete(server);
      server.close();
      await once(server, 'close');
    },
  };
}

/** The lines of a command that goes on, and a wait for a condition of them. */
function lineReader() {
  let text = '';
  let wake = (): void => {};
  const lines = (): string[] => text.split('\n').slice(0, -1);
  return {
    add(part: string) {
      text += part;
      wake();
    },
    lines,
    async until(isEnough: (lines: readonly string[]) => boolean): Promise<void> {
      while (!isEnough(lines())) await new Promise<void>((resolve) => (wake = resolve));
    },
  };
}

/** Runs watch in this process. */
function watching(...args: (string | number)[]) {
  const reader = lineReader();
  const output: Sink = { write: reader.add, flush() {}, bytes() {}, close() {}, abort() {} };
  const controller = new AbortController();
  const ended = (async (): Promise<Outcome> =>
    run(['watch', ...args.map(String)], { source: await liveSource(), live: await liveLooks(), output, ending: controller.signal, now: () => new Date() }))();
  return { ...reader, end: () => controller.abort(), ended };
}

const rowsIn = (lines: readonly string[]): SocketEvent[] => lines.map((line) => JSON.parse(line) as SocketEvent);
const remotePorts = (rows: readonly SocketEvent[], kind: string): number[] => rows.flatMap((row) => (row.Kind === kind ? (row.RemotePort ?? 0) : [])).toSorted((a, b) => a - b);
const sorted = (ports: readonly number[]): number[] => ports.toSorted((a, b) => a - b);

test('a thousand connections that open and close are each told once', async () => {
  const server = await keepingServer();
  const watch = watching(server.port, '--events', '--format', 'ndjson', '--interval', '0.1');
  // The first connection shows that it watches.
  let first: number[] = [];
  while (watch.lines().length === 0) {
    first.push(...(await server.open(1)));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await server.reset();
  await watch.until((lines) => remotePorts(rowsIn(lines), 'Closed').length >= 1);
  const ports = await server.open(1000);
  const opened = (rows: readonly SocketEvent[]): number[] => remotePorts(rows, 'Opened').filter((port) => ports.includes(port));
  await watch.until((lines) => opened(rowsIn(lines)).length >= ports.length);
  await server.reset();
  await watch.until((lines) => remotePorts(rowsIn(lines), 'Closed').filter((port) => ports.includes(port)).length >= ports.length);
  // The next look must not tell it again.
  const [last] = await server.open(1);
  await watch.until((lines) => remotePorts(rowsIn(lines), 'Opened').includes(last!));
  watch.end();
  const { code, err } = await watch.ended;
  await server.reset();
  await server.close();
  assert.is(code, 0, err);
  const rows = rowsIn(watch.lines()).filter(({ RemotePort }) => ports.includes(RemotePort!) && !first.includes(RemotePort!));
  const wanted = sorted(ports.filter((port) => !first.includes(port)));
  assert.equal(remotePorts(rows, 'Opened'), wanted);
  assert.equal(remotePorts(rows, 'Closed'), wanted);
  const closed = rows.filter(({ Kind }) => Kind === 'Closed');
  assert.ok(closed.every(({ LifetimeMs, OwningProcess }) => LifetimeMs !== null && LifetimeMs > 0 && OwningProcess === process.pid));
  first = [];
});

test('a listener that opens and closes, with its owner and its lifetime', async () => {
  const watch = watching('--events', '--format', 'json', '--interval', '100ms', '--columns', 'Kind,LocalPort,State,OwningProcess,LifetimeMs');
  await watch.until(() => true);
  const server = await keepingServer();
  const isOn = (line: string): boolean => line.includes(`"LocalPort":${server.port},`);
  // It may have been there at the first look.
  const other = await keepingServer();
  await watch.until((lines) => lines.some((line) => line.includes(`"LocalPort":${other.port},`) && line.includes('Opened')));
  await server.close();
  await watch.until((lines) => lines.some((line) => isOn(line) && line.includes('Closed')));
  await other.close();
  watch.end();
  assert.is((await watch.ended).code, 0);
  assert.ok(watch.lines().some((line) => isOn(line) && line.includes(`"OwningProcess":${process.pid}`)));
});

/**
 * Steps whose looks wait for `work`, which falls between the first and the second, until there is enough. A few more show
 * what would be told twice.
 */
async function between(places: StepRequest['places'], work: () => Promise<void>, isEnough: (rows: readonly SocketEvent[]) => boolean): Promise<Step[]> {
  const live = await liveLooks();
  const looker = await startLooking(live, { ...lookAtAll, spans: places });
  const closes = collectCloses(live);
  let looks = 0;
  const look = async () => {
    if (looks++ === 1) await work();
    return looker.look();
  };
  const steps: Step[] = [];
  let more = 0;
  for await (const step of watchSteps({ look, closes, places, intervalMs: 1, forMs: null, signal: new AbortController().signal })) {
    steps.push(step);
    if (isEnough(allRows(steps)) && ++more > 10) break;
  }
  closes?.close();
  looker.close();
  return steps;
}

const allRows = (steps: readonly Step[]): SocketEvent[] => steps.flatMap(({ happened }) => happened.map((one) => eventRow(one, null)));

test('on Linux, connections that come and go between two looks are told as closed', async (context: TestContext) => {
  if (!isLinux) return skip('only Linux reports closed sockets', context);
  const server = await keepingServer();
  let ports: number[] = [];
  // The kernel forgets the remote end of the socket that resets a connection, but not that of the other one.
  const clients = (rows: readonly SocketEvent[]): SocketEvent[] => rows.filter(({ RemotePort }) => RemotePort === server.port);
  const accepted = (rows: readonly SocketEvent[]): SocketEvent[] => rows.filter(({ LocalPort, RemotePort }) => LocalPort === server.port && RemotePort === null);
  const steps = await between(
    null,
    async () => {
      ports = await server.open(300);
      await server.reset();
    },
    (rows) => clients(rows).length >= 300 && accepted(rows).length >= 300,
  );
  await server.close();
  const rows = clients(allRows(steps));
  assert.equal(sorted(rows.map(({ LocalPort }) => LocalPort!)), sorted(ports));
  assert.ok(rows.every((row) => row.Kind === 'Closed' && row.State === null && row.Owner === null && row.LifetimeMs === null));
  assert.ok(rows.every(({ BytesReceived }) => BytesReceived === 0));
  assert.is(accepted(allRows(steps)).length, 300);
});

test('on Linux, a connection that lingers in TIME_WAIT is told as one socket', async (context: TestContext) => {
  if (!isLinux) return skip('only Linux reports closed sockets', context);
  const server = await keepingServer();
  let local = 0;
  const client = connect(server.port, '127.0.0.1');
  await once(client, 'connect');
  local = client.localPort!;
  const steps = await between(
    [{ start: local, end: local }],
    async () => {
      client.end('hello');
      client.resume();
      await once(client, 'close');
    },
    (rows) => rows.some(({ RemotePort, State }) => RemotePort === server.port && State === 'TimeWait'),
  );
  await server.close();
  const rows = allRows(steps).filter(({ RemotePort }) => RemotePort === server.port);
  assert.equal(
    rows.map(({ Kind, State, PreviousState }) => [Kind, State, PreviousState]),
    [['State', 'TimeWait', 'Established']],
  );
});

test('what a look begins not to see is reported once, also in the middle', async () => {
  const looks = [[], ['diag/tcp: it is out of order'], ['diag/tcp: it is out of order'], ['the owner of 2 sockets cannot be seen'], ['the owner of 7 sockets cannot be seen']];
  const steps = async function* (): AsyncGenerator<Step> {
    for (const gaps of looks) yield { look: { at: 0, time: '', sockets: new Map(), all: new Map(), gaps }, before: null, happened: [], isLossy: false };
  };
  const warned: string[] = [];
  const rows = eventRows(steps(), { count: null, computer: null, gapsOf: newGaps(), warn: ({ code, message }) => void warned.push(`${code} ${message}`) });
  for await (const group of rows) assert.equal(group, []);
  assert.equal(warned, ['PO3001 diag/tcp: it is out of order', 'PO3001 the owner of 2 sockets cannot be seen']);
  const lines: string[] = [];
  for await (const group of plainLines(steps(), null)) lines.push(...group.lines.map((line) => line.replace(/^\S+ /, '')));
  assert.equal(
    lines.filter((line) => line.startsWith('Not seen')),
    ['Not seen: diag/tcp: it is out of order', 'Not seen: the owner of 2 sockets cannot be seen'],
  );
});

test('a socket that has lost its counters in TIME_WAIT keeps its final numbers', async () => {
  const ends = { protocol: 'TCP', localAddress: '127.0.0.1', localPort: 40000, remoteAddress: '127.0.0.1', remotePort: 80 } as const;
  const owner = { pid: null, startTime: null, imageName: null, application: null, owner: '' };
  const socket = (state: string, sent: number | null): LiveSocket => {
    const counters = { sent, received: sent, roundTrip: null, retransmits: null, receiveQueue: null, sendQueue: null, drops: null };
    return { ...ends, key: 'TCP 1', state, owner, counters, reason: null };
  };
  const seen = [socket('Established', 1), socket('FinWait2', null), socket('TimeWait', 0), null];
  let looks = 0;
  const look = async (): Promise<Look> => {
    const one = seen[looks++] ?? null;
    const sockets = new Map(one === null ? [] : [[one.key, one]]);
    return { at: looks, time: '', sockets, all: sockets, gaps: [] };
  };
  const close = { ...ends, key: 'TCP 1', id: '1', sent: 1_000_002, received: 7 } as unknown as Close;
  const closes = { read: () => (looks === 1 ? [close] : []), lost: () => false, close: () => {} };
  let reads = 0;
  // What is read before the first step is no difference.
  const later = { ...closes, read: () => (reads++ === 0 ? [] : closes.read()) };
  const steps: Step[] = [];
  for await (const step of watchSteps({ look, closes: later, places: null, intervalMs: 1, forMs: null, signal: new AbortController().signal })) {
    steps.push(step);
    if (steps.length === 4) break;
  }
  assert.equal(
    allRows(steps).map((row) => [row.Kind, row.BytesSent, row.BytesReceived]),
    [
      ['State', 1_000_002, 7],
      ['State', 1_000_002, 7],
      ['Closed', 1_000_002, 7],
    ],
  );
});

test('on Linux, UDP sockets that come and go are told as closed', async (context: TestContext) => {
  if (!isLinux) return skip('only Linux reports closed sockets', context);
  let port = 0;
  const steps = await between(
    null,
    async () => {
      const socket = createSocket('udp4').bind(0, '127.0.0.1');
      await once(socket, 'listening');
      ({ port } = socket.address());
      socket.close();
      await once(socket, 'close');
    },
    (rows) => rows.some(({ Protocol, LocalPort }) => Protocol === 'UDP' && LocalPort === port),
  );
  const rows = allRows(steps).filter(({ Protocol, LocalPort }) => Protocol === 'UDP' && LocalPort === port);
  assert.equal(
    rows.map(({ Kind, LocalAddress, RemoteAddress }) => [Kind, LocalAddress, RemoteAddress]),
    [['Closed', '127.0.0.1', null]],
  );
});

test('lost messages about closed sockets are told once', async () => {
  const live = await liveLooks();
  // A system whose buffer is always too small.
  const feed = { read: () => ({ bytes: new Uint8Array(), lost: true }), close() {} };
  const { code, err } = await run(['watch', '1', '--events', '--interval', '0.1', '--for', '0.4', '--format', 'ndjson'], {
    source: await liveSource(),
    live: { ...live, closes: () => feed },
  });
  assert.is(code, 0);
  assert.is(err.match(/PO3001: warning: some sockets that were opened and closed between two checks were missed/g)?.length, 1, err);
});

test('lines for people', async () => {
  const server = await keepingServer();
  const watch = watching(server.port, '--interval', '0.1');
  await watch.until((lines) => lines.some((line) => /^\d\d:\d\d:\d\d Listening /.test(line)));
  const [port] = await server.open(1);
  await watch.until((lines) => lines.some((line) => line.includes(' Opened ')));
  await server.reset();
  await watch.until((lines) => lines.some((line) => line.includes(' Closed ')));
  watch.end();
  assert.is((await watch.ended).code, 0);
  await server.close();
  const text = watch.lines().join('\n');
  assert.match(text, /^\d\d:\d\d:\d\d Watching 1 listener and 0 other sockets$/m);
  assert.match(text, new RegExp(`Listening TCP 127.0.0.1:${server.port}, .*\\(${process.pid}\\)`));
  assert.match(text, new RegExp(`Opened TCP 127.0.0.1:${server.port} to 127.0.0.1:${port}, Established, .*\\(${process.pid}\\)`));
  assert.match(text, new RegExp(`Closed TCP 127.0.0.1:${server.port} to 127.0.0.1:${port}, .*\\(${process.pid}\\), after \\d+\\.\\d s`));
});

test('--redact: neither rows nor lines name a project or a remote address', async () => {
  const project = join(newFolder(), 'acme-shop');
  mkdirSync(project);
  writeFileSync(join(project, 'acme-server.js'), 'setInterval(() => {}, 1000);');
  const held = await hold([[process.execPath, join(project, 'acme-server.js')]], { cwd: project });
  try {
    const seen = async (...args: string[]): Promise<string> => {
      const watch = watching(held.port, '--interval', '0.1', ...args);
      // One of them is opened while it watches. The program accepts none.
      const sockets: Socket[] = [];
      const timer = setInterval(() => sockets.push(connect(held.port, '127.0.0.1').on('error', () => {})), 150);
      await watch.until((lines) => lines.some((line) => /Opened.*node/.test(line)));
      clearInterval(timer);
      sockets.forEach((socket) => socket.destroy());
      watch.end();
      const { code, err } = await watch.ended;
      assert.is(code, 0, err);
      return watch.lines().join('\n') + err;
    };
    for (const args of [['--events', '--format', 'ndjson'], ['--plain']]) {
      assert.match(await seen(...args), /node [^\n]*acme-server/, 'the name is there to be replaced');
      const text = await seen(...args, '--redact');
      assert.not.match(text, /acme/);
      assert.match(text, new RegExp(`Opened.*node \\(${held.pids[0]}\\)`));
    }
  } finally {
    held.stop();
  }
});

test('it ends after a number of looks, or a time', async () => {
  const server = await keepingServer();
  assert.is((await watching(server.port, '--count', 2, '--interval', '0.1').ended).code, 0);
  assert.is((await watching(server.port, '--events', '--for', '300ms', '--interval', '0.1').ended).code, 0);
  await server.close();
});

test('wrong usage', async () => {
  for (const [args, message] of [
    [['--events', '--plain'], /PO1005: --events and --plain exclude each other/],
    [['--interval', '0.05'], /PO1001: unknown value "0.05" for --interval/],
    [['--interval', 'x', '--events'], /PO1001: unknown value "x" for --interval/],
    [['--count', '0'], /PO1001: unknown value "0" for --count/],
    [['--for', '8d'], /PO1001: unknown value "8d" for --for; expected seconds, or a number with a unit/],
    [['nowhere', '--events'], /PO1002/],
    [['--format', 'json'], /PO1005: --format needs --events/],
    [['--events', '--format', 'html'], /PO1005/],
  ] as const) {
    const { code, err } = await run(['watch', ...args], { source: await liveSource() });
    assert.is(code, 64, `${args.join(' ')}: ${err}`);
    assert.match(err, message);
  }
});

const product = products().find(({ name, command }) => command !== null && name === (isLinux ? 'portowner' : 'portowner.exe'));

/** Starts the built executable, and reads its lines. */
function started(...args: (string | number)[]) {
  const [file, ...before] = product!.command!;
  const child = spawn(file!, [...before, 'watch', ...args.map(String)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const reader = lineReader();
  let err = '';
  child.stdout.setEncoding('utf8').on('data', reader.add);
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, err }));
  return { child, ...reader, ended };
}

test('the executable ends with its pipeline, and with Ctrl+C', async (context: TestContext) => {
  if (product === undefined || !isLinux) return skip('there is no executable of this system to interrupt', context);
  const server = await keepingServer();
  const interrupted = started(server.port, '--events', '--format', 'ndjson', '--interval', '0.1');
  const piped = started(server.port, '--events', '--format', 'ndjson', '--interval', '0.1');
  while (interrupted.lines().length === 0 || piped.lines().length === 0) {
    await server.open(1);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  interrupted.child.kill('SIGINT');
  const ended = await interrupted.ended;
  assert.is(ended.code, 0, ended.err);
  // Nothing happens anymore, and yet it ends.
  piped.child.stdout.destroy();
  const closed = await piped.ended;
  assert.is(closed.code, 0, closed.err);
  const counted = started(server.port, '--events', '--format', 'ndjson', '--interval', '0.1', '--count', 3);
  const isOver = counted.ended.then(() => true);
  while (!(await Promise.race([isOver, new Promise<false>((resolve) => setTimeout(() => resolve(false), 100))]))) await server.open(1);
  assert.is((await counted.ended).code, 0);
  assert.is(counted.lines().length, 3);
  await server.reset();
  await server.close();
});

test.run();
