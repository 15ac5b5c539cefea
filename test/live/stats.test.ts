import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Traffic } from '../../src/schema/traffic.ts';
import type { RawSource } from '../../src/system/raw.ts';
import { run } from '../support/harness.ts';
import { linux, tcpInfo, type DiagRow, type World } from '../support/linux-raw.ts';

const test = suite('stats');

/** A machine whose sockets change between two looks. */
function changing(first: World, second: World): RawSource {
  const [before, after] = [linux(first), linux(second)];
  const reads = new Map<string, number>();
  return {
    platform: 'linux',
    read(name, hint) {
      if (hint?.counters === true) reads.set(name, (reads.get(name) ?? 0) + 1);
      const isFirst = (reads.get(name) ?? Math.max(...reads.values())) < 2;
      return (isFirst ? before : after).read(name, hint);
    },
  };
}

const processes = { 10: { name: 'web', exe: '/usr/sbin/web', ticks: 500 }, 20: { name: 'node', exe: '/usr/bin/node', ticks: 600, cmdline: 'node\0server.js\0' } };
const holders = [10, 1, 10, 2, 20, 3, 20, 4, 20, 5];
const sockets = (sent: number, more: readonly DiagRow[] = []): World => ({
  tcp: [
    { port: 80, inode: 1, queues: [0, 128] },
    { port: 80, remote: '192.0.2.7', remotePort: 5000, state: 1, inode: 2, info: tcpInfo({ sent, received: 10, roundTrip: 2500, retransmits: sent / 1000 }), queues: [7, 9] },
    { port: 40000, remote: '192.0.2.9', remotePort: 5432, state: 1, inode: 3, info: tcpInfo({ sent: 1, received: sent * 2, roundTrip: 500 }) },
    { port: 40001, remote: '192.0.2.9', remotePort: 5432, state: 1, inode: 4, info: tcpInfo({ sent: 1, received: 5, roundTrip: 800 }) },
    { port: 40002, remote: '192.0.2.9', remotePort: 5432, state: 6 },
    ...more,
  ],
  udp4: [{ port: 53, inode: 5, drops: sent / 100 }],
  holders,
  processes,
});
const still: readonly string[] = ['--for', '10ms', '--format', 'json'];

async function stats(args: readonly string[], first = sockets(1000), second = sockets(3000)): Promise<{ rows: Traffic[]; err: string; code: number }> {
  const { out, err, code } = await run(['stats', ...args, ...still], { source: changing(first, second) });
  return { rows: JSON.parse(out) as Traffic[], err, code };
}

test('what each socket transferred, the busiest first, without closed connections', async () => {
  const { rows, code } = await stats([]);
  assert.is(code, 0);
  assert.equal(
    rows.map(({ Protocol, LocalPort, RemotePort, Owner }) => `${Protocol} ${LocalPort} ${RemotePort} ${Owner}`),
    ['TCP 40000 5432 node server.js (20)', 'TCP 80 5000 web (10)', 'TCP 40001 5432 node server.js (20)', 'UDP 53 null node server.js (20)', 'TCP 80 null web (10)'].sort(
      (a, b) =>
        rows.findIndex((row) => a.startsWith(`${row.Protocol} ${row.LocalPort} ${row.RemotePort}`)) -
        rows.findIndex((row) => b.startsWith(`${row.Protocol} ${row.LocalPort} ${row.RemotePort}`)),
    ),
  );
  const web = rows.find(({ RemotePort }) => RemotePort === 5000)!;
  assert.is(rows[0]!.LocalPort, 40000);
  assert.equal([web.BytesSent, web.BytesReceived, web.RoundTripTime, web.Retransmits, web.NewRetransmits], [3000, 10, 2.5, 3, 2]);
  assert.equal([web.ReceiveQueue, web.SendQueue, web.AcceptQueue, web.Sockets, web.Reason], [7, 9, null, null, null]);
  // The rate is the difference over the time that the row reports, which is rounded.
  assert.ok(Math.abs(web.SendRate! / (2000 / web.Seconds!) - 1) < 0.1, `${web.SendRate} in ${web.Seconds}`);
  assert.is(web.ReceiveRate, 0);
  const { rows: all } = await stats(['--all']);
  assert.is(all.length, 6);
});

