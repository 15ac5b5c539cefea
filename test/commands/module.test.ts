import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { withInput } from '../../src/commands/arguments.ts';
import { connection, facts, process as processFact, socket, udp } from '../facts/example.ts';
import { run, snapshotFile, temporaryFolder } from './harness.ts';

const test = suite('what the PowerShell module asks for');

const file = snapshotFile(
  facts(
    [
      socket({ localPort: 443, pid: 100 }),
      socket({ localPort: 8080, pid: 101 }),
      socket({ localPort: 9000, pid: 102, holders: [102, 100] }),
      connection({ localPort: 52000, remotePort: 5432, pid: 100 }),
      udp({ localPort: 53, pid: 101 }),
    ],
    { processes: [processFact({ pid: 100 }), processFact({ pid: 101 }), processFact({ pid: 102 })] },
  ),
);

interface Item { Severity?: string; Code?: string; Target?: string; Terminating?: boolean; LocalPort?: number }

async function rows(...args: string[]): Promise<{ code: number; items: Item[] }> {
  const { code, out, err } = await run([...args, '--from', file, '--format', 'ndjson', '--problems', 'rows']);
  assert.is(err, '');
  return { code, items: out.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Item) };
}

const asked: [what: string, args: string[], ports: number[]][] = [
  ['a process', ['pid:100'], [443, 9000]],
  ['ports and a process: the sockets of either', ['53', '8080', 'pid:100'], [53, 443, 8080, 9000]],
  ['a listener and a client port', ['443', '52000'], [443, 52000]],
  ['a client port and a process', ['52000', 'pid:101'], [53, 8080, 52000]],
  ['a process and its connections', ['pid:100', '--all'], [443, 9000, 52000]],
  ['a process, one protocol', ['pid:101', '--protocol', 'udp'], [53]],
  ['a process that is not there', ['pid:7'], []],
];
for (const [what, args, ports] of asked) {
  test(what, async () => {
    const { code, items } = await rows(...args);
    assert.equal(items.map((item) => item.LocalPort), ports);
    assert.is(code, ports.length > 0 ? 0 : 1);
  });
}

test('an item that is no port is an error of its own, and the others are answered', async () => {
  const { code, items } = await rows('70000', '443', 'x!');
  assert.is(code, 0);
  assert.equal(items.map(({ Code, Target, Terminating, LocalPort }) => [Code, Target, Terminating, LocalPort]), [
    ['PO1002', '70000', false, undefined],
    ['PO1002', 'x!', false, undefined],
    [undefined, undefined, undefined, 443],
  ]);
});

test('items that are all wrong do not ask for every port', async () => {
  const { code, items } = await rows('0');
  assert.is(code, 64);
  assert.equal(items.map((item) => item.Code), ['PO1002']);
});

test('without --problems rows one wrong port ends the command', async () => {
  const { code, out, err } = await run(['70000', '443', '--from', file]);
  assert.equal([code, out], [64, '']);
  assert.match(err, /PO1002/);
});

for (const [args, error] of [[['--columns', 'Nowhere'], 'PO1003'], [['--address', 'x'], 'PO1004'], [['--state', 'x'], 'PO1001']] as const) {
  test(`${args.join(' ')}: the error that ends the command is a row`, async () => {
    const { code, items } = await rows(...args);
    assert.is(code, 64);
    assert.equal(items.map(({ Code, Terminating }) => [Code, Terminating]), [[error, true]]);
  });
}

const typeNames: [what: string, args: string[], names: string[]][] = [
  ['listeners', ['443'], ['PortOwner.Endpoint']],
  ['connections', ['52000'], ['PortOwner.Endpoint#Connection', 'PortOwner.Endpoint']],
  ['listeners with the firewall', ['443', '--firewall'], ['PortOwner.Endpoint#Firewall', 'PortOwner.Endpoint']],
  ['listeners with names, of which they have none', ['443', '--resolve=1'], ['PortOwner.Endpoint']],
  ['connections with the firewall', ['52000', '--firewall'], ['PortOwner.Endpoint#ConnectionFirewall', 'PortOwner.Endpoint']],
  ['chosen columns', ['443', '--columns', 'LocalPort'], ['Selected.PortOwner.Endpoint']],
];
for (const [what, args, names] of typeNames) {
  test(`the type of ${what}`, async () => {
    const { out } = await run([...args, '--from', file, '--format', 'clixml']);
    assert.equal([...out.matchAll(/<T>((?:Selected\.)?PortOwner[^<]*)<\/T>/g)].map((match) => match[1]), names);
  });
}

for (const [args, names] of [[[], []], [['--resolve=1'], ['RemoteHostName']], [['--firewall'], ['FirewallStatus', 'FirewallRules']]] as const) {
  test(`only what is asked for is there: ${args.join(' ') || 'nothing'}`, async () => {
    const { out } = await run(['443', ...args, '--from', file, '--format', 'clixml']);
    assert.equal([...out.matchAll(/N="(RemoteHostName|Firewall\w+)"/g)].map((match) => match[1]), names);
    assert.match(out, /<T>PortOwner\.Endpoint<\/T>/);
  });
}

test('snapshot --problems rows needs --output', async () => {
  const { code, err } = await run(['snapshot', '--problems', 'rows']);
  assert.is(code, 64);
  assert.match(err, /PO1005/);
});

test('snapshot --problems rows: the error is a row', async () => {
  const source = { platform: 'linux', read: () => ({ at: '2026-01-02T03:04:05Z', text: '' }) } as const;
  const { code, out, err } = await run(['snapshot', '--problems', 'rows', '--output', join(temporaryFolder(), 'no', 'where.json')], { source });
  assert.equal([code, err], [69, '']);
  assert.match(out, /^#< CLIXML\n.*PO2004/);
});

test('definitions', async () => {
  const { code, out } = await run(['definitions']);
  assert.is(code, 0);
  const commands = JSON.parse(out) as { path: string; options: { definition: string }[] }[];
  assert.ok(commands.some(({ path }) => path === 'portowner ranges'));
  assert.ok(commands.every(({ options }) => options.every(({ definition }) => definition.startsWith('-'))));
});

test('@- stands for the lines of standard input', () => {
  assert.equal(withInput(['--all', '--', '@-', '80'], () => Buffer.from('\ufeff443\r\npid:7\n\n')), ['--all', '--', '443', 'pid:7', '80']);
});

test.run();
