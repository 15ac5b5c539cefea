// dist/portowner as a user meets it: real sockets of real processes on this machine.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import { release, userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../../src/build/runtime.mjs';
import type { Facts } from '../../src/facts/model/facts.ts';
import { portClass } from '../../src/ports/classes.ts';
import type { Endpoint } from '../../src/schema/endpoint.ts';
import { dist, has } from '../support/build-machine.ts';
import { facts, process as processFact, socket } from '../support/example.ts';
import { skip, type TestContext } from '../support/skip.ts';
import { formats, readCsv, written } from '../support/read-formats.ts';
import {
  assertRows,
  assertSockets,
  endAll,
  hold,
  errorsIn,
  jsonRows,
  linkOrCopy,
  newFolder,
  otherLoopback,
  portOwner,
  rowsOf,
  runProgram,
  socketText,
  start,
  startListeners,
  type Held,
  type Listeners,
  type Outcome,
  type RunOptions,
} from '../support/program.ts';

const exe = join(dist, 'portowner');
const portowner = portOwner([exe]);
const test = suite('portowner on Linux');
const isRoot = process.getuid?.() === 0;
const me = userInfo().username;
/** The user that has no rights. */
const nobody = 65534;
const notRoot = 'another user can only be taken on by root';

const plans = [
  'tcp 127.0.0.1',
  'tcp 0.0.0.0',
  `tcp ${otherLoopback}`,
  'tcp ::',
  'udp 127.0.0.1',
  'udp 0.0.0.0',
  `udp ${otherLoopback}`,
  'udp ::',
  'connected 127.0.0.1',
  'pair 127.0.0.1',
  `pair ${otherLoopback}`,
  'half 127.0.0.1',
  'bound 127.0.0.1',
];
const secret = 'hunter2';

let folder: string;
/** Has a socket of every kind. */
let server: Listeners;
/** Has the server's port in the other family, and one that it shares. */
let second: Listeners;
/** Shares it. */
let third: Listeners;
/** The process ids of all, as `--pid` takes them. */
let ours: string;

/** Where root's files are for everybody to use: the executable, a Node, the listeners. */
const open = { folder: '', exe: '', node: '', script: '' };

test.before(async () => {
  folder = newFolder();
  server = await startListeners([process.execPath], [...plans, `--password=${secret}`, '--größe=漢字']);
  second = await startListeners([process.execPath], [`tcp ${otherLoopback} ${server.port('tcp 127.0.0.1')}`, 'shared 127.0.0.1']);
  third = await startListeners([process.execPath], [`shared 127.0.0.1 ${second.port('shared 127.0.0.1')}`]);
  ours = [server, second, third].map(({ pid }) => pid).join(',');
  const shared = newFolder();
  chmodSync(shared, 0o755);
  Object.assign(open, { folder: shared, exe: join(shared, 'portowner'), node: join(shared, 'node'), script: join(shared, 'listeners.mts') });
  linkOrCopy(exe, open.exe);
  linkOrCopy(process.execPath, open.node);
  copyFileSync(join(root, 'test/support/listeners.ts'), open.script);
});

test.after(endAll);

/** Kernels before 6.8 list no socket that is bound and does not listen. */
const listsBound = (([major, minor]) => major! > 6 || (major === 6 && minor! >= 8))(release().split('.').map(Number));
const visible = (sockets: Listeners['all']): Listeners['all'] => sockets.filter(({ State }) => State !== 'Bound' || listsBound);

const mine = (...args: (string | number)[]): Endpoint[] => rowsOf(portowner, ['--pid', ours, ...args]);
const file = (name: string): string => join(folder, name);
const quote = (words: readonly (string | number)[]): string => words.map((word) => `'${String(word).replaceAll("'", "'\\''")}'`).join(' ');
const shell = (script: string, options?: RunOptions): Outcome => runProgram(['sh', '-c', script], options);

/** A snapshot of so many sockets; of the default number the output is larger than every buffer on the way. */
function crowd(size = 20_000): string {
  const path = file(`${size}.json`);
  if (!existsSync(path)) {
    const sockets = Array.from({ length: size }, (_, i) =>
      socket({
        localAddress: `127.${i % 250}.0.${i % 7}`,
        localPort: 1 + (i % 65_535),
        state: 'Established',
        remoteAddress: '10.0.0.1',
        remotePort: 1 + (i % 60_000),
        pid: 1000 + (i % 300),
      }),
    );
    const processes = Array.from({ length: 300 }, (_, i) => processFact({ pid: 1000 + i, imageName: `server${i}`, path: `/opt/größe/server${i}` }));
    writeFileSync(path, JSON.stringify(facts(sockets, { processes })));
  }
  return path;
}

// ---- What is open, and whose it is

test('every socket that a process opened is a row, and nothing else is', () => {
  const rows = rowsOf(portowner, ['--all', '--pid', server.pid]);
  assertSockets(rows, visible(server.all));
  for (const row of rows) {
    const scope = /^(127\.|::1$)/.test(row.LocalAddress!) ? 'Loopback' : 'Any';
    assert.equal([row.AddressScope, row.PortRange, row.Holders, row.Reason], [scope, portClass(row.LocalPort!), null, null], socketText(row));
  }
});

test('listeners, bound and UDP sockets are what is listed without --all', () => {
  const holding = visible(server.all).filter(({ Protocol, State, RemotePort }) => (Protocol === 'UDP' ? RemotePort === null : State === 'Listen' || State === 'Bound'));
  assertSockets(rowsOf(portowner, ['--pid', server.pid]), holding);
});

test('a socket that is bound and does not listen', (context) => {
  if (!listsBound) return skip('this kernel does not list such sockets', context as TestContext);
  assertSockets(rowsOf(portowner, [server.port('bound 127.0.0.1')]), server.sockets['bound 127.0.0.1']!);
});

