import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeDiag, decodeHolders, decodeInterfaces, decodeProcNet, type KernelSocket } from '../../../src/facts/decode/linux-sockets.ts';
import { diag, diagMessage, done, holderBytes, netlink, type DiagRow } from '../../support/linux-raw.ts';

const test = suite('linux sockets');

const all = () => true;
const one = (protocol: 'TCP' | 'UDP', row: DiagRow): KernelSocket => {
  const { data, flaw } = decodeDiag(protocol, diag([row]), all);
  assert.is(flaw, null);
  assert.is(data.length, 1);
  return data[0]!;
};

test('a listener', () => {
  assert.equal(one('TCP', { local: '192.0.2.1', port: 443, inode: 4_000_000_000, uid: 4_294_967_295 }), {
    protocol: 'TCP',
    localAddress: '192.0.2.1',
    localPort: 443,
    remoteAddress: null,
    remotePort: null,
    state: 'Listen',
    inode: 4_000_000_000,
    uid: 4_294_967_295,
    scope: 0,
  });
});

test('a connection', () => {
  const { localAddress, localPort, remoteAddress, remotePort, state } = one('TCP', {
    local: '2001:db8::1',
    port: 65535,
    remote: '::ffff:192.0.2.7'.replace('192.0.2.7', 'c000:207'),
    remotePort: 1,
    state: 1,
  });
  assert.equal([localAddress, localPort, remoteAddress, remotePort, state], ['2001:db8::1', 65535, '::ffff:192.0.2.7', 1, 'Established']);
});

for (const [number, name] of [
  [1, 'Established'],
  [2, 'SynSent'],
  [3, 'SynReceived'],
  [4, 'FinWait1'],
  [5, 'FinWait2'],
  [6, 'TimeWait'],
  [7, 'Bound'],
  [8, 'CloseWait'],
  [9, 'LastAck'],
  [10, 'Listen'],
  [11, 'Closing'],
  [12, 'SynReceived'],
  [13, 'Bound'],
  [14, null],
  [255, null],
] as const) {
  test(`TCP state ${number}`, () => assert.is(one('TCP', { port: 80, state: number }).state, name));
}

test('closed without a port is not bound', () => assert.is(one('TCP', { port: 0, state: 7 }).state, 'Closed'));

test('UDP has no state, and a remote end only when it is connected', () => {
  const idle = one('UDP', { port: 53, state: 7 });
  assert.equal([idle.state, idle.remoteAddress, idle.remotePort], [null, null, null]);
  const client = one('UDP', { port: 5000, state: 1, remote: '192.0.2.9', remotePort: 53 });
  assert.equal([client.state, client.remoteAddress, client.remotePort], [null, '192.0.2.9', 53]);
});

for (const local of ['fe80::1', 'ff02::fb', '2001:db8::1', '::', '0.0.0.0', '127.0.0.53', '::ffff:10.0.0.1']) {
  test(`the interface of ${local}`, () => {
    assert.is(one('TCP', { local, port: 80, device: 3 }).scope, 3);
    assert.is(one('UDP', { local, port: 80, state: 7 }).scope, 0);
  });
}

test('what is not wanted is left out by state, port and inode', () => {
  const asked: unknown[] = [];
  const { data } = decodeDiag('TCP', diag([{ port: 1, inode: 7 }, { port: 2, state: 1 }, { port: 3 }]), (state, port, inode) => {
    asked.push([state, port, inode]);
    return port === 2;
  });
  assert.equal(asked, [
    [10, 1, 7],
    [1, 2, 0],
    [10, 3, 0],
  ]);
  assert.equal(
    data.map(({ localPort }) => localPort),
    [2],
  );
});

test('the older message type, and messages of other kinds', () => {
  const bytes = Buffer.concat([netlink(1, Buffer.alloc(4)), diagMessage({ port: 80 }, 18), netlink(99, Buffer.alloc(80)), netlink(20, Buffer.alloc(71)), done]);
  assert.equal(
    decodeDiag('TCP', bytes, all).data.map(({ localPort }) => localPort),
    [80],
  );
});

const errorNumber = (code: number) => {
  const payload = Buffer.alloc(20);
  payload.writeInt32LE(code);
  return payload;
};
for (const [what, bytes, flaw, count] of [
  ['nothing', Buffer.alloc(0), 'the answer is cut off', 0],
  ['no last message', diagMessage({ port: 80 }), 'the answer is cut off', 1],
  ['half a message', diag([{ port: 80 }, { port: 81 }]).subarray(0, 150), 'the answer is cut off', 1],
  ['a message of no length', Buffer.concat([diagMessage({ port: 80 }), Buffer.alloc(16)]), 'the answer is cut off', 1],
  ['a message of huge length', Buffer.concat([Buffer.from('ffffffff', 'hex'), Buffer.alloc(12), done]), 'the answer is cut off', 0],
  ['a refusal', netlink(2, errorNumber(-2)), 'the system answered with error 2', 0],
  ['a refusal at the end', netlink(3, errorNumber(-95)), 'the system answered with error 95', 0],
  ['an end without a code', netlink(3, Buffer.alloc(0)), null, 0],
] as const) {
  test(`diag: ${what}`, () => {
    const decoded = decodeDiag('TCP', bytes, all);
    assert.is(decoded.flaw, flaw);
    assert.is(decoded.data.length, count);
  });
}

