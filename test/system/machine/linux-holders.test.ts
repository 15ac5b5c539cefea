// Who holds a socket on this machine, where a plain look at the descriptors of processes does not tell.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Sections } from '../../../src/facts/model/facts.ts';
import { gatherLinux } from '../../../src/facts/gather/linux.ts';
import { everything } from '../../../src/facts/model/question.ts';
import type { RawSource } from '../../../src/system/raw.ts';
import { linuxSource } from '../../../src/machine/linux/source.ts';
import { holdProcess } from '../../../src/machine/linux/signal.ts';
import { walkHolders } from '../../../src/machine/linux/holders.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const test = suite('holders on Linux');
const root = process.platform === 'linux' && process.geteuid!() === 0;

const children: ChildProcess[] = [];
test.after.each(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function asRoot(name: string, run: (context: TestContext) => Promise<void> | void): void {
  test(name, async (context: TestContext) => (root ? run(context) : skip('it needs Linux and root', context)));
}

/** As root sees it where all processes are in sight: in a container or a sandbox not all of them are. */
const whole = (live = linuxSource()): RawSource => ({
  platform: 'linux',
  read(name, hint) {
    const { refusal, ...entry } = live.read(name, hint);
    return refusal === undefined || entry.bytes !== undefined ? entry : { ...entry, refusal };
  },
});

function ask(port: number, source: RawSource = whole()): Sections {
  return gatherLinux(source, { ...everything, localPorts: [{ start: port, end: port }], ranges: false, configured: false }).sections;
}

async function started(file: string, ...args: string[]): Promise<{ pid: number; first: number }> {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [text] = (await once(child.stdout, 'data')) as [Buffer];
  return { pid: child.pid!, first: Number(String(text).split('\n')[0]) };
}

const holder = (mode: string) => started(process.execPath, '--disable-warning=ExperimentalWarning', fileURLToPath(new URL('../../support/linux-holder.ts', import.meta.url)), mode);

test('a hasty search finds a program that has just opened a port, and leaves out those with thousands of descriptors', async (context: TestContext) => {
  if (process.platform !== 'linux') return skip('it needs Linux', context);
  const script = (files: number): string => `
    const fs = require('node:fs');
    for (let i = 0; i < ${files}; i++) fs.openSync('/dev/null');
    const server = require('node:net').createServer().listen(0, '127.0.0.1', () =>
      console.log(fs.readlinkSync('/proc/self/fd/' + server._handle.fd).slice('socket:['.length, -1)));`;
  const open = async (files: number) => (await started(process.execPath, '-e', script(files))).first;
  const few = await open(10);
  const found = walkHolders(new Set([few]), 'hasty');
  // Process IDs start again at some time, so that it may not come to this one among very many processes.
  assert.equal([...new Uint32Array(found.pairs.slice().buffer)].slice(1), found.isCut ? [] : [few]);
  if (statSync('/proc/self/fd').size === 0) return skip('the number of descriptors needs Linux 6.2', context);
  const many = await open(4100);
  const cut = walkHolders(new Set([many]), 'hasty');
  assert.is(cut.isCut, true);
  assert.is(cut.pairs.length, 0);
});

asRoot('a thread that has a table of descriptors of its own', async () => {
  const { pid, first: port } = await holder('thread');
  const { sockets, processes } = ask(port);
  assert.equal(
    sockets.data.map((socket) => [socket.pid, socket.holders, socket.kernel, socket.refusals]),
    [[pid, [pid], false, []]],
  );
  assert.is(processes.data.find((one) => one.pid === pid)?.path, process.execPath);
});

asRoot('a process whose main thread has ended: it has its executable still, and is stopped as any other', async () => {
  const { pid, first: port } = await holder('ended');
  assert.match(readFileSync(`/proc/${pid}/stat`, 'latin1'), /\) Z /);
  const { sockets, processes } = ask(port);
  assert.equal(
    sockets.data.map((socket) => [socket.pid, socket.kernel, socket.refusals]),
    [[pid, false, []]],
  );
  const found = processes.data.find((one) => one.pid === pid)!;
  assert.is(found.path, process.execPath);
  const held = holdProcess(pid, found.startTime!);
  assert.not.ok(held.ended());
  held.end();
  for (let turn = 0; turn < 100 && !held.ended(); turn++) await delay(20);
  assert.ok(held.ended());
  held.release();
});

asRoot('a descriptor that is on its way between processes: nobody is claimed to have it', async () => {
  const { first: port } = await holder('flight');
  const [socket] = ask(port).sockets.data;
  assert.equal([socket!.pid, socket!.kernel, socket!.user], [null, false, 'root']);
  assert.equal(
    socket!.refusals.map(({ field, code }) => `${field} ${code}`),
    ['OwningProcess Failed'],
  );
});

