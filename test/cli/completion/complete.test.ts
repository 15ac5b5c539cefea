import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formats } from '../../../src/formats/formats.ts';
import { facts, process as named, socket } from '../../support/example.ts';
import { run, snapshotFile } from '../../support/harness.ts';
import { hostileNames } from '../../support/shells.ts';

const test = suite('completion');

const from = snapshotFile(
  facts([socket({ localPort: 3000 }), socket({ localPort: 3001, pid: 101 }), socket({ localPort: 80 })], {
    processes: [named(), named({ pid: 101, imageName: 'a b', user: 'ann' })],
  }),
);

/** What fish is told goes on from the last word: words, with what they mean behind a tab. */
async function lines(words: readonly string[], shell: readonly string[] = ['fish']): Promise<string[]> {
  const { code, out, err } = await run(['internal-complete', ...shell, ...words]);
  assert.equal([code, err], [0, ''], words.join(' '));
  return out.split('\n').slice(0, -1);
}
const wordsOf = async (words: readonly string[]): Promise<string[]> => (await lines(words)).map((line) => line.split('\t')[0]!);

const cases: readonly (readonly [line: string, expected: readonly string[]])[] = [
  ['sn', ['snapshot']],
  ['--form', ['--format']],
  ['--stat', ['--state']],
  ['--q', ['--quiet']],
  ['--probl', []],
  ['--format ', formats],
  ['-f c', ['csv', 'clixml']],
  ['--format=c', ['--format=csv', '--format=clixml']],
  ['--all --state fin', ['FinWait1', 'FinWait2']],
  ['--protocol ', ['tcp', 'udp']],
  ['--range Well', ['well-known']],
  ['--columns localp', ['LocalPort']],
  ['--columns LocalPort,own', ['LocalPort,OwningProcess', 'LocalPort,OwnerKind', 'LocalPort,Owner']],
  ['--columns=LocalPort,own', ['--columns=LocalPort,OwningProcess', '--columns=LocalPort,OwnerKind', '--columns=LocalPort,Owner']],
  ['--sort -Sta', ['-State', '-StartTime']],
  ['--sort LocalPort,-StartT', ['LocalPort,-StartTime']],
  ['--address 1', []],
  ['--output ', [':file']],
  ['-o p', [':file']],
  ['snapshot ', [':file']],
  ['snapshot --raw ', [':folder']],
  ['ranges --columns St', ['StartPort']],
  ['ranges x', []],
  ['snapshot --c', ['--command-lines']],
  ['completion ', ['bash', 'zsh', 'fish', 'powershell']],
  ['completion z', ['zsh']],
  ['help ra', ['ranges']],
  ['baseline ', ['create', 'show', 'update']],
  ['baseline s', ['show']],
  ['kill --ti', ['--timeout']],
  ['no-such --al', ['--all']],
  ['free 30', []],
  ['https', ['https', 'https-wmap']],
  [`--from ${from} 30`, ['3000', '3001']],
  [`--from=${from} 80,30`, ['80,3000', '80,3001']],
  [`--from ${from} localhost:300`, ['localhost:3000', 'localhost:3001']],
  [`conflicts --from ${from} 8`, ['80']],
  [`why --from ${from} 3001`, ['3001']],
  [`--from ${from} --pid `, ['100', '101']],
  [`--from ${from} --image `, ['nginx', 'a b']],
  [`--from ${from} --user a`, ['ann']],
  ['--from /no/such/file.json 30', []],
];
for (const [line, expected] of cases) test(`portowner ${line.replace(from, 'FILE')}`, async () => assert.equal(await wordsOf(line.split(' ')), expected));

test('commands and options with what they do, columns with what they mean, ports with their owners, services with their ports', async () => {
  assert.ok((await lines([''])).includes('stop\tfree a port: stop the program that listens on it'));
  assert.match((await lines(['snapshot', '--c']))[0]!, /^--command-lines\t.*masked/);
  assert.match((await lines(['--columns', 'LocalP']))[0]!, /^LocalPort\t\S/);
  assert.equal(await lines(['--from', from, '3001']), ['3001\ta b (101)']);
  assert.equal(await lines(['ssh']).then((all) => all[0]), 'ssh\tport 22');
});

test('every option that is offered is one, for each command', async () => {
  const commands = (await wordsOf([''])).filter((word) => /^[a-z]+$/.test(word) && !['help', 'baseline', 'schedule'].includes(word));
  assert.ok(commands.length > 9);
  for (const command of commands) {
    const { out } = await run([command, '--help']);
    for (const option of await wordsOf([command, '--'])) assert.ok(option === '--help' || out.includes(option), `${command} ${option}`);
  }
});

const bashCases: readonly (readonly [words: readonly string[], expected: readonly string[]])[] = [
  [['--format', '='], formats],
  [['--format', '=', 'nd'], ['ndjson']],
  [
    ['--columns', '=', 'LocalPort,own'],
    ['LocalPort,OwningProcess', 'LocalPort,OwnerKind', 'LocalPort,Owner'],
  ],
  [
    ['--from', from, 'localhost', ':', '300'],
    ['3000', '3001'],
  ],
  [
    ['--from', from, 'localhost', ':'],
    ['3000', '3001', '80'],
  ],
  // A word with a blank would be two.
  [['--from', from, '--image', ''], ['nginx']],
];
for (const [words, expected] of bashCases)
  test(`the parts that bash makes of a word: ${words.join(' ').replace(from, 'FILE')}`, async () =>
    assert.equal((await lines(words, ['bash', '9'])).toSorted(), [...expected].toSorted()));

