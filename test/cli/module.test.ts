import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { withInput } from '../../src/cli/arguments.ts';
import { connection, facts, process as processFact, socket, udp } from '../support/example.ts';
import { run, snapshotFile, temporaryFolder } from '../support/harness.ts';

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

interface Item {
  Severity?: string;
  Message?: string;
  Code?: string;
  Target?: string;
  Terminating?: boolean;
  LocalPort?: number;
}

const isNotice = ({ Severity }: Item): boolean => Severity === 'Progress' || Severity === 'Verbose';

/** The answer, and what was told on the way. */
async function rows(...args: string[]): Promise<{ code: number; items: Item[]; notices: Item[] }> {
  const { code, out, err } = await run([...args, '--from', file, '--format', 'ndjson', '--problems', 'rows']);
  assert.is(err, '');
  const all = out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Item);
  assert.ok(all.findLastIndex(isNotice) < all.filter(isNotice).length, 'notices come first');
  return { code, items: all.filter((item) => !isNotice(item)), notices: all.filter(isNotice) };
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
    assert.equal(
      items.filter(({ Severity }) => Severity !== 'Information').map((item) => item.LocalPort),
      ports,
    );
    assert.is(code, ports.length > 0 ? 0 : 1);
  });
}

test('what nobody owns is information, whether somebody owns another port or not', async () => {
  const said = async (...args: string[]) => {
    const { items } = await rows(...args);
    return items.map(({ Severity, Message, LocalPort }) => LocalPort ?? `${Severity}: ${Message}`);
  };
  assert.equal(await said('7'), ['Information: Nobody owns port 7.']);
  assert.equal(await said('443', '7', '8'), ['Information: Nobody owns ports 7 and 8.', 443]);
  assert.equal(await said('10.1.1.1:443'), [443]);
  assert.equal(await said('7', '--image', 'x'), ['Information: No socket matches.']);
  assert.equal(await said('443', '7', '--image', 'nginx'), [443], 'a filter may have left it out');
  assert.equal(await said('443', '--tree'), [443], 'a tree is in the row');
});

test('of very many ports that nobody owns, the first are named', async () => {
  const { items } = await rows(Array.from({ length: 30 }, (_, i) => 20001 + 2 * i).join(','));
  assert.match(items[0]!.Message!, /^Nobody owns ports 20001, 20003, .*, 20039, and 10 more\.$/);
});

test('an item that is no port is an error of its own, and the others are answered', async () => {
  const { code, items } = await rows('70000', '443', 'x!');
  assert.is(code, 0);
  assert.equal(
    items.map(({ Code, Target, Terminating, LocalPort }) => [Code, Target, Terminating, LocalPort]),
    [
      ['PO1002', '70000', false, undefined],
      ['PO1002', 'x!', false, undefined],
      [undefined, undefined, undefined, 443],
    ],
  );
});

test('items that are all wrong do not ask for every port', async () => {
  const { code, items } = await rows('0');
  assert.is(code, 64);
  assert.equal(
    items.map((item) => item.Code),
    ['PO1002'],
  );
});

test('without --problems rows one wrong port ends the command', async () => {
  const { code, out, err } = await run(['70000', '443', '--from', file]);
  assert.equal([code, out], [64, '']);
  assert.match(err, /PO1002/);
});

for (const [args, error] of [
  [['--columns', 'Nowhere'], 'PO1003'],
  [['--address', 'x'], 'PO1004'],
  [['--state', 'x'], 'PO1001'],
] as const) {
  test(`${args.join(' ')}: the error that ends the command is a row`, async () => {
    const { code, items } = await rows(...args);
    assert.is(code, 64);
    assert.equal(
      items.map(({ Code, Terminating }) => [Code, Terminating]),
      [[error, true]],
    );
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
    assert.equal(
      [...out.matchAll(/<T>((?:Selected\.)?PortOwner[^<]*)<\/T>/g)].map((match) => match[1]),
      names,
    );
  });
}

for (const [args, names] of [
  [[], []],
  [['--resolve=1'], ['RemoteHostName']],
  [['--firewall'], ['FirewallStatus', 'FirewallRules']],
] as const) {
  test(`only what is asked for is there: ${args.join(' ') || 'nothing'}`, async () => {
    const { out } = await run(['443', ...args, '--from', file, '--format', 'clixml']);
    assert.equal(
      [...out.matchAll(/N="(RemoteHostName|Firewall\w+)"/g)].map((match) => match[1]),
      names,
    );
    assert.match(out, /<T>PortOwner\.Endpoint<\/T>/);
  });
}

