import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeFlags, root } from '../../../src/build/runtime.mjs';
import { nestingProblem, parseJson } from '../../../src/io/nesting.ts';
import { temporaryFolder } from '../../support/harness.ts';

const test = suite('nesting');

const bytes = (text: string): Uint8Array => Buffer.from(text);

test('brackets are counted, but not those in texts', () => {
  assert.is(nestingProblem(bytes(`${'['.repeat(64)}${']'.repeat(64)}`)), null);
  assert.match(nestingProblem(bytes('['.repeat(65)))!, /more than 64 levels/);
  assert.match(nestingProblem(bytes('{"a":'.repeat(65)))!, /more than 64 levels/);
  assert.is(nestingProblem(bytes(`["${'['.repeat(100)}\\"${'{'.repeat(100)}\\\\",[]]`)), null);
  assert.match(nestingProblem(bytes(`["\\\\"${',['.repeat(65)}`))!, /levels/);
  assert.is(nestingProblem(bytes(`[${'[],'.repeat(100_000)}1]`)), null);
  assert.match(nestingProblem(bytes('[],'.repeat(4_000_001)))!, /more than 4000000 lists and objects/);
});

test('what is JSON and not deep is parsed', () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 20 }), (value) => assert.equal(parseJson(JSON.stringify(value)), JSON.parse(JSON.stringify(value)))));
  assert.throws(
    () => parseJson('['.repeat(70)),
    (error: unknown) => error instanceof SyntaxError,
  );
});

const script = join(root, 'src', 'main.ts');

/** Asks in a process of its own: the most memory it had, in MB, and what it said. */
function ask(args: readonly string[]): { memory: number; status: number | null; stderr: string } {
  const peak = `process.on('exit', () => require('node:fs').writeSync(2, '\\nmemory ' + process.resourceUsage().maxRSS / 1024));`;
  const file = join(temporaryFolder(), 'peak.cjs');
  writeFileSync(file, peak);
  const { status, stderr } = spawnSync(process.execPath, [...nodeFlags, '--max-old-space-size=300', '--require', file, script, ...args], { encoding: 'utf8', timeout: 60_000 });
  return { memory: Number(/memory (\d+)/.exec(stderr)?.[1]), status, stderr };
}

const hostile: [what: string, name: string, text: () => Buffer, args: (path: string) => string[], message: RegExp][] = [
  ['a snapshot of 100 MB of [', 'x.json', () => Buffer.alloc(100 * 1024 * 1024, '['), (path) => ['--from', path], /PO2002: .*nested more than 64 levels/],
  [
    'the same in UTF-16',
    'x.json',
    () => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.alloc(20 * 1024 * 1024, '[\0')]),
    (path) => ['--from', path],
    /PO2002: .*nested more than 64 levels/,
  ],
  [
    'a recording',
    'x.json',
    () => Buffer.from(`{"kind":"PortOwner.Raw","formatVersion":1,"platform":"linux","entries":{"a":${'['.repeat(2e7)}`),
    (path) => ['--from', path],
    /PO2002/,
  ],
  ...['[', '{a: ', '- ', '? ', ': '].map((part): (typeof hostile)[number] => [
    `a baseline of ${JSON.stringify(part)}`,
    'x.yaml',
    () => Buffer.from(`kind: PortOwner.Baseline\nversion: 1\nlisteners:\n ${part.repeat(1_900_000 / part.length)}`),
    (path) => ['audit', '--baseline', path],
    /PO2002: .*, line 4, column \d+: it is nested too deeply/,
  ]),
];
for (const [what, name, text, args, message] of hostile) {
  test(`${what}: one error, and little memory`, () => {
    const path = join(temporaryFolder(), name);
    const content = text();
    writeFileSync(path, content);
    const { memory, status, stderr } = ask(args(path));
    assert.is(status, 69, stderr.slice(0, 500));
    assert.match(stderr, message);
    assert.ok(memory < 200 + (4 * content.length) / 1024 / 1024, `${memory} MB`);
  });
}

test.run();
