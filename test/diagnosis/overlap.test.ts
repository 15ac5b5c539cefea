import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { overlap } from '../../src/diagnosis/overlap.ts';
import { addressScope } from '../../src/ports/address.ts';

const test = suite('overlap');

const cases: readonly (readonly [one: string, other: string, expected: ReturnType<typeof overlap>])[] = [
  ['0.0.0.0', '0.0.0.0', 'same'],
  ['0.0.0.0', '10.0.0.1', 'wildcard'],
  ['10.0.0.1', '10.0.0.2', null],
  ['::', '0.0.0.0', 'dualStack'],
  ['::1', '127.0.0.1', null],
  ['::ffff:10.0.0.1', '10.0.0.1', 'same'],
  // Bound to an interface: SO_BINDTODEVICE.
  ['0.0.0.0%virbr0', '0.0.0.0%virbr1', null],
  ['0.0.0.0%virbr0', '0.0.0.0%virbr0', 'same'],
  ['0.0.0.0%virbr0', '0.0.0.0', 'wildcard'],
  ['0.0.0.0%virbr0', '10.0.0.1', 'wildcard'],
  ['0.0.0.0%virbr0', '10.0.0.1%virbr0', 'wildcard'],
  ['0.0.0.0%virbr0', '10.0.0.1%virbr1', null],
  ['10.0.0.1%virbr0', '10.0.0.1', 'wildcard'],
  ['10.0.0.1%virbr0', '10.0.0.1%virbr1', null],
  ['127.0.0.53%lo', '0.0.0.0', 'wildcard'],
  ['127.0.0.53%lo', '127.0.0.1', null],
  ['::%eth0', '0.0.0.0', 'dualStack'],
  ['::%eth0', '0.0.0.0%eth0', 'dualStack'],
  ['::%eth0', '0.0.0.0%eth1', null],
  ['::ffff:10.0.0.1%eth0', '10.0.0.1%eth0', 'same'],
  ['fe80::1%eth0', 'fe80::1%eth1', null],
  ['fe80::1%eth0', 'fe80::1%eth0', 'same'],
  ['fe80::1%eth0', '::', 'wildcard'],
];
for (const [one, other, expected] of cases) {
  test(`${one} and ${other}`, () => {
    const bound = (address: string) => ({ address, dual: address.startsWith('::%') || address === '::' });
    assert.is(overlap(bound(one), bound(other)), expected);
    assert.is(overlap(bound(other), bound(one)), expected);
  });
}

test('the ports of a VRF are apart from all others', () => {
  const [all, red, member, blue] = [
    { address: '0.0.0.0', dual: false },
    { address: '0.0.0.0%red', dual: false, vrf: 'red' },
    { address: '10.0.0.1%eth1', dual: false, vrf: 'red' },
    { address: '0.0.0.0%blue', dual: false, vrf: 'blue' },
  ];
  assert.equal([overlap(all, red), overlap(member, all), overlap(red, blue), overlap(red, member)], [null, null, null, null]);
  assert.is(overlap(red, { ...red, address: '10.0.0.1%red' }), 'wildcard');
  // Who asks for an interface by name is not said to be in its VRF.
  assert.is(overlap(red, { address: '0.0.0.0%red', dual: false }), 'same');
});

const scopes: readonly (readonly [address: string, scope: ReturnType<typeof addressScope>])[] = [
  ['0.0.0.0', 'Any'],
  ['::', 'Any'],
  ['::ffff:0.0.0.0', 'Any'],
  ['0.0.0.0%virbr0', 'Specific'],
  ['::%virbr0', 'Specific'],
  ['0.0.0.0%lo', 'Loopback'],
  ['::%lo', 'Loopback'],
  ['10.0.0.1%lo', 'Loopback'],
  ['127.0.0.53%lo', 'Loopback'],
  ['127.0.0.1', 'Loopback'],
  ['::1', 'Loopback'],
  ['::1%lo', 'Loopback'],
  ['::ffff:127.0.0.1', 'Loopback'],
  ['10.0.0.1', 'Specific'],
  ['fe80::1%eth0', 'Specific'],
];
for (const [address, scope] of scopes) test(`${address} is ${scope}`, () => assert.is(addressScope(address), scope));

test.run();
