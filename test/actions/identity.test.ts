import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { identityText, isSame, parseIdentity, sameInstant, whatText, type Identity } from '../../src/actions/identity.ts';

const test = suite('the identity of a target');
const one: Identity = {
  endpoints: [
    { protocol: 'TCP', address: '0.0.0.0', port: 80 },
    { protocol: 'TCP', address: '::', port: 80 },
  ],
  pid: 7,
  startTime: '2026-01-02T03:04:05.670Z',
  computer: 'box',
  what: null,
};

test('is a text and back', () => {
  assert.is(identityText(one), 'TCP/0.0.0.0:80+TCP/[::]:80;7;2026-01-02T03:04:05.670Z;box');
  assert.equal(parseIdentity(identityText(one)), one);
  assert.equal(parseIdentity('udp/[fe80::1%eth0]:53;8;;'), {
    endpoints: [{ protocol: 'UDP', address: 'fe80::1%eth0', port: 53 }],
    pid: 8,
    startTime: null,
    computer: null,
    what: null,
  });
});

test('has its addresses in the form of facts', () => {
  assert.is(parseIdentity('tcp/[0:0:0:0:0:0:0:1]:53;8;;').endpoints[0]!.address, '::1');
  assert.throws(() => parseIdentity('tcp/[1::2::3]:53;8;;'), /is not a target/);
});

test('says by what it is stopped', () => {
  const names = ['Shop; 1', 'R+D', 'a,b', '\n', 'ö', '\ud800'];
  const shop: Identity = { ...one, what: whatText('sites', names) };
  assert.match(identityText(shop), /;box;sites=Shop%3B%201\+R%2BD\+a%2Cb\+%0A\+%C3%B6\+%EF%BF%BD$/);
  assert.equal(parseIdentity(identityText(shop)), shop);
  assert.ok(isSame(shop, one), 'who does not say means any');
  assert.not.ok(isSame(one, shop));
  assert.not.ok(isSame({ ...one, what: whatText('service', ['a']) }, { ...one, what: whatText('service', ['b']) }));
});

for (const text of [
  '',
  ';',
  'TCP/0.0.0.0:80',
  'TCP/0.0.0.0:0;1;;',
  'TCP/0.0.0.0:65536;1;;',
  'SCTP/0.0.0.0:1;1;;',
  'TCP/x:1;1;;',
  'TCP/0.0.0.0:1;-1;;',
  'TCP/0.0.0.0:1;1;yesterday;',
  'TCP/0.0.0.0:1;1;;box;more',
  'TCP/0.0.0.0:1;1;;box;service=',
  'TCP/0.0.0.0:1;1;;box;service=a b',
  'TCP/0.0.0.0:1;1;;box;service=a;more',
  'TCP/0.0.0.0:1++TCP/0.0.0.0:2;1;;',
]) {
  test(`is not ${JSON.stringify(text)}`, () => assert.throws(() => parseIdentity(text), /is not a target/));
}

test('any other text is refused, and nothing else is thrown', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        parseIdentity(text);
      } catch (error) {
        assert.is((error as { code?: string }).code, 'PO1002');
      }
    }),
  );
});

for (const [a, b, same] of [
  ['2026-01-02T03:04:05.67Z', '2026-01-02T03:04:05.6700000Z', true],
  ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000Z', true],
  ['2026-01-02T03:04:00Z', '2026-01-02T03:04:00.0Z', true],
  ['2026-01-02T03:04:05.67Z', '2026-01-02T03:04:05.6700001Z', false],
  ['2026-01-02T03:04:10Z', '2026-01-02T03:04:01Z', false],
] as const) {
  test(`${a} ${same ? 'is' : 'is not'} ${b}`, () => assert.is(sameInstant(a, b), same));
}

const differing: [what: string, wanted: Partial<Identity>, same: boolean][] = [
  ['itself', {}, true],
  ['one of its endpoints', { endpoints: [one.endpoints[1]!] }, true],
  ['an endpoint that it has not', { endpoints: [...one.endpoints, { protocol: 'UDP', address: '::', port: 80 }] }, false],
  ['another port', { endpoints: [{ protocol: 'TCP', address: '0.0.0.0', port: 8080 }] }, false],
  ['another process', { pid: 8 }, false],
  ['a process that was started later', { startTime: '2026-01-02T03:04:06.670Z' }, false],
  ['a process of which the start is not known', { startTime: null }, true],
];
for (const [what, wanted, same] of differing) test(`compared with ${what}`, () => assert.is(isSame(one, { ...one, ...wanted }), same));

test('a target without a start time does not match one with a start time', () => assert.not.ok(isSame({ ...one, startTime: null }, one)));

test.run();
