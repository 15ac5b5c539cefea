import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { changes } from '../../src/live/changes.ts';
import type { Look } from '../../src/live/look.ts';
import { rates } from '../../src/live/rates.ts';
import { diag, linux, tcpInfo, type DiagRow, type World } from '../support/linux-raw.ts';
import { scene } from '../support/live-looks.ts';

const test = suite('looks at the sockets of Linux');

const ESTABLISHED = 1;
const server = { 10: { name: 'server', exe: '/usr/sbin/server', ticks: 500 } };
const listener: DiagRow = { port: 80, inode: 1, queues: [0, 128] };
const connection = (more: Partial<DiagRow> = {}): DiagRow => ({ port: 80, remote: '192.0.2.7', remotePort: 5000, state: ESTABLISHED, inode: 2, ...more });
const world = (tcp: readonly DiagRow[], more: World = {}): World => ({ tcp, holders: [10, 1, 10, 2], processes: server, ...more });

/** Every difference in words. */
const words = (before: Look, after: Look): string[] =>
  changes(before, after).map(({ kind, socket, before: was }) => `${kind} ${socket.localPort}-${socket.remotePort} ${was?.state ?? null} ${socket.state} ${socket.owner.owner}`);
const only = (look: Look) => {
  assert.is(look.sockets.size, 1);
  return [...look.sockets.values()][0]!;
};

test('a listener with its owner and its queue', async () => {
  const { look } = await scene();
  const socket = only(await look(world([{ ...listener, queues: [3, 128] }])));
  assert.equal(socket, {
    key: 'TCP 1',
    protocol: 'TCP',
    localAddress: '127.0.0.1',
    localPort: 80,
    remoteAddress: null,
    remotePort: null,
    state: 'Listen',
    owner: { pid: 10, startTime: '2026-01-02T03:00:05.000Z', imageName: 'server', application: 'server', owner: 'server (10)' },
    counters: { sent: null, received: null, roundTrip: null, retransmits: null, receiveQueue: 3, sendQueue: 128, drops: null },
    reason: null,
  });
});

test('the counters of a connection', async () => {
  const { look } = await scene();
  const info = tcpInfo({ sent: 5_000_000_000, received: 2 ** 40, roundTrip: 1500, retransmits: 7 });
  const { counters, reason } = only(await look(world([connection({ info, queues: [9, 8] })])));
  assert.equal(counters, { sent: 5_000_000_000, received: 2 ** 40, roundTrip: 1.5, retransmits: 7, receiveQueue: 9, sendQueue: 8, drops: null });
  assert.is(reason, null);
});

for (const [length, sent, received, retransmits] of [
  [280, 1, 2, 3],
  [136, 1, 2, 3],
  [128, 1, null, 3],
  [120, null, null, 3],
  [104, null, null, 3],
  [100, null, null, null],
  [0, null, null, null],
] as const) {
  test(`a kernel whose struct tcp_info has ${length} bytes`, async () => {
    const { look } = await scene();
    const info = tcpInfo({ sent: 1, received: 2, retransmits: 3 }, length);
    const { counters, reason } = only(await look(world([connection({ info })])));
    assert.equal([counters.sent, counters.received, counters.retransmits], [sent, received, retransmits]);
    assert.is(reason, sent === null || received === null ? 'this kernel does not count the bytes of a connection' : null);
  });
}

for (const [state, length, reason] of [
  // What is left of a closed connection has no struct tcp_info.
  [5, null, null],
  [6, null, null],
  [5, 120, 'this kernel does not count the bytes of a connection'],
  [1, null, 'this kernel does not count the bytes of a connection'],
] as const)
  test(`why a connection in state ${state} has no bytes, with ${length ?? 'no'} bytes of struct tcp_info`, async () => {
    const { look } = await scene();
    const info = length === null ? {} : { info: tcpInfo({ sent: 1, received: 2 }, length) };
    const socket = only(await look(world([connection({ state, ...info })])));
    assert.equal([socket.counters.sent, socket.counters.received, socket.reason], [null, null, reason]);
  });

