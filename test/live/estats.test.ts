// The statistics of connections on Windows, which Wine lacks: the two calls are played.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeStatistics, notCollected, statisticsLayout, switchedOn } from '../../src/facts/decode/windows-statistics.ts';
import { rates } from '../../src/live/rates.ts';
import { lookAtAll, startLooking } from '../../src/live/looker.ts';
import { connectionStatistics, serverOf } from '../../src/machine/windows/connections.ts';
import { estats, type EstatsCalls } from '../../src/machine/windows/estats.ts';
import type { Traffic } from '../../src/schema/traffic.ts';
import type { LiveSocket } from '../../src/live/look.ts';
import type { ConnectionStatistics } from '../../src/system/live.ts';
import type { RawSource } from '../../src/system/raw.ts';
import { run, temporaryFolder } from '../support/harness.ts';
import { filetime, windows, type Row } from '../support/windows-raw.ts';

const test = suite('statistics of connections on Windows');

const [DATA, PATH] = [1, 3];

interface Counted {
  sent: number;
  received: number;
  roundTrip: number;
  retransmits: number;
}

/** TCP_ESTATS_DATA_ROD_v0 and TCP_ESTATS_PATH_ROD_v0. */
function rodOf(type: number, { sent, received, roundTrip, retransmits }: Counted): Buffer {
  const rod = Buffer.alloc(type === DATA ? 96 : 160);
  if (type === DATA) {
    // Bytes in segments, which count what was sent again, too; then those that were acknowledged, and received.
    rod.writeBigUInt64LE(BigInt(sent + 1460 * retransmits), 0);
    rod.writeBigUInt64LE(BigInt(received + 1460), 16);
    rod.writeBigUInt64LE(BigInt(sent), 72);
    rod.writeBigUInt64LE(BigInt(received), 88);
  } else {
    rod.writeUInt32LE(retransmits, 20);
    rod.writeUInt32LE(roundTrip, 108);
    rod.writeUInt32LE(roundTrip === 0 ? 0 : 9, 128);
  }
  return rod;
}

/** A Windows that collects the statistics of connections: by the row without its state. */
class Played {
  readonly on = new Set<string>();
  readonly calls: string[] = [];
  /** The error of switching on, by kind. */
  readonly errors = new Map<number, number>();
  counted: Counted = { sent: 5_000_000_000, received: 7, roundTrip: 12, retransmits: 3 };

  #key = (row: Buffer, type: number): string => `${type} ${row.toString('hex', 4)}`;