test('bytes that are a part of a larger buffer', () => {
  const whole = Buffer.concat([Buffer.alloc(3), diag([{ port: 80 }])]);
  assert.equal(
    decodeDiag('TCP', whole.subarray(3), all).data.map(({ localPort }) => localPort),
    [80],
  );
});

test('100,000 sockets', () => {
  const rows = Array.from({ length: 100_000 }, (_, index): DiagRow => ({
    local: `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
    port: index & 0xffff,
    inode: index,
    state: 1,
  }));
  const { data, flaw } = decodeDiag('TCP', diag(rows), all);
  assert.is(flaw, null);
  assert.is(data.length, rows.length);
  assert.is(data[99_999]!.localAddress, '10.1.134.159');
  assert.is(data[99_999]!.inode, 99_999);
});

test('any bytes are decoded', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      decodeDiag('TCP', bytes, all);
      decodeHolders(bytes, new Set([0, 1]));
    }),
  );
});

test('any damage to an answer is survived', () => {
  const good = diag([{ port: 80 }, { local: '::1', port: 81 }, { port: 82, state: 1, remote: '192.0.2.1', remotePort: 9 }]);
  fc.assert(
    fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (where, value, end) => {
      const bytes = Uint8Array.from(good);
      bytes[where] = value;
      const { data } = decodeDiag('UDP', bytes.subarray(0, end), all);
      assert.ok(data.length <= 3);
    }),
  );
});

const heading = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const rest = '00000000:00000000 00:00000000 00000000';

test('/proc/net/tcp', () => {
  const text = `${heading}   0: 0100007F:1F90 00000000:0000 0A ${rest}  1000        0 12345 1 00000000abc 100 0 0 10 0\n   1: 0A0200C0:01BB 070200C0:C34F 01 ${rest}    33        0 77 1\n`;
  assert.equal(decodeProcNet('TCP', text, all), {
    data: [
      { protocol: 'TCP', localAddress: '127.0.0.1', localPort: 8080, remoteAddress: null, remotePort: null, state: 'Listen', inode: 12345, uid: 1000, scope: 0 },
      { protocol: 'TCP', localAddress: '192.0.2.10', localPort: 443, remoteAddress: '192.0.2.7', remotePort: 49999, state: 'Established', inode: 77, uid: 33, scope: 0 },
    ],
    flaw: null,
  });
});

test('/proc/net/udp6', () => {
  const text = `${heading}  512: 000080FE00000000FF000000010000FE:14E9 00000000000000000000000000000000:0000 07 ${rest}     0        0 9 2 0 0\n`;
  const [socket] = decodeProcNet('UDP', text, all).data;
  assert.equal([socket?.localAddress, socket?.localPort, socket?.remoteAddress, socket?.state], ['fe80::ff:fe00:1', 5353, null, null]);
});

for (const line of [
  'x',
  '0: 0100007F:1F90',
  `0: 0100007G:1F90 00000000:0000 0A ${rest} 0 0 1`,
  `0: 0100007F:11F90 00000000:0000 0A ${rest} 0 0 1`,
  `0: 0100007F:1F90 00000000:0000 0A ${rest} -1 0 1`,
  `0: 0100007F:1F90 00000000:0000 0A ${rest} 0 0 x`,
]) {
  test(`/proc/net: ${line.slice(0, 40)}`, () => assert.equal(decodeProcNet('TCP', `${heading}${line}\n`, all), { data: [], flaw: '1 lines cannot be read' }));
}

test('any text of /proc/net is decoded', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => void decodeProcNet('TCP', `${heading}${text}`, all)));
});

test('interfaces', () => {
  const text = 'fe80000000000000000000fffe000001 03 40 20 80     lan0\n00000000000000000000000000000001 01 80 10 80       lo\nnonsense\n';
  assert.equal(
    [...decodeInterfaces(text)],
    [
      [3, 'lan0'],
      [1, 'lo'],
    ],
  );
});

test('holders of wanted sockets', () => {
  const bytes = Buffer.concat([holderBytes([10, 1, 10, 1, 11, 1, 12, 2, 13, 4_294_967_295]), Buffer.alloc(5)]);
  assert.equal(
    [...decodeHolders(bytes, new Set([1, 4_294_967_295]))],
    [
      [1, [10, 10, 11]],
      [4_294_967_295, [13]],
    ],
  );
});

test.run();