test('dropped packets of a UDP socket, and why it has no bytes', async () => {
  const { look } = await scene();
  const { counters, reason } = only(await look({ udp4: [{ port: 53, inode: 1, drops: 4_000_000_000, queues: [2304, 0] }], holders: [10, 1], processes: server }));
  assert.equal([counters.drops, counters.receiveQueue, counters.sent], [4_000_000_000, 2304, null]);
  assert.is(reason, 'Linux does not count the bytes of a UDP socket');
});

test('a socket that did not change is the same object, and so is a whole look', async () => {
  const { look } = await scene();
  const one = await look(world([listener, connection({ info: tcpInfo({ sent: 1 }) })]));
  const two = await look(world([listener, connection({ info: tcpInfo({ sent: 1 }) })]));
  assert.is(one.sockets, two.sockets);
  const three = await look(world([listener, connection({ info: tcpInfo({ sent: 2 }) })]));
  assert.is(three.sockets.get('TCP 1'), one.sockets.get('TCP 1'));
  assert.is.not(three.sockets.get('TCP 2'), one.sockets.get('TCP 2'));
  assert.is(three.sockets.get('TCP 2')!.owner, one.sockets.get('TCP 2')!.owner);
});

test('every difference exactly once', async () => {
  const { look } = await scene();
  const none = await look(world([]));
  const open = await look(world([listener, connection()]));
  assert.equal(words(none, open), ['Opened 80-null null Listen server (10)', 'Opened 80-5000 null Established server (10)']);
  const half = await look(world([listener, connection({ state: 8 })]));
  assert.equal(words(open, half), ['State 80-5000 Established CloseWait server (10)']);
  const same = await look(world([listener, connection({ state: 8 })]));
  assert.equal(words(half, same), []);
  const closed = await look(world([listener]));
  assert.equal(words(same, closed), ['Closed 80-5000 CloseWait CloseWait server (10)']);
});

test('the same ends with another socket: closed, then opened, and no rate', async () => {
  const { look } = await scene();
  const before = await look(world([connection({ cookie: 100, info: tcpInfo({ sent: 10 }) })]));
  const after = await look(world([connection({ cookie: 101, info: tcpInfo({ sent: 1010 }) })]));
  assert.equal(words(before, after), ['Closed 80-5000 Established Established server (10)', 'Opened 80-5000 null Established server (10)']);
  assert.equal([...rates(before, after).values()], [{ send: null, receive: null, retransmits: null }]);
});

test('a connection stays the same when it is closed, although the kernel then lists another object', async () => {
  const { look } = await scene();
  const before = await look(world([listener, connection({ cookie: 100 })]));
  const after = await look(world([listener, connection({ cookie: 200, inode: 0, state: 6 })]));
  assert.equal(words(before, after), ['State 80-5000 Established TimeWait nobody: a closed connection (TIME_WAIT)']);
  // A new connection with the ends of a closed one is another one.
  const again = await look(world([listener, connection({ cookie: 300 })]));
  assert.equal(words(after, again), ['Closed 80-5000 TimeWait TimeWait nobody: a closed connection (TIME_WAIT)', 'Opened 80-5000 null Established server (10)']);
  const last = await look(world([listener]));
  assert.is(words(again, last).length, 1);
});

test('a connection that waits belongs to its listener, and then to the process that accepts it', async () => {
  const { look } = await scene();
  const before = await look(world([listener, connection({ cookie: 100, inode: 0 })]));
  assert.is(before.sockets.get('TCP 100')!.owner.owner, 'not yet accepted by server (10)');
  const worker = { ...server, 11: { name: 'worker', exe: '/usr/sbin/worker', ticks: 600, parent: 10 } };
  const after = await look(world([listener, connection({ cookie: 100, inode: 7 })], { holders: [10, 1, 11, 7], processes: worker }));
  assert.equal(words(before, after), ['Owner 80-5000 Established Established worker (11)']);
});

test('a socket that is handed to another process is noticed within a few looks, though nothing opens', async () => {
  const { look, taken } = await scene();
  const first = await look(world([listener]));
  assert.ok(taken().includes('holders'));
  const handed = world([listener], { holders: [11, 1], processes: { 11: { name: 'heir', exe: '/usr/sbin/heir', ticks: 900 } } });
  let last = first;
  let searches = 0;
  const seen: string[] = [];
  for (let turn = 0; turn < 5; turn++) {
    const next = await look(handed);
    searches += taken().filter((name) => name === 'holders').length;
    seen.push(...words(last, next));
    last = next;
  }
  assert.equal(seen, ['Owner 80-null Listen Listen heir (11)']);
  assert.is(searches, 1);
});

