import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compare } from '../../src/audit/compare.ts';
import type { Listener } from '../../src/audit/listeners.ts';
import { dynamic, listener, loopback } from '../support/listener.ts';

const test = suite('what differs between two states');

const windows = { program: 'C:\\Windows\\System32\\svchost.exe', user: 'NT AUTHORITY\\SYSTEM' };
const any6 = { address: '::', scope: 'Any' } as const;

const cases: [what: string, before: Listener[], after: Listener[], kinds: string[]][] = [
  ['nothing', [listener()], [listener()], []],
  ['opened', [], [listener()], ['Opened']],
  ['closed', [listener()], [], ['Closed']],
  ['another program on the endpoint', [listener()], [listener({ program: '/usr/sbin/apache2' })], ['OwnerChanged']],
  ['another service in the same program', [listener({ services: ['a.service'] })], [listener({ services: ['b.service'] })], ['OwnerChanged']],
  ['a service no more', [listener({ services: ['a.service'] })], [listener({ serviceless: true })], ['OwnerChanged']],
  ['a service no more, by another user', [listener({ services: ['a.service'] })], [listener({ serviceless: true, user: 'eve' })], ['OwnerChanged']],
  ['a service that cannot be seen now', [listener({ services: ['a.service'] })], [listener()], []],
  ['a service where none was named', [listener()], [listener({ services: ['a.service'] })], []],
  ['never a service', [listener({ serviceless: true })], [listener({ serviceless: true })], []],
  ['the program from another place', [listener()], [listener({ program: '/tmp/nginx' })], ['PathChanged']],
  ['another user', [listener()], [listener({ user: 'www-data' })], ['UserChanged']],
  ['another place and another user', [listener()], [listener({ program: '/tmp/nginx', user: 'eve' })], ['PathChanged', 'UserChanged']],
  ['loopback to any', [loopback()], [listener()], ['Exposed']],
  ['loopback to one address', [loopback()], [listener({ address: '192.0.2.1', scope: 'Specific' })], ['Exposed']],
  ['any to loopback', [listener()], [loopback()], ['AddressChanged']],
  ['one address to another', [listener({ address: '192.0.2.1', scope: 'Specific' })], [listener({ address: '192.0.2.2', scope: 'Specific' })], ['AddressChanged']],
  ['both families leave the loopback address', [loopback(), loopback({ address: '::1' })], [listener(), listener(any6)], ['Exposed', 'Exposed']],
  ['any besides loopback', [loopback()], [loopback(), listener()], ['Exposed']],
  ['any by another program besides loopback', [loopback()], [loopback(), listener({ program: '/tmp/door' })], ['Opened']],
  ['one more address', [listener()], [listener(), listener(any6)], ['Opened']],
  ['another binary', [listener({ sha256: 'a' })], [listener({ sha256: 'b' })], ['BinaryChanged']],
  ['another signer', [listener({ signer: 'Microsoft' })], [listener({ signer: 'Eve' })], ['BinaryChanged']],
  ['another binary, and no signer any more', [listener({ sha256: 'a', signer: 'Microsoft' })], [listener({ sha256: 'b' })], ['BinaryChanged']],
  ['the same binary, whose signer cannot be told', [listener({ sha256: 'a', signer: 'Microsoft' })], [listener({ sha256: 'a' })], []],
  ['the file is gone', [listener()], [listener({ fileGone: true })], ['FileGone']],
  ['the file is still gone', [listener({ fileGone: true })], [listener({ fileGone: true })], []],
  ['the file is gone, and the user is another', [listener()], [listener({ user: 'eve', fileGone: true })], ['UserChanged']],
  ['a hash for the first time', [listener()], [listener({ sha256: 'b' })], []],
  ["Windows' names in another case", [listener(windows)], [listener({ program: windows.program.toUpperCase(), user: 'nt authority\\system' })], []],
  ["others' names in another case", [listener()], [listener({ program: '/usr/sbin/NGINX' })], ['OwnerChanged']],
  ['the name alone where the path cannot be seen', [listener()], [listener({ program: 'nginx' })], []],
  ['candidates among the services', [listener({ services: ['Dnscache'] })], [listener({ services: ['Dnscache', 'LanmanWorkstation'] })], []],
  ['nothing known any more', [listener()], [listener({ program: null, user: null })], []],
  [
    'several programs share a port: one goes',
    [listener({ protocol: 'UDP', port: 5353 }), listener({ protocol: 'UDP', port: 5353, program: '/usr/bin/chrome' })],
    [listener({ protocol: 'UDP', port: 5353 })],
    ['Closed'],
  ],
  ['a new program in the dynamic range', [dynamic()], [dynamic(), dynamic({ program: '/tmp/door' })], ['Opened']],
  ['a program in the dynamic range is not the heir of another', [dynamic()], [dynamic({ program: '/tmp/door' })], ['Closed', 'Opened']],
  ['a program in the dynamic range from another place', [dynamic()], [dynamic({ program: '/tmp/app' })], ['PathChanged']],
  ['a dynamic listener leaves the loopback address', [dynamic({ address: 'loopback', scope: 'Loopback' })], [dynamic()], ['Exposed']],
  ['other ports of the dynamic range', [dynamic({ ports: [50000] })], [dynamic({ ports: [60000] })], []],
  ['a dynamic listener whose program cannot be seen now', [dynamic()], [dynamic({ program: null, user: null })], []],
  ['several of them', [dynamic(), dynamic({ program: '/usr/bin/other' })], [dynamic({ program: null, user: null })], []],
  ['one of them, of another user', [dynamic()], [dynamic({ program: null, user: 'eve' })], ['Closed', 'Opened']],
  ['one more than can be seen', [dynamic()], [dynamic(), dynamic({ program: null, user: null })], ['Opened']],
  ['a dynamic listener whose program could not be seen before', [dynamic({ program: null })], [dynamic()], []],
  ['one more than could be seen', [dynamic({ program: null })], [dynamic(), dynamic({ program: '/tmp/door' })], ['Opened']],
  ['the same port of the other protocol', [listener()], [listener({ protocol: 'UDP' })], ['Closed', 'Opened']],
];
for (const [what, before, after, kinds] of cases) {
  test(what, () =>
    assert.equal(
      compare(before, after)
        .changes.map(({ kind }) => kind)
        .toSorted(),
      kinds.toSorted(),
    ),
  );
}