test('statistics that cannot be had are null, with a reason, and never 0', async () => {
  const { rows } = await stats(['53', '--protocol', 'udp']);
  const { SendRate, ReceiveRate, BytesSent, BytesReceived, RoundTripTime, Retransmits, Reason, Drops } = rows[0]!;
  assert.equal([SendRate, ReceiveRate, BytesSent, BytesReceived, RoundTripTime, Retransmits], [null, null, null, null, null, null]);
  assert.equal(Reason, ['Statistics: NotSupported: Linux does not count the bytes of a UDP socket']);
  assert.is(Drops, 30);
  const { rows: listeners } = await stats(['--state', 'listen']);
  assert.equal([listeners[0]!.SendRate, listeners[0]!.Reason], [null, null]);
});

test('lost packets are a warning', async () => {
  const { rows, err } = await stats(['53']);
  assert.is(rows[0]!.Warning, '20 packets to UDP port 53 of node server.js (20) were lost during the measurement because the receive queue was full');
  assert.match(err, /PO4302: warning: 20 packets to UDP port 53 of node server\.js \(20\) were lost/);
});

test('a full accept queue is a warning, and one that has room is not', async () => {
  const listener = (waiting: number): World => ({ tcp: [{ port: 80, inode: 1, queues: [waiting, 5] }], holders, processes });
  const { rows, err } = await stats([], listener(6), listener(6));
  assert.equal([rows[0]!.AcceptQueue, rows[0]!.Backlog], [6, 5]);
  assert.match(rows[0]!.Warning!, /^the accept queue of TCP port 80 of web \(10\) is full \(6 connections, backlog 5\): new /);
  assert.match(err, /PO4302: warning: the accept queue of TCP port 80 of web \(10\) is full/);
  const room = await stats([], listener(5), listener(5));
  assert.equal([room.rows[0]!.Warning, room.err], [null, '']);
});

/** A program that accepts no connection, on two ports, and loses packets. */
const idle = (drops: number): World => ({
  tcp: [
    { port: 8080, inode: 3, queues: [1, 0] },
    { port: 8080, remote: '192.0.2.7', remotePort: 5000, state: 1, inode: 0 },
    { port: 8081, inode: 4, queues: [2, 1] },
    ...[5001, 5002].map((remotePort): DiagRow => ({ port: 8081, remote: '192.0.2.7', remotePort, state: 1, inode: 0 })),
  ],
  udp4: [{ port: 53, inode: 5, drops }],
  holders,
  processes,
});
const fullText = (port: number, waiting: string): string =>
  `the accept queue of TCP port ${port} of node server.js (20) is full (${waiting}): new connections time out or are refused until the program accepts some`;
const lostText = '7 packets to UDP port 53 of node server.js (20) were lost during the measurement because the receive queue was full';

for (const by of ['process', 'application', 'port'] as const)
  test(`connections that nobody has accepted do not hide the owner and the warnings of a sum by ${by}`, async () => {
    const { rows, err } = await stats(['--by', by], idle(3), idle(10));
    assert.equal(new Set(rows.map(({ Owner, OwningProcess }) => `${Owner} ${OwningProcess}`)), new Set(['node server.js (20) 20']));
    const warnings = rows.map(({ Warning }) => Warning);
    const both = `${fullText(8080, '1 connection, backlog 0')} (and 1 more socket); ${lostText}`;
    const each = [lostText, fullText(8080, '1 connection, backlog 0'), fullText(8081, '2 connections, backlog 1')];
    assert.equal(warnings.toSorted(), by === 'port' ? each.toSorted() : [both]);
    for (const text of warnings) assert.ok(err.includes(`PO4302: warning: ${text}`), err);
  });

test('a sum by process has its owner, although sockets of it have others', async () => {
  const shared: World = { ...idle(0), holders: [10, 3, 20, 3, 20, 4, 20, 5] };
  const { rows } = await stats(['--by', 'process'], shared, shared);
  assert.ok(
    rows.some(({ OwningProcess, Owner }) => OwningProcess === 20 && Owner === 'node server.js (20)'),
    JSON.stringify(rows),
  );
});

test('names that only a warning has are redacted', async () => {
  const { rows, err } = await stats(['--by', 'protocol', '--redact'], idle(3), idle(10));
  assert.match(`${rows.map(({ Warning }) => Warning).join()}`, /TCP port 8080 of .*\(20\) is full/);
  assert.not.match(`${JSON.stringify(rows)}${err}`, /server\.js/);
});