test('a socket that is closed while its process is searched for does not change its owner', async () => {
  const { look } = await scene();
  const before = await look(world([listener, connection()]));
  // It is still in the list, but its process has closed it; another one opens, so that processes are searched.
  const opened = connection({ remotePort: 5001, inode: 3 });
  const between = await look(world([listener, connection(), opened], { holders: [10, 1, 10, 3] }));
  const after = await look(world([listener, opened], { holders: [10, 1, 10, 3] }));
  assert.equal([...words(before, between), ...words(between, after)], ['Opened 80-5001 null Established server (10)', 'Closed 80-5000 Established Established server (10)']);
});

test('a connection that is accepted and closed while processes are searched keeps the owner of its listener', async () => {
  const { look } = await scene();
  const before = await look(world([listener, connection({ inode: 0, cookie: 7 })]));
  const between = await look(world([listener, connection({ inode: 7 })], { holders: [10, 1] }));
  const after = await look(world([listener], { holders: [10, 1] }));
  assert.equal([...words(before, between), ...words(between, after)], ['Closed 80-5000 Established Established not yet accepted by server (10)']);
  // If it is not closed, somebody else must have it.
  let last = before;
  const seen: string[] = [];
  const again = await scene();
  last = await again.look(world([listener, connection({ inode: 0, cookie: 7 })]));
  for (let turn = 0; turn < 12; turn++) {
    const next = await again.look(world([listener, connection({ inode: 7 })], { holders: [10, 1] }));
    seen.push(...words(last, next));
    last = next;
  }
  assert.equal(seen, ['Owner 80-5000 Established Established an unknown holder (user root)']);
});

test('a socket that nobody holds anymore, such as one on its way to another process, changes its owner once', async () => {
  const { look } = await scene();
  let last = await look(world([listener, connection()]));
  const seen: string[] = [];
  for (const holders of [...Array.from({ length: 11 }, () => [10, 1]), ...Array.from({ length: 6 }, () => [10, 1, 10, 2])]) {
    const next = await look(world([listener, connection()], { holders }));
    seen.push(...words(last, next));
    last = next;
  }
  assert.equal(seen, ['Owner 80-5000 Established Established an unknown holder (user root)', 'Owner 80-5000 Established Established server (10)']);
});

test('what is known is not asked for again', async () => {
  const { look, taken } = await scene();
  await look(world([listener, connection()]));
  taken();
  await look(world([listener, connection({ info: tcpInfo({ sent: 5 }) })]));
  assert.equal(taken(), ['diag/tcp', 'diag/udp4', 'diag/udp6']);
});

test('an owner that cannot be seen is unknown, and a gap', async () => {
  const { look } = await scene();
  const limit = { code: 'AccessDenied', text: 'the open files of 3 processes cannot be read', needs: 'root (sudo)' } as const;
  const { sockets, gaps } = await look({ tcp: [{ port: 80, inode: 1, uid: 33 }], holders: [], limit });
  assert.is([...sockets.values()][0]!.owner.owner, 'a process of web (run with sudo to see it)');
  assert.equal(gaps, ['the owner of 1 socket cannot be seen: none of the processes that can be seen holds it; the open files of 3 processes cannot be read (needs root (sudo))']);
});

