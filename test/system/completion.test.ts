// Completion as people have it: installed by the lines that `portowner completion` prints, in each shell, with the Tab key.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { run, temporaryFolder } from '../support/harness.ts';
import { noPowerShell, pwsh } from '../support/powershell.ts';
import { environment, placeProgram } from '../support/shells.ts';
import { skip } from '../support/skip.ts';

const test = suite('completion in shells');
const isThere = (program: string): boolean => process.platform === 'linux' && spawnSync(program, ['--version']).status === 0;

let server: Server;
let port = '';
test.before(async () => {
  // Outside of the range that the system chooses from, where no other test has a port that begins the same way.
  for (let wanted = 20_015; port === ''; wanted += 100) {
    server = createServer();
    port = await new Promise((resolve) => {
      server.once('error', () => resolve(''));
      server.listen(wanted, '127.0.0.1', () => resolve(String((server.address() as AddressInfo).port)));
    });
  }
});
test.after(() => void server.close());

/** The lines to paste for a shell. */
async function installLines(title: string): Promise<string> {
  const { out } = await run(['completion']);
  const [, section = ''] = new RegExp(`^${title}:\\n((?: {2}.*\\n)+)`, 'm').exec(out) ?? [];
  assert.not.equal(section, '', title);
  return section.replaceAll(/^ {2}/gm, '');
}

/** A home with portowner, and with completion installed as the lines say. */
async function home(title: string, shell: string): Promise<string> {
  const folder = temporaryFolder();
  placeProgram(folder);
  const { status, stderr } = spawnSync(shell, ['-c', await installLines(title)], { env: environment(folder), cwd: folder, encoding: 'utf8' });
  assert.equal([status, stderr], [0, '']);
  return folder;
}

const [tab, lineStart] = ['\t', '\x01'];

/** What a shell on a terminal makes of each of these lines with Tab behind it. */
async function typed(shell: string, folder: string, lines: readonly string[]): Promise<{ made: string[]; seen: string }> {
  const terminal = spawn('script', ['-qfec', shell, '/dev/null'], { env: environment(folder), cwd: folder });
  let seen = '';
  terminal.stdout.setEncoding('utf8').on('data', (text: string) => void (seen += text));
  const until = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (const end = Date.now() + 30_000; Date.now() < end;) {
      const found = pattern.exec(seen);
      if (found !== null) return found;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`${shell} does not say ${pattern}: ${JSON.stringify(seen.slice(-2000))}`);
  };
  /** What is typed while a shell completes is not taken as it is meant. */
  const quiet = async (before: number): Promise<void> => {
    let [length, since] = [before, Date.now()];
    for (const end = Date.now() + 30_000; Date.now() < end && (length === before || Date.now() - since < 500);) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (seen.length !== length) [length, since] = [seen.length, Date.now()];
    }
  };
  const made: string[] = [];
  try {
    terminal.stdin.write("echo re''ady\n");
    await until(/^\W*ready\r?$/m);
    for (const [index, line] of lines.entries()) {
      const before = seen.length;
      terminal.stdin.write(`${line}${tab}`);
      await quiet(before);
      // The line is told, not run.
      terminal.stdin.write(`${lineStart}echo 'made'${index} \n`);
      const [, text = ''] = await until(new RegExp(`^\\W*made${index} (.*?)\\r?$`, 'm'));
      made.push(text.trim());
    }
    terminal.stdin.write('exit\n');
  } finally {
    terminal.stdin.end();
    terminal.kill();
  }
  return { made, seen };
}

const cases = (): [line: string, made: string][] => [
  ['portowner snap', 'portowner snapshot'],
  ['portowner --form', 'portowner --format'],
  ['portowner --format nd', 'portowner --format ndjson'],
  ['portowner --format=nd', 'portowner --format=ndjson'],
  ['portowner --columns localp', 'portowner --columns LocalPort'],
  ['portowner --columns Owner,LocalP', 'portowner --columns Owner,LocalPort'],
  [`portowner ${port.slice(0, -1)}`, `portowner ${port}`],
  ['portowner kill --time', 'portowner kill --timeout'],
  [`portowner why localhost:${port.slice(0, -1)}`, `portowner why localhost:${port}`],
  ['portowner snapshot a-fi', 'portowner snapshot a-file.json'],
  ['portowner --output a-fi', 'portowner --output a-file.json'],
  ['portowner --output=a-fi', 'portowner --output=a-file.json'],
  ['portowner -o a-fi', 'portowner -o a-file.json'],
  ['portowner --from a-fol/in', 'portowner --from a-fol/inner.json'],
  ['portowner audit --baseline=./a-fol/in', 'portowner audit --baseline=./a-fol/inner.json'],
  ['portowner schedule show --store=a-fi', 'portowner schedule show --store=a-file.json'],
  ['portowner snapshot --raw=a-f', 'portowner snapshot --raw=a-fol'],
  ['portowner snapshot --raw a-f', 'portowner snapshot --raw a-fol'],
];

