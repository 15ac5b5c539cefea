import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeServices } from '../../../src/facts/decode/windows-services.ts';
import { base, servicePage } from '../../support/windows-raw.ts';

const test = suite('windows services');

const address = base.toString(16);

test('own and shared processes, every state', () => {
  const bytes = servicePage(
    [
      { name: 'Dnscache', display: 'DNS-Client', pid: 1500, type: 0x20 },
      { name: 'W3SVC', display: '', pid: 2000, type: 0x10, state: 2 },
      { name: 'CDPUserSvc_1a2b3', display: 'プラットフォーム', pid: 3000, type: 0xe0, state: 99 },
    ],
    1024,
  );
  assert.equal(decodeServices(bytes, `${address}:1024:3`), {
    data: [
      { name: 'Dnscache', displayName: 'DNS-Client', pid: 1500, state: 'Running', shared: true },
      { name: 'W3SVC', displayName: null, pid: 2000, state: 'StartPending', shared: false },
      { name: 'CDPUserSvc_1a2b3', displayName: 'プラットフォーム', pid: 3000, state: 'Unknown', shared: true },
    ],
    flaw: null,
  });
});

test('a list in several pages, each with an address of its own', () => {
  const page = (name: string) => servicePage([{ name, display: name, pid: 8 }], 512);
  const bytes = Buffer.concat([page('one'), page('two')]);
  assert.equal(
    decodeServices(bytes, `${address}:512:1 ${address}:512:1`).data.map(({ name }) => name),
    ['one', 'two'],
  );
});

for (const [what, bytes, pages] of [
  ['no pages', servicePage([], 64), undefined],
  ['pages that are none', servicePage([], 64), `${address}:64`],
  ['more entries than there is room for', servicePage([], 64), `${address}:64:2`],
  ['a page that is not there', servicePage([], 64), `${address}:65:0`],
] as const) {
  test(`${what}: not whole`, () => {
    assert.equal(decodeServices(bytes, pages), { data: [], flaw: 'the list of services is not whole' });
  });
}

test('a name that leads nowhere ends the list', () => {
  const bytes = servicePage(
    [
      { name: 'a', display: 'a', pid: 8 },
      { name: 'b', display: 'b', pid: 8 },
    ],
    512,
  );
  bytes.writeBigUInt64LE(0n, 56);
  const { data, flaw } = decodeServices(bytes, `${address}:512:2`);
  assert.equal(
    data.map(({ name }) => name),
    ['a'],
  );
  assert.is(flaw, 'the list of services is broken');
});

test('any bytes: no crash', () => {
  const good = servicePage(
    [
      { name: 'Dnscache', display: 'DNS', pid: 8 },
      { name: 'b', display: 'b', pid: 8 },
    ],
    256,
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(255), fc.nat(255)), { maxLength: 20 }), fc.nat(5), (changes, count) => {
      const bytes = Buffer.from(good);
      for (const [offset, value] of changes) bytes[offset] = value;
      assert.ok(decodeServices(bytes, `${address}:256:${count}`).data.length <= 4);
    }),
  );
  fc.assert(fc.property(fc.uint8Array(), fc.string(), (bytes, pages) => void decodeServices(bytes, pages)));
});

test.run();
