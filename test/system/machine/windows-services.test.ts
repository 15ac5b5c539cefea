// Services that depend on each other, in Wine's service manager: stopped and started in order, and not at all if one
// could not be started again. Wine does not list dependent services: a stand-in of that one call does.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { join } from 'node:path';
import { nodeFlags, root } from '../../../src/build/runtime.mjs';
import { wine, windowsNode } from '../../support/build-machine.ts';
import { runProgram } from '../../support/program.ts';
import { skip, type TestContext } from '../../support/skip.ts';
import type { SeenServices } from '../../support/windows-services.ts';

const test = suite('services that depend on each other');
const runner = process.platform === 'linux' ? wine() : null;
const names = ['PortOwnerBase', 'PortOwnerMiddle', 'PortOwnerLast'] as const;
const [base, middle, last] = names;
const script = `Z:${join(root, 'test/support/windows-services.ts').replaceAll('/', '\\')}`;
const node = `Z:${windowsNode().replaceAll('/', '\\')}`;

let results: Record<string, SeenServices> = {};

test.before(() => {
  if (runner === null) return;
  const sc = (...args: readonly string[]) => runProgram([...runner, 'sc.exe', ...args]);
  for (const name of names) sc('create', name, 'binPath=', 'C:\\windows\\system32\\termsv.exe', 'start=', 'demand');
  try {
    const { out, err } = runProgram([...runner, node, ...nodeFlags, script, ...names]);
    assert.ok(out !== '', err);
    results = JSON.parse(out) as Record<string, SeenServices>;
  } finally {
    for (const name of names.toReversed()) {
      sc('stop', name);
      sc('delete', name);
    }
  }
});

/** What the program for the tests saw in one step: the answer, the calls, and what became of the three services. */
function onIt(name: string, step: string, expected: (seen: SeenServices) => void): void {
  test(name, (context) => (runner === null ? skip('there is no Wine (.ci/wine-setup)', context as TestContext) : expected(results[step]!)));
}

const stops = [`stop ${last}`, `stop ${middle}`, `stop ${base}`];
const starts = [`start ${base}`, `start ${middle}`, `start ${last}`];
const same = ['same', 'same', 'same'];
const other = ['other', 'other', 'other'];

onIt('three services are there, and run', 'started', (seen) => assert.equal([seen.answer, seen.after], [[null, null, null], other]));

onIt('a check changes nothing', 'checked', (seen) => assert.equal(seen, { answer: null, calls: [], after: same }));

onIt('those that depend on a service are stopped before it, and started after it', 'restarted', (seen) =>
  assert.equal(seen, { answer: null, calls: [...stops, ...starts], after: other }),
);

for (const name of [base, last])
  onIt(`nothing is stopped while ${name} is disabled, which could not be started again`, `disabled ${name}`, (seen) => {
    const failure = { text: `the service ${name} is disabled, so it cannot be started: to enable it, sc.exe config ${name} start= demand`, isMissing: false };
    assert.equal(seen, { answer: [failure, failure], calls: [], after: same });
  });

onIt('one that does not start leaves those that depend on it stopped', 'failed', (seen) =>
  assert.equal(seen, {
    answer: { text: `starting the service ${base} failed with error 1053`, isMissing: false },
    calls: [...stops, `start ${base}`],
    after: ['stopped', 'stopped', 'stopped'],
  }),
);

onIt('the commands that start them are said, in order', 'advice', (seen) =>
  assert.equal(
    seen.answer,
    names.map((name) => `sc.exe start ${name}`),
  ),
);

onIt('its next restart starts all of them', 'rolledBack', (seen) => assert.equal([seen.answer, seen.calls.slice(-3), seen.after], [null, starts, other]));

onIt('while all of them run, no command is said', 'healthy', (seen) => assert.equal(seen.answer, []));

onIt('of those that depend on it, one that does not start does not keep the others from it', 'half', (seen) =>
  assert.equal(
    [seen.answer, seen.after],
    [
      [{ text: `starting the service ${last} failed with error 1053`, isMissing: false }, [`sc.exe start ${last}`]],
      ['other', 'other', 'stopped'],
    ],
  ),
);

onIt('the next restart starts in order what did not run', 'again', (seen) =>
  assert.equal([seen.answer, seen.calls, seen.after], [null, [`stop ${middle}`, `stop ${base}`, ...starts], other]),
);

onIt('portowner stop stops them in order, too', 'stopped', (seen) =>
  assert.equal(seen, { answer: { foreign: null, refusal: null, dependents: [last, middle] }, calls: stops, after: ['stopped', 'stopped', 'stopped'] }),
);

test.run();
