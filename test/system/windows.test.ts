// dist/portowner.exe as a user meets it, on Windows or under Wine: real sockets of real processes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../../src/build/runtime.mjs';
import { portClass } from '../../src/ports/classes.ts';
import type { Endpoint } from '../../src/schema/endpoint.ts';
import { dist, products, windowsNode } from '../support/build-machine.ts';
import { facts, process as processFact, socket } from '../support/example.ts';
import { skip, type TestContext } from '../support/skip.ts';
import { asText, formats, readCsv } from '../support/read-formats.ts';
import { assertRows, assertSockets, endAll, newFolder, otherLoopback, portOwner, rowsOf, runProgram, socketText, startListeners, type Listeners } from '../support/program.ts';

const { command, without } = products().find(({ name }) => name === 'portowner.exe')!;
/** What runs Windows programs here: nothing on Windows itself. */
const runner = command?.slice(0, -1) ?? [];
const portowner = portOwner(command ?? []);
const onLinux = process.platform === 'linux' ? portOwner([join(dist, 'portowner')]) : null;
const suiteOf = suite('portowner on Windows');
const test = (name: string, check: (context: TestContext) => void | Promise<void>): void =>
  suiteOf(name, (context) => (command === null ? skip(without, context as TestContext) : check(context as TestContext)));
const noShell = 'the test needs a Unix shell';

const plans = [
  'tcp 127.0.0.1',
  'tcp 0.0.0.0',
  `tcp ${otherLoopback}`,
  'tcp ::',
  'udp 127.0.0.1',
  'udp 0.0.0.0',
  `udp ${otherLoopback}`,
  'udp ::',
  'pair 127.0.0.1',
  `pair ${otherLoopback}`,
  'half 127.0.0.1',
];
const secret = 'hunter2';
const umlauts = 'Größe 漢字.exe';

let folder: string;
/** Has a socket of every kind. */
let server: Listeners;
/** Runs under another name, and has the server's port in the other family. */
let second: Listeners;
/** The process ids of both, as `--pid` takes them. */
let ours: string;

suiteOf.before(async () => {
  if (command === null) return;
  folder = newFolder();
  const node = process.platform === 'win32' ? process.execPath : windowsNode();
  // A link would do on Windows; Wine knows a program that runs already by its first name.
  copyFileSync(node, join(folder, umlauts));
  server = await startListeners([...runner, node], [...plans, `--password=${secret}`, '--größe=漢字']);
  second = await startListeners([...runner, join(folder, umlauts)], [`tcp ${otherLoopback} ${server.port('tcp 127.0.0.1')}`, 'udp 127.0.0.1']);
  ours = `${server.pid},${second.pid}`;
});
suiteOf.after(endAll);

/** A path as Windows programs say it. */
const windowsPath = (path: string): string => (process.platform === 'win32' ? path : `Z:${path.replaceAll('/', '\\')}`);
const file = (name: string): string => join(folder, name);
const mine = (...args: (string | number)[]): Endpoint[] => rowsOf(portowner, ['--pid', ours, ...args]);
/** As `mine('--all')` was when it was first asked for: nothing of it changes. */
let known: Endpoint[] | undefined;
const all = (): Endpoint[] => (known ??= mine('--all'));
const quote = (words: readonly (string | number)[]): string => words.map((word) => `'${String(word).replaceAll("'", "'\\''")}'`).join(' ');

// ---- What is open, and whose it is

test('every socket that the processes opened is a row, and nothing else is', () => {
  assertSockets(all(), [...server.all, ...second.all]);
  for (const row of all()) {
    const scope = /^(127\.|::1$)/.test(row.LocalAddress!) ? 'Loopback' : 'Any';
    assert.equal([row.AddressScope, row.PortRange, row.Holders], [scope, portClass(row.LocalPort!), null], socketText(row));
  }
});

test('the owner: name, path, command line, user, start', () => {
  for (const listeners of [server, second]) {
    const { pid, execPath, host, user, startedAfter, startedBefore } = listeners;
    const image = execPath.slice(execPath.lastIndexOf('\\') + 1);
    const row = all().find((one) => one.OwningProcess === pid);
    // The second runs under another name, of which nobody knows that it is an interpreter.
    const [application, owner] = listeners === server ? ['node listeners.ts', 'node listeners.ts'] : [image.replace('.exe', ''), image];
    assert.equal([row!.ImageName, row!.OwnerKind, row!.Owner, row!.Services], [image, 'Process', `${owner} (${pid})`, null]);
    assert.is(row!.Application, application);
    assert.is(row!.Path!.toLowerCase(), execPath.toLowerCase());
    assert.match(row!.CommandLine!, /listeners\.ts"? "tcp /);
    assert.is(row!.UserName!.replace(/^[^\\]+\\/, '').toLowerCase(), user.toLowerCase());
    assert.is(row!.ComputerName!.toLowerCase(), host.toLowerCase());
    assert.match(row!.StartTime!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/);
    const startTime = Date.parse(row!.StartTime!);
    assert.ok(startTime > startedAfter - 2000 && startTime < startedBefore + 2000, row!.StartTime!);
  }
  assert.is(basename(second.execPath.replaceAll('\\', '/')), umlauts);
  const row = all().find((one) => one.OwningProcess === server.pid);
  assert.match(row!.CommandLine!, /--password=\*\*\*.*größe=漢字/);
  assert.not.match(row!.CommandLine!, secret);
});