test('sums of a process, an application, a port, and a state', async () => {
  const byProcess = await stats(['--by', 'process']);
  const node = byProcess.rows.find(({ OwningProcess }) => OwningProcess === 20)!;
  assert.equal([node.Sockets, node.Application, node.BytesReceived, node.RoundTripTime, node.LocalPort, node.Drops], [3, 'node server.js', 6005, 0.8, null, 30]);
  assert.equal(node.Reason, ['Statistics: NotSupported: 1 of the sockets: Linux does not count the bytes of a UDP socket']);
  const byPort = await stats(['--by', 'port', '80']);
  assert.equal(
    byPort.rows.map(({ LocalPort, Sockets, Owner, AcceptQueue, ReceiveQueue }) => [LocalPort, Sockets, Owner, AcceptQueue, ReceiveQueue]),
    [[80, 2, 'web (10)', 0, 7]],
  );
  const byState = await stats(['--by', 'state']);
  assert.equal(Object.fromEntries(byState.rows.map(({ Protocol, State, Sockets }) => [`${Protocol} ${State}`, Sockets])), {
    'TCP Established': 3,
    'TCP Listen': 1,
    'TCP TimeWait': 1,
    'UDP null': 1,
  });
  const byProtocol = await stats(['--by', 'protocol']);
  assert.equal(
    byProtocol.rows.map(({ Protocol, Sockets, BytesSent, BytesReceived, Retransmits, Drops, AcceptQueue }) => [
      Protocol,
      Sockets,
      BytesSent,
      BytesReceived,
      Retransmits,
      Drops,
      AcceptQueue,
    ]),
    [
      ['TCP', 5, 3002, 6015, 3, null, 0],
      ['UDP', 1, null, null, null, 30, null],
    ],
  );
  const byApplication = await stats(['--by', 'application']);
  assert.equal(
    byApplication.rows
      .map(({ Application }) => Application)
      .filter((name) => name !== null)
      .sort(),
    ['node server.js', 'web'],
  );
});

test('the use of the dynamic ports for each remote end', async () => {
  const { rows } = await stats(['--by', 'remote']);
  assert.equal(
    rows.map(({ RemoteAddress, RemotePort, LocalPort, Sockets, DynamicPortUse }) => [RemoteAddress, RemotePort, LocalPort, Sockets, DynamicPortUse]),
    [
      // 3 of 28,232 ports.
      ['192.0.2.9', 5432, null, 3, 0.01],
      ['192.0.2.7', 5000, 80, 1, null],
    ],
  );
});

test('closed connections do not hide the owner of the others', async () => {
  const world = sockets(0, [{ port: 80, remote: '192.0.2.7', remotePort: 5001, state: 6 }]);
  const { rows } = await stats(['--by', 'port', '80', '--all'], world, world);
  assert.equal([rows[0]!.Sockets, rows[0]!.Owner, rows[0]!.OwningProcess], [3, 'web (10)', 10]);
});

for (const [by, without, all] of [
  ['process', 5, 6],
  ['application', 5, 6],
  ['port', 5, 6],
  // A closed connection still uses a dynamic port, and is one of the sockets of its state.
  ['remote', 4, 4],
  ['state', 6, 6],
  ['protocol', 6, 6],
] as const)
  test(`closed connections are in sums by ${by} ${without === all ? 'always' : 'only with --all'}`, async () => {
    const count = async (...args: string[]): Promise<number> => (await stats(['--by', by, ...args])).rows.reduce((sum, { Sockets }) => sum + Sockets!, 0);
    assert.equal([await count(), await count('--all'), await count('--state', 'timewait')], [without, all, 1]);
  });

test('nearly exhausted dynamic ports are a warning that names who uses them', async () => {
  const many = Array.from({ length: 90 }, (_, i): DiagRow => ({ port: 40000 + i, remote: '192.0.2.9', remotePort: 5432, state: 1, inode: 3, cookie: 1000 + i }));
  const world: World = {
    tcp: many,
    holders,
    processes,
    raw: { ranges: { text: JSON.stringify({ ip_local_port_range: '40000\t40099', ip_local_reserved_ports: '', ip_unprivileged_port_start: '1024' }) } },
  };
  const { rows, err } = await stats(['--by', 'remote'], world, world);
  assert.equal([rows[0]!.DynamicPortUse, rows[0]!.Sockets], [90, 90]);
  assert.match(rows[0]!.Warning!, /^90% of the dynamic ports/);
  assert.match(err, /PO4303: warning: the dynamic ports for connections to 192\.0\.2\.9:5432 are nearly used up: 90 of the 100 dynamic ports .*node \(20\)/);
});