const shells: readonly (readonly [title: string, program: string, interactive: string])[] = [
  ['bash', 'bash', 'bash -i'],
  ['zsh', 'zsh', 'zsh -i'],
  ['fish', 'fish', 'fish -i --private'],
];
for (const [title, program, interactive] of shells) {
  test(`Tab in ${title}, installed as portowner says`, async (context) => {
    if (!isThere(program)) return skip(`${title} is not installed`, context);
    const folder = await home(title, program);
    if (title === 'bash') writeFileSync(join(folder, '.bashrc'), '. /usr/share/bash-completion/bash_completion\n');
    writeFileSync(join(folder, 'a-file.json'), '{}');
    mkdirSync(join(folder, 'a-fol'));
    writeFileSync(join(folder, 'a-fol/inner.json'), '{}');
    mkdirSync(join(folder, '.config'), { recursive: true });
    const { made } = await typed(
      interactive,
      folder,
      cases().map(([line]) => line),
    );
    // zsh takes the slash behind a folder away again when something else is typed.
    assert.equal(
      made.map((text) => text.replace(/\/$/, '')),
      cases().map(([, text]) => text),
    );
  });
}

test('bash without the package bash-completion, as portowner says', async (context) => {
  if (!isThere('bash')) return skip('bash is not installed', context);
  const folder = temporaryFolder();
  placeProgram(folder);
  const line = /source <\(.*\)/.exec((await run(['completion'])).out)![0];
  writeFileSync(join(folder, '.bashrc'), `${line}\n`);
  const { made } = await typed('bash -i', folder, ['portowner snap']);
  assert.equal(made, ['portowner snapshot']);
});

test('fish shows what commands do and who owns ports', async (context) => {
  if (!isThere('fish')) return skip('fish is not installed', context);
  const folder = await home('fish', 'fish');
  const offered = (line: string): string[] => spawnSync('fish', ['-c', `complete -C '${line}'`], { env: environment(folder), cwd: folder, encoding: 'utf8' }).stdout.split('\n');
  assert.ok(offered('portowner sn').includes('snapshot\tsave all facts about this machine as JSON, to query later…'));
  assert.ok(offered(`portowner stop ${port.slice(0, -1)}`).some((text) => text.startsWith(`${port}\t`) && text.includes(`(${process.pid})`)));
});

test('PowerShell, installed as portowner says', async (context) => {
  if (pwsh === null) return skip(noPowerShell, context);
  const folder = temporaryFolder();
  placeProgram(folder);
  const ask = (script: string) => spawnSync(pwsh!, ['-NoLogo', '-NonInteractive', '-Command', script], { env: environment(folder), cwd: folder, encoding: 'utf8' });
  const installed = ask(`$ErrorActionPreference = 'Stop'\n${await installLines('PowerShell')}`);
  assert.equal([installed.status, installed.stderr], [0, '']);
  const lines = [
    'portowner sn',
    'portowner --format=c',
    'portowner --columns LocalPort,own',
    `portowner stop ${port.slice(0, -1)}`,
    'portowner --image ',
    'portowner no-such --al',
    'portowner --output a-fi',
    'portowner --output=a-fi',
    'portowner audit --baseline=./a-fol/in',
    'portowner --output=with',
    'portowner snapshot --raw=a-f',
  ];
  writeFileSync(join(folder, 'a-file.json'), '{}');
  writeFileSync(join(folder, 'with a blank.json'), '{}');
  mkdirSync(join(folder, 'a-fol'));
  writeFileSync(join(folder, 'a-fol/inner.json'), '{}');
  const { stdout, status, stderr } = ask(
    `${lines.map((line) => `'${line}'`).join(', ')} | ForEach-Object { @{ Line = $_; Matches = @((TabExpansion2 $_ $_.Length).CompletionMatches | Select-Object CompletionText, ToolTip) } } | ConvertTo-Json -Depth 4`,
  );
  assert.equal([status, stderr], [0, '']);
  const answers = (JSON.parse(stdout) as { Line: string; Matches: { CompletionText: string; ToolTip: string }[] }[]).map(({ Matches }) => Matches);
  const texts = answers.map((matches) => matches.map(({ CompletionText }) => CompletionText));
  assert.equal(texts[0], ['snapshot']);
  assert.match(answers[0]![0]!.ToolTip, /^save all facts/);
  assert.equal(texts[1], ['--format=csv', '--format=clixml']);
  assert.equal(texts[2], ['OwningProcess', 'OwnerKind', 'Owner']);
  assert.match(answers[3]!.find(({ CompletionText }) => CompletionText === port)?.ToolTip ?? '', String(process.pid));
  assert.ok(texts[4]!.includes(process.execPath.split('/').at(-1)!));
  assert.equal(texts[5], ['--all']);
  assert.equal(texts.slice(6), [['./a-file.json'], ['--output=./a-file.json'], ['--baseline=./a-fol/inner.json'], [`--output='./with a blank.json'`], ['--raw=./a-fol']]);
});

test.run();