test('without sock_diag, /proc/net is read, and says why there are no counters', async () => {
  const { look } = await scene();
  const header = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
  const files = (state: string, inode: number): World => ({
    holders: [10, 1, 10, 2],
    processes: server,
    raw: {
      'diag/tcp': { refusal: { code: 'Failed', text: 'it is out of order' } },
      'proc/net/tcp': {
        text: `${header}   0: 0100007F:0050 00000000:0000 0A 00000000:00000005 00:00000000 00000000     0        0 1 1\n   1: 0100007F:0050 070200C0:1388 ${state} 00000010:00000020 00:00000000 00000000     0        0 ${inode} 1\n`,
      },
    },
  });
  const before = await look(files('01', 0));
  const [first, second] = [...before.sockets.values()];
  // It has no backlog.
  assert.equal([first!.counters.receiveQueue, first!.counters.sendQueue, first!.reason], [5, null, 'the counters are in sock_diag, which failed: diag/tcp: it is out of order']);
  assert.equal([second!.counters.receiveQueue, second!.counters.sendQueue], [32, 16]);
  assert.is(second!.reason, 'the counters are in sock_diag, which failed: diag/tcp: it is out of order');
  assert.equal(before.gaps, []);
  // Only the inode identifies it: it is the same connection when it is accepted, and when it is closed.
  const accepted = await look(files('01', 2));
  assert.equal(words(before, accepted), []);
  assert.is(accepted.sockets.size, 2);
  const closed = await look(files('06', 0));
  assert.equal(words(accepted, closed), ['State 80-5000 Established TimeWait nobody: a closed connection (TIME_WAIT)']);
});

test('a list that failed only when sockets were listed does not mix them up', async () => {
  const one: World = { udp4: [{ port: 53, inode: 2 }], holders: [10, 1, 10, 2], processes: server };
  const failing = linux({ ...one, raw: { 'diag/tcp': { refusal: { code: 'Failed', text: 'it is out of order' } } } });
  const working = linux({ ...one, tcp: [listener, { port: 81, inode: 3 }] });
  let lists = 0;
  const { look } = await scene();
  const { sockets, gaps } = await look({
    platform: 'linux',
    read: (name, hint) => (name === 'diag/tcp' && lists++ === 0 ? failing : working).read(name, hint),
  });
  assert.equal(
    [...sockets.values()].map(({ protocol, localPort, owner }) => [protocol, localPort, owner.pid]),
    [['UDP', 53, 10]],
  );
  assert.is(gaps[0], 'diag/tcp: it is out of order');
});

test('sockets of a list that cannot be read for once are not closed, and not opened again', async () => {
  const header = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
  const files: World['raw'] = {
    'proc/net/tcp': { text: `${header}   0: 0100007F:0050 00000000:0000 0A 00000000:00000005 00:00000000 00000000     0        0 1 1\n` },
    'proc/net/tcp6': { text: header },
  };
  const all = [listener, connection()];
  const { look } = await scene();
  const before = await look(world(all, { raw: files }));
  // /proc/net has other numbers for them.
  const failed = await look(world(all, { raw: { ...files, 'diag/tcp': { refusal: { code: 'Failed', text: 'it is out of order' } } } }));
  assert.equal([words(before, failed), failed.gaps], [[], ['diag/tcp: it is out of order']]);
  // A list that ends too early has only some of them.
  const whole = diag(all);
  const cut = await look(world(all, { raw: { ...files, 'diag/tcp': { bytes: whole.subarray(0, whole.length / 2) } } }));
  assert.equal(words(failed, cut), []);
  assert.is(cut.gaps.length, 1);
  const after = await look(world([listener], { raw: files }));
  assert.equal(words(cut, after), ['Closed 80-5000 Established Established server (10)']);
});

test('the lists that were read first are read again, even if others work meanwhile', async () => {
  const header = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
  const raw: World['raw'] = { 'proc/net/tcp': { text: `${header}   0: 0100007F:0050 00000000:0000 0A 00000000:00000005 00:00000000 00000000     0        0 1 1\n` } };
  const { look } = await scene({ protocols: ['TCP'] });
  const before = await look(world([listener], { raw: { ...raw, 'diag/tcp': { refusal: { code: 'Failed', text: 'it is out of order' } } } }));
  const after = await look(world([listener], { raw }));
  assert.is(before.sockets.size, 1);
  assert.equal(words(before, after), []);
});

test('what could not be listed is a gap', async () => {
  const { look } = await scene();
  const { gaps } = await look({ raw: { 'diag/udp4': { refusal: { code: 'Failed', text: 'it is out of order' } } } });
  assert.equal(gaps, ['diag/udp4: it is out of order', 'proc/net/udp: the recording has no proc/net/udp', 'proc/net/udp6: the recording has no proc/net/udp6']);
});

