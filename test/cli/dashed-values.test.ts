// Values that begin with a dash: every option shows the value, and what it expects instead.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { allCommands, newCli } from '../../src/cli/commands.ts';
import { optionNames, takesValue } from '../../src/cli/words.ts';
import { catalogue } from '../../src/commands/catalogue.ts';
import { facts, socket } from '../support/example.ts';
import { linux } from '../support/linux-raw.ts';
import { run, snapshotFile, temporaryFolder } from '../support/harness.ts';

const test = suite('values that begin with a dash');
const folder = temporaryFolder();

const numbers: readonly (readonly string[])[] = [
  ['wait', '3000', '--timeout', '-2'],
  ['wait', '3000', '--timeout', '-1s'],
  ['stop', '3000', '--timeout', '-1'],
  ['stop', '--pid', '-1'],
  ['watch', '--for', '-1'],
  ['watch', '--interval', '-1'],
  ['watch', '--interval', '-.5'],
  ['watch', '--count', '-1'],
  ['stats', '--for', '-5m'],
  ['free', '--near', '-5'],
  ['free', '--count', '-1'],
  ['free', '--hold', '-1'],
  ['history', '--store', 'x', '--last', '-1'],
  ['schedule', 'install', '--time-limit', '-1'],
  ['schedule', 'install', '--random-delay', '-1'],
  ['--pid', '-1'],
  ['--resolve', '-1'],
];
for (const args of numbers)
  test(args.join(' '), async () => {
    const { code, err } = await run(args);
    assert.is(code, 64);
    const [option = '', value = ''] = args.slice(-2);
    assert.ok(err.includes(`unknown value ${JSON.stringify(value)} for ${option}; expected `), err);
  });

test('an option whose value has a space is no value of the option before it', async () => {
  for (const args of [
    ['wait', '1', '--quiet', '--owned-by=no such program', '--timeout', '0'],
    ['--count', '--image=no such program'],
  ]) {
    const { code, err } = await run(args, { source: linux({}) });
    assert.is(code === 64, false, `${args.join(' ')}: ${err}`);
  }
});

/** Each option of each command that takes a value. */
const valued = (await newCli(await allCommands(catalogue)))
  .definitions()
  .flatMap(({ path, options }) => options.filter(takesValue).flatMap((option) => optionNames(option).map((name) => path.split(' ').slice(1).concat(name))));

test('a number after an option is its value, for every option and name', async () => {
  assert.ok(valued.length > 150, `${valued.length}`);
  const file = snapshotFile(facts([socket()]), folder);
  for (const words of valued) {
    const [separate, attached] = [
      // An unreadable file ends a command early, whatever the option means.
      await run(words.concat('-7', '--output', `${file}/x.csv`)),
      await run([...words.slice(0, -1), `${words.at(-1)}=-7`, '--output', `${file}/x.csv`]),
    ];
    assert.not.match(separate.err, 'missing value');
    assert.not.match(separate.err, 'unknown option -7');
    assert.equal(separate, attached, words.join(' '));
  }
});

for (const [args, expected] of [
  [['--image', '-foo'], 'missing value for --image\n  Attach a value that begins with a dash: --image=-foo\n'],
  [['--image', '-$(x)'], 'missing value for --image\n  Attach a value that begins with a dash: --image=VALUE\n'],
  [['--image', '--listening'], 'missing value for --image\n  To list the options: portowner --help\n'],
  [['--format', '--csv'], /missing value for --format; expected /],
  [['--tree', '-5'], '--tree takes no value, but got "-5"'],
  [['-5'], 'PO1002: "-5" is not a port, a range, or a known service name'],
  [['--port', '-5'], 'PO1002: "-5" is not a port, a range, or a known service name'],
  [['why', '-5'], 'PO1002: "-5" is not a port, a range, or a known service name'],
] as const)
  test(args.join(' '), async () => {
    const { code, err } = await run(args);
    assert.is(code, 64);
    assert.match(err, expected);
  });

test('an error text that begins with a dash', async () => {
  const file = snapshotFile(facts([socket({ localPort: 3000 })]), folder);
  const { err, out } = await run(['why', '--error', '-bash: listen EADDRINUSE: address already in use :::3000', '--from', file]);
  assert.is(err, '');
  assert.match(out, 'Port 3000');
});

test.run();