test('listeners and UDP sockets are what is listed without --all', () => {
  assertSockets(
    mine(),
    [...server.all, ...second.all].filter(({ State }) => State === null || State === 'Listen'),
  );
});

test('the main question: the listener, not its connections', () => {
  const [listener, client, accepted] = server.sockets['pair 127.0.0.1']!;
  assertSockets(rowsOf(portowner, [listener!.LocalPort]), [listener!]);
  assertSockets(rowsOf(portowner, [listener!.LocalPort, '--all']), [listener!, accepted!]);
  assertSockets(rowsOf(portowner, [client!.LocalPort]), [client!]);
});

test('one port in both families and of two processes', () => {
  const port = server.port('tcp 127.0.0.1');
  const rows = rowsOf(portowner, [port]);
  assertSockets(rows, [...server.sockets['tcp 127.0.0.1']!, ...second.sockets[`tcp ${otherLoopback} ${port}`]!]);
  assert.equal(
    rows.map((row) => row.OwningProcess),
    [server.pid, second.pid],
  );
});

test('several ports, a list and a range', () => {
  const wanted = [server.port('tcp ::'), server.port('udp 0.0.0.0'), second.port('udp 127.0.0.1')];
  const expected = all().filter((row) => wanted.includes(row.LocalPort!));
  assertRows(mine(`${wanted[0]},${wanted[1]}`, `${wanted[2]}-${wanted[2]}`), expected);
  assert.is(expected.length, 3);
});

test('nobody: exit code 1', () => {
  const { code, out, err } = portowner(['1', '--protocol', 'tcp']);
  assert.equal([code, out.split('\n')[0], err], [1, 'Nobody owns TCP port 1.', '']);
});

// ---- Filters, order, columns

const filters: [name: string, args: () => (string | number)[], wanted: (row: Endpoint) => boolean][] = [
  ['--protocol', () => ['--protocol', 'udp'], (row) => row.Protocol === 'UDP'],
  ['--state', () => ['--state', 'listen,CloseWait,FinWait2'], (row) => ['Listen', 'CloseWait', 'FinWait2'].includes(row.State!)],
  ['--image with .exe', () => ['--image', 'gRÖßE 漢字.EXE'], (row) => row.OwningProcess === second.pid],
  ['--image without .exe', () => ['--image', umlauts.replace('.exe', '')], (row) => row.OwningProcess === second.pid],
  ['--image with wildcards', () => ['--image', 'node*.exe'], (row) => row.OwningProcess === server.pid],
  ['--image with a wildcard for anything', () => ['--image', '*.EX?'], () => true],
  ['--address as CIDR', () => ['--address', '127.0.0.0/8'], (row) => row.LocalAddress!.startsWith('127.')],
  ['--address of IPv6', () => ['--address', otherLoopback], (row) => row.LocalAddress === otherLoopback || row.RemoteAddress === otherLoopback],
  ['--remote-port', () => ['--remote-port', server.port(`pair ${otherLoopback}`)], (row) => row.RemotePort === server.port(`pair ${otherLoopback}`)],
  ['--user without its domain', () => ['--user', server.user], () => true],
  ['--user with wildcards', () => ['--user', `*\\${server.user}`], () => true],
  ['--service of nobody', () => ['--service', 'no-such-service'], () => false],
  ['--range', () => ['--range', 'dynamic'], (row) => row.PortRange === 'Dynamic'],
  [
    'several filters',
    () => ['--protocol', 'tcp', '--address', '127.0.0.1', '--state', 'Listen'],
    (row) => row.Protocol === 'TCP' && row.LocalAddress === '127.0.0.1' && row.State === 'Listen',
  ],
];
for (const [name, args, wanted] of filters) {
  test(`filter: ${name}`, () => assertRows(mine('--all', ...args()), all().filter(wanted)));
}