/** What a row of problems says, in CLIXML. */
const told = (out: string): string[][] =>
  [...out.matchAll(/<S N="Severity">(\w+)<\/S>(?:<S N="Code">\w+<\/S>|<Nil N="Code" \/>)(?:<S N="Message">(.*?)<\/S>|<Nil N="Message" \/>)/g)].map(([, severity, message]) =>
    message === undefined ? [severity!] : [severity!, message],
  );

const read = 'box at 2026-01-02T03:04:06Z: 5 sockets, 3 processes (sockets ok, processes ok, services ok, dynamic port ranges ok, reserved ports ok)';

test('what is going on comes first, and once', async () => {
  const { notices } = await rows('7');
  assert.equal(
    notices.map(({ Severity, Message, Code }) => [Severity, Message, Code]),
    [
      ['Progress', `reading ${file}`, null],
      ['Verbose', read, null],
    ],
  );
  for (const more of [[], ['--output', join(temporaryFolder(), 'rows.json'), '--problems', 'rows'], ['--count', '--problems', 'rows']]) {
    const { out, err } = await run(['443', '--from', file, '--format', 'ndjson', ...more]);
    assert.not.match(out + err, /Progress|Verbose/, `not with ${more.join(' ')}`);
  }
});

test('CLIXML: the last item says that it is the last, and with --stream what is in progress has a document of its own', async () => {
  for (const args of [['443'], ['7'], ['443', '--columns', 'Nowhere']]) {
    const { out } = await run([...args, '--from', file, '--format', 'clixml', '--problems', 'rows']);
    assert.is(told(out).filter(([severity]) => severity === 'End').length, 1);
    assert.match(out, /<S N="Severity">End<\/S>(?:<Nil N="\w+" \/>)+<B N="Terminating">false<\/B><\/MS><\/Obj><\/Objs>\n$/);
  }
  const { out } = await run(['443', '--from', file, '--format', 'clixml', '--problems', 'rows', '--stream']);
  const [, first, second] = out.split('\n');
  assert.equal(told(first!), [['Progress', `reading ${file}`]]);
  assert.equal(told(second!), [['Verbose', read], ['End']]);
  assert.match((await run(['443', '--from', file, '--format', 'clixml'])).out, /^((?!Severity).)*$/s);
});

test('each file that is read is reported', async () => {
  const { out } = await run(['diff', file, file, '--format', 'ndjson', '--problems', 'rows']);
  assert.equal(
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Item)
      .filter(isNotice)
      .map(({ Severity }) => Severity),
    ['Progress', 'Verbose', 'Progress', 'Verbose'],
  );
});

test('the firewall rules and the names of addresses are announced before they are read', async () => {
  const source = { platform: 'linux', read: () => ({ at: '2026-01-02T03:04:05Z', text: '' }) } as const;
  const { out } = await run(['443', '--firewall', '--resolve=1', '--format', 'clixml', '--problems', 'rows'], { source });
  assert.equal(
    told(out)
      .filter(([severity]) => severity === 'Progress')
      .map(([, message]) => message),
    ['reading this machine and its firewall rules', 'querying DNS for the names of 0 addresses, for up to 1 s'],
  );
});

test('an error that ends the command is not put where the rows were to go', async () => {
  const path = join(temporaryFolder(), 'rows.clixml');
  const { code, out, err } = await run(['443', '--from', '/nowhere.json', '--format', 'clixml', '--problems', 'rows', '--output', path]);
  assert.equal([code, out, existsSync(path)], [69, '', false]);
  assert.match(err, /PO2001/);
});

test('snapshot reports what it does, immediately with --stream', async () => {
  const source = { platform: 'linux', read: () => ({ at: '2026-01-02T03:04:05Z', text: '' }) } as const;
  const output = join(temporaryFolder(), 'facts.json');
  const { out } = await run(['snapshot', '--problems', 'rows', '--stream', '--output', output], { source });
  const lines = out
    .split('\n')
    .slice(1)
    .filter((line) => line !== '');
  assert.equal(told(lines[0]!), [['Progress', 'reading this machine']]);
  assert.equal(
    told(lines[1]!)
      .map(([severity]) => severity)
      .filter((severity) => severity !== 'Warning'),
    ['Verbose', 'End'],
  );
  assert.is((await run(['snapshot', '--stream', '--output', output], { source })).code, 64);
});

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
  assert.equal(
    withInput(['--all', '--', '@-', '80'], () => Buffer.from('\ufeff443\r\npid:7\n\n')),
    ['--all', '--', '443', 'pid:7', '80'],
  );
});

test.run();
