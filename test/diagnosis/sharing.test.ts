import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { holdersOf, sameOwner, type Holder } from '../../src/diagnosis/families.ts';
import { relation, sharingIn, type SharingKind } from '../../src/diagnosis/sharing.ts';
import { facts, process, socket } from '../support/example.ts';

const test = suite('holders of one port');

/** Every pair, as the answer is defined: only for a few. */
function byPairs(holders: readonly Holder[]): [SharingKind, Holder[]][] {
  const found = new Map<SharingKind, Set<Holder>>();
  holders.forEach((a, i) => {
    for (const b of holders.slice(i + 1)) {
      const kind = sameOwner(a, b) ? null : relation(a, b);
      if (kind !== null) found.set(kind, (found.get(kind) ?? new Set()).add(a).add(b));
    }
  });
  return [...found].map(([kind, all]) => [kind, [...all]]);
}

const addresses = [
  '0.0.0.0',
  '::',
  '127.0.0.1',
  '::1',
  '192.0.2.1',
  '192.0.2.2',
  '::ffff:192.0.2.1',
  '::ffff:127.0.0.1',
  '::ffff:0.0.0.0',
  '2001:db8::1',
  '0.0.0.0%a',
  '0.0.0.0%b',
  '::%a',
  '192.0.2.1%a',
  '127.0.0.1%lo',
  '0.0.0.0%vrf',
  '127.0.0.1%vrf',
];

const holderSpec = fc.record({
  pid: fc.integer({ min: 5, max: 12 }),
  address: fc.constantFrom(...addresses),
  others: fc.array(fc.integer({ min: 5, max: 12 }), { maxLength: 2 }),
});
const processSpec = fc.record({
  parent: fc.option(fc.integer({ min: 1, max: 12 })),
  image: fc.constantFrom('a', 'b', 'bash', 'node', 'docker-proxy'),
  path: fc.constantFrom(null, '/bin/a', '/bin/b'),
  application: fc.constantFrom('node a.js', 'node b.js', 'pm2'),
  directory: fc.constantFrom(null, '/shop'),
  unit: fc.constantFrom(null, null, 'web.service'),
});

test('the answer is that of all pairs, in the same order', () => {
  fc.assert(
    fc.property(fc.array(holderSpec, { maxLength: 12 }), fc.array(processSpec, { minLength: 8, maxLength: 8 }), (specs, kinds) => {
      const sockets = specs.map(({ pid, address, others }) =>
        socket({ pid, localAddress: address, holders: [...new Set([pid, ...others])], ...(address.endsWith('%vrf') ? { vrf: 'vrf' } : {}) }),
      );
      const processes = kinds.map(({ parent, image, path, application, directory, unit }, i) =>
        process({ pid: i + 5, parent, imageName: image, path, unit, workingDirectory: directory, ...(image === 'node' ? { application } : {}) }),
      );
      const group = holdersOf(facts(sockets, { processes }), sockets);
      // One of each owner and address is looked at; here all are such.
      const once = [...new Map(group.map((holder) => [`${holder.key} ${holder.socket.localAddress}`, holder])).values()];
      const everybodys = new Set(['0.0.0.0', '::', '127.0.0.1', '::1']);
      const plain = ({ socket: { localAddress } }: Holder) => localAddress.replace(/%.*/, '');
      const shared = once.filter((holder) => everybodys.has(plain(holder)) || once.filter((other) => plain(other) === plain(holder)).length > 1);
      assert.equal(sharingIn(shared).found, byPairs(shared));
    }),
    { numRuns: 3000 },
  );
});

test.run();
