import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeBoot, decodeMachine, decodeRanges, decodeUsers } from '../../../src/facts/decode/linux-system.ts';

const test = suite('linux system');

test('the machine', () => {
  const text = JSON.stringify({ name: 'box', release: '6.1.0-44-amd64', architecture: 'x64', elevated: false });
  assert.equal(decodeMachine(text), { name: 'box', platform: 'linux', release: '6.1.0-44-amd64', architecture: 'x64', elevated: false });
  assert.equal(decodeMachine('nonsense'), { name: '', platform: 'linux', release: '', architecture: '', elevated: null });
});

test('the boot', () => {
  assert.equal(decodeBoot('{"stat":"btime 1767322800","hertz":100}'), { btime: 1_767_322_800, hertz: 100 });
  for (const text of ['', '{}', '{"stat":"btime x","hertz":100}', '{"stat":"btime 5","hertz":0}', '{"stat":"btime 5","hertz":"100"}', '{"stat":"","hertz":100}']) {
    assert.is(decodeBoot(text), null, text);
  }
});

test('users: the first name of a number counts', () => {
  const users = decodeUsers('root:x:0:0:root:/root:/bin/sh\ntoor:x:0:0::/:\nweb:x:33:33::/:\nbroken\n:x:5:5::/:\nx:x:-1:0::/:\nnobody:x:4294967294:1::/:\n');
  assert.equal(
    [...users],
    [
      [0, 'root'],
      [33, 'web'],
      [4_294_967_294, 'nobody'],
    ],
  );
});

const settings = (local: unknown, reserved: unknown, unprivileged: unknown) =>
  JSON.stringify({ ip_local_port_range: local, ip_local_reserved_ports: reserved, ip_unprivileged_port_start: unprivileged });
const range = (kind: string, start: number, end: number, setting: string) => ({ kind, protocol: null, family: null, start, end, source: `net.ipv4.${setting}` });

for (const [what, text, dynamic, reserved] of [
  ['the usual', settings('32768\t60999', '', '1024'), [range('LocalDynamic', 32768, 60999, 'ip_local_port_range')], [range('Privileged', 1, 1023, 'ip_unprivileged_port_start')]],
  [
    'reserved ports',
    settings('1024 65535', '80,8000-8100', '0'),
    [range('LocalDynamic', 1024, 65535, 'ip_local_port_range')],
    [range('Reserved', 80, 80, 'ip_local_reserved_ports'), range('Reserved', 8000, 8100, 'ip_local_reserved_ports')],
  ],
  ['settings that are not there', settings(null, null, null), null, null],
  ['settings that are nonsense', settings('9', '9-1,x,70000', 'x'), null, []],
  ['a range the wrong way round', settings('9 1', '', '1'), [], []],
  ['no settings', '[]', null, null],
] as const) {
  test(`ranges: ${what}`, () => assert.equal(decodeRanges(text), { dynamic, reserved }));
}

test('any text is decoded', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.json(), (text, json) => {
      for (const decode of [decodeMachine, decodeBoot, decodeUsers, decodeRanges]) {
        decode(text);
        decode(json);
      }
      decodeRanges(settings(text, text, text));
    }),
  );
});

test.run();
