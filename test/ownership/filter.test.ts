import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { addressMatcher, anyPattern } from '../../src/ownership/filter.ts';
import { compareRows, parseSort } from '../../src/ownership/sort.ts';
import { PortOwnerError } from '../../src/schema/problems.ts';
import { endpoint } from '../../src/schema/endpoint.ts';
import { facts, process, socket } from '../support/example.ts';
import { run, snapshotFile } from '../support/harness.ts';

const test = suite('filters and order');

const patterns: [pattern: string, text: string, matches: boolean][] = [
  ['nginx', 'nginx', true],
  ['nginx', 'NGINX', true],
  ['nginx', 'nginx2', false],
  ['ng*', 'nginx', true],
  ['*', '', true],
  ['?', 'a', true],
  ['?', 'ab', false],
  ['?', '😀', true],
  ['[nm]ginx', 'mginx', true],
  ['[a-c]x', 'bx', true],
  ['[a-c]x', 'dx', false],
  ['a.b', 'axb', false],
  ['a+b', 'a+b', true],
  ['*\\SYSTEM', 'NT AUTHORITY\\SYSTEM', true],
  ['a\nb*', 'a\nbc', true],
  ['[', '[', true],
  ['[]', '[]', true],
  ['(x', '(x', true],
  ['日*', '日本', true],
];
for (const [pattern, text, matches] of patterns) {
  test(`${JSON.stringify(pattern)} ${matches ? 'matches' : 'does not match'} ${JSON.stringify(text)}`, () => assert.is(anyPattern([pattern])(text), matches));
}

test('who asks for a person finds what runs elevated in another account for that person', async () => {
  const elevated = process({ pid: 100, user: 'BOX\\ADMIN_k3v9', realUser: 'BOX\\ann' });
  const other = process({ pid: 101, user: 'BOX\\ADMIN_ann' });
  const sockets = [socket({ pid: 100, localPort: 80 }), socket({ pid: 101, localPort: 81 })];
  const file = snapshotFile(facts(sockets, { platform: 'win32', processes: [elevated, other] }));
  const ports = async (user: string) => (await run(['--user', user, '--from', file, '--format', 'csv', '--columns', 'LocalPort'])).out.split(/\r\n/).slice(1, -1);
  assert.equal(await ports('ann'), ['80']);
  assert.equal(await ports('BOX\\ann'), ['80']);
  assert.equal(await ports('ADMIN_k3v9'), ['80']);
  // An account that somebody made and called so is not ann's.
  assert.equal(await ports('ADMIN_ann'), ['81']);
});

test('a name that no owner has gets the closest name that one has', async () => {
  const node = process({ pid: 100, imageName: 'node.exe', user: 'BOX\\annabel' });
  const sockets = [socket({ pid: 100, localPort: 80 })];
  const file = snapshotFile(facts(sockets, { platform: 'win32', processes: [node] }));
  const said = async (...args: string[]) => (await run([...args, '--from', file])).out.trim();
  assert.is(await said('--image', 'ndoe'), 'No socket matches. Did you mean node?');
  assert.is(await said('--user', 'anabel'), 'No socket matches. Did you mean annabel?');
  assert.is(await said('--image', 'node', '--user', 'anabel'), 'No socket matches. Did you mean annabel?');
  for (const args of [
    ['--image', 'nde*'],
    ['--image', 'postgres'],
    ['--image', 'node', '--state', 'Bound'],
  ])
    assert.is(await said(...args), 'No socket matches.', args.join(' '));
});

test('any pattern is a test or PO1001', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 30 }), fc.string(), (pattern, text) => {
      try {
        assert.type(anyPattern([pattern])(text), 'boolean');
      } catch (error) {
        assert.instance(error, PortOwnerError);
      }
    }),
    { numRuns: 2000 },
  );
});

test('a text without special characters matches itself alone', () => {
  fc.assert(
    fc.property(
      fc.string().filter((text) => !/[*?[\]]/.test(text)),
      (text) => assert.ok(anyPattern([text])(text)),
    ),
  );
});

const addresses: [range: string, address: string, matches: boolean][] = [
  ['127.0.0.1', '127.0.0.1', true],
  ['127.0.0.1', '127.0.0.2', false],
  ['10.0.0.0/8', '10.255.0.1', true],
  ['10.0.0.0/8', '11.0.0.1', false],
  ['0.0.0.0/0', '8.8.8.8', true],
  ['0.0.0.0/0', '::1', false],
  ['::1', '::1', true],
  ['::1', '0:0:0:0:0:0:0:1', true],
  ['fe80::/10', 'fe80::1%eth0', true],
  ['127.0.0.1', '::ffff:127.0.0.1', true],
  ['::ffff:10.0.0.0/104', '10.1.2.3', true],
  ['::/0', '2001:db8::1', true],
  ['127.0.0.1', '', false],
  ['::/0', '10.0.0.1', false],
  ['::/0', '0.0.0.0', false],
  ['::', '0.0.0.0', false],
];
for (const [range, address, matches] of addresses) {
  test(`${range} ${matches ? 'has' : 'has not'} ${address}`, () => assert.is(addressMatcher([range])(address), matches));
}
for (const text of ['', 'localhost.example', '1.2.3', '1.2.3.4/33', '1.2.3.4/', '1.2.3.4/-1', '::/129', '1.2.3.4/8/8', '::ffff:1.2.3.4/90', '1.2.3.4/1e1']) {
  test(`refuses the address ${JSON.stringify(text)}`, () => {
    assert.throws(
      () => addressMatcher([text]),
      (error: unknown) => error instanceof PortOwnerError && error.code === 'PO1004',
    );
  });
}

test('sorts by several columns, missing values last either way', () => {
  const rows = [
    { LocalPort: 443, ImageName: 'b' },
    { LocalPort: 80, ImageName: null },
    { LocalPort: 443, ImageName: 'A' },
    { LocalPort: 8, ImageName: 'a10' },
    { LocalPort: 8, ImageName: 'a9' },
  ];
  const sorted = (text: string): unknown[] => rows.toSorted(compareRows(parseSort([text], endpoint))).map((row) => [row.LocalPort, row.ImageName]);
  assert.equal(sorted('localport,imagename'), [
    [8, 'a9'],
    [8, 'a10'],
    [80, null],
    [443, 'A'],
    [443, 'b'],
  ]);
  assert.equal(sorted('-LocalPort,ImageName'), [
    [443, 'A'],
    [443, 'b'],
    [80, null],
    [8, 'a9'],
    [8, 'a10'],
  ]);
  assert.equal(sorted('ImageName:desc'), [
    [443, 'b'],
    [8, 'a10'],
    [8, 'a9'],
    [443, 'A'],
    [80, null],
  ]);
});

test('addresses sort as numbers', () => {
  const rows = ['10.0.0.10', '10.0.0.9', '::1', '9.1.1.1'].map((LocalAddress) => ({ LocalAddress }));
  assert.equal(
    rows.toSorted(compareRows(parseSort(['LocalAddress'], endpoint))).map((row) => row.LocalAddress),
    ['9.1.1.1', '10.0.0.9', '10.0.0.10', '::1'],
  );
});

test('an unknown sort column is PO1003', () => {
  assert.throws(
    () => parseSort(['Nope'], endpoint),
    (error: unknown) => error instanceof PortOwnerError && error.code === 'PO1003',
  );
});

test.run();
