import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeSockets, tcpStateName, type SocketTable } from '../../../src/facts/decode/windows-sockets.ts';
import { filetime, socketTable, type Row } from '../../support/windows-raw.ts';

const test = suite('windows socket tables');

const every = () => true;
const created = '2026-01-02T03:04:05.1234567Z';
const tables: readonly SocketTable[] = ['tcp4', 'tcp6', 'udp4', 'udp6'];

const cases: readonly { table: SocketTable; row: Row; local: string; remote: string }[] = [
  {
    table: 'tcp4',
    row: { local: '127.0.0.1', port: 443, remote: '192.0.2.7', remotePort: 50123, state: 5, pid: 1234, created: filetime(created), tag: 77 },
    local: '127.0.0.1',
    remote: '192.0.2.7',
  },
  {
    table: 'tcp6',
    row: { local: 'fe80::1:2', port: 8080, remote: 'fe80::9', remotePort: 65535, state: 11, pid: 4_294_967_292, created: filetime(created), tag: 77, scope: 12 },
    local: 'fe80::1:2%12',
    remote: 'fe80::9%12',
  },
  { table: 'udp4', row: { local: '0.0.0.0', port: 53, pid: 8, created: filetime(created), tag: 77 }, local: '0.0.0.0', remote: '' },
  { table: 'udp6', row: { local: '2001:db8::1', port: 5353, pid: 12, created: filetime(created), tag: 77 }, local: '2001:db8::1', remote: '' },
];

for (const { table, row, local, remote } of cases) {
  test(`a row of ${table}`, () => {
    const tcp = table.startsWith('tcp');
    assert.equal(decodeSockets(table, socketTable(table, [{ local: '::1', port: 1, pid: 1 }, row].slice(table.endsWith('4') ? 1 : 0)), every), {
      data: [
        ...(table.endsWith('4')
          ? []
          : [
              {
                protocol: tcp ? 'TCP' : 'UDP',
                localAddress: '::1',
                localPort: 1,
                remoteAddress: tcp ? '::' : '',
                remotePort: 0,
                state: tcp ? 2 : 0,
                pid: 1,
                created: null,
                serviceTag: 0,
              },
            ]),
        {
          protocol: tcp ? 'TCP' : 'UDP',
          localAddress: local,
          localPort: row.port,
          remoteAddress: remote,
          remotePort: row.remotePort ?? 0,
          state: row.state ?? 0,
          pid: row.pid,
          created,
          serviceTag: 77,
        },
      ],
      flaw: null,
    });
  });

  test(`only the wanted rows of ${table}`, () => {
    const bytes = socketTable(table, [
      { ...row, port: 1 },
      { ...row, port: 2 },
      { ...row, port: 3 },
    ]);
    assert.equal(
      decodeSockets(table, bytes, (port) => port === 2).data.map(({ localPort }) => localPort),
      [2],
    );
  });

  test(`a ${table} table at any address of memory`, () => {
    const bytes = socketTable(table, [row]);
    const shifted = Buffer.concat([Buffer.alloc(3), bytes]).subarray(3);
    assert.equal(decodeSockets(table, shifted, every), decodeSockets(table, bytes, every));
  });

  test(`a cut-off ${table} table gives its whole rows`, () => {
    const bytes = socketTable(table, [row, row, row]);
    assert.equal(decodeSockets(table, bytes.subarray(0, bytes.length - 1), every), {
      data: decodeSockets(table, socketTable(table, [row, row]), every).data,
      flaw: `the ${table} table is cut off: it has 2 of 3 rows`,
    });
  });
}

test('a scope only where an address needs one', () => {
  const text = (local: string) => decodeSockets('udp6', socketTable('udp6', [{ local, port: 1, pid: 1, scope: 4096 }]), every).data[0]!.localAddress;
  assert.equal(['fe80::1', 'fec0::1', 'ff02::fb', '::1', '::', '2001:db8::1'].map(text), ['fe80::1%4096', 'fec0::1%4096', 'ff02::fb%4096', '::1', '::', '2001:db8::1']);
});

test('rows behind the last one are no rows', () => {
  const bytes = Buffer.concat([socketTable('tcp4', [cases[0]!.row]), Buffer.alloc(1000, 1)]);
  assert.is(decodeSockets('tcp4', bytes, every).data.length, 1);
});

test('an empty table, with and without room for a row', () => {
  assert.equal(decodeSockets('tcp4', Buffer.alloc(4), every), { data: [], flaw: null });
  assert.equal(decodeSockets('udp6', Buffer.alloc(1000), every), { data: [], flaw: null });
  assert.equal(decodeSockets('udp6', Buffer.alloc(3), every), { data: [], flaw: 'the udp6 table has no header' });
});

test('any bytes: no crash, and never more rows than there is room for', () => {
  fc.assert(
    fc.property(fc.constantFrom(...tables), fc.uint8Array({ maxLength: 1000 }), fc.nat(1000), (table, bytes, count) => {
      if (bytes.length >= 4) new DataView(bytes.buffer, bytes.byteOffset).setUint32(0, count, true);
      const { data, flaw } = decodeSockets(table, bytes, every);
      assert.ok(data.length <= 6);
      assert.is(flaw === null, bytes.length >= 4 && data.length === count);
    }),
  );
});

for (const [number, name] of [
  [0, null],
  [1, 'Closed'],
  [2, 'Listen'],
  [3, 'SynSent'],
  [4, 'SynReceived'],
  [5, 'Established'],
  [6, 'FinWait1'],
  [7, 'FinWait2'],
  [8, 'CloseWait'],
  [9, 'Closing'],
  [10, 'LastAck'],
  [11, 'TimeWait'],
  [12, 'DeleteTCB'],
  [13, null],
  [100, 'Bound'],
  [0xffffffff, null],
] as const) {
  test(`TCP state ${number} is ${name}`, () => {
    assert.is(tcpStateName(number), name);
  });
}

test.run();