test('--pid, --sort, --columns', () => {
  const { code, out, err } = portowner(['--pid', second.pid, '--sort', '-Protocol', '--columns', 'Protocol,OwningProcess', '--format', 'csv']);
  assert.equal([code, err], [0, '']);
  assert.is(out, `Protocol,OwningProcess\r\nUDP,${second.pid}\r\nTCP,${second.pid}\r\n`);
});

test('--count', () => assert.equal(portowner(['--all', '--pid', ours, '--count']), { code: 0, out: `${all().length}\n`, err: '' }));

// ---- Formats

for (const [format, { read, expected }] of Object.entries(formats)) {
  test(`--format ${format} reads back to the same rows`, () => {
    // Cells with wide characters would not be below their headers.
    const plain = format === 'table';
    const columns = [
      'Protocol',
      'LocalAddress',
      'LocalPort',
      'RemoteAddress',
      'RemotePort',
      'State',
      'OwningProcess',
      'UserName',
      'StartTime',
      'PortRange',
      'OwnerKind',
      'Owner',
    ] as const;
    const { code, out, err } = portowner(['--all', '--pid', ours, '--command-lines', '--format', format, ...(plain ? ['--columns', columns.join(',')] : [])]);
    assert.equal([code, err], [0, '']);
    assert.equal(read(out), plain ? all().map((row) => Object.fromEntries(columns.map((name) => [name, asText(row, ', ')[name]]))) : expected(all()));
    if (['clixml', 'json', 'ndjson'].includes(format)) assert.match(out, /^[\n -~]*$/, 'pure ASCII on a pipe');
  });
}

// ---- Exit codes

const wrong: [args: string[], code: number, text: RegExp][] = [
  [['0'], 64, /PO1002/],
  [['70000'], 64, /PO1002/],
  [['größe'], 64, /PO1002: "größe"/],
  [['9-1'], 64, /PO1002/],
  [['--columns', 'Nope'], 64, /PO1003/],
  [['--nope'], 64, /PO1001/],
  [['443', '--from', 'no-such-file.json'], 69, /PO2001/],
  [['443', '--from', 'NUL'], 69, /PO200[12]/],
  [['snapshot', '--raw', 'no\\such\\raw'], 69, /PO2004/],
];
for (const [args, code, text] of wrong) {
  test(`${code}: ${args.join(' ')}`, () => {
    const outcome = portowner(args, { cwd: folder });
    assert.equal([outcome.code, outcome.out], [code, '']);
    assert.match(outcome.err, text);
    assert.match(outcome.err, /^portowner: PO\d{4}: [^\n]+\n(?: {2}[^\n]+\n)?$/, 'one line, and one for the hint');
  });
}

test('help and version', () => {
  const { code, out, err } = portowner(['--help']);
  assert.equal([code, err], [0, '']);
  assert.match(out, /^portowner \[PORTS…\][^]*\nExamples:\n/);
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  assert.equal(portowner(['--version']), { code: 0, out: `portowner ${version}\n`, err: '' });
});

test('ranges', () => {
  const { code, out } = portowner(['ranges', '--format', 'csv', '--columns', 'Kind,StartPort,EndPort']);
  const rows = readCsv(out).map((row) => `${String(row.Kind)} ${String(row.StartPort)}-${String(row.EndPort)}`);
  assert.equal(rows.slice(0, 3), ['WellKnown 0-1023', 'Registered 1024-49151', 'Dynamic 49152-65535']);
  // Wine's netsh says nothing.
  assert.is(code, rows.some((row) => row.startsWith('LocalDynamic')) ? 0 : 69);
});

// ---- Files and pipes

test('an answer leaves no file behind', () => {
  const place = newFolder();
  for (const name of ['here', 'temp']) mkdirSync(join(place, name));
  const temp = windowsPath(join(place, 'temp'));
  const options = { cwd: join(place, 'here'), env: { ...process.env, TEMP: temp, TMP: temp } };
  assertRows(rowsOf(portowner, ['--all', '--pid', ours], options), all());
  assert.is(portowner(['snapshot', '--command-lines'], options).code, 0);
  assert.equal(readdirSync(place, { recursive: true }).toSorted(), ['here', 'temp']);
});

test('--output writes a file, whole and alone in its folder', () => {
  const place = newFolder();
  const path = join(place, 'grüße 漢.csv');
  writeFileSync(path, 'old'.repeat(1e6));
  assert.equal(portowner(['--all', '--pid', ours, '--command-lines', '--format', 'csv', '--output', windowsPath(path)]), { code: 0, out: '', err: '' });
  const text = readFileSync(path, 'utf8');
  assert.is(text[0], '\ufeff', 'a byte order mark, for Excel');
  assert.equal(readCsv(text.slice(1)), formats.csv.expected(all()));
  assert.equal(readdirSync(place), ['grüße 漢.csv']);
});

