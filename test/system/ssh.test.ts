// Far machines for real: sshd on addresses of the loopback, with keys of its own, and hosts that are dead, slow or cut off.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../../src/build/runtime.mjs';
import { errorsIn, jsonRows, portOwner, type PortOwner } from '../support/program.ts';
import { skip, type TestContext } from '../support/skip.ts';
import { deadPort, descendants, hostEntry, noSshd, SshWorld } from '../support/sshd.ts';
import { ownProgram } from '../support/own-program.ts';

const test = suite('ssh');
const [program, ...options] = ownProgram;
const cannot = noSshd;
const world = new SshWorld();
const { folder, config } = world;
const servers: Server[] = [];
const open: Socket[] = [];
const portowner: PortOwner = portOwner(ownProgram);
let stuckDaemon = 0;
const living = Array.from({ length: 10 }, (_, index) => `living${index}`);

async function listen(server: Server, address: string): Promise<number> {
  server.listen(0, address);
  await once(server, 'listening');
  servers.push(server);
  return (server.address() as AddressInfo).port;
}

test.before(async () => {
  if (cannot !== null) return;
  world.makeKeys();
  const script = (name: string, text: string): string => world.script(name, text);
  const startDaemon = async (name: string, command: string | null): Promise<number> => (await world.start(name, command)).port;
  const main = await startDaemon('main', null);
  const cut = await startDaemon('cut', script('cut', 'sh -c "$SSH_ORIGINAL_COMMAND" | head -c 2000; exit 1'));
  const noisy = await startDaemon('noisy', script('noisy', 'echo "Welcome to #this machine"; eval "$SSH_ORIGINAL_COMMAND"'));
  const silent = await startDaemon('silent', script('silent', 'cat >/dev/null; echo "nothing for you" >&2; exit 3'));
  const busybox = await startDaemon('busybox', script('busybox', 'exec busybox sh -s'));
  // Its gzip never ends.
  mkdirSync(join(folder, 'stuck-tools'));
  writeFileSync(join(folder, 'stuck-tools/gzip'), '#!/bin/sh\nexec sleep 600\n', { mode: 0o755 });
  const stuck = await world.start('stuck', script('stuck', `sed 's|^PATH=|PATH=${join(folder, 'stuck-tools')}:|' | sh -s`));
  stuckDaemon = stuck.pid;
  const slow = await startDaemon('slow', script('slow', 'sleep 2; eval "$SSH_ORIGINAL_COMMAND"'));
  // Answers when it is told to.
  const held = await startDaemon(
    'held',
    script('held', `turn=0; while [ ! -e ${folder}/go ] && [ $turn -lt 1200 ]; do sleep 0.1; turn=$((turn + 1)); done; eval "$SSH_ORIGINAL_COMMAND"`),
  );
  const windows = await startDaemon(
    'windows',
    script(
      'windows',
      `case "$SSH_ORIGINAL_COMMAND" in *'||'*) cat >/dev/null; echo "The token '||' is not a valid statement separator in this version." >&2; exit 1 ;; *) cat >/dev/null; cat ${join(folder, 'windows.txt')} ;; esac`,
    ),
  );
  writeFileSync(
    join(folder, 'windows.txt'),
    '#PortOwner.Collection 1 plain 65001\r\n@machine\r\n platform win32\r\n name WINBOX\r\n release 10.0.26100\r\n architecture AMD64\r\n elevated true\r\n at 2026-01-02T03:04:05Z\r\n@cim/tcp\r\n 0.0.0.0,443,0.0.0.0,0,2,7,134000000000000000\r\n@cim/udp\r\n@cim/processes\r\n 7,1,"web.exe","C:\\web.exe",134000000000000000,""\r\n#End\r\n',
  );
  const mute = await listen(
    createServer((socket) => void open.push(socket)),
    '127.0.0.1',
  );
  world.writeConfig([
    ...living.map((name, index) => hostEntry(name, main, [], `127.0.0.${index + 1}`)),
    hostEntry('cut', cut),
    hostEntry('noisy', noisy),
    hostEntry('silent', silent),
    hostEntry('busybox', busybox),
    hostEntry('slow', slow),
    hostEntry('held', held),
    hostEntry('stuck', stuck.port),
    hostEntry('windows', windows),
    hostEntry('dead', await deadPort()),
    hostEntry('mute', mute),
    hostEntry('2001:db8::1', main),
  ]);
});
test.after(() => {
  for (const socket of open) socket.destroy();
  for (const server of servers) server.close();
  world.stop();
});