test('the evidence', () => {
  const { changes } = compare([loopback({ sha256: 'a' })], [listener({ user: 'eve', sha256: 'b' })]);
  assert.equal(changes.flatMap(({ evidence }) => evidence).toSorted(), ['SHA-256: a to b', 'address: 127.0.0.1 to 0.0.0.0 (Loopback to Any)', 'user: root to eve']);
});

test('that the file is gone is told whatever changed', () => {
  const gone = { fileGone: true } as const;
  for (const [before, after] of [
    [[], listener(gone)],
    [[listener()], listener(gone)],
    [[listener({ user: 'eve' })], listener(gone)],
    [[loopback()], dynamic(gone)],
  ] as const) {
    assert.equal(
      compare(before, [after])
        .changes.filter(({ kind }) => kind !== 'Closed')
        .map(({ evidence }) => evidence.at(-1)),
      ['its file was removed or replaced after it started'],
    );
  }
});

test('what cannot be told is no change, and is said', () => {
  assert.is(compare([listener()], [listener({ user: null })]).unseen.length, 1);
  assert.is(compare([listener({ user: null })], [listener()]).unseen.length, 0);
  const hidden = compare([dynamic(), dynamic({ program: '/usr/bin/other' })], [dynamic({ program: null, user: null })]);
  assert.equal([hidden.unseen.length, hidden.pairs.length], [1, 2]);
});

const anyListener = fc
  .record({
    protocol: fc.constantFrom('TCP', 'UDP'),
    port: fc.constantFrom(80, 443, 'dynamic'),
    address: fc.constantFrom('0.0.0.0', '127.0.0.1', '::1', '::'),
    program: fc.constantFrom(null, '/a', '/b/a', '/c', 'C:\\d.exe'),
    services: fc.subarray(['x', 'y']),
    user: fc.constantFrom(null, 'u', 'v'),
  })
  .map((more): Listener => listener({ ...more, scope: more.address === '127.0.0.1' || more.address === '::1' ? 'Loopback' : 'Any' } as Partial<Listener>));

test('each listener is paired, opened or closed exactly once, but for those that one hides', () => {
  fc.assert(
    fc.property(fc.array(anyListener, { maxLength: 12 }), fc.array(anyListener, { maxLength: 12 }), (before, after) => {
      const { pairs, opened, closed } = compare(before, after);
      assert.is(pairs.length + closed.length, before.length);
      const paired = pairs.map(([, one]) => one);
      assert.is(new Set(paired).size + opened.length, after.length);
      assert.is(new Set([...pairs.map(([one]) => one), ...closed]).size, before.length);
      assert.is(new Set([...paired, ...opened]).size, after.length);
      assert.ok(paired.every((one, index) => paired.indexOf(one) === index || (one.port === 'dynamic' && one.program === null)));
    }),
  );
});

test('a state compared with itself, in any order, has no changes', () => {
  fc.assert(
    fc.property(fc.uniqueArray(anyListener, { maxLength: 10, selector: (one) => JSON.stringify(one) }), (state) => {
      const known = state.filter(({ program, user }) => program !== null && user !== null);
      assert.equal(compare(known, structuredClone(known).toReversed()).changes, []);
    }),
  );
});

test.run();
