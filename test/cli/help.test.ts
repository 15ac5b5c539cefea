import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadAllCommands } from '../../src/cli/commands.ts';
import { catalogue } from '../../src/commands/catalogue.ts';
import { run } from '../support/harness.ts';

const test = suite('help');
const paths = (await loadAllCommands(catalogue)).map(({ path }) => path);
const page = async (path: string, columns: number): Promise<string> =>
  (await run(['help', ...path.split(' ').filter((word) => word !== '')], { terminal: { columns, colors: false, unicode: true } })).out;
const wordsOf = (text: string): string[] =>
  text
    .replaceAll(/ [\\`]\n/g, '\n')
    .split(/\s+/)
    .filter((word) => word !== '');

for (const columns of [60, 80, 120, 200]) {
  test(`no line is wider than a terminal of ${columns}, but one of a single word or a quoted text`, async () => {
    for (const path of paths) {
      for (const line of (await page(path, columns)).split('\n'))
        assert.ok(line.length <= columns || !/\S \S/.test(line.trim().replace(/ [\\`]$/, '')) || line.includes('"'), `${path} at ${columns}: ${line}`);
    }
  });
}

test('no word is split, whatever the width', async () => {
  for (const path of paths) assert.equal(wordsOf(await page(path, 60)), wordsOf(await page(path, 200)), path);
});

test('without a terminal a page has 80 columns', async () => {
  const { out } = await run(['--help']);
  assert.ok(out.split('\n').every((line) => line.length <= 80));
  assert.ok(out.split('\n').some((line) => line.length > 70));
});

test('what programs give stands apart from what people type', async () => {
  for (const path of paths) {
    const text = await page(path, 100);
    const [people = '', programs = ''] = text.split(/\n(?:Also accepted|Exit codes):\n/)[0]!.split('\nFor programs:\n');
    assert.not.match(people, /--problems|--stream/, path);
    assert.is(/^ {2}--stream /m.test(programs) && /^ {2}--problems PROBLEMS$|^ {2}--problems PROBLEMS /m.test(programs), programs !== '', path);
  }
  assert.match(await page('', 100), /\nFor programs:\n/);
});

test('other words for a command and its options are told', async () => {
  const stop = await page('stop', 100);
  assert.match(stop, /^ {2}portowner kill +portowner stop$/m);
  assert.match(stop, /^ {2}-f, --force /m);
  assert.match(stop, /^ {2}-n, --dry-run /m);
  assert.match(await page('', 100), /^ {2}-t, --tcp|^ {2}--tcp, -t +--protocol=tcp$/m);
});

test.run();
