import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeInterfaceAddresses } from '../../../src/facts/decode/interface-addresses.ts';
import { gather } from '../../../src/facts/gather/gather.ts';
import { everything } from '../../../src/facts/model/question.ts';
import { interfaceAddresses } from '../../../src/machine/addresses.ts';
import { recordedSource } from '../../../src/system/raw.ts';

const test = suite('interface addresses');
const at = '2026-01-02T03:04:06.000Z';

const cases: [what: string, text: string, addresses: string[], flaw: string | null][] = [
  ['both families', '[{"address":"10.0.0.5","interface":"eth0"},{"address":"FE80::1%Eth0","interface":"Eth0"}]', ['10.0.0.5', 'fe80::1%Eth0'], null],
  ['none', '[]', [], null],
  ['no address', '[{"address":"nowhere","interface":"eth0"},{"address":"::1","interface":"lo"}]', ['::1'], 'not every address is readable'],
  ['no interface', '[{"address":"::1"}]', [], 'not every address is readable'],
  ['no list', '{}', [], 'the addresses are not readable'],
  ['no JSON', 'eth0', [], 'the addresses are not readable'],
];
for (const [what, text, addresses, flaw] of cases)
  test(what, () => {
    const decoded = decodeInterfaceAddresses(text);
    assert.equal(
      decoded.data.map(({ address }) => address),
      addresses,
    );
    assert.is(decoded.flaw, flaw);
  });

test('any text', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => assert.type(decodeInterfaceAddresses(text).data.length, 'number')));
});

test('those of this machine are readable, loopback among them', () => {
  const { data, flaw } = decodeInterfaceAddresses(JSON.stringify(interfaceAddresses()));
  assert.is(flaw, null);
  assert.ok(data.some(({ address }) => address === '127.0.0.1' || address === '::1'));
});

test('a section of a question that asks for them, and of a recording that has them', async () => {
  const ask = (entries: [string, { at: string; text: string }][], addresses: boolean) =>
    gather(recordedSource({ platform: 'linux', entries: new Map(entries) }), { ...everything, addresses }, new Date(at));
  const entry: [string, { at: string; text: string }] = ['addresses', { at, text: '[{"address":"10.0.0.5","interface":"eth0"}]' }];
  assert.equal((await ask([entry], true)).sections.addresses?.data, [{ address: '10.0.0.5', interface: 'eth0' }]);
  assert.is((await ask([entry], false)).sections.addresses, undefined);
  // Older recordings do not have it: that is no failure.
  assert.is((await ask([], true)).sections.addresses, undefined);
});

test.run();