  readonly estatsCalls: EstatsCalls = {
    set: (row, type, rw) => {
      this.calls.push(`set ${type} ${rw[0]}`);
      const error = this.errors.get(type) ?? 0;
      if (error !== 0) return error;
      if (rw[0] === 1) this.on.add(this.#key(row, type));
      else this.on.delete(this.#key(row, type));
      return 0;
    },
    get: (row, type, rw, rod) => {
      this.calls.push(`get ${type}`);
      rw[0] = this.on.has(this.#key(row, type)) ? 1 : 0;
      // Where collecting is off, Windows succeeds, and gives random numbers.
      if (rw[0] === 0) rod.fill(0xab);
      else rodOf(type, this.counted).copy(rod);
      return 0;
    },
  };

  /** As the child process does. */
  statistics(): ConnectionStatistics {
    const own = estats(this.estatsCalls);
    return {
      read: async (rows) => ({ bytes: own.read(rows.map((row) => Buffer.from(row))) }),
      close: () => own.off(),
    };
  }
}

const rowOf = (last: number, state = 5): Buffer => Buffer.from([state, 0, 0, 0, 192, 0, 2, 1, 0, 80, 0, 0, 192, 0, 2, last, 19, 136, 0, 0]);

test('switched on once, read, and switched off in the end', () => {
  const played = new Played();
  const own = estats(played.estatsCalls);
  const bytes = own.read([rowOf(7)]);
  assert.equal(decodeStatistics(bytes, 0), { sent: 5_000_000_000, received: 7, roundTrip: 12_000, retransmits: 3, reason: null });
  assert.equal(played.calls, ['get 1', 'set 1 1', 'get 1', 'get 3', 'set 3 1', 'get 3']);
  played.calls.length = 0;
  // Its state does not make it another connection.
  own.read([rowOf(7, 8)]);
  assert.equal(played.calls, ['get 1', 'get 3']);
  own.off();
  assert.is(played.on.size, 0);
});

test('a connection that is not asked about anymore is switched off', () => {
  const played = new Played();
  const own = estats(played.estatsCalls);
  own.read([rowOf(7), rowOf(8)]);
  assert.is(played.on.size, 4);
  own.read([rowOf(8)]);
  assert.is(played.on.size, 2);
  own.read([]);
  assert.is(played.on.size, 0);
});

test('what another program has switched on stays on', () => {
  const played = new Played();
  estats(played.estatsCalls).read([rowOf(7)]);
  const second = estats(played.estatsCalls);
  assert.is(decodeStatistics(second.read([rowOf(7)]), 0)!.reason, null);
  second.off();
  assert.is(played.on.size, 2);
});

test('a switch that fails gives no numbers, but the error', () => {
  const played = new Played();
  played.errors.set(DATA, 50);
  const found = decodeStatistics(estats(played.estatsCalls).read([rowOf(7)]), 0)!;
  assert.equal(found, { sent: -1, received: -1, roundTrip: 12_000, retransmits: 3, reason: 'Windows has no statistics for this connection' });
});

test('without the rights, one refusal is enough', () => {
  const played = new Played();
  played.errors.set(DATA, 5).set(PATH, 5);
  const own = estats(played.estatsCalls);
  const bytes = own.read([rowOf(7), rowOf(8), rowOf(9)]);
  assert.equal(
    played.calls.filter((call) => call.startsWith('set')),
    ['set 1 1'],
  );
  assert.equal(decodeStatistics(bytes, 2), {
    sent: -1,
    received: -1,
    roundTrip: -1,
    retransmits: -1,
    reason: 'Windows gives statistics only to administrators (needs an elevated (administrator) session)',
  });
});

test('collecting that was switched off by another program gives no random numbers', () => {
  const played = new Played();
  const own = estats(played.estatsCalls);
  own.read([rowOf(7)]);
  played.on.clear();
  const bytes = own.read([rowOf(7)]);
  assert.is(bytes.readUInt32LE(statisticsLayout.dataError), notCollected);
  assert.equal(decodeStatistics(bytes, 0)!.sent, -1);
  assert.is(decodeStatistics(bytes, 0)!.reason, 'Windows does not collect statistics for this connection');
  assert.is(own.read([rowOf(7)]).readUInt32LE(statisticsLayout.dataError), 0, 'it is switched on again');
  own.off();
  assert.is(played.on.size, 0, 'and off in the end');
});

test('a record that is cut off is none', () => {
  assert.is(decodeStatistics(new Uint8Array(statisticsLayout.size - 1), 0), null);
  assert.is(decodeStatistics(new Uint8Array(statisticsLayout.size), 1), null);
});

const server = { pid: 40, name: 'server.exe', created: filetime('2026-01-02T03:00:05Z') };
const box = (tcp4: readonly Row[], tcp6: readonly Row[] = []) => windows({ sockets: { tcp4, tcp6, udp4: [{ local: '0.0.0.0', port: 53, pid: 40 }] }, processes: [server] });
const far: Row = { local: '192.0.2.1', port: 80, remote: '192.0.2.7', remotePort: 5000, state: 5, pid: 40 };
const farIPv6: Row = { local: '2001:db8::1', port: 80, remote: '2001:db8::2', remotePort: 5000, state: 5, pid: 40 };
const near: Row = { local: '127.0.0.1', port: 80, remote: '127.0.0.1', remotePort: 5001, state: 5, pid: 40 };
const listener: Row = { local: '0.0.0.0', port: 80, pid: 40 };

async function looks(statistics: ConnectionStatistics, request = {}) {
  let source = box([]);
  let at = 0;
  const live = { source: { platform: 'win32', read: (name, hint) => source.read(name, hint) } as RawSource, statistics, close: () => statistics.close() };
  const looker = await startLooking(live, { ...lookAtAll, ...request }, { clock: () => at });
  return {
    looker,
    look: async (next: RawSource, wanted?: ReadonlySet<string>) => {
      source = next;
      at += 1000;
      return looker.look(wanted);
    },
  };
}

test('a look has the counters of connections, and why others have none', async () => {
  const played = new Played();
  const { look, looker } = await looks(played.statistics());
  const { sockets } = await look(box([listener, far, near], [farIPv6]));
  const found = Object.fromEntries(
    [...sockets.values()].map(({ protocol, localAddress, state, counters, reason }) => [`${protocol} ${localAddress} ${state}`, [counters.sent, counters.roundTrip, reason]]),
  );
  assert.equal(found, {
    'TCP 0.0.0.0 Listen': [null, null, null],
    'TCP 192.0.2.1 Established': [5_000_000_000, 12, null],
    'TCP 127.0.0.1 Established': [null, null, 'Windows has no statistics for connections of this machine with itself'],
    'TCP 2001:db8::1 Established': [5_000_000_000, 12, null],
    'UDP 0.0.0.0 null': [null, null, 'Windows does not count the bytes of a UDP socket'],
  });
  assert.is(played.on.size, 4);
  looker.close();
  assert.is(played.on.size, 0);
});

test('rates, and a look without changes', async () => {
  const played = new Played();
  const { look } = await looks(played.statistics());
  const one = await look(box([far]));
  const same = await look(box([far]));
  assert.is(one.sockets, same.sockets);
  played.counted = { ...played.counted, sent: 5_000_004_000 };
  const after = await look(box([far]));
  assert.equal(
    [...rates(same, after).values()].filter(({ send }) => send !== null),
    [{ send: 4000, receive: 0, retransmits: 0 }],
  );
});

test('collecting is switched on only for what is asked for', async () => {
  const played = new Played();
  const noFilter = { states: null, pids: null, images: null, addresses: null, remotePorts: null, users: null, services: null, ranges: null };
  const { look } = await looks(played.statistics(), { filter: { ...noFilter, images: ['other'] } });
  await look(box([far]));
  assert.equal(played.calls, []);
  const without = await looks(played.statistics(), { counters: false });
  await without.look(box([far]));
  assert.equal(played.calls, []);
});

test('only connections that are wanted are collected: what leaves the screen is switched off', async () => {
  const played = new Played();
  const { look, looker } = await looks(played.statistics());
  const other: Row = { ...far, remotePort: 5001 };
  const found = (sockets: ReadonlyMap<string, LiveSocket>) =>
    Object.fromEntries([...sockets.values()].flatMap(({ remotePort, counters, reason }) => (remotePort === null ? [] : [[remotePort, [counters.sent, reason]]])));
  const nothing = [null, 'Windows collects statistics only for the connections on the screen'];
  const first = await look(box([far, other]), new Set());
  assert.equal(played.calls, []);
  assert.equal(found(first.sockets), { 5000: nothing, 5001: nothing });
  const keys = [...first.sockets.values()].filter(({ remotePort }) => remotePort !== null).map(({ key }) => key);
  assert.equal(found((await look(box([far, other]), new Set([keys[0]!, 'TCP gone']))).sockets), { 5000: [5_000_000_000, null], 5001: nothing });
  assert.is(played.on.size, 2);
  assert.equal(found((await look(box([far, other]), new Set([keys[1]!]))).sockets), { 5000: nothing, 5001: [5_000_000_000, null] });
  assert.is(played.on.size, 2);
  await look(box([far, other]), new Set());
  assert.is(played.on.size, 0);
  await look(box([far, other]));
  assert.is(played.on.size, 4);
  looker.close();
  assert.is(played.on.size, 0);
});

for (const [args, isWanted] of [
  [['--events', '--format', 'ndjson'], false],
  [['--events', '--format', 'ndjson', '--columns', 'Kind,LocalPort,BytesSent'], true],
  [['--events', '--format', 'csv', '--columns', 'Kind,LocalPort'], false],
  // A line names the busiest of the connections that were asked for.
  [['--plain'], false],
  [['80', '--plain'], true],
] as const)
  test(`events and lines collect statistics only if bytes are asked for: ${args.join(' ')}`, async () => {
    const played = new Played();
    const source = box([listener, far]);
    const statistics = played.statistics();
    const { code } = await run(['watch', ...args, '--for', '150ms', '--interval', '0.1'], { source, live: { source, statistics, close: () => statistics.close() } });
    assert.is(code, 0);
    assert.is(played.calls.includes('set 1 1'), isWanted);
    assert.is(played.on.size, 0);
  });

test('stats: what Windows has counted during the measurement, and why a connection that was opened meanwhile has nothing', async () => {
  const played = new Played();
  const { counted } = played;
  const later: Row = { ...far, remotePort: 5001 };
  const [before, after] = [box([listener, far]), box([listener, far, later])];
  let looks = 0;
  const source: RawSource = {
    platform: 'win32',
    read(name, hint) {
      if (name === 'tcp4' && ++looks === 2) played.counted = { ...counted, sent: counted.sent + 4000, retransmits: 5 };
      return (looks < 2 ? before : after).read(name, hint);
    },
  };
  const statistics = played.statistics();
  const { code, out } = await run(['stats', '--for', '10ms', '--format', 'json', '--sort', 'RemotePort'], {
    source,
    live: { source, statistics, close: () => statistics.close() },
  });
  assert.is(code, 0);
  const rows = (JSON.parse(out) as Traffic[]).filter(({ RemotePort }) => RemotePort !== null);
  assert.equal(
    rows.map((row) => [row.RemotePort, row.BytesSent, row.BytesReceived, row.RoundTripTime, row.Retransmits, row.NewRetransmits, row.ReceiveRate, row.Reason]),
    [
      [5000, 5_000_004_000, 7, 12, 5, 2, 0, null],
      [5001, null, null, 12, null, null, null, ['Statistics: NotSupported: Windows counts from the first look on, which did not have this connection']],
    ],
  );
  assert.ok(Math.abs(rows[0]!.SendRate! / (4000 / rows[0]!.Seconds!) - 1) < 0.1);
  assert.is(rows[1]!.SendRate, null);
  assert.is(played.on.size, 0);
});

test('why the child process gives nothing is said of each connection', async () => {
  const refusal = { code: 'NotSupported', text: 'this Windows has no GetPerTcpConnectionEStats in iphlpapi.dll' } as const;
  const { look } = await looks({ read: async () => ({ refusal }), close() {} });
  const { sockets } = await look(box([far]));
  assert.equal([...sockets.values()].map(({ counters, reason }) => [counters.sent, reason])[0], [null, refusal.text]);
});

/**
 * A child process that has switched on what it is asked about: its rows are texts, and begin its answers. What is on is in
 * a file, `adopted` are rows with one more byte. It ends as the real one, or crashes, or waits.
 */
const playedChild = `
const { appendFileSync } = require('node:fs');
const log = (text) => appendFileSync(process.argv[1], text + '\\n');
const own = new Map();
let text = '';
process.stdin.setEncoding('latin1').on('data', (part) => {
  text += part;
  for (let end = text.indexOf('\\n'); end >= 0; end = text.indexOf('\\n')) {
    const words = text.slice(0, end).split(' ').filter((word) => word !== '');
    text = text.slice(end + 1);
    if (words[0] === '.') process.exit(own.size === 0 ? 0 : (log('off ' + [...own.keys()].join()), 0));
    const rows = words.map((word) => Buffer.from(word, 'base64'));
    const asked = rows.filter((row) => row.length % 4 === 0);
    for (const row of rows) if (row.length % 4 === 1) { own.set(String(row.subarray(0, -1)), row.at(-1)); log('adopted ' + row.subarray(0, -1) + ' ' + row.at(-1)); }
    if (asked.some((row) => String(row) === 'boom')) process.exit(3);
    if (asked.some((row) => String(row) === 'hang')) return;
    for (const key of own.keys()) if (!asked.some((row) => String(row) === key)) { own.delete(key); log('off ' + key); }
    process.stdout.write(Buffer.concat(asked.map((row) => {
      if (!own.has(String(row))) own.set(String(row), 3);
      const record = Buffer.alloc(268);
      row.copy(record);
      record[264] = own.get(String(row));
      return record;
    })).toString('base64') + '\\n');
  }
}).on('end', () => process.exit(0));
`;

/** The statistics through played child processes, and what these wrote. */
async function playing() {
  const file = join(temporaryFolder(), 'log');
  writeFileSync(file, '');
  const children: ChildProcess[] = [];
  let at = 0;
  const begin = (): ReturnType<typeof serverOf> => {
    const child = spawn(process.execPath, ['-e', playedChild, file], { stdio: ['pipe', 'pipe', 'ignore'] });
    children.push(child);
    return serverOf(child);
  };
  const statistics = connectionStatistics(['node'], begin, () => at);
  const ended = async (child: ChildProcess): Promise<unknown> =>
    child.exitCode ?? child.signalCode ?? new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
  return {
    statistics,
    children,
    ended,
    wait: (ms: number) => void (at += ms),
    log: (): string[] => readFileSync(file, 'utf8').split('\n').slice(0, -1),
    /** The rows that were answered, or why none were. */
    async ask(...rows: string[]): Promise<string> {
      const answer = await statistics.read(rows.map((row) => Buffer.from(row)));
      if ('refusal' in answer) return answer.refusal.text;
      return rows.map((_, i) => String(Buffer.from(answer.bytes).subarray(i * statisticsLayout.size, i * statisticsLayout.size + 4))).join(' ');
    },
  };
}

test('the child process is long-lived, and started again after it has failed', async () => {
  const { statistics, ask, children, ended, wait } = await playing();
  assert.is(await ask('one1', 'one2'), 'one1 one2');
  assert.is(await ask('two1'), 'two1');
  assert.is(children.length, 1);
  assert.is(await ask('boom'), 'the child process ended with code 3');
  assert.is(await ask('four'), 'four');
  assert.is(children.length, 2);
  // Ended by somebody between two looks: the next one has statistics.
  children[1]!.kill('SIGKILL');
  await ended(children[1]!);
  assert.is(await ask('five'), 'five');
  assert.is(children.length, 3);
  for (let turn = 0; turn < 3; turn++) await ask('boom');
  // It fails again and again: it is not started for a while, and then tried again.
  assert.is(children.length, 5);
  wait(29_999);
  assert.is(await ask('six6'), 'the child process ended with code 3');
  assert.is(children.length, 5);
  wait(1);
  assert.is(await ask('six6'), 'six6');
  assert.is(children.length, 6);
  statistics.close();
  assert.is(await ended(children[5]!), 0);
});

test('what a child process that was killed has switched on is switched off by the next one', async () => {
  const { statistics, ask, children, ended, log } = await playing();
  await ask('one1', 'one2');
  children[0]!.kill('SIGKILL');
  await ended(children[0]!);
  assert.is(await ask('one2', 'new3'), 'one2 new3');
  assert.equal(log(), ['adopted one1 3', 'adopted one2 3', 'off one1']);
  children[1]!.kill('SIGKILL');
  await ended(children[1]!);
  // Nothing is looked at anymore, and yet it is switched off.
  statistics.close();
  assert.is(children.length, 3);
  assert.is(await ended(children[2]!), 0);
  assert.equal(log().slice(3), ['adopted one2 3', 'adopted new3 3', 'off one2', 'off new3']);
});

test('nothing is started to switch nothing off', async () => {
  const { statistics, ask, children, ended } = await playing();
  assert.is(await ask(), '');
  statistics.close();
  assert.is(children.length, 0);
  await ask('one1');
  await ask();
  children[0]!.kill('SIGKILL');
  await ended(children[0]!);
  statistics.close();
  assert.is(children.length, 1);
});

test('how long an answer may take grows with the connections; one that is late switches off what it has switched on', async () => {
  const limits: number[] = [];
  const record = Buffer.alloc(statisticsLayout.size).toString('base64');
  const server = {
    isOver: () => false,
    ask: async (_line: string, limit: number) => {
      limits.push(limit);
      return record;
    },
    end() {},
  };
  const { read } = connectionStatistics(['node'], () => server);
  await read([Buffer.alloc(20)]);
  await read(Array.from({ length: 20_000 }, () => Buffer.alloc(20)));
  assert.ok(limits[0]! >= 5000 && limits[0]! < 6000, `${limits[0]} ms`);
  assert.ok(limits[1]! - limits[0]! >= 20_000, `${limits[1]} ms`);

  const scratch = temporaryFolder();
  const child = spawn(process.execPath, ['-e', playedChild, join(scratch, 'log')], { stdio: ['pipe', 'pipe', 'ignore'] });
  const slow = serverOf(child);
  await slow.ask(Buffer.from('one1').toString('base64'), 60_000);
  await slow.ask(Buffer.from('hang').toString('base64'), 50).then(
    () => assert.unreachable('it has no answer'),
    (error: Error) => assert.is(error.message, 'the child process took longer than 0.05 s'),
  );
  assert.ok(slow.isOver());
  if (child.exitCode === null) await once(child, 'exit');
  assert.is(child.exitCode, 0);
  assert.is(readFileSync(join(scratch, 'log'), 'utf8'), 'off one1\n');
});

test('what a former child process has switched on is read, and switched off in the end', () => {
  const played = new Played();
  const first = estats(played.estatsCalls);
  // Another program has switched on one of the kinds.
  played.on.add(`3 ${rowOf(7).toString('hex', 4)}`);
  const bits = switchedOn(first.read([rowOf(7), rowOf(8)]), 0);
  assert.equal([bits, switchedOn(first.read([rowOf(7), rowOf(8)]), 1)], [1, 3]);
  const second = estats(played.estatsCalls);
  second.adopt(rowOf(7), bits);
  second.adopt(rowOf(8), 3);
  assert.is(decodeStatistics(second.read([rowOf(7, 8)]), 0)!.reason, null);
  assert.equal([...played.on].toSorted(), [`1 ${rowOf(7).toString('hex', 4)}`, `3 ${rowOf(7).toString('hex', 4)}`]);
  second.off();
  assert.equal([...played.on], [`3 ${rowOf(7).toString('hex', 4)}`]);
});

test('a child process that cannot be started', async () => {
  const statistics = connectionStatistics(['node'], () => serverOf(spawn('/no/such/program', [], { stdio: ['pipe', 'pipe', 'ignore'] })));
  const answer = await statistics.read([Buffer.from('one')]);
  assert.match('refusal' in answer ? answer.refusal.text : '', /^the child process could not be run: /);
});

test.run();
