import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { candidateFinder, heirFinder, type Descendant } from '../../../src/facts/gather/heirs.ts';

const test = suite('heirs of an ended process');

const at = (second: number) => `2026-01-02T03:04:${String(second).padStart(2, '0')}.0000000Z`;
const one = (pid: number, parent: number, second: number, imageName = 'node.exe'): Descendant => ({ pid, parent, imageName, started: at(second) });

const cases: [what: string, entries: Descendant[], bound: string | null, heirs: number[]][] = [
  ['a child of its lifetime', [one(20, 10, 5)], at(4), [20]],
  ['a child that is older than the socket has not got it', [one(20, 10, 3)], at(4), []],
  ['a grandchild too, after the child', [one(30, 20, 7), one(20, 10, 5)], at(4), [20, 30]],
  ['a grandchild of a child that is older than the socket', [one(30, 20, 7), one(20, 10, 3)], at(4), []],
  ['the number of a child that went to another process', [one(30, 20, 4), one(20, 10, 5)], at(4), [20]],
  ['not its console', [one(20, 10, 5, 'conhost.exe'), one(21, 10, 5, 'ConHost.EXE')], at(4), []],
  ['the oldest child first', [one(22, 10, 8), one(21, 10, 6)], at(4), [21, 22]],
  ['children alone matter', [one(20, 11, 5), one(10_000, 4, 5)], at(4), []],
  ['when it is not known when the socket was bound: every child', [one(20, 10, 1), one(21, 10, 9)], null, [20, 21]],
  ['a process that is its own parent', [{ ...one(20, 20, 5) }, one(21, 10, 5)], at(4), [21]],
  ['two that are each the parent of the other', [one(20, 21, 5), one(21, 20, 5), one(22, 10, 6)], at(4), [22]],
];
for (const [what, entries, bound, heirs] of cases) test(what, () => assert.equal(heirFinder(entries)(10, bound), heirs));

const candidates: [what: string, entries: Descendant[], bound: string | null, expected: number[]][] = [
  ['its launcher has ended, too', [one(30, 20, 7)], at(4), [30]],
  ['what it started in turn comes with it', [one(30, 20, 7), one(40, 30, 8)], at(4), [30]],
  ['older than the socket', [one(30, 20, 3)], at(4), []],
  ['whoever started it still runs', [one(20, 4, 1), one(30, 20, 7), one(4, 0, 0)], at(4), []],
  ['the number of its parent went to a younger process', [one(20, 4, 9), one(30, 20, 7), one(4, 0, 0)], at(4), [30]],
  ['not a console', [one(30, 20, 7, 'conhost.exe')], at(4), []],
  ['the oldest first', [one(31, 20, 8), one(30, 21, 7)], at(4), [30, 31]],
  ['when it is not known when the socket was bound: nobody', [one(30, 20, 7)], null, []],
];
for (const [what, entries, bound, expected] of candidates) test(`perhaps heirs: ${what}`, () => assert.equal(candidateFinder(entries)(bound), expected));

test('any tree of processes has an end', () => {
  const entry = fc.record({
    pid: fc.nat(20),
    parent: fc.nat(20),
    imageName: fc.constantFrom('a.exe', 'conhost.exe', null),
    started: fc.oneof(fc.nat(9).map(at), fc.constant(null)),
  });
  fc.assert(
    fc.property(fc.array(entry), fc.oneof(fc.nat(9).map(at), fc.constant(null)), (entries, bound) => {
      const heirs = heirFinder(entries)(10, bound);
      assert.is(new Set(heirs).size, heirs.length);
      assert.not.ok(heirs.includes(10));
    }),
  );
});

test.run();
