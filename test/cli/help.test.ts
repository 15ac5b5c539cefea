import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadAllCommands } from '../../src/cli/commands.ts';
import { helpText } from '../../src/cli/help.ts';
import { catalogue } from '../../src/commands/catalogue.ts';
import { run } from '../support/harness.ts';

const test = suite('help');
const all = await loadAllCommands(catalogue);
const paths = all.map(({ path }) => path);
const page = async (path: string, columns: number): Promise<string> =>
  (await run(['help', ...path.split(' ').filter((word) => word !== '')], { terminal: { columns, colors: false, unicode: true } })).out;
const wordsOf = (text: string): string[] =>
  text
    .replaceAll(/ [\\`]\n/g, '\n')
    .split(/\s+/)
    .filter((word) => word !== '');

const widths = Array.from({ length: 161 }, (_, i) => i + 40);
/** A word, a term of an option, a command, or a quoted text: nothing that could be broken. */
const isOne = (line: string): boolean => {
  const text = line.trim().replace(/ [\\`]$/, '');
  return !/\S \S/.test(text) || /^(?:-\w, )?--[\w-]+(?: \S+)?$/.test(text) || /^[(]?(?:sudo )?portowner(?: [a-z]+){0,2}(?: \S+){0,2}$/.test(text) || text.includes('"');
};

test('no line is wider than the terminal, from 60 columns on; from 40, only one that cannot be broken', () => {
  for (const path of paths) {
    for (const columns of widths)
      for (const line of helpText(all, path === '' ? [] : path.split(' '), columns).split('\n'))
        assert.ok(line.length <= columns || (columns < 60 && isOne(line)), `${path} at ${columns}: ${line}`);
  }
});

test('no word is split, whatever the width', () => {
  for (const path of paths) {
    const words = path === '' ? [] : path.split(' ');
    const whole = wordsOf(helpText(all, words, 200)).join(' ');
    for (const columns of widths) assert.is(wordsOf(helpText(all, words, columns)).join(' '), whole, `${path} at ${columns}`);
  }
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

test('the help lists other names of a command and its options', async () => {
  const stop = await page('stop', 100);
  assert.match(stop, /^ {2}portowner kill +portowner stop$/m);
  assert.match(stop, /^ {2}-f, --force /m);
  assert.match(stop, /^ {2}-n, --dry-run /m);
  assert.match(await page('', 100), /^ {2}-t, --tcp|^ {2}--tcp, -t +--protocol=tcp$/m);
});

test.run();
