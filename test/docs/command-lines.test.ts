import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../../src/build/runtime.mjs';
import { allCommands } from '../../src/cli/commands.ts';
import { catalogue } from '../../src/commands/catalogue.ts';
import { formats } from '../../src/formats/formats.ts';
import { temporaryFolder } from '../support/harness.ts';
import { ownProgram } from '../support/own-program.ts';
import { skip } from '../support/skip.ts';
import { codeLines, pages, textOf } from './pages.ts';

const test = suite('command lines in the documentation');

/** What is not run, and why. */
const notRun: readonly (readonly [line: RegExp, reason: string])[] = [
  [/^portowner schedule (?:install|remove)\b|\/etc\/portowner/, 'changes the machine'],
  [/^portowner schedule show\b/, 'needs an executable: test/commands/schedule.test.ts'],
  [/^portowner schedule status\b/, 'asks for a task that no test installs'],
  [/^portowner doctor\b/, 'has a test of its own and takes seconds'],
  [/[…<>[\]]|COMMAND/, 'is a pattern, not a command line'],
  [/ -$|--error -/, 'reads standard input'],
  [/@-/, 'reads standard input'],
  [/^portowner move .*--yes/, 'changes configurations: test/system/configuration'],
  [/otlp\+https:\/\//, 'needs a collector: test/system/audit/exports.test.ts'],
  [/postgres:\/\//, 'needs a database: test/system/audit/database.test.ts'],
  [/ --host /, 'asks far machines: test/system/ssh.test.ts'],
];

/** The command lines of portowner in a line of a code block, without prompts, comments and what follows in a pipeline. */
function commandLine(line: string): string | null {
  const found = /(?:^|[$>(&]\s*|^PS> )(portowner(?: .*)?)$/.exec(line.trim())?.[1];
  if (found === undefined || found.startsWith('portowner:')) return null;
  let quote = '';
  for (let at = 0; at < found.length; at++) {
    const character = found[at]!;
    if (quote !== '') {
      if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (/[|;)#]/.test(character) || found.startsWith('   ', at) || found.startsWith('&&', at)) return found.slice(0, at).trim();
  }
  return found.trim();
}

const words = (line: string): string[] => [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, bare]) => double ?? single ?? bare ?? '');

const lines = pages().flatMap((page) =>
  codeLines(textOf(page))
    .map(commandLine)
    .filter((line) => line !== null)
    .map((line) => ({ page, line })),
);

/** What lets a command line end soon that would go on. */
function ending(line: string): string[] {
  if (line.startsWith('portowner baseline create ')) return ['--force'];
  if (line.startsWith('portowner wait ')) return ['--timeout', '0'];
  if (line.startsWith('portowner stats')) return ['--for', '200ms'];
  return line.startsWith('portowner watch') ? ['--for', '200ms', '--interval', '100ms'] : [];
}

/** In a network of its own nobody is met, above all by `stop`. */
function run(args: readonly string[], folder: string): { code: number | null; err: string } {
  const { status, stderr } = spawnSync('unshare', ['--net', ...ownProgram, ...args], {
    cwd: folder,
    encoding: 'utf8',
    input: '',
    env: { ...process.env, XDG_STATE_HOME: folder, PORTOWNER_DISABLE: '' },
  });
  return { code: status, err: stderr };
}

/** The files that the pages speak of. */
function prepare(folder: string): void {
  for (const name of ['now', 'server7', 'server8', 'monday', 'tuesday', 'last-night', 'report']) {
    assert.is(run(['snapshot', '--output', `${name}.json`], folder).code, 0);
  }
  for (const name of ['server7', 'server8', 'ports']) assert.ok([0, 1].includes(run(['--from', 'server7.json', '--output', `${name}.clixml`], folder).code ?? -1));
  const { stdout } = spawnSync('sh', [join(root, 'ps/Collector/collect.sh')], { maxBuffer: 1e9 });
  writeFileSync(join(folder, 'server7.txt'), stdout);
  writeFileSync(join(folder, 'compose.yaml'), "services:\n  shop:\n    image: nginx:1.27\n    ports: ['8080:80']\n");
  writeFileSync(join(folder, 'machines.txt'), 'server7\n');
  writeFileSync(join(folder, 'policy.yaml'), 'kind: PortOwner.Policy\nversion: 1\nrules: []\n');
  for (const name of ['ok', 'server7', 'server8', 'approved']) {
    const { code, err } = run(['baseline', 'create', `${name}.yaml`, '--from', 'server7.json'], folder);
    assert.is(code, 0, err);
  }
  const { code, err } = run(['audit', '--baseline', 'server7.yaml', '--store', 'audits.db'], folder);
  assert.is(code, 0, err);
}

test('are understood, and do what the page says', (context) => {
  const can = process.platform === 'linux' && process.getuid?.() === 0 && spawnSync('unshare', ['--net', 'true']).status === 0;
  if (!can) return skip('needs root on Linux, for a network of their own', context);
  assert.ok(lines.length > 60, `${lines.length} command lines found`);
  const wrong: string[] = [];
  const tried = new Set<string>();
  const folder = temporaryFolder();
  prepare(folder);
  for (const { page, line } of lines) {
    if (tried.has(line) || notRun.some(([pattern]) => pattern.test(line))) continue;
    tried.add(line);
    const { code, err } = run([...words(line).slice(1), ...ending(line)], folder);
    // There is nobody to ask, which is as far as such a line gets.
    if (/^portowner (?:stop|move) /.test(line) && err.includes('PO4103')) continue;
    if (code === null || ![0, 1, 77].includes(code) || /PO1\d\d\d|PO2\d\d\d/.test(err)) wrong.push(`${page}: ${line}: ${code} ${err.trim()}`);
  }
  assert.equal(wrong, []);
});

test('README names every command', async () => {
  const text = textOf('README.md');
  for (const command of await allCommands(catalogue)) {
    const [first] = (command as { paths?: string[][] }).paths?.[0] ?? [];
    if (first !== undefined && !['ranges', 'history', 'completion'].includes(first)) assert.match(text, new RegExp(`portowner ${first}`), first);
  }
});

test('the page of the formats names every format', () => {
  assert.ok(textOf('docs/reference/formats.md').includes(`--format ${formats.join('|')}`));
});

test.run();