/** Ten dynamic ports. A server has one of them; the clients of two programs use four to one remote end, one closed. */
const few: World = {
  tcp: [
    { local: '0.0.0.0', port: 40009, inode: 1 },
    { port: 40009, remote: '192.0.2.7', remotePort: 5000, state: 1, inode: 2 },
    { port: 40009, remote: '192.0.2.7', remotePort: 5001, state: 1, inode: 6 },
    // A client may get the number of a port that a server has on another address.
    { local: '127.0.0.2', port: 40003, inode: 7 },
    ...[40000, 40001, 40002].map((port, i): DiagRow => ({ port, remote: '192.0.2.9', remotePort: 5432, state: 1, inode: [3, 4, 8][i]! })),
    { port: 40003, remote: '192.0.2.9', remotePort: 5432, state: 6 },
  ],
  holders: [...holders, 10, 6, 10, 7, 10, 8],
  processes,
  raw: { ranges: { text: JSON.stringify({ ip_local_port_range: '40000\t40009', ip_local_reserved_ports: '', ip_unprivileged_port_start: '1024' }) } },
};

for (const [args, expected] of [
  [[], ['192.0.2.9 5432 null 4 40', '192.0.2.7 null 40009 2 null']],
  [
    ['--state', 'established'],
    ['192.0.2.9 5432 null 3 40', '192.0.2.7 null 40009 2 null'],
  ],
  [['--image', 'node'], ['192.0.2.9 5432 null 2 40']],
  [['--pid', '20'], ['192.0.2.9 5432 null 2 40']],
  [['40000'], ['192.0.2.9 5432 40000 1 40']],
  [['40009', '--state', 'established'], ['192.0.2.7 null 40009 2 null']],
  [['127.0.0.1:40001', '--protocol', 'tcp'], ['192.0.2.9 5432 40001 1 40']],
  [['--remote-port', '5432', '--address', '192.0.2.9'], ['192.0.2.9 5432 null 4 40']],
  [['--remote-port', '5001'], ['192.0.2.7 5001 40009 1 null']],
] as const)
  test(`servers, and the use of the dynamic ports, are those of all sockets: ${args.join(' ')}`, async () => {
    const { rows } = await stats(['--by', 'remote', ...args], few, few);
    assert.equal(
      rows.map((row) => `${row.RemoteAddress} ${row.RemotePort} ${row.LocalPort} ${row.Sockets} ${row.DynamicPortUse}`),
      expected,
    );
  });

test('connections of IPv4 and of dual-stack sockets use the same dynamic ports', async () => {
  const mapped = [40005, 40006].map((port): DiagRow => ({ local: '::ffff:7f00:1', port, remote: '::ffff:c000:209', remotePort: 5432, state: 1, inode: 5, cookie: port }));
  const both: World = { ...few, tcp: [...few.tcp!, ...mapped] };
  const { rows } = await stats(['--by', 'remote', '--remote-port', '5432'], both, both);
  assert.equal(
    rows.map((row) => [row.RemoteAddress, row.Sockets, row.DynamicPortUse]),
    [
      ['192.0.2.9', 4, 60],
      ['::ffff:192.0.2.9', 2, 60],
    ],
  );
  const more = [40007, 40008].map((port): DiagRow => Object.assign({}, mapped[0]!, { port, cookie: port }));
  const full: World = { ...both, tcp: [...both.tcp!, ...more] };
  const { err } = await stats(['40007'], full, full);
  assert.match(err, /PO4303: warning: the dynamic ports for connections to 192\.0\.2\.9:5432 are nearly used up: 8 of the 10/);
});

const exhausted: World = {
  ...few,
  tcp: [
    ...few.tcp!,
    ...[40004, 40005, 40006, 40007].map((port): DiagRow => ({
      port,
      remote: '192.0.2.9',
      remotePort: 5432,
      state: port === 40007 ? 1 : 6,
      inode: port === 40007 ? 5 : 0,
      cookie: port,
    })),
  ],
};