const listener = createServer();
let port = 0;
test.before(async () => {
  port = await listen(listener, '127.0.0.1');
});

const ask = (args: readonly (string | number)[], ...hosts: string[]) => portowner([...args, '--ssh-config', config, ...hosts.flatMap((host) => ['--host', host])]);

test('a host answers as the machine itself does', (context: TestContext) => {
  if (cannot !== null) return skip(cannot, context);
  const { code, out, err } = ask([port, '--format', 'json'], 'living0');
  assert.is(code, 0, err);
  assert.equal(
    jsonRows(out).map(({ LocalPort, OwningProcess, ComputerName }) => ({ LocalPort, OwningProcess, ComputerName })),
    [{ LocalPort: port, OwningProcess: process.pid, ComputerName: hostname() }],
  );
  assert.is(ask(['conflicts', '--count'], 'living0').err.includes('PO3006'), false);
  assert.match(ask(['ranges'], 'living0').out, 'ip_local_port_range');
  assert.is(ask(['why', port], 'living0').code, 1);
  const free = ask(['free', '--range', port, '--explain', '--format', 'json'], 'living0');
  assert.is(free.code, 1);
  assert.match(free.out, '"IsFree":false');
});

test('hosts that are one machine, or call themselves the same, have the names they were asked by', (context: TestContext) => {
  if (cannot !== null) return skip(cannot, context);
  let [seconds, attempts] = [0, 0];
  let answer: ReturnType<typeof ask>;
  // On a busy machine, one of them is not waited for, and its name is not known when the other one's is chosen.
  do {
    const started = performance.now();
    answer = ask([port, '--format', 'csv', '--columns', 'ComputerName,LocalPort'], 'living0', 'root@living1', 'living0');
    seconds = (performance.now() - started) / 1000;
  } while (seconds > 4 && ++attempts < 5);
  if (seconds > 4) return skip('a far machine takes longer here than others wait for it', context);
  const { code, out, err } = answer;
  assert.is(code, 0, err);
  assert.equal(out.trim().split('\r\n').slice(1), [`living0,${port}`, `root@living1,${port}`]);
});

test('user@host, noise before the answer, busybox, and Windows PowerShell as the shell', (context: TestContext) => {
  if (cannot !== null) return skip(cannot, context);
  for (const host of ['root@living1', 'noisy', ...(existsSync('/usr/bin/busybox') || existsSync('/bin/busybox') ? ['busybox'] : [])]) {
    const { code, out, err } = ask([port, '--format', 'json'], host);
    assert.is(code, 0, `${host}: ${err}`);
    assert.equal(
      jsonRows(out).map(({ OwningProcess }) => OwningProcess),
      [process.pid],
      host,
    );
  }
  const { code, out } = ask([443], 'windows');
  assert.is(code, 0);
  assert.match(out, 'web.exe (7)');
});

test('a dead host, a slow one and one that is cut off among ten living ones', (context: TestContext) => {
  if (cannot !== null) return skip(cannot, context);
  const { code, out, err } = ask([port, '--format', 'csv', '--columns', 'LocalPort,OwningProcess'], 'dead', ...living, 'slow', 'cut', 'silent');
  assert.is(code, 69);
  assert.equal(
    out.trim().split('\r\n').slice(1),
    [...living, 'slow'].map(() => `${port},${process.pid}`),
  );
  const errors = errorsIn(err);
  assert.is(errors.length, 3, err);
  assert.match(err, /PO3006: dead could not be queried: .*Connection refused/);
  assert.match(err, /PO3006: cut could not be queried|PO2002: what cut sent is not a complete collection/);
  assert.match(err, 'PO3006: silent could not be queried: nothing for you');
});

