import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeDiagRecords, decodeProcNetRecords, pickDiag, pickProcNet } from '../../../src/facts/decode/linux-counters.ts';
import { decodeDiag, decodeProcNet } from '../../../src/facts/decode/linux-sockets.ts';
import { diag, tcpInfo, type DiagRow } from '../../support/linux-raw.ts';

const test = suite('counters of Linux sockets');

const all = () => true;
const rows: readonly DiagRow[] = [
  { port: 80, inode: 1, queues: [1, 128], cookie: 7 },
  { local: '::1', port: 81, remote: '::2', remotePort: 9, state: 1, inode: 2, cookie: 2n ** 60n, info: tcpInfo({ sent: 2 ** 40, received: 3 }) },
  { port: 82, inode: 0, state: 6, cookie: 2n ** 53n - 1n },
];

test('a cookie is exact, whatever its size', () => {
  const { data } = decodeDiagRecords('TCP', diag(rows));
  assert.equal(
    data.map(({ id }) => id),
    [7, '1152921504606846976', 2 ** 53 - 1],
  );
});

test('other ends are another number', () => {
  const ends = (row: Partial<DiagRow>) => decodeDiagRecords('UDP', diag([{ port: 1, remote: '10.0.0.1', remotePort: 2, state: 1, ...row }])).data[0]!.ends;
  const known = [ends({}), ends({ port: 3 }), ends({ remotePort: 3 }), ends({ remote: '10.0.0.2' }), ends({ local: '127.0.0.2' })];
  assert.is(new Set(known).size, known.length);
  assert.is(ends({ inode: 5, queues: [1, 2] }), known[0]);
});

test('a list of some sockets has exactly these', () => {
  const bytes = diag(rows);
  const { data } = decodeDiagRecords('TCP', bytes);
  const picked = decodeDiag('TCP', pickDiag(bytes, [data[0]!, data[2]!]), all);
  assert.equal(picked, { data: [0, 2].map((i) => decodeDiag('TCP', bytes, all).data[i]), flaw: null });
  assert.equal(decodeDiag('TCP', pickDiag(bytes, []), all), { data: [], flaw: null });
});

test('the same of a file in /proc/net', () => {
  const text = [
    '   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops',
    ' 1: 0100007F:0035 00000000:0000 07 00000002:00000001 00:00000000 00000000   101        0 17 2 0000000000000000 5         ',
    'nonsense',
    ' 2: 0100007F:0036 00000000:0000 07 00000000:00000000 00:00000000 00000000   101        0 18 2 0000000000000000 0',
    '',
  ].join('\n');
  const data = decodeProcNetRecords('UDP', text);
  assert.equal(
    data.map(({ id, localPort, receiveQueue, sendQueue, drops }) => [id, localPort, receiveQueue, sendQueue, drops]),
    [
      ['17', 53, 1, 2, 5],
      ['18', 54, 0, 0, 0],
    ],
  );
  assert.equal(
    decodeProcNet('UDP', pickProcNet(text, [data[1]!]), all).data.map(({ inode }) => inode),
    [18],
  );
});

test('the lists are those of the decoder with addresses, whatever the bytes are', () => {
  const damaged = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc.tuple(fc.nat(diag(rows).length), fc.uint8Array({ maxLength: 8 })).map(([at, bytes]) => {
      const whole = Uint8Array.from(diag(rows));
      whole.set(bytes.subarray(0, Math.max(0, whole.length - at)), at);
      return whole;
    }),
  );
  fc.assert(
    fc.property(damaged, fc.constantFrom('TCP' as const, 'UDP' as const), (bytes, protocol) => {
      const [plain, counted] = [decodeDiag(protocol, bytes, all), decodeDiagRecords(protocol, bytes)];
      assert.is(counted.flaw, plain.flaw);
      assert.equal(
        counted.data.map(({ localPort, holder }) => [localPort, holder]),
        plain.data.map(({ localPort, inode }) => [localPort, inode]),
      );
      const picked = decodeDiag(protocol, pickDiag(bytes, counted.data), all);
      assert.equal(picked.data, plain.data);
    }),
    { numRuns: 500 },
  );
});

test('the records of /proc/net are sockets to the decoder with addresses, too', () => {
  const line = fc
    .tuple(
      fc.constantFrom('0100007F:0050', '0100007F:ZZZZ', '00000000000000000000000001000000:0016', '0100007F007F:0001'),
      fc.constantFrom('0A', '01', '1', 'XX'),
      fc.nat(2 ** 33),
      fc.constantFrom(' 2 0000000000000000 5', ' 1', ''),
    )
    .map(([end, state, inode, rest]) => `   1: ${end} 00000000:0000 ${state} 00000002:00000001 00:00000000 00000000   101        0 ${inode}${rest}`);
  fc.assert(
    fc.property(fc.array(fc.oneof(line, fc.string())), (lines) => {
      const text = ['header', ...lines].join('\n');
      const picked = pickProcNet(text, decodeProcNetRecords('UDP', text));
      const records = decodeProcNetRecords('UDP', picked);
      assert.equal(
        decodeProcNet('UDP', picked, all).data.map(({ localPort, inode }) => [localPort, inode]),
        records.map(({ localPort, holder }) => [localPort, holder]),
      );
    }),
  );
});

test('a text that is no file of /proc/net has no sockets, and never throws', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      for (const record of decodeProcNetRecords('TCP', text)) assert.ok(record.localPort >= 0);
    }),
  );
});

test.run();
