import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket as TcpSocket } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { bindName, parseBindName, probe, socketAddress, type Bind } from '../../../src/facts/gather/probe.ts';
import { recordedSource, type RawEntry, type RawSource } from '../../../src/system/raw.ts';
import { linuxBinder } from '../../../src/machine/linux/bind.ts';
import { linuxSource } from '../../../src/machine/linux/source.ts';
import type { Verdict } from '../../../src/schema/verdict.ts';
import { facts, process as processFact, socket } from '../../support/example.ts';
import { windows } from '../../support/windows-raw.ts';
import { skip, type TestContext } from '../../support/skip.ts';
import { run, snapshotFile, temporaryFolder } from '../../support/harness.ts';

const test = suite('portowner why');
const here = process.platform === 'linux';

function onLinux(name: string, check: (context: TestContext) => Promise<void> | void): void {
  test(name, async (context: TestContext) => (here ? check(context) : skip('it needs Linux', context)));
}

const open: (Server | UdpSocket | TcpSocket)[] = [];
const children: ChildProcess[] = [];
test.after.each(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const one of open.splice(0)) {
    if ('destroy' in one) one.destroy();
    else one.close();
  }
});

async function listen(options: { host: string; port?: number; reusePort?: boolean; ipv6Only?: boolean }): Promise<{ port: number; server: Server }> {
  const server = createServer((one) => open.push(one.on('error', () => {})));
  server.listen({ port: 0, ...options });
  await once(server, 'listening');
  open.push(server);
  return { port: (server.address() as AddressInfo).port, server };
}

/** Binds that are tried on this machine, with the name of each. */
function watched(): { binder: RawSource; names: string[] } {
  const names: string[] = [];
  const live = linuxBinder();
  return { names, binder: { platform: 'linux', read: (name) => (name.startsWith('bind/') && names.push(name), live.read(name)) } };
}

async function why(...args: string[]): Promise<{ code: number; row: Verdict; tried: string[] }> {
  const { binder, names } = watched();
  const { code, out, err } = await run(['why', ...args, '--format', 'json'], { source: linuxSource(), binder });
  assert.ok(out !== '', err);
  const row = (JSON.parse(out) as Verdict[]).find((item) => 'CanBind' in item)!;
  return { code, row, tried: names };
}

onLinux('a free port, then the same one taken', async () => {
  const { port, server } = await listen({ host: '127.0.0.1' });
  const taken = await why(String(port));
  assert.equal([taken.code, taken.row.CanBind, taken.row.Cause, taken.row.Confidence], [1, false, 'WildcardAgainstSpecific', 'High']);
  assert.match(String(taken.row.Owner), new RegExp(`\\(.*\\b${process.pid}\\)|\\(${process.pid}\\)`));
  const same = await why(String(port), '--address', '127.0.0.1');
  assert.equal([same.code, same.row.CanBind], [1, false]);
  assert.ok(['Process', 'Service', 'Container'].includes(String(same.row.Cause)), String(same.row.Cause));
  assert.is((await why(String(port), '--address', '127.0.0.2')).row.CanBind, true);
  server.close();
  await once(server, 'close');
  const free = await why(String(port));
  assert.equal([free.code, free.row.CanBind, free.row.Cause, free.row.Remedy], [0, true, 'Free', null]);
});