test('a host that accepts and says nothing ends after the time to connect', (context: TestContext) => {
  if (cannot !== null) return skip(cannot, context);
  const { code, err } = ask([port], 'mute');
  assert.is(code, 69);
  assert.match(err, /PO3006: mute could not be queried: .*(?:timed out|Connection closed)/i);
});

for (const format of ['csv', 'ndjson'])
  test(`the rows of hosts that have answered do not wait for one that has not: ${format}`, async (context: TestContext) => {
    if (cannot !== null) return skip(cannot, context);
    rmSync(join(folder, 'go'), { force: true });
    const hosts = ['held', 'living0', 'dead'].flatMap((host) => ['--host', host]);
    const child = spawn(program, [...options, String(port), '--ssh-config', config, ...hosts, '--format', format, '--columns', 'ComputerName,OwningProcess', '--verbose']);
    let [out, err] = ['', ''];
    // The first rows are there, and it says for what it waits: now the other one may answer.
    const go = (): void => {
      if (out !== '' && err.includes('waiting for held (1 of 3 machines)')) writeFileSync(join(folder, 'go'), '');
    };
    child.stderr.on('data', (text: Buffer) => {
      err += String(text);
      go();
    });
    child.stdout.on('data', (text: Buffer) => {
      out += String(text);
      go();
    });
    const [code] = (await once(child, 'close')) as [number];
    assert.is(code, 69, err);
    const rows =
      format === 'csv'
        ? out.trim().split('\r\n').slice(1)
        : out
            .trim()
            .split('\n')
            .map((line) => Object.values(JSON.parse(line) as object).join(','));
    // The late one is the same machine, whose own name has been used.
    assert.equal(rows, [`${hostname()},${process.pid}`, `held,${process.pid}`]);
    assert.match(err, /^portowner: waiting for held \(1 of 3 machines\)$/m);
    assert.match(err, 'PO3006: dead could not be queried');
    assert.match(err, /^portowner: held: queried through ssh with the collector for sh in \d+\.\d s$/m);
  });

test('an IPv6 address can be in brackets', (context: TestContext) => {
  if (cannot !== null) return skip(cannot, context);
  for (const host of ['2001:db8::1', '[2001:db8::1]', 'root@[2001:db8::1]']) {
    const { code, err } = ask([port, '--count'], host);
    assert.is(err, '');
    assert.is(code, 0, host);
  }
});

test('a host that takes longer than --host-timeout is one error, and what it runs there ends', async (context: TestContext) => {
  if (cannot !== null) return skip(cannot, context);
  const { code, out, err } = ask([port, '--host-timeout', '10s', '--format', 'csv', '--columns', 'OwningProcess'], 'stuck', 'living0');
  assert.equal([code, out], [69, `OwningProcess\r\n${process.pid}\r\n`]);
  assert.match(err, 'PO3006: stuck could not be queried: it took longer than 10 s (--host-timeout)');
  assert.is(errorsIn(err).length, 1, err);
  for (let turn = 0; turn < 200 && descendants(stuckDaemon).length > 0; turn++) await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(descendants(stuckDaemon), []);
});

test('a snapshot of a far machine, and the answer from it', (context: TestContext) => {
  if (cannot !== null) return skip(cannot, context);
  const file = join(folder, 'far.json');
  const { code, err } = ask(['snapshot', file], 'living0');
  assert.is(code, 0, err);
  const { out } = portowner([port, '--from', file, '--from', file, '--from', join(folder, 'none.json'), '--format', 'json']);
  assert.equal(
    jsonRows(out).map(({ OwningProcess }) => OwningProcess),
    [process.pid],
  );
  assert.not.match(readFileSync(file, 'utf8'), join(root, 'test/system/ssh.test.ts'));
  const since = ask(['diff', file, '--format', 'json'], 'living0');
  assert.not.match(since.out, `:${port}`);
  assert.match(ask(['diff', file, file], 'living0').err, 'PO1005: B and --host exclude each other: A is compared with one of them');
  assert.match(ask(['diff', file], 'living0', 'living1').err, 'PO1005: a snapshot is compared with one machine, but there are 2');
});

