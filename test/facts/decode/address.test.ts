import fc from 'fast-check';
import { isIPv6 } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ipv4Text, ipv6Text } from '../../../src/facts/decode/address.ts';

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

test('any 16 bytes are an IPv6 address that is written as the URL standard writes it', () => {
  const group = fc.oneof(fc.constant(0), fc.nat(0xffff));
  fc.assert(
    fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
      const text = ipv6Text(Buffer.from(groups.flatMap((value) => [value >> 8, value & 255])), 0);
      assert.ok(isIPv6(text), text);
      if (!text.includes('.')) assert.is(new URL(`http://[${text}]/`).hostname, `[${text}]`);
    }),
  );
});

test.run();
