import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { firstTold } from '../../../src/machine/windows/child.ts';
import { Refused } from '../../../src/machine/windows/errors.ts';

const test = suite('what the child process makes of its calls');

const says = (text: string) => () => text;
const refuses = (text: string) => (): string => {
  throw new Refused('Failed', text);
};

const cases: [what: string, asks: (() => string)[], told: ReturnType<typeof firstTold>][] = [
  ['the first that says anything', [says('a'), says('b')], { value: 'a' }],
  ['the next, where the first says nothing', [says(''), says('b')], { value: 'b' }],
  ['the next, where the first is refused', [refuses('x'), says('b')], { value: 'b' }],
  ['why the first was refused', [refuses('x'), refuses('y')], { refusal: { code: 'Failed', text: 'x' } }],
  ['the refusal, though another says nothing', [says(''), refuses('y')], { refusal: { code: 'Failed', text: 'y' } }],
  ['nothing', [says(''), says('')], { value: '' }],
];
for (const [what, asks, told] of cases) test(what, () => assert.equal(firstTold(asks), told));

test('the next is not asked when the first says something', () => {
  firstTold([says('a'), () => assert.unreachable() as never]);
});

test('a defect is no refusal', () => {
  assert.throws(
    () =>
      firstTold([
        () => {
          throw new TypeError('x');
        },
      ]),
    (error: unknown) => error instanceof TypeError,
  );
});

test.run();
