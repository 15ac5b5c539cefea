import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { run } from '../support/harness.ts';

const test = suite('shortest interval');

for (const interval of ['0', '0.05'])
  test(`the error for --interval ${interval} names the shortest one`, async () => {
    const { code, err } = await run(['watch', '--plain', '--interval', interval]);
    assert.is(code, 64);
    assert.match(err, /from 0\.1 seconds to 7d/);
  });

test.run();