asRoot("a listener that is handed from process to process is never said to be the kernel's", async (context) => {
  if (spawnSync('perl', ['-MIO::Socket::INET', '-e', '1']).status !== 0) return skip('perl is not installed', context);
  // Each child lives for 2 ms, and has the listener from its parent; the last one ends with the test, or after a while.
  const script = `
    $SIG{CHLD} = 'IGNORE'; $| = 1;
    my $s = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1') or die;
    print $s->sockport, "\\n";
    for (;;) { my $p = fork; exit 0 if $p; exit 0 if -e $ARGV[0] or time > $^T + 30; select(undef, undef, undef, 0.002); }`;
  const folder = mkdtempSync(join(tmpdir(), 'portowner-chain-'));
  const stop = join(folder, 'stop');
  try {
    const child = spawn('perl', ['-MIO::Socket::INET', '-e', script, stop], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [text] = (await once(child.stdout, 'data')) as [Buffer];
    let owned = 0;
    for (let turn = 0; turn < 20; turn++) {
      const [socket] = ask(Number(String(text))).sockets.data;
      assert.is(socket!.kernel, false);
      if (socket!.pid !== null) owned++;
    }
    assert.ok(owned > 0, 'it is found, mostly');
  } finally {
    copyFileSync('/dev/null', stop);
    await delay(50);
    rmSync(folder, { recursive: true });
  }
});

asRoot('a tunnel of the kernel is shown by its port, and nothing else on that port is', (context) => {
  const source = (path: string) => JSON.stringify(new URL(`../../../src/${path}`, import.meta.url).href);
  const script = `
    import { linuxSource } from ${source('machine/linux/source.ts')};
    import { gatherLinux } from ${source('facts/gather/linux.ts')};
    import { everything } from ${source('facts/model/question.ts')};
    const live = linuxSource();
    const read = (name, hint) => { const { refusal, ...entry } = live.read(name, hint); return entry; };
    const { sockets } = gatherLinux({ platform: 'linux', read }, { ...everything, ranges: false, configured: false }).sections;
    console.log(JSON.stringify(sockets.data.map(({ localPort, kernel, kernelPart }) => [localPort, kernel, kernelPart])));`;
  const set = 'ip link set lo up && ip link add t0 type vxlan id 5 dstport 4790 && ip link set t0 up && exec "$0" "$@"';
  const made = spawnSync('unshare', ['--net', 'sh', '-c', set, 'true'], { encoding: 'utf8' });
  if (made.status !== 0) return skip(`no network namespace with a VXLAN tunnel can be made: ${made.stderr.trim().split('\n')[0]}`, context);
  const result = spawnSync('unshare', ['--net', 'sh', '-c', set, process.execPath, '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  assert.is(result.status, 0, result.stderr);
  const found = JSON.parse(result.stdout) as unknown[];
  assert.ok(found.length > 0);
  for (const one of found) assert.equal(one, [4790, true, 'VXLAN']);
});

asRoot('a walk tells when each holder was started, so that its number cannot be mistaken', async () => {
  const { pid, first: port } = await holder('thread');
  const own = linuxSource();
  const { pairs, started: text } = walkHolders(undefined, 'threads');
  assert.ok(pairs.length > 0);
  const ticks = new RegExp(`(?:^|,)${pid}:(\\d+)(?:,|$)`).exec(text)?.[1];
  assert.ok(JSON.parse(own.read(`process/${pid}`).text!).stat.includes(` ${ticks} `));
  // Another process of that number, started later.
  const later: RawSource = {
    platform: 'linux',
    read(name, hint) {
      const entry = whole(own).read(name, hint);
      return name.startsWith('holders') ? { ...entry, meta: { ...entry.meta, started: `${pid}:1` } } : entry;
    },
  };
  const [socket] = ask(port, later).sockets.data;
  assert.equal([socket!.pid, socket!.kernel], [null, false]);
});

asRoot('a file that is really named as the kernel marks removed ones', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'portowner-named-'));
  try {
    const [kept, removed] = [join(folder, 'server (deleted)'), join(folder, 'server')];
    const script = 'const s = require("net").createServer().listen(0, "127.0.0.1", () => console.log(s.address().port))';
    for (const [file, gone] of [
      [kept, false],
      [removed, true],
    ] as const) {
      copyFileSync(process.execPath, file);
      const { pid, first: port } = await started(file, '-e', script);
      if (gone) rmSync(file);
      const found = ask(port).processes.data.find((one) => one.pid === pid)!;
      assert.equal([found.path, found.literalPath, found.imageName], [gone ? `${file} (deleted)` : file, gone ? undefined : true, gone ? 'server' : 'server (deleted)']);
      assert.match(linuxSource().read(`sha256/${pid}/${found.path}`).text!, /^[0-9a-f]{64}$/);
      assert.is(linuxSource().read(`sha256/${pid}/${file}x`).text, undefined, 'of another path');
    }
  } finally {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
});

test.run();
