// What this machine says of sockets that the test itself opens.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket as TcpSocket } from 'node:net';
import { hostname } from 'node:os';
import { basename } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Process, Sections, Socket } from '../../../src/facts/model/facts.ts';
import { gatherLinux } from '../../../src/facts/gather/linux.ts';
import { everything, type Question } from '../../../src/facts/model/question.ts';
import { recordedSource, recordingSource, type RawEntry, type RawSource } from '../../../src/system/raw.ts';
import { linuxSource } from '../../../src/machine/linux/source.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const test = suite('linux');
const here = process.platform === 'linux';
const root = here && process.geteuid!() === 0;

/** A test that only Linux can run. */
function onLinux(name: string, run: (context: TestContext) => Promise<void> | void): void {
  test(name, async (context: TestContext) => (here ? run(context) : skip('it needs Linux', context)));
}

const children: ChildProcess[] = [];
const open: (Server | UdpSocket | TcpSocket)[] = [];
test.after.each(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const socket of open.splice(0)) {
    if ('destroy' in socket) socket.destroy();
    else socket.close();
  }
});

async function listen(options: { host: string; port?: number; ipv6Only?: boolean; reusePort?: boolean }): Promise<{ port: number; server: Server }> {
  const server = createServer((socket) => open.push(socket.on('error', () => {})));
  server.listen({ port: 0, ...options });
  await once(server, 'listening');
  open.push(server);
  return { port: (server.address() as AddressInfo).port, server };
}

async function bindUdp(type: 'udp4' | 'udp6', address: string): Promise<{ port: number; socket: UdpSocket }> {
  const socket = createSocket(type);
  socket.bind(0, address);
  await once(socket, 'listening');
  open.push(socket);
  return { port: socket.address().port, socket };
}

async function connectTo(port: number, host: string): Promise<{ port: number; socket: TcpSocket }> {
  const socket = connect(port, host);
  await once(socket, 'connect');
  open.push(socket);
  return { port: socket.localPort!, socket };
}

/** A program that holds a listener of this process too, at descriptor 3. */
function heirOf({ _handle: handle }: Server & { _handle?: TcpSocket }, command: string, ...args: string[]): ChildProcess {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit', handle!] });
  children.push(child);
  return child;
}

function ask(port: number, question: Partial<Question> = {}, source: RawSource = linuxSource()): Sections {
  return gatherLinux(source, { ...everything, localPorts: [{ start: port, end: port }], ranges: false, ...question }).sections;
}
const rows = ({ sockets }: Sections): string[] =>
  sockets.data.map(({ protocol, localAddress, remoteAddress, remotePort, state, pid, holders }: Socket) => {
    const remote = remoteAddress === null ? '-' : `${remoteAddress} ${remotePort}`;
    return `${protocol} ${localAddress} ${remote} ${state ?? '-'} ${pid === process.pid ? 'me' : pid} ${holders.length}`;
  });
const processOf = ({ processes }: Sections, pid: number): Process => processes.data.find((one) => one.pid === pid)!;

onLinux('IPv4, IPv6 and both', async () => {
  const four = await listen({ host: '127.0.0.1' });
  const six = await listen({ host: '::1' });
  const both = await listen({ host: '::' });
  const only = await listen({ host: '::', ipv6Only: true });
  assert.equal(rows(ask(four.port)), ['TCP 127.0.0.1 - Listen me 1']);
  assert.equal(rows(ask(six.port)), ['TCP ::1 - Listen me 1']);
  assert.equal(rows(ask(both.port)), ['TCP :: - Listen me 1']);
  assert.equal(rows(ask(only.port)), ['TCP :: - Listen me 1']);
  const client = await connectTo(both.port, '127.0.0.1');
  const all = rows(ask(both.port, { sockets: 'all' })).toSorted();
  assert.equal(all, ['TCP :: - Listen me 1', `TCP ::ffff:127.0.0.1 ::ffff:127.0.0.1 ${client.port} Established me 1`]);
});

