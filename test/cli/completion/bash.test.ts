import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bashScript } from '../../../src/cli/completion/bash.ts';
import { formats } from '../../../src/formats/formats.ts';
import { temporaryFolder } from '../../support/harness.ts';
import { skip } from '../../support/skip.ts';
import { environment, hostileNames, prepare, prepareHostile } from '../../support/shells.ts';

const test = suite('completion in bash');
const bash = process.platform !== 'win32' && spawnSync('bash', ['--version']).status === 0;
const folder = temporaryFolder();
let script = '';

test.before(() => {
  if (bash) script = prepare(folder, 'bash');
});

/** What bash offers behind these words, the last of which is being typed; `type` is 9 for a tab, 63 for a list. */
function complete(words: readonly string[], type = 9): string[] {
  const text = `source "$1"; shift; COMP_TYPE=$1; shift; COMP_WORDS=(portowner "$@"); COMP_CWORD=$#; _portowner; if ((\${#COMPREPLY[@]})); then printf '%s\\n' "\${COMPREPLY[@]}"; fi`;
  const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-c', text, 'bash', script, String(type), ...words], { encoding: 'utf8', cwd: folder, env: environment(folder) });
  assert.is(stderr, '');
  assert.is(status, 0);
  return stdout.split('\n').slice(0, -1);
}

const cases: readonly (readonly [words: readonly string[], expected: readonly string[]])[] = [
  [['sn'], ['snapshot']],
  [['--form'], ['--format']],
  [['--res'], ['--resolve']],
  [['--stat'], ['--state']],
  [['--format', ''], formats],
  [
    ['-f', 'c'],
    ['csv', 'clixml'],
  ],
  [['--format', '='], formats],
  [['--format', '=', 'nd'], ['ndjson']],
  [
    ['--all', '--state', 'fin'],
    ['FinWait1', 'FinWait2'],
  ],
  [
    ['--protocol', ''],
    ['tcp', 'udp'],
  ],
  [['--range', 'Well'], ['well-known']],
  [['--columns', 'localp'], ['LocalPort']],
  [
    ['--columns', 'LocalPort,own'],
    ['LocalPort,OwningProcess', 'LocalPort,OwnerKind', 'LocalPort,Owner'],
  ],
  [
    ['--sort', '-Sta'],
    ['-State', '-StartTime'],
  ],
  [['--sort', 'LocalPort,-StartT'], ['LocalPort,-StartTime']],
  [['--address', '1'], []],
  [['ranges', '--columns', 'St'], ['StartPort']],
  [
    ['ranges', '--co'],
    ['--columns', '--count'],
  ],
  [['ranges', 'x'], []],
  [['snapshot', '--c'], ['--command-lines']],
  [
    ['completion', ''],
    ['powershell', 'bash'],
  ],
  [['help', 'ra'], ['ranges']],
  [['no-such', '--al'], ['--all']],
  [['--from', 'portowner.b'], ['portowner.bash']],
];
for (const [words, expected] of cases) {
  test(`portowner ${words.join(' ')}`, (context) => {
    if (!bash) return skip('there is no bash', context);
    assert.equal(complete(words), expected);
  });
}

test('ports in use, with their owners in a list', async (context) => {
  if (!bash) return skip('there is no bash', context);
  const servers = [createServer(), createServer()];
  const ports = await Promise.all(servers.map((server) => new Promise<number>((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))));
  try {
    const [port] = ports.map(String) as [string];
    assert.equal(
      complete([port.slice(0, -1)]).filter((value) => value === port),
      [port],
    );
    assert.equal(complete([`80,${port}`]), [`80,${port}`]);
    for (const command of ['why', 'stop', 'history']) assert.ok(complete([command, port.slice(0, -1)]).includes(port), command);
    const listed = complete([''], 63);
    assert.ok(listed.includes('snapshot'));
    for (const one of ports)
      assert.ok(
        listed.some((text) => text.startsWith(`${one} (`) && text.includes(`${process.pid}`)),
        `${one} in ${listed.join('|')}`,
      );
    assert.ok(complete(['--pid', String(process.pid)]).includes(String(process.pid)));
    assert.ok(complete(['--image', '']).includes(process.execPath.split('/').at(-1)!));
  } finally {
    for (const server of servers) server.close();
  }
});

test('names that come from anybody add no word, and nothing runs', (context) => {
  if (!bash) return skip('there is no bash', context);
  const hostile = temporaryFolder();
  const own = prepare(hostile, 'bash');
  prepareHostile(hostile);
  const completed = (words: readonly string[], type: number, locale: string): string[] => {
    const text = `source "$1"; shift; COMP_TYPE=$1; shift; COMP_WORDS=(portowner "$@"); COMP_CWORD=$#; _portowner; printf '%s\\0' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', text, 'bash', own, String(type), ...words], {
      encoding: 'utf8',
      cwd: hostile,
      env: { ...environment(hostile), LC_ALL: locale },
    });
    assert.is(stderr.replace(/.*setlocale.*\n/g, ''), '');
    return stdout.split('\0').slice(0, -1);
  };
  for (const locale of ['C', 'C.UTF-8']) {
    for (const option of ['--image', '--user', '--service']) assert.equal(completed([option, ''], 9, locale), ['good.exe'], option);
    const ports = hostileNames.map((_, index) => String(7000 + index));
    assert.equal(completed(['stop', '70'], 9, locale), ports);
    const listed = completed(['stop', '70'], 63, locale);
    assert.equal(
      listed.map((word) => word.slice(0, 4)),
      ports,
    );
    assert.ok(listed[0]!.includes('good.exe'), listed[0]);
    for (const word of listed) assert.not.match(word, /[\p{Cc}\p{Cf}]/u);
  }
  assert.not.ok(existsSync(join(hostile, 'pwned')));
});

test('words with quotes stay words', (context) => {
  if (!bash) return skip('there is no bash', context);
  const text = bashScript([{ path: '', description: '', options: [], operands: ["it's", '$(id)', '`id`'] }]);
  const { stdout } = spawnSync('bash', ['--norc', '-c', `${text}\nCOMP_WORDS=(portowner ''); COMP_CWORD=1; _portowner; printf '%s|' "\${COMPREPLY[@]}"`], { encoding: 'utf8' });
  assert.is(stdout, "it's|$(id)|`id`|");
});

test.run();