for (const [args, isTold] of [
  [[], true],
  [['--image', 'node'], true],
  [['--state', 'established', '--by', 'process'], true],
  [['40007'], true],
  // They are not connections to that remote end.
  [['40009'], false],
  [['--state', 'listen'], false],
  [['--protocol', 'udp'], false],
] as const)
  test(`nearly exhausted dynamic ports are told of the sockets that are asked for: ${args.join(' ')}`, async () => {
    const { err } = await stats(args, exhausted, exhausted);
    assert.is(err.includes('PO4303: warning: the dynamic ports for connections to 192.0.2.9:5432 are nearly used up: 8 of the 10'), isTold, err);
  });

test('a connection that comes to match a filter did not open', async () => {
  const connection = (state: number, sent: number): World => ({ ...few, tcp: [{ port: 80, remote: '192.0.2.7', remotePort: 5000, state, inode: 2, info: tcpInfo({ sent }) }] });
  const { rows } = await stats(['--state', 'closewait'], connection(1, 9000), connection(8, 9500));
  assert.ok(Math.abs(rows[0]!.SendRate! / (500 / rows[0]!.Seconds!) - 1) < 0.1, `${rows[0]!.SendRate} in ${rows[0]!.Seconds}`);
  // And one that did open counts from its start, with a filter, too.
  const opened = await stats(['--state', 'established'], { ...few, tcp: [] }, connection(1, 700));
  assert.ok(Math.abs(opened.rows[0]!.SendRate! / (700 / opened.rows[0]!.Seconds!) - 1) < 0.1);
});

test('a connection that was opened during the measurement counts from its start', async () => {
  const later = sockets(3000, [{ port: 80, remote: '192.0.2.8', remotePort: 6000, state: 1, inode: 2, cookie: 77, info: tcpInfo({ sent: 500, received: 5 }) }]);
  const { rows } = await stats([], sockets(3000), later);
  const { SendRate, Seconds } = rows.find(({ RemotePort }) => RemotePort === 6000)!;
  assert.ok(Math.abs(SendRate! / (500 / Seconds!) - 1) < 0.1);
});

test('a person gets a sentence first', async () => {
  const { out } = await run(['stats', '--for', '10ms'], { source: changing(sockets(1000), sockets(3000)) });
  assert.match(out, /^6 sockets \(3 Established, 1 Listen, 1 TimeWait, 1 UDP\) in \d+\.\d s; TCP sent \d+ and received \d+ bytes\/s\.\n\n/);
});

test('nothing that matches', async () => {
  const { rows, code } = await stats(['81']);
  assert.equal([rows, code], [[], 1]);
});

for (const [args, message] of [
  [['--for', '0'], /PO1001: unknown value "0" for --for; expected seconds/],
  [['--for', 'soon'], /PO1001: unknown value "soon" for --for/],
  [['--by', 'day'], /PO1001: unknown value "day" for --by; expected process, application, port, remote, state, or protocol/],
  [['--sort', 'Size'], /PO1003/],
] as const)
  test(`wrong usage: ${args.join(' ')}`, async () => {
    const { err, code } = await run(['stats', ...args], { source: linux({}) });
    assert.is(code, 64);
    assert.match(err, message);
  });

test('--redact replaces the user whose process cannot be seen', async () => {
  const limit = { code: 'AccessDenied', text: 'the open files of 3 processes cannot be read', needs: 'root (sudo)' } as const;
  const world: World = { tcp: [{ port: 80, inode: 1, uid: 33, local: '198.51.100.7' }], holders: [], limit };
  const { rows } = await stats(['--redact'], world, world);
  assert.match(rows[0]!.Owner!, /^a process of user\d* /i);
  assert.not.match(JSON.stringify(rows), /web|198\.51|"box"/);
});

test('sorting, choosing columns, counting', async () => {
  const { out } = await run(['stats', '--for', '10ms', '--sort', 'LocalPort,-RemotePort', '--columns', 'LocalPort,RemotePort', '--format', 'csv'], {
    source: changing(sockets(0), sockets(0)),
  });
  assert.is(out, 'LocalPort,RemotePort\r\n53,\r\n80,5000\r\n80,\r\n40000,5432\r\n40001,5432\r\n');
  const { out: count } = await run(['stats', '--for', '10ms', '--count'], { source: changing(sockets(0), sockets(0)) });
  assert.is(count, '5\n');
});

test.run();