onLinux('UDP, connected or not', async () => {
  const four = await bindUdp('udp4', '127.0.0.1');
  const six = await bindUdp('udp6', '::');
  const client = await bindUdp('udp4', '127.0.0.1');
  client.socket.connect(four.port, '127.0.0.1');
  await once(client.socket, 'connect');
  assert.equal(rows(ask(four.port)), ['UDP 127.0.0.1 - - me 1']);
  assert.equal(rows(ask(six.port)), ['UDP :: - - me 1']);
  const connected = [`UDP 127.0.0.1 127.0.0.1 ${four.port} - me 1`];
  assert.equal(rows(ask(client.port, { sockets: 'listeners' })), []);
  assert.equal(rows(ask(client.port, { sockets: 'answer' })), connected);
  assert.equal(rows(ask(client.port, { sockets: 'all' })), connected);
});

onLinux('a connection, and the TIME_WAIT it leaves', async () => {
  const { port } = await listen({ host: '127.0.0.1' });
  const client = await connectTo(port, '127.0.0.1');
  assert.equal(rows(ask(client.port, { sockets: 'answer' })), [`TCP 127.0.0.1 127.0.0.1 ${port} Established me 1`]);
  client.socket.end();
  client.socket.resume();
  await once(client.socket, 'close');
  const { sockets } = ask(client.port, { sockets: 'answer' });
  assert.equal(
    sockets.data.map(({ state, pid, kernel, refusals }) => [state, pid, kernel, refusals]),
    [['TimeWait', null, true, []]],
  );
});

onLinux('a listener that a child inherited', async () => {
  const { port, server } = await listen({ host: '127.0.0.1' });
  const child = heirOf(server, 'cat');
  const sections = ask(port, { details: new Set([...everything.details, 'commandLine']) });
  const [socket] = sections.sockets.data;
  assert.equal([socket?.pid, socket?.holders], [process.pid, [process.pid, child.pid!]]);
  const { imageName, path, commandLine, parent, startTime, refusals } = processOf(sections, child.pid!);
  assert.equal([imageName, commandLine, parent, refusals], ['cat', 'cat', process.pid, []]);
  assert.is(basename(path!), 'cat');
  assert.ok(startTime! >= processOf(sections, process.pid).startTime!);
  assert.is(processOf(ask(port), child.pid!).startTime, startTime, 'the same at every look');
  assert.ok(Math.abs(Date.parse(startTime!) - Date.now()) < 60_000, startTime!);
});

onLinux('two processes that share a port', async () => {
  const first = await listen({ host: '127.0.0.1', reusePort: true });
  const script = `require('net').createServer().listen({ port: ${first.port}, host: '127.0.0.1', reusePort: true }, () => console.log())`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  await once(child.stdout, 'data');
  const { data } = ask(first.port).sockets;
  assert.equal(data.map(({ holders }) => holders).toSorted(), [[process.pid], [child.pid!]].toSorted());
});

onLinux('a process that ends between its socket and its details', async () => {
  const { port, server } = await listen({ host: '127.0.0.1' });
  // The shell takes the ended process away at once; as this one's child it would stay until the test is over.
  const shell = heirOf(server, 'sh', '-c', 'sleep 600 & echo $!; wait; cat');
  const [text] = (await once(shell.stdout!, 'data')) as [Buffer];
  const pid = Number(String(text));
  const live = linuxSource();
  const source: RawSource = {
    platform: 'linux',
    read(name, hint) {
      const entry = live.read(name, hint);
      if (name === 'holders') {
        process.kill(pid, 'SIGKILL');
        for (let turn = 0; turn < 500 && existsSync(`/proc/${pid}/stat`); turn++) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
      }
      return entry;
    },
  };
  assert.equal(ask(port, {}, source).sockets.data[0]!.holders, [process.pid, shell.pid!]);
});

