import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeGuestPorts } from '../../../src/facts/decode/windows-guests.ts';
import { decodePortProxies } from '../../../src/facts/decode/windows-portproxy.ts';
import { decodeBoundSockets } from '../../../src/facts/decode/windows-sockets.ts';
import { decodeServiceTags } from '../../../src/facts/decode/windows-tags.ts';
import { boundTable, guestPorts } from '../../support/windows-raw.ts';

const test = suite('windows tables');

test('port proxy rules of all four tables', () => {
  const text = JSON.stringify({
    v4tov4: [
      ['0.0.0.0/9999', '192.168.1.101/22'],
      ['*/8080', 'web/80'],
    ],
    v4tov6: [['127.0.0.1/1', 'fd00::1/2']],
    v6tov4: [['::/443', '10.0.0.1/8443']],
    v6tov6: [['::1/3', 'fd00::2/4']],
  });
  assert.equal(decodePortProxies(text), {
    data: [
      { table: 'v4tov4', listenAddress: '0.0.0.0', listenPort: 9999, connectAddress: '192.168.1.101', connectPort: 22 },
      { table: 'v4tov4', listenAddress: '*', listenPort: 8080, connectAddress: 'web', connectPort: 80 },
      { table: 'v4tov6', listenAddress: '127.0.0.1', listenPort: 1, connectAddress: 'fd00::1', connectPort: 2 },
      { table: 'v6tov4', listenAddress: '::', listenPort: 443, connectAddress: '10.0.0.1', connectPort: 8443 },
      { table: 'v6tov6', listenAddress: '::1', listenPort: 3, connectAddress: 'fd00::2', connectPort: 4 },
    ],
    flaw: null,
  });
});

test('what is no rule is left out, what is no table is told', () => {
  assert.equal(decodePortProxies('{"v4tov4":[["x","y"],["1.2.3.4/0","a/1"],["1.2.3.4/70000","a/1"],7,["a/1"]],"v6tov6":7}'), { data: [], flaw: null });
  assert.is(decodePortProxies('no').flaw, 'the port proxy rules are not readable');
});

test('ports reserved for guests', () => {
  const source = 'HcnEnumerateGuestNetworkPortReservations';
  assert.equal(
    decodeGuestPorts(
      guestPorts([
        [1, 32768, 36863],
        [3, 50000, 50000],
        [2, 1, 65535],
      ]),
    ),
    {
      data: [
        { kind: 'ReservedForGuests', protocol: 'TCP', family: null, start: 32768, end: 36863, source },
        { kind: 'ReservedForGuests', protocol: null, family: null, start: 50000, end: 50000, source },
        { kind: 'ReservedForGuests', protocol: 'UDP', family: null, start: 1, end: 65535, source },
      ],
      flaw: null,
    },
  );
  assert.equal(decodeGuestPorts(Buffer.alloc(0)), { data: [], flaw: null });
  assert.is(decodeGuestPorts(guestPorts([[1, 2, 3]]).subarray(0, 60)).flaw, 'the list of guest networks is cut off');
  assert.is(decodeGuestPorts(guestPorts([[9, 2, 3]])).flaw, 'the list of guest networks has an entry that is not readable');
  assert.is(decodeGuestPorts(guestPorts([[1, 3, 2]])).flaw, 'the list of guest networks has an entry that is not readable');
});

for (const [table, local, expected] of [
  ['bound4', '127.0.0.1', '127.0.0.1'],
  ['bound6', 'fe80::1', 'fe80::1%7'],
] as const) {
  test(`sockets of ${table}`, () => {
    const bytes = boundTable(table, [
      { local, port: 5000, pid: 77, scope: 7 },
      { local, port: 5001, pid: 78 },
    ]);
    const { data, flaw } = decodeBoundSockets(table, bytes, (port) => port === 5000);
    assert.equal(
      [data, flaw],
      [[{ protocol: 'TCP', localAddress: expected, localPort: 5000, remoteAddress: '', remotePort: 0, state: 100, pid: 77, created: null, serviceTag: 0 }], null],
    );
    assert.is(decodeBoundSockets(table, bytes.subarray(0, 40), () => true).flaw, `the ${table} table is cut off: it has ${table === 'bound4' ? 1 : 0} of 2 rows`);
    assert.is(decodeBoundSockets(table, bytes.subarray(0, 3), () => true).flaw, `the ${table} table has no header`);
  });
}

test('service tags', () => {
  const at = '2026-01-02T03:04:06Z';
  const known = decodeServiceTags({
    at,
    text: JSON.stringify({ '100:7': { value: 'Dnscache' }, '100:8': { value: '' }, '100:9': { refusal: { code: 'AccessDenied', text: 'no' } } }),
  });
  assert.equal(known('100:7'), { value: 'Dnscache' });
  assert.equal(known('100:8'), { refusal: { code: 'NotSupported', text: 'Windows does not tell' } });
  assert.equal(known('100:9'), { refusal: { code: 'AccessDenied', text: 'no' } });
  assert.equal(known('100:10'), { refusal: { code: 'Failed', text: 'the tag is new since the tags were read' } });
  assert.equal(known('toString'), { refusal: { code: 'Failed', text: 'the tag is new since the tags were read' } });
  assert.equal(decodeServiceTags({ at, refusal: { code: 'Disabled', text: 'off' } })('1:1'), { refusal: { code: 'Disabled', text: 'off' } });
  assert.equal(decodeServiceTags({ at, text: 'no' })('1:1'), { refusal: { code: 'Failed', text: 'the answer is not readable' } });
});

test('any bytes and texts: no crash, ports of 16 bits', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.oneof(fc.string(), fc.json()), (bytes, text) => {
      for (const { start, end } of decodeGuestPorts(bytes).data) assert.ok(start <= end && end <= 65535);
      for (const table of ['bound4', 'bound6'] as const) decodeBoundSockets(table, bytes, () => true);
      for (const { listenPort, connectPort } of decodePortProxies(text).data) assert.ok(listenPort > 0 && connectPort <= 65535);
      decodeServiceTags({ at: '', text })('1:1');
    }),
  );
});

test.run();