// Java writes every IPv6 address in full, and its errors do so, too.
onLinux('an IPv6 address is the same one in every form', async (context) => {
  const { port, server } = await listen({ host: '::1' }).catch(() => ({ port: 0, server: null }));
  if (server === null) return skip('the machine has no IPv6', context);
  const short = await why(String(port), '--address', '::1');
  assert.equal([short.code, short.row.CanBind, short.row.Address], [1, false, '::1']);
  assert.ok(short.row.Owner !== null);
  const known = ({ code, row: { Address, Cause, Owner, Confidence, Remedy } }: typeof short) => ({ code, Address, Cause, Owner, Confidence, Remedy });
  for (const form of ['0:0:0:0:0:0:0:1', '0::1', '::0001', '::0.0.0.1']) assert.equal(known(await why(String(port), '--address', form)), known(short), form);
  const told = await why('--error', `java.net.BindException: Address already in use: /[0:0:0:0:0:0:0:1]:${port}`);
  // A text may be of another moment, so that there is more to advise.
  assert.equal({ ...known(told), Remedy: null }, { ...known(short), Remedy: null });
  assert.match(told.row.Evidence!.join('\n'), /in use" for TCP \[::1\]:/);
  const wild = await listen({ host: '::' });
  for (const form of ['0:0:0:0:0:0:0:0', '0::']) assert.equal(known(await why(String(wild.port), '--address', form)), known(await why(String(wild.port), '--address', '::')), form);
  assert.is((await why(String(wild.port), '--address', '0::0', '--ipv6-only')).row.CanBind, false);
});

test('each failure of a text has its sentence on a line of its own', async () => {
  const text = 'nginx: [emerg] bind() to 0.0.0.0:8443 failed (98: Address already in use)\nnginx: [emerg] bind() to 0.0.0.0:8080 failed (98: Address already in use)';
  const { out } = await run(['why', '--error', text, '--from', snapshotFile(facts([]))]);
  assert.equal(out.split('\n').slice(0, 3), ['Port 8080 on 0.0.0.0 is free.', 'Port 8443 on 0.0.0.0 is free.', '']);
});

onLinux('dual stack against IPv4, and IPv6 alone', async () => {
  const both = await listen({ host: '::' });
  const four = await why(String(both.port), '--address', '0.0.0.0');
  assert.equal([four.code, four.row.Cause], [1, 'DualStack']);
  const only = await listen({ host: '::', ipv6Only: true });
  const beside = await why(String(only.port), '--address', '0.0.0.0');
  assert.equal([beside.code, beside.row.CanBind], [0, true]);
  const plain = await listen({ host: '127.0.0.1' });
  assert.is((await why(String(plain.port), '--address', '::')).code, 1);
  assert.is((await why(String(plain.port), '--address', '::', '--ipv6-only')).code, 0);
});

onLinux('reuse is never asked for where there is an owner', async () => {
  const { port } = await listen({ host: '127.0.0.1', reusePort: true });
  const reuse = await why(String(port), '--address', '127.0.0.1', '--reuse');
  assert.equal([reuse.code, reuse.row.CanBind], [1, false], 'a listener shares with nobody who has only SO_REUSEADDR');
  const unknown = await why(String(port), '--address', '127.0.0.1', '--reuse=port');
  assert.equal([unknown.code, unknown.row.CanBind, unknown.row.Cause], [69, null, 'Sharing']);
  assert.equal(unknown.tried, [`bind/tcp/127.0.0.1/${port}/default`]);
  const udp = createSocket({ type: 'udp4', reuseAddr: true });
  udp.bind(0, '127.0.0.1');
  await once(udp, 'listening');
  open.push(udp);
  const shared = await why(String(udp.address().port), '--protocol', 'udp', '--address', '127.0.0.1', '--reuse');
  assert.equal([shared.row.CanBind, shared.row.Cause, shared.tried], [null, 'Sharing', [`bind/udp/127.0.0.1/${udp.address().port}/default`]]);
});

onLinux('two programs that share a port by reuse', async () => {
  const first = await listen({ host: '127.0.0.1', reusePort: true });
  const script = `require('net').createServer().listen({ port: ${first.port}, host: '127.0.0.1', reusePort: true }, () => console.log())`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  await once(child.stdout, 'data');
  const { row } = await why(String(first.port), '--address', '127.0.0.1');
  assert.ok(['Instances', 'Service'].includes(String(row.Cause)), String(row.Cause));
  assert.match(String(row.Owner), new RegExp(`${process.pid}.*${child.pid}|${child.pid}.*${process.pid}`));
  const third = await why(String(first.port), '--address', '127.0.0.1', '--reuse=port');
  assert.is(third.row.CanBind, true, 'a third of the same user may join');
});

onLinux('a client port, and the TIME_WAIT it leaves', async () => {
  const { port } = await listen({ host: '127.0.0.1' });
  const client = connect(port, '127.0.0.1');
  open.push(client);
  await once(client, 'connect');
  const local = String(client.localPort);
  const held = await why(local);
  assert.equal([held.code, held.row.Cause], [1, 'ClientConnection']);
  client.end().resume();
  await once(client, 'close');
  const waiting = await why(local);
  assert.equal([waiting.code, waiting.row.Cause, waiting.row.Owner], [1, 'TimeWait', null]);
  assert.ok(waiting.row.Remedy?.some((step) => step.startsWith(`portowner why ${local} --reuse`)));
});

onLinux('a child that inherited the socket', async () => {
  const { port, server } = await listen({ host: '127.0.0.1' });
  const child = spawn('cat', { stdio: ['pipe', 'pipe', 'inherit', (server as unknown as { _handle: TcpSocket })._handle] });
  children.push(child);
  server.close();
  await once(server, 'close');
  const { code, row } = await why(String(port), '--address', '127.0.0.1');
  assert.is(code, 1);
  assert.match(String(row.Owner), new RegExp(`cat.*${child.pid}`));
});

onLinux('no rights, as nobody', (context) => {
  if (process.geteuid!() !== 0) return skip('it needs root, to give it up', context);
  const url = (path: string) => JSON.stringify(new URL(`../../../src/${path}`, import.meta.url).href);
  const script = `
    import { linuxBinder } from ${url('machine/linux/bind.ts')};
    const binder = linuxBinder();
    binder.read('bind/tcp/127.0.0.1/0/default');
    process.setgroups([]); process.setgid(65534); process.setuid(65534);
    process.stdout.write(JSON.stringify([binder.read('bind/tcp/127.0.0.1/1/default').text, binder.read('binder').text]));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  assert.ok(stdout !== '', stderr);
  const [attempt, binder] = JSON.parse(stdout) as [string, string];
  assert.equal(JSON.parse(attempt), { call: 'bind', error: 13 });
  assert.is((JSON.parse(binder) as { user: string }).user, 'nobody');
});

onLinux('an address of another machine, and any port at all', async () => {
  const far = await why('8099', '--address', '192.0.2.99');
  assert.equal([far.code, far.row.Cause], [1, 'AddressNotLocal']);
  const any = await why('0');
  assert.is((await why('0/udp')).row.Protocol, 'UDP');
  assert.equal([any.code, any.row.Port, any.row.CanBind], [0, 0, true]);
  assert.match(String(any.row.Evidence), /dynamic ports \d+-\d+ are in use/);
});

onLinux('an attempt leaves nothing behind and disturbs nobody', async () => {
  const count = () => readdirSync('/proc/self/fd').length;
  const binder = linuxBinder();
  binder.read('bind/tcp/127.0.0.1/0/default');
  const before = count();
  for (let turn = 0; turn < 50; turn++) for (const sharing of ['default', 'reuse', 'reusePort']) binder.read(`bind/udp/::/0/${sharing}`);
  assert.is(count(), before);
  const udp = createSocket('udp4');
  udp.bind(0, '127.0.0.1');
  await once(udp, 'listening');
  open.push(udp);
  const { port } = udp.address();
  const got: string[] = [];
  udp.on('message', (message) => void got.push(String(message)));
  const sender = createSocket('udp4');
  open.push(sender);
  for (let turn = 0; turn < 20; turn++) {
    sender.send(String(turn), port, '127.0.0.1');
    await why(String(port), '--protocol', 'udp', ...(turn % 2 === 0 ? ['--reuse'] : []));
  }
  for (let turn = 0; turn < 100 && got.length < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.is(got.length, 20);
});

const taken = snapshotFile(facts([socket({ localPort: 3000, pid: 100 })], { processes: [processFact()] }));

test('from a snapshot nothing is tried', async () => {
  const { code, out } = await run(['why', '3000', '--from', taken, '--format', 'json']);
  assert.is(code, 1);
  assert.match(out, /No attempt was made/);
  assert.is((await run(['why', '3001', '--from', taken])).code, 0);
});

test('in a file no line is broken, however wide the terminal is', async () => {
  const file = join(temporaryFolder(), 'why.txt');
  await run(['why', '3000', '--from', taken, '--output', file], { terminal: { columns: 40, colors: false, unicode: true } });
  const { out } = await run(['why', '3000', '--from', taken]);
  assert.is(readFileSync(file, 'utf8'), out);
});

test('localhost may be the address of IPv6', async () => {
  const file = snapshotFile(facts([socket({ localPort: 3000, localAddress: '::1', pid: 100 })], { processes: [processFact({ pid: 100 })] }));
  const about = async (...args: readonly string[]): Promise<unknown[]> => {
    const { out } = await run(['why', ...args, '--from', file, '--json']);
    return (JSON.parse(out) as Verdict[]).map(({ Port, Address, CanBind }) => [Port, Address, CanBind]);
  };
  for (const args of [
    ['localhost:3000'],
    ['http://localhost:3000/'],
    ['3000', '--address', 'localhost'],
    ['--error', 'Error: listen EADDRINUSE: address already in use localhost:3000'],
  ])
    assert.equal(await about(...args), [[3000, '::1', false]], args.join(' '));
  assert.equal(await about('127.0.0.1:3000'), [[3000, '127.0.0.1', true]]);
  assert.equal(await about('localhost:3001'), [[3001, '127.0.0.1', true]]);
});

test('the table has the evidence and what to do below it', async () => {
  const { out } = await run(['why', '3000', '--from', taken]);
  assert.match(out, /CanBind/);
  assert.match(out, /\nEvidence:\n {2}It cannot be bound now: a process holds it\.\n/);
  assert.match(out, /\nWhat to do:\n {2}on \w+: kill \d+ {2}# .*\n {2}portowner free --near 3000 --from \S+ {2}# .*\n {2}portowner 3000 --format list --from \S+ {2}# /);
  const list = await run(['why', '3000', '--from', taken, '--format', 'list']);
  assert.not.match(list.out, /What to do/);
});

test('a hostile name reaches no terminal', async () => {
  const file = snapshotFile(facts([socket({ localPort: 3000, pid: 100 })], { processes: [processFact({ imageName: '\x1b]0;x\x07\n$(reboot)' })] }));
  const { out } = await run(['why', '3000', '--from', file]);
  assert.not.match(out, /\x1b|\x07/);
});

test('--error gives port, address and protocol; PORT and options go before', async () => {
  const ask = async (args: string[], input?: string) => {
    const { out } = await run(['why', ...args, '--from', taken, '--format', 'json'], input === undefined ? {} : { input });
    const [row] = JSON.parse(out) as Verdict[];
    return [row!.Protocol, row!.Address, row!.Port, row!.CanBind].join(' ');
  };
  assert.is(await ask(['--error', 'bind() to 0.0.0.0:3000 failed (98: Address already in use)']), 'TCP 0.0.0.0 3000 false');
  assert.is(await ask(['--error', 'listen udp :3000: bind: address already in use']), 'UDP * 3000 true');
  assert.is(await ask(['--error', '-'], 'Error: listen EADDRINUSE: address already in use 0.0.0.0:3000\n'), 'TCP 0.0.0.0 3000 false');
  assert.is(await ask(['--error', '-'], '\ufeffPort 3000 is already in use'), 'TCP * 3000 false');
  assert.is(await ask(['3001', '--error', 'Port 3000 is already in use']), 'TCP * 3001 true');
  const nothing = await run(['why', '--error', 'java.net.BindException: Address already in use: bind', '--format', 'json']);
  assert.is(nothing.code, 69);
  assert.match(nothing.out, /"CanBind":null/);
});

test('--error answers each failure of a log, the newest first; a refusal makes it a no', async () => {
  const log = 'bind() to 0.0.0.0:3000 failed (98: Address already in use)\nbind() to 0.0.0.0:3001 failed (98: Address already in use)\n';
  const { code, out } = await run(['why', '--error', '-', '--from', taken, '--format', 'json'], { input: log });
  assert.equal(
    (JSON.parse(out) as Verdict[]).map(({ Port, CanBind }) => [Port, CanBind]),
    [
      [3001, true],
      [3000, false],
    ],
  );
  assert.is(code, 1);
  const table = await run(['why', '--error', '-', '--from', taken], { input: log });
  assert.match(table.out, /\nEvidence \(TCP 0\.0\.0\.0:3001\):\n {2}It can be bound now[^]*\nEvidence \(TCP 0\.0\.0\.0:3000\):\n {2}It cannot/);
});

test('--error of a connection binds nothing, and says whether somebody listens there', async () => {
  const ask = async (text: string): Promise<[number, Verdict]> => {
    const { code, out } = await run(['why', '--error', text, '--from', taken, '--format', 'json']);
    const rows = JSON.parse(out) as Verdict[];
    assert.is(rows.length, 1);
    return [code, rows[0]!];
  };
  const [code, here] = await ask('Error: connect ECONNREFUSED 127.0.0.1:3000');
  assert.is(code, 69);
  assert.equal([here.Port, here.CanBind, here.Cause], [null, null, 'Outgoing']);
  assert.match(here.Evidence!.join('\n'), /TCP 0\.0\.0\.0:3000 is held by .* now\./);
  const [, nobody] = await ask('Error: connect ECONNREFUSED 127.0.0.1:3999');
  assert.match(nobody.Evidence!.join('\n'), /Nobody listens on TCP 127\.0\.0\.1:3999 now\./);
  const [, away] = await ask('Error: connect ECONNREFUSED 192.0.2.5:5432');
  assert.not.match(away.Evidence!.join('\n'), /listens|none of this machine/);
  assert.match(away.Remedy!.join('\n'), /portowner 5432 on 192\.0\.2\.5/);
  const [, file] = await ask("Error: EACCES: permission denied, open '/srv/app/8080'");
  assert.equal([file.Port, file.Cause, file.Remedy], [null, 'Unknown', null]);
});

test('an address is one address, however it is written', async () => {
  for (const address of ['0:0:0:0:0:0:0:1', '0::1', '::0001', '::1']) {
    const { out } = await run(['why', '3000', '--address', address, '--from', taken, '--format', 'json']);
    assert.is((JSON.parse(out) as Verdict[])[0]!.Address, '::1', address);
  }
});

for (const [args, code] of [
  ['', 'PO1001'],
  ['x!', 'PO1002'],
  ['70000', 'PO1002'],
  ['80-81', 'PO1002'],
  ['80 --address web', 'PO1004'],
  ['80 --address 1.2.3', 'PO1004'],
  ['80 --protocol sctp', 'PO1001'],
  ['80 --exclusive --reuse', 'PO1005'],
  ['80 --ipv6-only', 'PO1005'],
  ['80 --reuse=maybe', 'PO1001'],
  ['--error - --from -', 'PO1005'],
] as const) {
  test(`portowner why ${args}: ${code}`, async () => {
    const { code: got, err } = await run(['why', ...args.split(' ').filter((word) => word !== '')]);
    assert.is(got, 64);
    assert.match(err, new RegExp(code));
  });
}

test('a service name is a port', async () => assert.match((await run(['why', 'ldap', '--from', taken])).out, /\n +389 /));

/** A recorded Windows machine whose binds give what is told. */
function windowsBinder(results: Readonly<Record<string, object>>): RawSource {
  const at = '2026-01-02T03:04:06Z';
  const entries = new Map<string, RawEntry>([['binder', { at, text: JSON.stringify({ user: 'BOX\\ann', addresses: ['10.0.0.5'] }) }]]);
  for (const [name, result] of Object.entries(results)) entries.set(`bind/${name}`, { at, text: JSON.stringify(result) });
  return recordedSource({ platform: 'win32', entries });
}

test('a recorded Windows machine, from raw answers to the verdict', async () => {
  const source = windows({
    sockets: { tcp4: [{ local: '0.0.0.0', port: 8080, pid: 500 }], udp4: [{ local: '0.0.0.0', port: 5353, pid: 500 }] },
    processes: [
      { pid: 4, name: 'System' },
      { pid: 500, name: 'java.exe', parent: 4 },
    ],
  });
  const ask = async (args: string, results: Readonly<Record<string, object>>) => {
    const { out } = await run(['why', ...args.split(' '), '--format', 'json', '--problems', 'rows'], { source, binder: windowsBinder(results) });
    const row = (JSON.parse(out) as Verdict[]).find((one) => 'CanBind' in one)!;
    return [row.CanBind, row.Cause, row.Owner, row.Confidence].join(' ');
  };
  assert.is(await ask('8080', { 'tcp/0.0.0.0/8080/default': { call: 'bind', error: 10048 }, 'tcp/::/8080/default/ipv6only': {} }), 'false Process java.exe (500) High');
  assert.is(await ask('8081 --exclusive', { 'tcp/0.0.0.0/8081/exclusive': {}, 'tcp/::/8081/exclusive/ipv6only': {} }), 'true Free  High');
  assert.is(await ask('5353 --protocol udp --address 0.0.0.0', {}), 'false Process java.exe (500) Medium', 'an owner of UDP is not disturbed');
});

test('a bind is named and read back', () => {
  const binds: Bind[] = [
    { protocol: 'TCP', address: '0.0.0.0', port: 80, sharing: 'default', ipv6Only: false },
    { protocol: 'UDP', address: 'fe80::1%eth0', port: 0, sharing: 'reusePort', ipv6Only: true },
    { protocol: 'TCP', address: '::ffff:10.0.0.1', port: 65535, sharing: 'exclusive', ipv6Only: false },
  ];
  for (const bind of binds) assert.equal(parseBindName(bindName(bind)), bind);
  for (const name of ['bind/tcp/0.0.0.0/65536/default', 'bind/sctp/::/1/default', 'bind/tcp/web/1/default', 'bind/tcp/1.2.3/1/default', 'bind/tcp/::/1/share', 'x'])
    assert.is(parseBindName(name), null, name);
});

test('an address as the system takes it', () => {
  const hex = (address: string, platform: 'linux' | 'win32' = 'linux', scope = 0) => socketAddress({ address, port: 0x1234 }, platform, scope).toString('hex');
  assert.is(hex('127.0.0.1'), '020012347f0000010000000000000000');
  assert.is(hex('::1'), `0a001234${'0'.repeat(8)}${'0'.repeat(31)}1${'0'.repeat(8)}`);
  assert.is(hex('fe80::1:2%eth0', 'win32', 3), `17001234${'0'.repeat(8)}fe80${'0'.repeat(20)}00010002${'03000000'}`);
  assert.is(hex('::ffff:10.0.0.1'), `0a001234${'0'.repeat(8)}${'0'.repeat(20)}ffff0a000001${'0'.repeat(8)}`);
});

test('an answer that is none is no success', () => {
  const bind: Bind = { protocol: 'TCP', address: '0.0.0.0', port: 80, sharing: 'default', ipv6Only: false };
  const source = (entry: Omit<RawEntry, 'at'>): RawSource => ({ platform: 'linux', read: () => ({ at: '', ...entry }) });
  const [damaged] = probe(source({ text: 'x' }), [bind]).attempts;
  const [refused] = probe(source({ refusal: { code: 'Failed', text: 'no FFI' } }), [bind]).attempts;
  const [files] = probe(source({ text: '{"call":"socket","error":24}' }), [bind]).attempts;
  assert.equal([damaged!.result, refused!.result, refused!.reason, files!.result, files!.reason], ['notMade', 'notMade', 'no FFI', 'notMade', 'socket failed: EMFILE']);
});

test('a person reads a sentence first, a program does not', async () => {
  const file = snapshotFile(facts([socket({ localPort: 3000 })]));
  const { out } = await run(['why', '3000', '--from', file]);
  assert.match(out, /^Port 3000 is in use by nginx \(100\)\.\n\nPort /);
  assert.match((await run(['why', '3001', '--from', file])).out, /^Port 3001 is free\.\n\n/);
  for (const format of ['csv', 'json', 'ndjson', 'clixml'])
    assert.not.match((await run(['why', '3000', '--from', file, '--format', format])).out, /^Port 3000 is in use by/m, format);
  // It is a value, as everything else is.
  assert.match((await run(['why', '3000', '--from', file, '--format', 'csv', '--columns', 'Summary'])).out, /is in use by/);
});

test.run();