test('bash lists owners beside ports, and inserts none', async () => {
  assert.equal(await lines(['--from', from, '300'], ['bash', '63']), ['3000 (nginx (100))', '3001 (a b (101))']);
  assert.equal(await lines(['--from', from, '3001'], ['bash', '63']), ['3001']);
});

test('what an option does fits on a line of 80 characters, and ends with a whole word', async () => {
  for (const shell of ['zsh', 'fish'])
    for (const words of [['free', '--'], ['audit', '--'], ['stats', '--'], ['--columns', ''], ['']])
      for (const line of await lines(words, [shell])) {
        const [word = '', ...meanings] = line.split(shell === 'fish' ? '\t' : ':');
        const meaning = meanings.join(':');
        assert.ok(meaning.length <= 58, line);
        if (meaning.endsWith('…')) assert.match(meaning, /(?:[\p{L}\p{N}'")]| )…$/u, word);
      }
  const meanings = (await lines(['free', '--'], ['fish'])).join('\n');
  assert.match(meanings, /^--ssh-config\tfor --host: the ssh configuration file to use instead…$/m);
});

test('zsh parts a word from its meaning at the first colon that is none of the word', async () => {
  assert.equal(await lines(['--from', from, 'localhost:3001'], ['zsh']), ['localhost\\:3001:a b (101)']);
});

test('PowerShell gets JSON in ASCII, with each word as one argument', async () => {
  const ask = async (...words: string[]) => {
    const { out } = await run(['internal-complete', 'powershell'], { input: words.map((word) => `=${word}\r\n`).join('') });
    assert.not.match(out, /[^\n -~]/);
    return JSON.parse(out) as { Kind: string; Text: string; Listed: string; Tip: string }[];
  };
  assert.equal(await ask('--from', from, '--image', 'a'), [{ Kind: 'ParameterValue', Text: "'a b'", Listed: 'a b', Tip: 'a b' }]);
  assert.equal(
    (await ask('--columns', 'LocalPort,Own')).map(({ Text }) => Text),
    ['OwningProcess', 'OwnerKind', 'Owner'],
  );
  assert.equal(
    (await ask('--columns=LocalPort,Owner')).map(({ Text }) => Text),
    ['--columns=LocalPort,OwnerKind', '--columns=LocalPort,Owner'],
  );
  assert.equal(await ask('--output', ''), [{ Kind: 'file' } as never]);
});

test('--image offers the names that people know, too, in every shell', async () => {
  const owners = [
    { imageName: 'node', application: 'vite' },
    { imageName: 'redis-check-rdb', application: 'redis-server' },
    { imageName: 'dotnet.exe', application: 'pwsh' },
    { imageName: 'python3.11', application: 'python -m http.server' },
    { imageName: 'gunicorn', application: 'gunicorn: worker' },
    { imageName: 'chrome.exe' },
  ];
  const known = snapshotFile(
    facts(
      owners.map((_, at) => socket({ localPort: 7000 + at, pid: 100 + at })),
      { processes: owners.map((one, at) => named({ pid: 100 + at, ...one })) },
    ),
  );
  const expected = ['node', 'vite', 'redis-check-rdb', 'redis-server', 'dotnet.exe', 'pwsh', 'python3.11', 'python', 'gunicorn', 'chrome.exe'];
  const words = ['--from', known, '--image', ''];
  assert.equal(await wordsOf(words), expected);
  assert.equal(await lines(words, ['bash', '9']), expected);
  assert.equal(await lines(words, ['zsh']), expected);
  const { out } = await run(['internal-complete', 'powershell'], { input: words.map((word) => `=${word}\n`).join('') });
  assert.equal(
    (JSON.parse(out) as { Text: string }[]).map(({ Text }) => Text),
    expected,
  );
  for (const name of ['vite', 'redis-server', 'pwsh', 'python', 'gunicorn']) assert.is((await run(['--from', known, '--image', name, '--count'])).out, '1\n', name);
});

test('names that come from anybody end no line and hide nothing', async () => {
  const hostile = snapshotFile(
    facts(
      hostileNames.map((_, index) => socket({ localPort: 7000 + index, pid: 100 + index })),
      { processes: hostileNames.map((imageName, index) => named({ pid: 100 + index, imageName, user: imageName, unit: imageName })) },
    ),
  );
  const fine = hostileNames.filter((name) => !/^-|[\p{Cc}\p{Cf}]/u.test(name));
  assert.equal((await wordsOf(['--from', hostile, '--image', ''])).toSorted(), fine.toSorted());
  assert.equal(await lines(['--from', hostile, '--image', ''], ['bash', '9']), ['good.exe']);
  for (const shell of [['bash', '63'], ['zsh'], ['fish']]) {
    const ports = await lines(['--from', hostile, '70'], shell);
    assert.is(ports.length, hostileNames.length, shell[0]);
    for (const line of ports) assert.not.match(line.replace('\t', ' '), /[\p{Cc}\p{Cf}]/u);
  }
});

test('completion says how to install it, the current shell first', async () => {
  const { code, out } = await run(['completion']);
  assert.is(code, 0);
  assert.equal(out.match(/^\S.*:$/gm), ['bash:', 'zsh:', 'fish:', 'PowerShell:']);
  assert.match((await run(['completion'], { shell: 'pwsh' })).out, /^PowerShell \(this shell\):\n {2}\S[^]*^bash:$/m);
  assert.match((await run(['completion'], { shell: 'fish' })).out, /\n\nfish \(this shell\):\n/);
});

test.run();