test('what cannot be written: 69, and everything stays as it was', () => {
  const place = newFolder();
  mkdirSync(join(place, 'folder'));
  for (const name of ['none\\out.csv', 'folder', 'a*b?.csv']) {
    const { code, out, err } = portowner(['--pid', ours, '--output', name], { cwd: place });
    assert.equal([code, out], [69, ''], name);
    assert.match(err, /^portowner: PO2004: cannot write /);
  }
  assert.equal(readdirSync(place, { recursive: true }), ['folder']);
});

/** A snapshot whose output is larger than every buffer on the way. */
let crowdFile: string | undefined;
function crowd(): string {
  if (crowdFile === undefined) {
    crowdFile = file('crowd.json');
    const sockets = Array.from({ length: 20_000 }, (_, i) => socket({ localPort: 1 + i, pid: 1000 + (i % 300) }));
    writeFileSync(
      crowdFile,
      JSON.stringify(facts(sockets, { platform: 'win32', processes: Array.from({ length: 300 }, (_, i) => processFact({ pid: 1000 + i, imageName: `größe${i}.exe` })) })),
    );
  }
  return windowsPath(crowdFile);
}

test('large output: whole on a pipe and in a file', (context) => {
  const args = ['--from', crowd(), '--format', 'csv'];
  const { code, out, err } = portowner(args);
  assert.equal([code, err], [0, '']);
  assert.is(out.split('\r\n').length, 20_002);
  if (onLinux !== null) assert.is(out, onLinux(['--from', crowdFile!, '--format', 'csv']).out);
  if (process.platform === 'win32') return skip(noShell, context);
  const script = `exec ${quote([...command!, ...args])} > ${quote([file('plain.csv')])}`;
  assert.equal(runProgram(['sh', '-c', script]), { code: 0, out: '', err: '' });
  assert.is(readFileSync(file('plain.csv'), 'utf8'), out);
});

test('a reader that goes away: quietly done', async (context) => {
  const [program = '', ...args] = [...command!, '--from', crowd(), '--format', 'list'];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.once('data', () => child.stdout.destroy());
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const [code] = (await once(child, 'close')) as [number];
  assert.equal([code, err], [0, '']);
  if (process.platform === 'win32') return skip(noShell, context);
  const outcome = runProgram(['sh', '-c', `{ ${quote([program, ...args])}; echo $? > ${quote([file('code')])}; } | head -n 1`]);
  assert.equal([readFileSync(file('code'), 'utf8'), outcome.err], ['0\n', '']);
});

test('a full disk', (context) => {
  if (process.platform === 'win32') return skip('the test needs /dev/full', context);
  const args = ['--pid', server.pid];
  const toFile = portowner([...args, '--output', windowsPath('/dev/full')]);
  const toOutput = runProgram(['sh', '-c', `exec ${quote([...command!, ...args])} > /dev/full`]);
  for (const { code, out, err } of [toFile, toOutput]) {
    assert.equal([code, out], [69, '']);
    assert.match(err, /^portowner: PO2004: cannot write .*: the disk is full\n/);
  }
});

// ---- Snapshots

test('a snapshot answers as the machine did, here and on Linux', (context) => {
  const { code, out } = portowner(['snapshot', '--command-lines', '--raw', windowsPath(file('raw')), '--output', windowsPath(file('win.json'))]);
  assert.is(out, '');
  // What Wine's netsh does not say is a warning.
  assert.is(code, 0);
  const text = readFileSync(file('win.json'), 'utf8');
  assert.not.match(text, secret);
  assert.ok(statSync(file('raw/envelope.json')).isFile());
  assertRows(rowsOf(portowner, ['--all', '--pid', ours, '--from', windowsPath(file('win.json'))]), all());
  assertRows(
    rowsOf(portowner, [server.port('udp ::'), '--from', '-'], { input: text }),
    all().filter((row) => row.LocalPort === server.port('udp ::')),
  );
  if (onLinux === null) return skip('this machine is not Linux', context);
  for (const from of ['win.json', 'raw']) {
    assertRows(rowsOf(onLinux, ['--all', '--pid', ours, '--from', file(from)]), all(), from);
    const wanted = all().filter((row) => row.OwningProcess === second.pid);
    assertRows(rowsOf(onLinux, ['--all', '--image', umlauts, '--from', file(from)]), wanted, from);
    assertSockets(rowsOf(onLinux, [server.port(`pair ${otherLoopback}`, 1), '--from', file(from)]), [server.sockets[`pair ${otherLoopback}`]![1]!], from);
    assert.is(onLinux(['1', '--from', file(from)]).code, 1);
  }
});

if (otherLoopback !== '::1') skip('there is no IPv6 loopback address: IPv4 stands in for it');
suiteOf.run();
