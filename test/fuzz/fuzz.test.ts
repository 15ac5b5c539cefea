// The short run of every test run: the same cases each time, and those that failed once. The long one: npm run fuzz -- MINUTES.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { caseText, parseCase } from './case.ts';
import { fuzz, keptCases, Worker, type Failure } from './fuzz.ts';
import { flawOf } from './properties.ts';

const test = suite('fuzz');
const seed = 20_260_102;

test(`spoiled input of every kind keeps the promises (seed ${seed})`, async () => {
  const failures: Failure[] = [];
  const { runs, codes } = await fuzz({ seed, count: 400, until: Infinity, only: [], executable: null, failed: (failure) => failures.push(failure) });
  assert.is(
    failures
      .slice(0, 3)
      .map((failure) => `seed ${failure.seed}: ${failure.flaw}\n${caseText(failure.given)}`)
      .join('\n'),
    '',
  );
  assert.is(runs, 400);
  // Input that is never read, or never refused, tests nothing.
  for (const code of [0, 1, 64, 69])
    assert.ok(
      [...codes.keys()].some((key) => key.endsWith(` ${code}`)),
      `exit code ${code}`,
    );
});

test('what failed once does not fail again', async () => {
  const worker = new Worker();
  try {
    for (const { name, given } of keptCases()) assert.is((await worker.run(given, null)).flaw, null, name);
  } finally {
    await worker.close();
  }
});

test('a case is the same after it was kept', () => {
  const given = { target: 'x', machine: 'linux', args: ['\ud800', ''], files: { a: Buffer.from([0xff, 0]), b: Buffer.from('\ufefftext') }, input: Buffer.from('x') } as const;
  assert.equal(parseCase(caseText(given)), given);
});

for (const [what, code, out, err, args, pattern] of [
  ['a defect', 70, '', 'portowner: PO9001: x\n', [], /exit code 70/],
  ['a stack', 69, '', 'portowner: PO2001: x\n    at f (a.js:1:1)\n', [], /a line of another kind/],
  ['no message', 69, '', '', [], /nothing says why/],
  ['two errors', 64, '', 'portowner: PO1001: x\nportowner: PO1001: y\n', [], /2 errors/],
  ['a control character', 0, 'a\x1b[2J\n', '', [], /stdout has the character/],
  ['one on stderr', 69, '', 'portowner: PO2001: \u202e\n', [], /stderr has the character/],
  ['half a JSON', 0, '[', '', ['--format', 'json'], /stdout is not json/],
  ['ragged CSV', 0, 'a,b\r\n1\r\n', '', ['--format', 'csv'], /2 and 1 values/],
  ['an open quote', 0, 'a,b\r\n"1,2\r\n', '', ['--format', 'csv'], /CSV ends at/],
  ['open CLIXML', 0, '#< CLIXML\n<Objs><Obj></Objs>', '', ['--format', 'clixml'], /closes Objs/],
  ['a good answer', 0, '#< CLIXML\n<Objs><Obj/></Objs>', '', ['--format', 'clixml'], null],
] as const) {
  test(`the check tells ${what}`, () => {
    const flaw = flawOf({ code, out, err }, args, true);
    if (pattern === null) assert.is(flaw, null);
    else assert.match(flaw ?? '', pattern);
  });
}

test.run();