test('nothing stays when the question is ended', async (context: TestContext) => {
  if (cannot !== null) return skip(cannot, context);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const child = spawn(program, [...options, String(port), '--ssh-config', config, '--host', 'slow', '--host', 'mute'], { stdio: 'ignore' });
    const children = (): string =>
      spawnSync('ps', ['-o', 'pid=', '--ppid', String(child.pid)])
        .stdout.toString()
        .trim();
    for (let turn = 0; turn < 100 && children().split('\n').length < 2; turn++) await new Promise((resolve) => setTimeout(resolve, 50));
    const pids = children().split('\n').map(Number);
    assert.is(pids.length, 2);
    child.kill(signal);
    const [code] = (await once(child, 'exit')) as [number];
    assert.is(code, signal === 'SIGINT' ? 130 : 143);
    await new Promise((resolve) => setTimeout(resolve, 200));
    // One that has ended may wait for somebody to take note of it.
    const alive = pids.filter((pid) => existsSync(`/proc/${pid}/stat`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')));
    assert.equal(alive, []);
  }
});

test('a collector that hangs there ends when the question is ended', async (context: TestContext) => {
  if (cannot !== null) return skip(cannot, context);
  const until = async (is: () => boolean): Promise<boolean> => {
    for (let turn = 0; turn < 200 && !is(); turn++) await new Promise((resolve) => setTimeout(resolve, 100));
    return is();
  };
  const child = spawn(program, [...options, String(port), '--ssh-config', config, '--host', 'stuck'], { stdio: 'ignore' });
  const nameOf = (pid: number): string => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    } catch {
      return '';
    }
  };
  const names = (): string[] => descendants(stuckDaemon).map(nameOf);
  assert.ok(await until(() => names().includes('sleep 600 ')), 'the collector hangs');
  child.kill('SIGINT');
  assert.ok(await until(() => descendants(stuckDaemon).length === 0), `still there: ${names().join('; ')}`);
});

test('a collector that hangs ends after its time limit, although somebody reads its answer', async (context: TestContext) => {
  if (cannot !== null) return skip(cannot, context);
  const text = readFileSync(join(root, 'ps/Collector/collect.sh'), 'utf8').replace('\nPATH=', `\nPATH=${join(folder, 'stuck-tools')}:`);
  const began = Date.now();
  const { stdout, signal } = spawnSync('sh', ['-s'], { input: `limit=2\n${text}`, timeout: 60_000, encoding: 'utf8' });
  assert.is(signal, 'SIGTERM');
  assert.not.match(stdout, '#End');
  assert.ok(Date.now() - began < 30_000);
});

test('what is no host, and what does not go together, is refused before anything is started', () => {
  for (const host of ['-oProxyCommand=true', 'ann@-oProxyCommand=true', '', 'a b', 'a;b', 'a@b@c', '-'])
    assert.match(portowner([80, `--host=${host}`]).err, /PO1001: .*--host/, host);
  assert.match(portowner([80, '--host', 'a', '--from', 'b.json']).err, 'PO1005: --host and --from exclude each other');
  for (const words of [[80], ['snapshot'], ['diff', 'a.json']])
    for (const option of ['--ssh-config', '--host-timeout']) assert.match(portowner([...words, option, '9']).err, `PO1005: ${option} needs --host`);
  for (const value of ['0', '-1', 'never', '0.5']) assert.match(portowner([80, '--host', 'a', `--host-timeout=${value}`]).err, /PO1001: unknown value ".*" for --host-timeout/);
  assert.match(portowner(['stop', 80, '--host', 'a']).err, /PO1001: unknown option --host for portowner stop\n.*portowner why PORT --host HOST/);
});

test.run();
