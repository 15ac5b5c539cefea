import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { FieldRefusal } from '../../src/facts/model/facts.ts';
import { parseRefusal, refusalText } from '../../src/facts/model/refusal.ts';
import { exitCodeOf, lackOf, type Lack } from '../../src/schema/exit-code.ts';

const test = suite('how whole an answer is');

const cases: readonly (readonly [answer: boolean | null, lack: Lack, code: number])[] = [
  [true, null, 0],
  [true, 'rights', 77],
  [true, 'source', 69],
  [false, null, 1],
  [false, 'rights', 1],
  [false, 'source', 1],
  [null, null, 69],
  [null, 'rights', 77],
  [null, 'source', 69],
];
for (const [answer, lack, code] of cases) test(`${answer}, lacking ${lack}: ${code}`, () => assert.is(exitCodeOf(answer, lack), code));

test('what needs nothing that is known lacks a source', () => assert.equal([lackOf('root'), lackOf(null)], ['rights', 'source']));

test('a refusal is read as it was written', () => {
  const word = fc.stringMatching(/^\w{1,32}$/);
  const code = fc.constantFrom<FieldRefusal['code']>('AccessDenied', 'Gone', 'NotSupported', 'Failed', 'Disabled', 'NotAsked');
  const text = fc.string({ unit: 'binary', maxLength: 20 }).filter((some) => !some.includes('(needs '));
  fc.assert(
    fc.property(fc.record({ field: word, code, text, needs: fc.option(text) }, { noNullPrototype: true }), (refusal) => {
      assert.equal(parseRefusal(refusalText(refusal)), refusal);
    }),
  );
});

test.run();