test('the owner: name, path, command line, user, parent, start', () => {
  const [row] = rowsOf(portowner, [server.port('tcp 0.0.0.0')]);
  assert.is(row!.OwningProcess, server.pid);
  assert.is(row!.ImageName, basename(realpathSync(server.execPath)));
  assert.is(row!.Path, realpathSync(server.execPath));
  assert.is(row!.UserName, me);
  assert.is(row!.ParentProcess, process.pid);
  assert.is(row!.ParentImageName, basename(realpathSync(process.execPath)));
  assert.match(row!.CommandLine!, / '?tcp 127\.0\.0\.1'? .*--password=\*\*\*.*größe=漢字/);
  assert.not.match(row!.CommandLine!, secret);
  const startTime = Date.parse(row!.StartTime!);
  // The kernel counts from a boot time that it gives in whole seconds.
  assert.ok(startTime > server.startedAfter - 2000 && startTime < server.startedBefore + 2000, `${row!.StartTime}`);
  assert.match(row!.Owner!, new RegExp(`${row!.ImageName}.*\\b${server.pid}\\b`));
  // The tests themselves may run in a service.
  assert.is(row!.OwnerKind, row!.Services === null ? 'Process' : 'Service');
  assert.is(row!.ComputerName, readFileSync('/proc/sys/kernel/hostname', 'utf8').trim());
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

test('several ports, a list, a range', () => {
  const [a, b, c] = [server.port('tcp 127.0.0.1'), server.port('udp ::'), second.port('shared 127.0.0.1')] as const;
  const wanted = [a, b, c];
  const expected = mine().filter((row) => wanted.includes(row.LocalPort!));
  assert.is(expected.length, 5);
  for (const ports of [[a, b, c], [`${a},${b},${c}`], [`${a}-${a}`, b, `${c}`], [`${b}`, `${a},${c}`]]) assertRows(mine(...ports), expected);
  const [low, high] = [Math.min(...wanted), Math.max(...wanted)];
  assertRows(
    mine(`${low}-${high}`),
    mine().filter((row) => row.LocalPort! >= low && row.LocalPort! <= high),
  );
});

test('two processes that share a port with SO_REUSEPORT: a row for each', () => {
  const rows = rowsOf(portowner, [second.port('shared 127.0.0.1')]);
  assert.equal(
    rows.map((row) => [row.OwningProcess, row.Holders]).toSorted(),
    [
      [second.pid, null],
      [third.pid, null],
    ].toSorted(),
  );
});

test('a socket that several processes inherited: one row, all holders', async () => {
  const held = await hold([
    ['sleep', '300'],
    ['sleep', '301'],
    ['sleep', '302'],
  ]);
  const rows = rowsOf(portowner, [held.port]);
  assert.is(rows.length, 1);
  const [row] = rows;
  assert.equal(row!.Holders!.toSorted(), held.pids.toSorted());
  assert.is(row!.OwningProcess, row!.Holders![0]);
  assert.match(row!.Owner!, / and 2 more$/);
  for (const pid of held.pids) assertRows(rowsOf(portowner, ['--pid', pid]), rows, 'found by each of its holders');
  held.stop();
});

test('TIME_WAIT: nobody is to blame', async () => {
  const listener = net.createServer((one) => one.on('error', () => {}).resume()).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const client = net.connect((listener.address() as net.AddressInfo).port, '127.0.0.1');
  await once(client, 'connect');
  const port = client.localPort!;
  client.end();
  await once(client, 'close');
  listener.close();
  const rows = rowsOf(portowner, [port]);
  assert.equal(
    rows.map((row) => [row.LocalPort, row.State, row.OwningProcess, row.OwnerKind]),
    [[port, 'TimeWait', null, 'Kernel']],
  );
  assert.match(rows[0]!.Owner!, /^nobody/);
  assertRows(rowsOf(portowner, [port, '--state', 'TimeWait']), rows);
});

test('services and containers', async (context) => {
  const tree = existsSync('/sys/fs/cgroup/systemd') ? '/sys/fs/cgroup/systemd' : '/sys/fs/cgroup';
  const id = createHash('sha256').update('a container').digest('hex');
  const names = { service: `portowner-test-${process.pid}.service`, container: `docker-${id}.scope` };
  const held: Held[] = [];
  const made: string[] = [];
  try {
    for (const name of Object.values(names)) {
      const group = join(tree, name);
      try {
        mkdirSync(group);
        made.push(group);
        const one = await hold([['sleep', '300']]);
        held.push(one);
        writeFileSync(join(group, 'cgroup.procs'), String(one.pids[0]));
      } catch (error) {
        return skip(`no control group can be made: ${(error as Error).message}`, context as TestContext);
      }
    }
    const rows = held.map(({ port }) => rowsOf(portowner, [port])[0]!);
    assert.equal(
      rows.map((row) => [row.OwnerKind, row.Services, row.Owner]),
      [
        ['Service', [names.service], `${names.service} (sleep ${held[0]!.pids[0]})`],
        ['Service', [`docker:${id.slice(0, 12)}`], `docker container ${id.slice(0, 12)} (sleep ${held[1]!.pids[0]})`],
      ],
    );
    assertRows(rowsOf(portowner, ['--service', names.service.replace('.service', '')]), [rows[0]!]);
    assertRows(rowsOf(portowner, ['--service', 'portowner-test-*', '--pid', held[0]!.pids[0]!]), [rows[0]!]);
    assertRows(rowsOf(portowner, ['--service', id.slice(0, 12)]), [rows[1]!]);
  } finally {
    for (const one of held) one.stop();
    // A group is empty when its processes are gone for good.
    for (let tries = 0; made.length > 0 && tries < 100; tries++) {
      try {
        rmdirSync(made.at(-1)!);
        made.pop();
      } catch {
        await delay(20);
      }
    }
  }
});

// ---- Filters, order, columns

const filters: [name: string, args: () => (string | number)[], wanted: (row: Endpoint) => boolean][] = [
  ['--protocol tcp', () => ['--protocol', 'tcp'], (row) => row.Protocol === 'TCP'],
  ['--protocol twice', () => ['--protocol', 'tcp', '--protocol', 'udp'], () => true],
  ['--protocol UDP', () => ['--protocol', 'UDP'], (row) => row.Protocol === 'UDP'],
  ['--state Listen', () => ['--state', 'Listen'], (row) => row.State === 'Listen'],
  ['--state of two, in any case', () => ['--state', 'established,CLOSEWAIT'], (row) => row.State === 'Established' || row.State === 'CloseWait'],
  ['--state twice', () => ['--state', 'FinWait2', '--state', 'Bound'], (row) => row.State === 'FinWait2' || row.State === 'Bound'],
  ['--pid', () => ['--pid', second.pid], () => true],
  ['--image', () => ['--image', 'NODE'], () => true],
  ['--image with wildcards', () => ['--image', 'n?d*'], () => true],
  ['--image of nobody', () => ['--image', 'nod'], () => false],
  ['--address', () => ['--address', '127.0.0.1'], (row) => row.LocalAddress === '127.0.0.1' || row.RemoteAddress === '127.0.0.1'],
  ['--address of IPv6', () => ['--address', otherLoopback], (row) => row.LocalAddress === otherLoopback || row.RemoteAddress === otherLoopback],
  ['--address as CIDR', () => ['--address', '127.0.0.0/8,::1/128'], (row) => row.AddressScope === 'Loopback'],
  ['--address of nobody', () => ['--address', '198.51.100.0/24'], () => false],
  ['--remote-port', () => ['--remote-port', server.port(`pair ${otherLoopback}`)], (row) => row.RemotePort === server.port(`pair ${otherLoopback}`)],
  ['--remote-port of UDP', () => ['--remote-port', server.port('connected 127.0.0.1')], (row) => row.RemotePort === server.port('connected 127.0.0.1')],
  ['--remote-port range', () => ['--remote-port', '1-65535'], (row) => row.RemotePort !== null],
  ['--user', () => ['--user', me], () => true],
  ['--user with wildcards', () => ['--user', `${me.slice(0, 1)}*`], () => true],
  ['--user of nobody', () => ['--user', 'somebody-else'], () => false],
  ['--service of nobody', () => ['--service', 'no-such-service'], () => false],
  ['--range well-known', () => ['--range', 'well-known'], () => false],
  ['--range registered', () => ['--range', 'registered'], (row) => row.LocalPort! < 49152],
  ['--range dynamic', () => ['--range', 'dynamic'], (row) => row.LocalPort! >= 49152],
  [
    'several filters',
    () => ['--protocol', 'tcp', '--address', '127.0.0.1', '--state', 'Listen', '--range', 'registered,dynamic'],
    (row) => row.Protocol === 'TCP' && row.LocalAddress === '127.0.0.1' && row.State === 'Listen',
  ],
];
for (const [name, args, wanted] of filters) {
  test(`filter: ${name}`, () => {
    const pids = name === '--pid' ? [] : ['--pid', ours];
    const all = name === '--pid' ? rowsOf(portowner, ['--all', '--pid', second.pid]) : mine('--all');
    assertRows(rowsOf(portowner, ['--all', ...pids, ...args()]), all.filter(wanted));
  });
}

test('--sort by several columns, also descending', () => {
  const protocols = ['TCP', 'UDP'];
  const byProtocolThenPort = (a: Endpoint, b: Endpoint): number => protocols.indexOf(a.Protocol!) - protocols.indexOf(b.Protocol!) || b.LocalPort! - a.LocalPort!;
  const rows = mine('--sort', 'Protocol,-LocalPort');
  assert.equal(rows.map(socketText), rows.toSorted(byProtocolThenPort).map(socketText));
  assert.equal(mine('--sort', 'protocol', '--sort', '-localport').map(socketText), rows.map(socketText));
  const starts = mine('--sort', '-StartTime').map((row) => row.StartTime!);
  assert.equal(starts, starts.toSorted().toReversed());
});

test('--columns, in every format', () => {
  const args = [server.port('tcp 0.0.0.0'), '--columns', 'localport,OwningProcess', '--columns', 'Protocol'];
  for (const [format, { read }] of Object.entries(formats)) {
    const rows = read(portowner([...args, '--format', format]).out);
    assert.equal(
      rows.map((row) => Object.entries(row).map(([name, value]) => [name, String(value)])),
      [
        [
          ['LocalPort', String(args[0])],
          ['OwningProcess', String(server.pid)],
          ['Protocol', 'TCP'],
        ],
      ],
      format,
    );
  }
});

test('--count', () => {
  assert.equal(portowner(['--all', '--pid', ours, '--count']), { code: 0, out: `${mine('--all').length}\n`, err: '' });
  assert.equal(portowner(['--pid', ours, '--image', 'nothing', '--count']), { code: 1, out: '0\n', err: '' });
});

test('--resolve ends, whether there is a name or not', () => {
  const rows = rowsOf(portowner, ['--pid', server.pid, '--remote-port', server.port('pair 127.0.0.1'), '--resolve=0.5', '--columns', 'RemoteAddress,RemoteHostName']);
  assert.equal(
    rows.map((row) => row.RemoteAddress),
    ['127.0.0.1'],
  );
  assert.ok(rows[0]!.RemoteHostName === null || rows[0]!.RemoteHostName !== '');
});

test('ranges: as the kernel says', () => {
  const { code, out, err } = portowner(['ranges', '--format', 'json']);
  assert.equal([code, err], [0, '']);
  const ranges = JSON.parse(out) as { Kind: string; StartPort: number; EndPort: number; Count: number }[];
  assert.equal(
    ranges.slice(0, 3).map((range) => [range.Kind, range.StartPort, range.EndPort, range.Count]),
    [
      ['WellKnown', 0, 1023, 1024],
      ['Registered', 1024, 49151, 48128],
      ['Dynamic', 49152, 65535, 16384],
    ],
  );
  const [first, last] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/).map(Number);
  assert.equal(
    ranges.filter((range) => range.Kind === 'LocalDynamic').map((range) => [range.StartPort, range.EndPort]),
    [[first, last]],
  );
});

// ---- Formats

/** All there are; the one with wide characters last, so that cells stay below their headers. */
const everyColumn = ['--columns', [...written.map(({ name }) => name).filter((name) => name !== 'CommandLine'), 'CommandLine'].join(',')];

for (const [format, { read, expected }] of Object.entries(formats)) {
  test(`--format ${format} reads back to the same rows`, () => {
    const args = ['--all', '--pid', ours, '--command-lines'];
    const { code, out, err } = portowner([...args, '--format', format, ...(format === 'table' ? everyColumn : [])]);
    assert.equal([code, err], [0, '']);
    assert.equal(read(out), expected(mine('--all')));
    if (['clixml', 'json', 'ndjson'].includes(format)) assert.match(out, /^[\n -~]*$/, 'pure ASCII on a pipe');
    assert.not.match(out, /\ufeff/);
  });

  test(`--format ${format} with an answer of no`, () => {
    const port = unusedPort();
    const { code, out, err } = portowner([port, '--format', format]);
    assert.equal([code, err], [1, '']);
    if (format === 'table' || format === 'list') assert.match(out, new RegExp(`^Nobody owns port ${port}\\.\n`));
    else assert.equal(out === '' ? [] : read(out), []);
  });
}

/** A port that no socket has: none of the kernel's own choice, and no other program asks for it. */
function unusedPort(): number {
  const used = new Set(jsonRows(portowner(['--all', '--format', 'json', '--columns', 'LocalPort']).out).map((row) => row.LocalPort));
  let port = 2;
  while (used.has(port)) port++;
  return port;
}

test('100,000 sockets', () => {
  const crowdSize = 100_000;
  const count = (text: string, what: string): number => text.split(what).length - 1;
  const run = (...args: string[]): string => {
    const { code, out, err } = portowner(['--all', '--from', crowd(crowdSize), ...args]);
    assert.equal([code, err], [0, '']);
    return out;
  };
  assert.is(run('--count'), `${crowdSize}\n`);
  const csv = run('--format', 'csv');
  assert.is(count(csv, '\r\n'), crowdSize + 1);
  assert.is(count(csv, '/opt/größe/server'), crowdSize);
  const clixml = run('--format', 'clixml');
  assert.is(count(clixml, '</MS></Obj>'), crowdSize);
  assert.is(count(clixml, '\n'), 2, 'one document');
  const stream = run('--format', 'clixml', '--stream', '--columns', 'LocalPort');
  assert.ok(count(stream, '</Objs>\n') > 100, 'many documents');
});

// ---- Exit codes

test('0: somebody owns it', () => assert.is(portowner([server.port('tcp ::')]).code, 0));

const wrong: [args: string[], code: number, text: RegExp][] = [
  [['0'], 64, /PO1002/],
  [['70000'], 64, /PO1002/],
  [['abc'], 64, /PO1002/],
  [['9-1'], 64, /PO1002/],
  [['--columns', 'Nope'], 64, /PO1003/],
  [['--address', '300.1.1.1'], 64, /PO1004/],
  [['--format', 'yaml'], 64, /PO1001/],
  [['--nope'], 64, /PO1001/],
  [['443', '--image', ''], 64, /PO1001: missing value for --image/],
  [['--protocol', ' , '], 64, /PO1001: missing value for --protocol/],
  [['snapshot', '--nope'], 64, /PO1001/],
  [['ranges', '--columns', 'LocalPort'], 64, /PO1003/],
  [['443', '--from', '/no/such/file.json'], 69, /PO2001/],
  [['443', '--from', '/'], 69, /PO2001/],
  [['443', '--from', '/dev/null'], 69, /PO2001: .* it is a device, not a file/],
  [['snapshot', '--raw', '/no/such/folder/raw'], 69, /PO2004/],
  [['snapshot', '--raw', '/'], 69, /PO2004/],
];
for (const [args, code, text] of wrong) {
  test(`${code}: ${args.join(' ')}`, () => {
    const outcome = portowner(args);
    assert.equal([outcome.code, outcome.out], [code, '']);
    assert.match(outcome.err, text);
    assert.match(outcome.err, /^portowner: PO\d{4}: [^\n]+\n(?: {2}[^\n]+\n)?$/, 'one line, and one for the hint');
  });
}

// ---- Files and pipes

test('--output writes a file, whole and alone in its folder', () => {
  const place = newFolder();
  const path = join(place, 'ports.csv');
  writeFileSync(path, 'old'.repeat(1e6), { mode: 0o640 });
  for (const name of ['ports.csv', 'new.csv']) {
    assert.equal(portowner(['--all', '--pid', ours, '--command-lines', '--format', 'csv', '--output', join(place, name)]), { code: 0, out: '', err: '' });
    const text = readFileSync(join(place, name), 'utf8');
    assert.is(text[0], '\ufeff', 'a byte order mark, for Excel');
    assert.equal(readCsv(text.slice(1)), formats.csv!.expected(mine('--all')));
  }
  assert.is(statSync(path).mode & 0o777, 0o640);
  assert.equal(readdirSync(place).toSorted(), ['new.csv', 'ports.csv']);
  // A relative path, and a name that begins like an option.
  assert.is(portowner([server.port('tcp ::'), '--command-lines', '--format', 'json', '--output=-x'], { cwd: place }).code, 0);
  assert.equal(jsonRows(readFileSync(join(place, '-x'), 'utf8')), rowsOf(portowner, [server.port('tcp ::')]));
});

test('what cannot be written: 69, and everything stays as it was', () => {
  const place = newFolder();
  chmodSync(place, 0o755);
  mkdirSync(join(place, 'closed'));
  writeFileSync(join(place, 'closed/kept'), 'kept');
  chmodSync(join(place, 'closed'), 0o555);
  const port = server.port('tcp ::');
  const cases: [path: string, why: RegExp][] = [
    ['/dev/full', /the disk is full/],
    [join(place, 'none/out.csv'), /its folder does not exist/],
    [place, /it is a folder/],
    [join(place, 'closed/kept/out.csv'), /its folder does not exist/],
    [join(place, 'closed/new.csv'), /access is denied/],
    [join(place, 'closed/kept'), /access is denied/],
  ];
  for (const [path, why] of cases) {
    const { code, out, err } = portOwner([open.exe])([port, '--output', path], { cwd: '/', ...(isRoot ? { uid: nobody } : {}) });
    assert.equal([code, out], [69, ''], path);
    assert.match(err, /^portowner: PO2004: cannot write /m);
    assert.match(err, why);
  }
  assert.equal(readdirSync(place, { recursive: true }).toSorted(), ['closed', 'closed/kept']);
  assert.is(readFileSync(join(place, 'closed/kept'), 'utf8'), 'kept');
  chmodSync(join(place, 'closed'), 0o755);
});

test('a full disk behind standard output', () => {
  const { code, err } = shell(`exec ${quote([exe, server.port('tcp ::')])} > /dev/full`);
  assert.is(code, 69);
  assert.match(err, /^portowner: PO2004: cannot write standard output: the disk is full\n/);
});

test('> file: as on a pipe', () => {
  const args = ['--pid', server.pid, '--format', 'csv'];
  assert.equal(shell(`exec ${quote([exe, ...args])} > ${quote([file('plain.csv')])}`), { code: 0, out: '', err: '' });
  assert.is(readFileSync(file('plain.csv'), 'utf8'), portowner(args).out);
});

test('a reader that goes away: quietly done', () => {
  for (const format of Object.keys(formats)) {
    const command = quote([exe, '--all', '--from', crowd(), '--format', format]);
    const { out, err } = shell(`{ ${command}; echo $? > ${quote([file('code')])}; } | head -n 1`);
    assert.is(err, '', format);
    assert.is(readFileSync(file('code'), 'utf8'), '0\n', format);
    assert.is(out.split('\n').length, 2, format);
  }
});

test('a slow reader gets everything', async () => {
  const args = ['--all', '--from', crowd(), '--format', 'csv'];
  const child = spawn(exe, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const hash = createHash('sha256');
  let size = 0;
  for await (const part of child.stdout) {
    hash.update(part as Buffer);
    size += (part as Buffer).length;
    if (size < 3e6) await delay(2);
  }
  if (child.exitCode === null) await once(child, 'exit');
  assert.is(child.exitCode, 0);
  assert.is(hash.digest('hex'), createHash('sha256').update(portowner(args).out).digest('hex'));
});

test('a pipe that does not block gets everything', async () => {
  const pipe = file('pipe');
  assert.is(runProgram(['mkfifo', pipe]).code, 0);
  const writer = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
  const reading = spawn('cat', [pipe], { stdio: ['ignore', 'pipe', 'inherit'] });
  const hash = createHash('sha256');
  reading.stdout.on('data', (part: Buffer) => hash.update(part));
  const args = ['--all', '--from', crowd(), '--format', 'ndjson', '--columns', 'LocalAddress,LocalPort,Owner'];
  const child = spawn(exe, args, { stdio: ['ignore', writer, 'inherit'] });
  const [code] = (await once(child, 'exit')) as [number];
  closeSync(writer);
  await once(reading, 'close');
  assert.is(code, 0);
  assert.is(hash.digest('hex'), createHash('sha256').update(portowner(args).out).digest('hex'));
});

// ---- Terminals

/** What a terminal of that width shows. */
function onTerminal(columns: number, args: readonly (string | number)[], env: NodeJS.ProcessEnv = {}): Outcome {
  const { NO_COLOR: _, ...inherited } = process.env;
  const command = `stty cols ${columns} rows 50 && exec ${quote([exe, ...args])}`;
  const outcome = runProgram(['script', '--quiet', '--return', '--command', command, '/dev/null'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...inherited, SHELL: '/bin/sh', TERM: 'xterm-256color', LC_ALL: 'C.UTF-8', ...env },
  });
  // It makes \r\n of every \n.
  return { ...outcome, out: outcome.out.replaceAll('\r\n', '\n') };
}
const terminal = has('script', '--version');
const noTerminal = 'there is no script command to make a terminal with';
const uncolored = (text: string): string => text.replaceAll(/\x1b\[[\d;]*m/g, '');

test('a terminal: its width is kept, colors are shown', (context) => {
  if (!terminal) return skip(noTerminal, context as TestContext);
  const args = ['--all', '--from', file('small.json')];
  const long = 'a-very-long-name-for-a-program-that-nobody-can-read-in-a-narrow-terminal';
  writeFileSync(
    file('small.json'),
    JSON.stringify(
      facts([socket(), socket({ localAddress: 'fe80::1234:5678:9abc:def0%eth0', localPort: 8443, remoteAddress: '2001:db8::1:2:3:4', remotePort: 55555, state: 'Established' })], {
        processes: [processFact({ imageName: long })],
      }),
    ),
  );
  const plain = portowner(args).out;
  assert.match(plain, long);
  for (const columns of [30, 60, 80, 260]) {
    const { code, out } = onTerminal(columns, args);
    assert.is(code, 0);
    assert.match(out, /\x1b\[/);
    const lines = uncolored(out).trimEnd().split('\n');
    assert.not.ok(
      lines.some((line) => /^[-\s]+$/.test(line)),
      'no line of dashes under a heading that stands out by itself',
    );
    if (columns === 260) assert.is(lines.length, 3);
    assert.ok(
      lines.every((line) => line.length <= columns),
      `${columns}: ${lines.join('\n')}`,
    );
    assert.match(lines[0]!, /(?:^| )LocalPort +.*Owner/, `${columns}: the port and its owner stay: ${lines.join('\n')}`);
    assert.ok(lines.filter((line) => line.includes('(100)')).length > 0, 'an owner keeps its process');
    assert.is(
      lines.some((line) => line.includes(`${long} (100)`)),
      columns === 260,
    );
  }
  for (const env of [{ NO_COLOR: '1' }, { TERM: 'dumb' }]) {
    const { out } = onTerminal(260, args, env);
    assert.not.match(out, /\x1b/);
    assert.match(out, `${long} (100)`);
  }
  assert.is(onTerminal(200, args, { NO_COLOR: '' }).out.includes('\x1b['), true, 'an empty NO_COLOR says nothing');
  assert.is(onTerminal(30, [...args, '--format', 'csv']).out, portowner([...args, '--format', 'csv']).out);
  assert.is(onTerminal(80, [...args, '--output', file('small.txt')]).out, '');
  assert.is(readFileSync(file('small.txt'), 'utf8'), plain);
  assert.match(uncolored(onTerminal(80, [...args, '--format', 'list']).out), long);
  assert.not.match(onTerminal(60, args, { LC_ALL: 'C' }).out, /[^\0-\x7f]/, 'only ASCII where the locale has nothing else');
});

test('a terminal: what goes to standard error is no wider, and elsewhere one line', (context) => {
  if (!terminal) return skip(noTerminal, context as TestContext);
  const args = ['3000', '--output', 'a-file-with-a-name-that-is-quite-long.ods'];
  const lines = portowner(args).err.trimEnd().split('\n');
  assert.is(lines.length, 1);
  assert.ok(lines[0]!.length > 60);
  const shown = onTerminal(60, args).out.trimEnd().split('\n');
  assert.ok(shown.length > 1 && shown.every((line) => line.length <= 60), shown.join('\n'));
  assert.is(shown.map((line) => line.trim()).join(' '), lines[0]);
});

test('names that would take over a terminal, break lines or run in a spreadsheet', async (context) => {
  const names = [
    '\x1b[2J\x1b]0;owned\x07red',
    'two\nlines',
    'a) S 1 (b',
    '漢字かな',
    '\u202egpj.sh',
    "=cmd|' C calc'!A0",
    ' spaces  ',
    'quote",\'; x',
    '_x0041_<&>',
    'back\\slash',
    '\u0085\u2028next',
  ];
  const place = newFolder();
  const held: [name: string, held: Held][] = [];
  const sleep = ['/bin/sleep', '/usr/bin/sleep'].find((path) => existsSync(path))!;
  for (const name of names) {
    copyFileSync(sleep, join(place, name));
    held.push([name, await hold([[join(place, name), '300']])]);
  }
  // Node cannot start a program by bytes that are no text.
  const script = 'cp "$1" "$(printf "caf\\351")" && exec "./$(printf "caf\\351")" 300';
  const bytes = await hold([['sh', '-c', script, 'sh', sleep]], { cwd: place });
  // Each byte that is not UTF-8 is half a character.
  held.push(['caf\udce9', bytes]);
  while (!readlinkSync(`/proc/${bytes.pids[0]}/exe`).startsWith(realpathSync(place))) await delay(10);
  // One whose file is gone.
  copyFileSync(sleep, join(place, 'gone'));
  held.push(['gone', await hold([[join(place, 'gone'), '300']])]);
  rmSync(join(place, 'gone'));

  const ports = held.map(([, { port }]) => port);
  const rows = rowsOf(portowner, ports);
  const byPort = new Map(rows.map((row) => [row.LocalPort, row]));
  for (const [name, { port, pids }] of held) {
    const row = byPort.get(port)!;
    assert.equal([row.ImageName, row.OwningProcess, row.Owner], [name, pids[0], row.Services === null ? `${name} (${pids[0]})` : row.Owner]);
    assert.is(row.Path, name === 'gone' ? `${join(realpathSync(place), name)} (deleted)` : join(realpathSync(place), name));
    assert.match(row.CommandLine!, /300$/);
  }
  for (const format of ['json', 'ndjson', 'clixml', 'csv'] as const) {
    const { out } = portowner([...ports, '--command-lines', '--format', format]);
    assert.equal(formats[format].read(out), formats[format].expected(rows), format);
  }
  const dangerous = /[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]/;
  for (const format of ['table', 'list']) {
    const { out } = portowner([...ports, '--format', format, ...everyColumn]);
    assert.not.match(out, dangerous);
    assert.is(out.trimEnd().split('\n').length, format === 'table' ? rows.length + 2 : rows.length * (written.length + 1) - 1);
    if (!terminal) skip(noTerminal, context as TestContext);
    else assert.not.match(uncolored(onTerminal(120, [...ports, '--format', format]).out), dangerous);
  }
  assert.not.match(portowner([...ports, '--format', 'csv', '--excel', '--columns', 'ImageName']).out, /(^|[\n,])"?=/);
  for (const [name, { port, stop }] of held) {
    if (name === '漢字かな' || name === 'two\nlines')
      assert.equal(
        rowsOf(portowner, ['--image', name]).map((row) => row.LocalPort),
        [port],
      );
    stop();
  }
});

// ---- Snapshots

test('a snapshot answers as the machine did', () => {
  const { code, out } = portowner(['snapshot', '--command-lines', '--output', file('snapshot.json')]);
  assert.equal([code, out], [0, '']);
  assert.not.match(readFileSync(file('snapshot.json'), 'utf8'), secret);
  for (const args of [['--all', '--pid', ours], ['--pid', ours, '--state', 'Listen'], [server.port('tcp 127.0.0.1')], [server.port('half 127.0.0.1', 1)]]) {
    assertRows(rowsOf(portowner, [...args, '--from', file('snapshot.json')]), rowsOf(portowner, args));
  }
  const bytes = readFileSync(file('snapshot.json'));
  assertRows(rowsOf(portowner, ['--pid', ours, '--from', '-'], { input: bytes }), mine());
  assert.is(portowner([unusedPort(), '--from', file('snapshot.json')]).code, 1);
  assert.is(portowner(['ranges', '--from', file('snapshot.json')]).out, portowner(['ranges']).out);
});

test('command lines are only written if they are requested, or a person reads a list', () => {
  const port = server.port('tcp ::');
  for (const format of ['json', 'ndjson', 'csv', 'clixml'] as const) {
    const plain = portowner([port, '--format', format]).out;
    assert.not.match(plain, /CommandLine|--password/, format);
    assert.match(portowner([port, '--format', format, '--columns', 'CommandLine']).out, /--password=/, format);
  }
  for (const name of ['lines.csv', 'lines.json', 'lines.xlsx', 'lines.html', 'lines.md']) {
    const path = file(name);
    assert.is(portowner([port, '--output', path]).code, 0);
    assert.not.match(readFileSync(path, 'latin1'), /CommandLine|--password/, name);
  }
  assert.match(portowner([port, '--format', 'list']).out, /^CommandLine +: .*--password=/m);
  assert.match(portowner([port, '--command-lines']).out, /CommandLine[^]*--password=/);
});

test('a snapshot without --command-lines has none, and says so', () => {
  const { code, out } = portowner(['snapshot']);
  assert.is(code, 0);
  assert.is((JSON.parse(out) as Facts).kind, 'PortOwner.Facts');
  // What the program is called, and nothing else of its arguments.
  assert.match(out, /"application":"node listeners\.ts"/);
  assert.not.match(out, /support\/listeners\.ts|--disable-warning/);
  const [row] = rowsOf(portowner, [server.port('tcp ::'), '--from', '-'], { input: out });
  assert.equal([row!.CommandLine, row!.Reason], [null, ['CommandLine: NotAsked: command lines were not requested (needs portowner snapshot --command-lines)']]);
});

test('a raw recording answers as the machine did', () => {
  const raw = file('raw');
  assert.is(portowner(['snapshot', '--command-lines', '--raw', raw, '--output', file('beside.json')]).code, 0);
  assertRows(rowsOf(portowner, ['--all', '--pid', ours, '--from', raw]), mine('--all'));
  assertRows(rowsOf(portowner, ['--all', '--pid', ours, '--from', raw]), rowsOf(portowner, ['--all', '--pid', ours, '--from', file('beside.json')]));
  assertSockets(rowsOf(portowner, [server.port(`pair ${otherLoopback}`, 1), '--from', raw]), [server.sockets[`pair ${otherLoopback}`]![1]!]);
  assert.is(portowner(['snapshot', '--raw', raw]).code, 69, 'a folder that exists is not written to');
});

// ---- Rights

test('without root: what is hidden is said, what is not is shown', async (context) => {
  if (!isRoot) return skip(notRoot, context as TestContext);
  const unprivileged = portOwner([open.exe]);
  const options = { uid: nobody, cwd: '/', env: { PATH: process.env.PATH } };
  const own = await startListeners([open.node], ['tcp 127.0.0.1', `udp ${otherLoopback}`, 'pair 127.0.0.1'], { uid: nobody, script: open.script });
  try {
    const rows = rowsOf(unprivileged, ['--all', '--pid', own.pid], options);
    assertSockets(rows, own.all);
    for (const row of rows) assert.equal([row.UserName, row.ImageName, row.Path, row.Reason], ['nobody', 'node', open.node, null]);
    // Of a process of another user the file cannot be seen, and its name is what it calls itself.
    const same = (row: Endpoint): Endpoint => ({ ...row, ParentImageName: null });
    assertRows(rows.map(same), rowsOf(portowner, ['--all', '--pid', own.pid]).map(same), 'root sees the same');

    const port = server.port('tcp 0.0.0.0');
    const hidden = unprivileged([port, '--format', 'json'], options);
    assert.is(hidden.code, 77);
    const [row] = jsonRows(hidden.out);
    assert.equal(
      [row!.LocalPort, row!.OwningProcess, row!.OwnerKind, row!.UserName, row!.Owner],
      [port, null, 'Unknown', me, `a process of ${me}${me === 'root' ? ', or the kernel' : ''} (run with sudo to see it)`],
    );
    assert.match(row!.Reason![0]!, /^OwningProcess: AccessDenied: .*\(needs root \(sudo\)\)$/);
    const table = unprivileged([port], options);
    assert.is(table.code, 77);
    assert.match(table.err, new RegExp(`^portowner: PO3002: warning: the owner of 1 socket cannot be seen with your rights: port ${port}\n  Needs root \\(sudo\\)\\.\n$`));

    const list = unprivileged([], options);
    assert.is(list.code, 0, 'a list is an answer all the same');
    assert.match(list.err, /PO3002: warning: the owner of \d+ sockets cannot be seen/);
    assert.is(unprivileged([unusedPort()], options).code, 1, 'which ports are free is no secret');
    assert.is(unprivileged(['snapshot'], options).code, 0);
  } finally {
    await own.stop();
  }
});

test('without root, and with /proc hiding the processes of others', async (context) => {
  if (!isRoot) return skip(notRoot, context as TestContext);
  const inside = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', 'mount -t proc -o hidepid=invisible proc /proc && exec "$@"', 'sh'];
  if (spawnSync(inside[0]!, [...inside.slice(1), 'true']).status !== 0) return skip('/proc cannot be mounted with hidepid=invisible', context as TestContext);
  const unprivileged = portOwner([...inside, 'setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', open.exe]);
  const own = await startListeners([open.node], ['tcp 127.0.0.1'], { uid: nobody, script: open.script });
  try {
    const [row] = rowsOf(unprivileged, [own.port('tcp 127.0.0.1')], { cwd: '/' });
    assert.equal([row!.OwningProcess, row!.Path, row!.ParentProcess, row!.ParentImageName], [own.pid, open.node, null, null]);
    const hidden = 'AccessDenied: processes of other users are hidden (hidepid) (needs root (sudo))';
    assert.equal(row!.Reason, [`ParentProcess: ${hidden}`]);
    const port = server.port('tcp 0.0.0.0');
    const { code, out } = unprivileged([port, '--format', 'json'], { cwd: '/' });
    assert.is(code, 77);
    assert.match(jsonRows(out)[0]!.Reason![0]!, /^OwningProcess: AccessDenied: .*\(hidepid\) \(needs root \(sudo\)\)$/);
  } finally {
    await own.stop();
  }
});

test('a user without a name', async (context) => {
  if (!isRoot) return skip(notRoot, context as TestContext);
  const held = await hold([['sleep', '300']], { uid: 54_321, gid: 54_321 });
  const [row] = rowsOf(portowner, [held.port]);
  assert.equal([row!.OwningProcess, row!.UserName], [held.pids[0], null]);
  assert.ok(row!.Reason!.some((reason) => reason.startsWith('UserName: NotSupported: user 54321 has no name')));
  held.stop();
});

// ---- Trouble

test('processes that end while they are looked up', async () => {
  const coming = `
    const { createServer } = require('node:net');
    const { spawn } = require('node:child_process');
    function one() {
      const server = createServer().listen(0, '127.0.0.1', () => {
        const child = spawn('sleep', ['0.0' + Math.floor(Math.random() * 10)], { stdio: ['ignore', 'ignore', 'ignore', server._handle] });
        server.close();
        child.on('exit', one);
      });
    }
    for (let i = 0; i < 6; i++) one();`;
  const child = start([process.execPath, '-e', coming], { stdio: ['ignore', 'ignore', 'inherit'] });
  let seen = 0;
  for (let i = 0; i < 30; i++) {
    const { code, out, err } = portowner(i % 3 === 0 ? ['--all', '--format', 'json'] : ['--format', 'json']);
    assert.equal([code, errorsIn(err)], [0, []]);
    for (const row of jsonRows(out)) {
      if (row.OwningProcess === null) assert.ok(row.OwnerKind === 'Kernel' || row.Reason !== null, JSON.stringify(row));
      else if (row.ImageName === null) assert.ok(row.Reason !== null, JSON.stringify(row));
      if (row.ImageName === 'sleep') seen++;
    }
  }
  child.kill('SIGKILL');
  assert.ok(seen > 0, 'they were looked at');
});

test('alone in a folder, without an environment, in the root folder: it works and leaves nothing', () => {
  const place = newFolder();
  for (const name of ['home', 'temp', 'alone']) mkdirSync(join(place, name));
  const alone = join(place, 'alone/portowner');
  linkOrCopy(exe, alone);
  const port = server.port('tcp ::');
  const expected = rowsOf(portowner, [port]);
  const inRoot = readdirSync('/').toSorted();
  for (const env of [{}, { HOME: join(place, 'home'), TMPDIR: join(place, 'temp') }]) {
    for (const cwd of ['/', join(place, 'alone')]) assertRows(rowsOf(portOwner([alone]), [port], { env, cwd }), expected);
  }
  assert.is(portOwner([alone])(['snapshot'], { env: {}, cwd: join(place, 'alone') }).code, 0);
  assert.equal(readdirSync(place, { recursive: true }).toSorted(), ['alone', 'alone/portowner', 'home', 'temp']);
  assert.equal(readdirSync('/').toSorted(), inRoot);
});

test('help and version', () => {
  for (const args of [['--help'], ['ranges', '--help'], ['help', 'snapshot']]) {
    const { code, out, err } = portowner(args);
    assert.equal([code, err], [0, '']);
    assert.match(out, /\nExamples:\n/);
  }
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  assert.equal(portowner(['--version']), { code: 0, out: `portowner ${version}\n`, err: '' });
});

/**
 * Runs this file once more in a network of its own, where there are no sockets of other programs, which even root may not
 * look into; and with a /proc that hides no process.
 */
function runInOwnNetwork(): boolean {
  const prepared = 'ip link set lo up && { mount -t proc -o hidepid=off proc /proc || true; } 2>/dev/null && exec "$@"';
  const inside = ['--net', '--mount', '--propagation', 'private', 'sh', '-c', prepared, 'sh'];
  if (!isRoot || process.env.PORTOWNER_OWN_NETWORK !== undefined || spawnSync('unshare', [...inside, 'true']).status !== 0) return false;
  const { status } = spawnSync('unshare', [...inside, process.execPath, ...process.execArgv, process.argv[1]!], {
    stdio: 'inherit',
    env: { ...process.env, PORTOWNER_OWN_NETWORK: '1' },
  });
  process.exitCode = status ?? 1;
  return true;
}

if (process.platform !== 'linux') skip('this machine is not Linux');
else if (!runInOwnNetwork()) {
  if (otherLoopback !== '::1') skip('there is no IPv6 loopback address: IPv4 stands in for it');
  test.run();
}