/** What a process without rights sees of a port; the modules are loaded before it gives up its own. */
async function seenByNobody(port: number): Promise<Sections> {
  const url = (path: string) => JSON.stringify(new URL(`../../../src/${path}`, import.meta.url).href);
  const script = `
    import { linuxSource } from ${url('machine/linux/source.ts')};
    import { gatherLinux } from ${url('facts/gather/linux.ts')};
    import { everything } from ${url('facts/model/question.ts')};
    process.setgroups([]); process.setgid(65534); process.setuid(65534);
    const { sections } = gatherLinux(linuxSource(), { ...everything, localPorts: [{ start: ${port}, end: ${port} }] });
    process.stdout.write(JSON.stringify(sections));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  assert.ok(stdout !== '', stderr);
  return JSON.parse(stdout) as Sections;
}

onLinux('without root', async (context) => {
  if (!root) return skip('it needs root, to give it up', context);
  const { port } = await listen({ host: '127.0.0.1' });
  const { sockets, processes } = await seenByNobody(port);
  const [socket] = sockets.data;
  assert.equal([socket?.pid, socket?.kernel, socket?.user], [null, false, 'root']);
  assert.equal(
    socket?.refusals.map(({ field, code, needs }) => `${field} ${code} ${needs}`),
    ['OwningProcess AccessDenied root (sudo)'],
  );
  assert.equal([sockets.status, processes.status, processes.needs], ['ok', 'partial', 'root (sudo)']);
});

onLinux('many holders of many sockets', async () => {
  const { port, server } = await listen({ host: '127.0.0.1' });
  const clients: TcpSocket[] = [];
  while (clients.length < 300) clients.push((await connectTo(port, '127.0.0.1')).socket);
  const heirs = Array.from({ length: 10 }, () => heirOf(server, 'cat').pid!);
  const { data } = ask(port, { sockets: 'all' }).sockets;
  const listener = data.find(({ state }) => state === 'Listen');
  assert.equal(new Set(listener?.holders), new Set([process.pid, ...heirs]));
  const connections = data.filter(({ state }) => state === 'Established');
  assert.is(connections.length, 300);
  assert.ok(connections.every(({ pid }) => pid === process.pid));
});

onLinux('a recording gives the same facts', async () => {
  const { port } = await listen({ host: '127.0.0.1' });
  const entries = new Map<string, RawEntry>();
  const live = ask(port, {}, recordingSource(linuxSource(), entries, { hint: { commandLine: true } }));
  assert.equal(rows(live), ['TCP 127.0.0.1 - Listen me 1']);
  assert.equal(ask(port, {}, recordedSource({ platform: 'linux', entries })), live);
});

onLinux('/proc/net gives the same sockets as sock_diag', async () => {
  const { port } = await listen({ host: '::1' });
  const udp = await bindUdp('udp4', '127.0.0.1');
  const live = linuxSource();
  const source: RawSource = {
    platform: 'linux',
    read: (name, hint) => (name.startsWith('diag/') ? { at: '2026-01-01T00:00:00Z', refusal: { code: 'NotSupported', text: 'gone' } } : live.read(name, hint)),
  };
  for (const one of [port, udp.port]) assert.equal(ask(one, {}, source).sockets.data, ask(one).sockets.data);
});

onLinux('the machine, its ranges and users', () => {
  const { machine, sections } = gatherLinux(linuxSource(), { ...everything, localPorts: [{ start: 1, end: 1 }] });
  assert.equal([machine.name, machine.architecture, machine.elevated], [hostname(), process.arch, root]);
  const [start, end] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/).map(Number);
  assert.equal(
    sections.dynamicRanges.data.map((range) => [range.start, range.end]),
    [[start, end]],
  );
  assert.is(linuxSource().read('user/0').text, 'root');
  assert.is(linuxSource().read('user/3999999999').refusal?.code, 'NotSupported');
});

onLinux('what there is not is refused, never thrown', () => {
  const source = linuxSource();
  for (const name of ['', 'x', 'diag/raw', 'diag/', 'proc/net/../../etc/shadow', 'proc/kcore', 'process/self', 'process/1/../2', 'user/x', 'process/']) {
    assert.is(source.read(name).refusal?.code, 'NotSupported', name);
  }
  assert.is(source.read('process/4999999').refusal?.code, 'Gone');
});

onLinux('a look leaves nothing open', () => {
  const count = () => readdirSync('/proc/self/fd').length;
  ask(1);
  const before = count();
  for (let turn = 0; turn < 20; turn++) ask(1, { sockets: 'all', localPorts: null });
  // What earlier tests had open may still close.
  assert.ok(count() < before + 10);
});

test.run();