test('only what is asked for: ports, processes, filters', async () => {
  const rows = [listener, connection(), { port: 81, inode: 3 }];
  const machine = world(rows, { holders: [10, 1, 10, 2, 12, 3], processes: { ...server, 12: { name: 'other', exe: '/usr/sbin/other' } } });
  const keys = async (request: Parameters<typeof scene>[0]): Promise<string[]> => {
    const { look } = await scene(request);
    return [...(await look(machine)).sockets.keys()];
  };
  const noFilter = { states: null, pids: null, images: null, addresses: null, remotePorts: null, users: null, services: null, ranges: null };
  assert.equal(await keys({ spans: [{ start: 81, end: 90 }] }), ['TCP 3']);
  assert.equal(await keys({ spans: [{ start: 80, end: 80, protocol: 'UDP' }] }), []);
  assert.equal(await keys({ all: false }), ['TCP 1', 'TCP 3']);
  assert.equal(await keys({ spans: [], pids: new Set([12]) }), ['TCP 3']);
  assert.equal(await keys({ filter: { ...noFilter, images: ['server'] } }), ['TCP 1', 'TCP 2']);
  assert.equal(await keys({ filter: { ...noFilter, states: ['Established'] }, owners: false }), ['TCP 2']);
  assert.equal(await keys({ protocols: ['UDP'] }), []);
});

test('a socket enters a filter by its state, and leaves it', async () => {
  const { look } = await scene({ filter: { states: ['CloseWait'], pids: null, images: null, addresses: null, remotePorts: null, users: null, services: null, ranges: null } });
  const sizes: number[] = [];
  for (const state of [1, 8, 1]) sizes.push((await look(world([connection({ state })]))).sockets.size);
  assert.equal(sizes, [0, 1, 0]);
});

test('without owners, no process is looked at', async () => {
  const { look, taken } = await scene({ owners: false });
  const socket = only(await look(world([listener])));
  assert.is(socket.owner.owner, 'not queried');
  assert.equal(
    taken().filter((name) => /holders|process/.test(name)),
    [],
  );
});

test('rates are over the time that passed, and a counter that goes backwards has none', async () => {
  const { look } = await scene();
  const before = await look(world([connection({ info: tcpInfo({ sent: 1000, received: 500, retransmits: 1 }) })]));
  const after = await look(world([connection({ info: tcpInfo({ sent: 3000, received: 400, retransmits: 4 }) })]), 0.5);
  assert.equal([...rates(before, after).values()], [{ send: 4000, receive: null, retransmits: 3 }]);
  assert.equal([...rates(after, after).values()], [{ send: null, receive: null, retransmits: null }]);
  const idle = await look(world([connection({ info: tcpInfo({ sent: 3000, received: 400, retransmits: 4 }) })]), 3);
  assert.equal([...rates(after, idle).values()], [{ send: 0, receive: 0, retransmits: 0 }]);
});

test('20,000 sockets, of which one changes', async () => {
  const { look, taken } = await scene();
  const rows = (changed: number): DiagRow[] => [
    listener,
    ...Array.from({ length: 20_000 }, (_, i) => connection({ remotePort: 1000 + i, cookie: 1000 + i, inode: 1000 + i, info: tcpInfo({ sent: i === 77 ? changed : i }) })),
  ];
  const machine = (changed: number): World => world(rows(changed), { holders: [10, 1, ...Array.from({ length: 20_000 }, (_, i) => [10, 1000 + i]).flat()] });
  const before = await look(machine(0));
  assert.is(before.sockets.size, 20_001);
  assert.is([...before.sockets.values()].filter(({ owner }) => owner.pid === 10).length, 20_001);
  taken();
  const after = await look(machine(500));
  assert.is([...after.sockets].filter(([key, socket]) => before.sockets.get(key) !== socket).length, 1);
  assert.equal(taken(), ['diag/tcp', 'diag/udp4', 'diag/udp6']);
  const found = rates(before, after);
  assert.equal(
    [...found.values()].filter(({ send }) => send !== 0 && send !== null),
    [{ send: 500, receive: 0, retransmits: 0 }],
  );
  assert.equal(words(before, after), []);
});

test.run();
