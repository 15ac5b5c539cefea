import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeLinks } from '../../../src/facts/decode/linux-interfaces.ts';
import { links, netlink } from '../../support/linux-raw.ts';

const test = suite('decode interfaces of Linux');

const decoded = (bytes: Uint8Array, acceptsAll = false) => {
  const { data, flaw } = decodeLinks(bytes, acceptsAll);
  return { data: [...data].map(([number, { name, vrf }]) => `${number} ${name} ${vrf ?? '-'}`), flaw };
};

test('names, and the VRF of those right below one', () => {
  const bytes = links([
    [1, 'lo'],
    [2, 'eth0', { kind: 'veth' }],
    [3, 'eth1', { master: 9, kind: 'vlan' }],
    [4, 'port', { master: 5 }],
    [5, 'br0', { master: 9, kind: 'bridge' }],
    [9, 'red', { kind: 'vrf' }],
  ]);
  assert.equal(decoded(bytes), { data: ['1 lo -', '2 eth0 -', '3 eth1 red', '4 port -', '5 br0 red', '9 red red'], flaw: null });
  assert.equal(decoded(bytes, true).data, ['1 lo -', '2 eth0 -', '3 eth1 -', '4 port -', '5 br0 -', '9 red -']);
});

test('a name that would break an address is left out', () => {
  const names = ['', 'a b', 'a/b', 'a%b', 'a\x1b[1m', 'longer-than-16-bytes', 'ünï-0'];
  assert.equal(decoded(links(names.map((name, at) => [at, name]))).data, ['6 ünï-0 -']);
});

test('an answer that is cut off, or an error, is a flaw', () => {
  const whole = Buffer.from(links([[1, 'lo']]));
  assert.equal(decoded(whole.subarray(0, -16)), { data: ['1 lo -'], flaw: 'the answer is cut off' });
  const error = Buffer.alloc(20);
  error.writeInt32LE(-1, 0);
  assert.equal(decoded(netlink(2, error)), { data: [], flaw: 'the system answered with error 1' });
  assert.is(decoded(new Uint8Array(0)).flaw, 'the answer is cut off');
});

test('any bytes are read to their end', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void decoded(bytes)));
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 60 })), (payloads) => {
      decoded(Buffer.concat(payloads.map((payload) => netlink(16, payload))));
    }),
  );
});

test.run();
