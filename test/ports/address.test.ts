import fc from 'fast-check';
import { isIP, isIPv6, SocketAddress } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addressBytes, addressScope, canonicalAddress, comparableHost, ipv4Text, ipv6Text, unmapped } from '../../src/ports/address.ts';

const test = suite('addresses');

test('IPv4, at an offset', () => {
  assert.is(ipv4Text(Uint8Array.of(9, 127, 0, 0, 1), 1), '127.0.0.1');
  assert.is(ipv4Text(Uint8Array.of(255, 255, 255, 255), 0), '255.255.255.255');
});

// RFC 5952, sections 4 and 5.
for (const [hex, scope, text] of [
  ['00000000000000000000000000000000', 0, '::'],
  ['00000000000000000000000000000001', 0, '::1'],
  ['20010db8000000000000000000000001', 0, '2001:db8::1'],
  ['20010db8000000010001000100010001', 0, '2001:db8:0:1:1:1:1:1'],
  ['20010000000000010000000000000001', 0, '2001:0:0:1::1'],
  ['20010db8000000000001000000000001', 0, '2001:db8::1:0:0:1'],
  ['20010db80000aaaabbbbccccddddeeee', 0, '2001:db8:0:aaaa:bbbb:cccc:dddd:eeee'],
  ['00010000000000000000000000000000', 0, '1::'],
  ['00000000000000000000000000010002', 0, '::1:2'],
  ['fe80000000000000000000000000000a', 12, 'fe80::a%12'],
  ['fe80000000000000000000000000000a', 4294967295, 'fe80::a%4294967295'],
  ['00000000000000000000ffffc0000207', 0, '::ffff:192.0.2.7'],
  ['00000000000000000000ffff00000000', 0, '::ffff:0.0.0.0'],
] as const) {
  test(`IPv6 ${text}`, () => {
    assert.is(ipv6Text(Buffer.from(`ff${hex}`, 'hex'), 1, scope), text);
  });
}

const group = fc.oneof(fc.constant(0), fc.nat(0xffff));

test('any 16 bytes are an IPv6 address that is written as the URL standard writes it', () => {
  fc.assert(
    fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
      const text = ipv6Text(Buffer.from(groups.flatMap((value) => [value >> 8, value & 255])), 0);
      assert.ok(isIPv6(text), text);
      if (!text.includes('.')) assert.is(new URL(`http://[${text}]/`).hostname, `[${text}]`);
    }),
  );
});

// One address in many forms, and what looks like one.
for (const [text, canonical] of [
  ['0:0:0:0:0:0:0:0', '::'],
  ['0:0:0:0:0:0:0:1', '::1'],
  ['0::1', '::1'],
  ['0000::0001', '::1'],
  ['::0.0.0.1', '::1'],
  ['2001:DB8::00FF', '2001:db8::ff'],
  ['::FFFF:127.0.0.1', '::ffff:127.0.0.1'],
  ['::ffff:7f00:1', '::ffff:127.0.0.1'],
  ['0:0:0:0:0:ffff:10.0.0.1', '::ffff:10.0.0.1'],
  ['FE80:0::1%Eth0', 'fe80::1%Eth0'],
  ['fe80::1%12', 'fe80::1%12'],
  ['fe80::1%0', 'fe80::1'],
  ['10.0.0.1', '10.0.0.1'],
  ['127.0.0.53%lo', '127.0.0.53%lo'],
  ['127.1', null],
  ['010.0.0.1', null],
  ['256.0.0.1', null],
  ['1.2.3.4.', null],
  ['', null],
  [':', null],
  [':::', null],
  ['1::2::3', null],
  ['1:2:3:4:5:6:7', null],
  ['1:2:3:4:5:6:7:8:9', null],
  ['1:2:3:4:5:6:7:8::', null],
  ['1.2.3.4::', null],
  ['::1.2.3.4:5', null],
  ['::12345', null],
  ['[::1]', null],
  ['localhost', null],
  ['fe80::1%', null],
  ['fe80::1%a/b', null],
] as const) {
  test(`${JSON.stringify(text)} is ${canonical ?? 'no address'}`, () => {
    assert.is(canonicalAddress(text), canonical);
    assert.is(comparableHost(text), canonical ?? text.toLowerCase());
  });
}

test("Node's own reader has the same texts for addresses, and the same address behind them", () => {
  const hex = fc.oneof(
    fc.nat(0xffff).map((value) => value.toString(16)),
    fc.constantFrom('0', '00', '0000', 'FFFF', '', '1', '10.0.0.1', '01.2.3.4', 'g', '12345'),
  );
  const text = fc.array(hex, { maxLength: 9 }).map((parts) => parts.join(':'));
  const numbers = fc.array(fc.oneof(fc.nat(300).map(String), fc.constantFrom('', '00', '01')), { maxLength: 5 }).map((parts) => parts.join('.'));
  fc.assert(
    fc.property(fc.oneof(text, numbers, fc.ipV6(), fc.ipV4()), (given) => {
      const bytes = addressBytes(given);
      assert.is(bytes === null ? 0 : bytes.length === 4 ? 4 : 6, isIP(given), given);
      if (bytes?.length !== 16) return;
      const own = canonicalAddress(given)!;
      // Node writes ::1.2.3.4 where RFC 5952 is free to: both forms are read as the same.
      const theirs = new SocketAddress({ address: given, family: 'ipv6' }).address;
      assert.is(canonicalAddress(theirs), own);
      if (!theirs.includes('.')) assert.is(own, theirs);
    }),
    { numRuns: 3000 },
  );
});

test('what an address is for', () => {
  for (const any of ['0.0.0.0', '::', '::ffff:0.0.0.0']) assert.is(addressScope(any), 'Any', any);
  for (const loopback of ['127.0.0.1', '127.255.0.1', '::1', '::ffff:127.0.0.1']) assert.is(addressScope(loopback), 'Loopback', loopback);
  for (const specific of ['10.0.0.1', 'fe80::1%12', '::ffff:10.0.0.1', '::2']) assert.is(addressScope(specific), 'Specific', specific);
  assert.is(unmapped('::ffff:10.0.0.1'), '10.0.0.1');
  assert.is(unmapped('::ffff:1'), '::ffff:1');
});

test.run();
