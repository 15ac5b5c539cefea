import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { changes } from '../../src/live/changes.ts';
import type { Look } from '../../src/live/look.ts';
import { scene } from '../support/live-looks.ts';
import { filetime, windows, type Row } from '../support/windows-raw.ts';

const test = suite('looks at the sockets of Windows');

const created = filetime('2026-01-02T03:00:05Z');
const server = { pid: 40, name: 'server.exe', created };
const listener: Row = { local: '0.0.0.0', port: 80, pid: 40 };
const connection = (more: Partial<Row> = {}): Row => ({ local: '192.0.2.1', port: 80, remote: '192.0.2.7', remotePort: 5000, state: 5, pid: 40, ...more });
const box = (tcp4: readonly Row[], more: Parameters<typeof windows>[0] = {}) => windows({ sockets: { tcp4 }, processes: [server], ...more });
const words = (before: Look, after: Look): string[] =>
  changes(before, after).map(({ kind, socket, before: was }) => `${kind} ${socket.localPort}-${socket.remotePort} ${was?.state ?? null} ${socket.state} ${socket.owner.owner}`);

test('sockets of every table, with their owners', async () => {
  const { look } = await scene({}, 'win32');
  const { sockets, gaps } = await look(
    windows({
      sockets: { tcp4: [listener], tcp6: [{ local: '::', port: 80, pid: 40 }], udp4: [{ local: '0.0.0.0', port: 53, pid: 40 }], udp6: [{ local: '::1', port: 53, pid: 40 }] },
      processes: [server],
    }),
  );
  assert.equal(gaps, []);
  assert.equal(
    [...sockets.values()].map(({ protocol, localAddress, localPort, state, owner }) => [protocol, localAddress, localPort, state, owner.owner, owner.startTime]),
    [
      ['TCP', '0.0.0.0', 80, 'Listen', 'server.exe (40)', '2026-01-02T03:00:05.0000000Z'],
      ['TCP', '::', 80, 'Listen', 'server.exe (40)', '2026-01-02T03:00:05.0000000Z'],
      ['UDP', '0.0.0.0', 53, null, 'server.exe (40)', '2026-01-02T03:00:05.0000000Z'],
      ['UDP', '::1', 53, null, 'server.exe (40)', '2026-01-02T03:00:05.0000000Z'],
    ],
  );
  for (const key of sockets.keys()) assert.match(key, /^(?:TCP|UDP) [0-9a-f]+ #\d+$/);
});

test('sockets of a table that cannot be read for once are not closed, and not opened again', async () => {
  const { look } = await scene({}, 'win32');
  const before = await look(box([listener, connection()]));
  const whole = box([listener, connection()]);
  const failed = await look({
    platform: 'win32',
    read: (name, hint) => (name === 'tcp4' ? { at: '', refusal: { code: 'Failed', text: 'the tcp4 table grew faster than it could be read' } } : whole.read(name, hint)),
  });
  assert.equal([words(before, failed), failed.gaps], [[], ['tcp4: the tcp4 table grew faster than it could be read']]);
  const after = await look(box([listener]));
  assert.equal(words(failed, after), ['Closed 80-5000 Established Established server.exe (40)']);
});

test('every difference exactly once', async () => {
  const { look } = await scene({}, 'win32');
  const one = await look(box([listener, connection()]));
  const same = await look(box([listener, connection()]));
  assert.is(one.sockets, same.sockets);
  const half = await look(box([listener, connection({ state: 8 })]));
  assert.equal(words(same, half), ['State 80-5000 Established CloseWait server.exe (40)']);
  // A closed connection has no process anymore.
  const waits = await look(box([listener, connection({ state: 11, pid: 0 })]));
  assert.equal(words(half, waits), ['State 80-5000 CloseWait TimeWait nobody: a closed connection (TIME_WAIT)']);
  const again = await look(box([listener, connection({ created: 7n })]));
  assert.equal(words(waits, again), ['Closed 80-5000 TimeWait TimeWait nobody: a closed connection (TIME_WAIT)', 'Opened 80-5000 null Established server.exe (40)']);
  const reused = await look(box([listener, connection({ created: 8n })]));
  assert.equal(
    words(again, reused).map((text) => text.split(' ')[0]),
    ['Closed', 'Opened'],
  );
});

test('a socket that was only created has no port, and is none', async () => {
  const { look } = await scene({}, 'win32');
  const { sockets } = await look(box([{ local: '0.0.0.0', port: 0, state: 1, pid: 40 }, listener]));
  assert.is(sockets.size, 1);
});

test('no child process is needed for owners', async () => {
  const { look, taken } = await scene({}, 'win32');
  await look(box([listener, connection()]));
  assert.equal(
    taken().filter((name) => name.startsWith('bound')),
    [],
  );
});

test('a table that is not there is a gap', async () => {
  const { look } = await scene({}, 'win32');
  const { gaps, sockets } = await look(box([listener], { raw: { tcp6: { refusal: { code: 'Failed', text: 'it is out of order' } } } }));
  assert.equal([gaps, sockets.size], [['tcp6: it is out of order'], 1]);
});

test.run();
