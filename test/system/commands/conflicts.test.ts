import { spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { linuxSource } from '../../../src/machine/linux/source.ts';
import type { Conflict } from '../../../src/schema/conflict.ts';
import { run } from '../../support/harness.ts';
import { endAll, start } from '../../support/program.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const test = suite('conflicts of real processes');
const folder = mkdtempSync(join(tmpdir(), 'portowner-conflicts-'));
test.after(() => {
  endAll();
  rmSync(folder, { recursive: true, force: true });
});

const files: Readonly<Record<string, string>> = {
  // A server: PORT, and an address after it; "ready" when it listens. It ends with its standard input.
  'server.js': `
    const [port, host, reuse] = process.argv.slice(2);
    require('node:net').createServer().listen({ port: Number(port), host, reusePort: reuse === 'reuse', ipv6Only: host.includes(':') }, () => console.log('ready'));
    process.stdin.resume().on('end', () => process.exit());`,
  // A cluster: "shared" has one socket, "reuse" one for each worker, "split" a family for each.
  'cluster.js': `
    const cluster = require('node:cluster');
    const [port, how] = process.argv.slice(2);
    if (cluster.isPrimary) {
      cluster.schedulingPolicy = how === 'shared' ? cluster.SCHED_NONE : cluster.SCHED_RR;
      let ready = 0;
      cluster.on('message', () => { if (++ready === 2) console.log('ready'); });
      for (const host of ['127.0.0.1', '::1']) cluster.fork({ HOST: host });
      process.stdin.resume().on('end', () => process.exit());
    } else {
      const server = require('node:net').createServer();
      const host = how === 'split' ? process.env.HOST : '127.0.0.1';
      server.listen({ port: Number(port), host, exclusive: how !== 'shared', reusePort: how === 'reuse' }, () => process.send('ready'));
    }`,
  // Starts what its arguments say, each a list of words, and ends with its standard input.
  'starter.js': `
    const { spawn } = require('node:child_process');
    const lists = JSON.parse(process.argv[2]);
    let ready = 0;
    for (const { words, cwd } of lists) {
      const child = spawn(words[0], words.slice(1), { cwd, stdio: ['pipe', 'pipe', 'inherit'] });
      child.stdout.on('data', () => { if (++ready === lists.length) console.log('ready'); });
    }
    process.stdin.resume().on('end', () => process.exit());`,
  // A master that forks its workers, as gunicorn and nginx do: "shared" binds before, "reuse" after.
  'master.py': `
import os, socket, sys, time
port, how = int(sys.argv[1]), sys.argv[2]
def bound():
    one = socket.socket(); one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1); one.bind(('127.0.0.1', port)); one.listen(); return one
shared = bound() if how == 'shared' else None
read, write = os.pipe()
for _ in range(2):
    if os.fork() == 0:
        own = shared or bound(); os.write(write, b'.'); master = os.getppid()
        while os.getppid() == master: time.sleep(0.05)
        os._exit(0)
while len(os.read(read, 1)) != 1: pass
os.read(read, 1); print('ready', flush=True); sys.stdin.read()
`,
};
for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
for (const name of ['shop', 'blog']) mkdirSync(join(folder, name));

/** A port that nobody has, and that no connection is given: a conflict over those is only Information. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer().listen(port, '::');
    const bound = await Promise.race([once(server, 'listening').then(() => true), once(server, 'error').then(() => false)]);
    if (!bound) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}

/** Starts a program and waits until it says that it is ready. */
async function ready(words: readonly string[]): Promise<ChildProcess> {
  const child = start(words, { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child.stdout!, 'data');
  return child;
}

/** Ends programs, and all that they have started, by closing what they read. */
async function closed(children: readonly ChildProcess[]): Promise<void> {
  for (const child of children) {
    const exit = once(child, 'exit');
    child.stdin!.end();
    await exit;
  }
}

/** Which kinds of conflict there are on a port between owners. */
async function kindsOn(port: number): Promise<string[]> {
  const { code, out, err } = await run(['conflicts', String(port), '--format', 'json'], { source: linuxSource() });
  const rows = JSON.parse(out) as Conflict[];
  assert.is(code, rows.length === 0 ? 0 : 1, err);
  for (const { Owners } of rows) assert.ok(Owners!.length > 1, Owners!.join());
  return rows.map(({ Kind }) => Kind!);
}

const { execPath } = process;
const server = join(folder, 'server.js');
const starter = join(folder, 'starter.js');
/** Two servers: in which folders, and on which addresses. */
type Two = readonly { readonly at?: string; readonly host: string; readonly reuse?: boolean }[];
const listsOf = (port: number, two: Two) =>
  two.map(({ at = 'shop', host, reuse }) => ({ words: [execPath, server, String(port), host, reuse === true ? 'reuse' : ''], cwd: join(folder, at) }));
const byStarter = (two: Two) => (port: number) => [[execPath, starter, JSON.stringify(listsOf(port, two))]];
const byShell = (two: Two) => (port: number) => [
  [
    'sh',
    '-c',
    `exec 3<&0\n${listsOf(port, two)
      .map(({ words, cwd }) => `(cd '${cwd}' && exec ${words.map((word) => `'${word}'`).join(' ')} <&3) &`)
      .join('\n')}\nwait`,
  ],
];
const families: Two = [{ host: '127.0.0.1' }, { host: '::1' }];
const reused: Two = [
  { host: '127.0.0.1', reuse: true },
  { host: '127.0.0.1', reuse: true },
];
const python = spawnSync('python3', ['-c', 'print(1)'], { encoding: 'utf8' }).stdout === '1\n';

const cases: [what: string, commands: (port: number) => string[][], expected: string[], needs?: 'python3'][] = [
  ['one program started two servers, each for one family', byStarter(families), ['FamilySplit']],
  ['one program started two servers that share the port', byStarter(reused), ['Instances']],
  ['in two folders', byStarter([{ ...reused[0]!, at: 'blog' }, reused[1]!]), ['SharedByReuse']],
  ['one has all addresses', byStarter([{ host: '0.0.0.0', reuse: true }, reused[1]!]), ['OverlappingAddresses']],
  ['a shell started two servers', byShell(families), ['FamilySplit']],
  ['two starts of one server', (port) => listsOf(port, reused).map(({ words }) => words), ['Instances']],
  ...['shared', 'reuse', 'split'].map((how): (typeof cases)[number] => [`a cluster: ${how}`, (port) => [[execPath, join(folder, 'cluster.js'), String(port), how]], []]),
  ...['shared', 'reuse'].map((how): (typeof cases)[number] => [
    `a master that forks its workers: ${how}`,
    (port) => [['python3', join(folder, 'master.py'), String(port), how]],
    [],
    'python3',
  ]),
];

for (const [what, commands, expected, needs] of cases)
  test(what, async (context: TestContext) => {
    if (process.platform !== 'linux') return skip('it needs Linux', context);
    if (needs === 'python3' && !python) return skip('it needs python3', context);
    const port = await freePort();
    const children: ChildProcess[] = [];
    try {
      for (const words of commands(port)) children.push(await ready(words));
      // A shell says it once for each of its servers.
      for (let tries = 0; expected.length > 0 && tries < 40 && (await kindsOn(port)).length === 0; tries++) await new Promise((done) => setTimeout(done, 50));
      assert.equal(await kindsOn(port), expected);
    } finally {
      await closed(children);
    }
  });

test('two servers of one name are told apart by their folder', async (context: TestContext) => {
  if (process.platform !== 'linux') return skip('it needs Linux', context);
  const port = await freePort();
  const two = await ready(byStarter([{ host: '127.0.0.1' }, { host: '::1', at: 'blog' }])(port)[0]!);
  try {
    const { out } = await run(['conflicts', String(port), '--format', 'json'], { source: linuxSource() });
    const [row] = JSON.parse(out) as Conflict[];
    const texts = ['shop', 'blog'].map((name) => new RegExp(`^node server\\.js in ${RegExp.escape(join(folder, name))} \\(\\d+\\)$`));
    row!.Owners!.forEach((owner, at) => assert.match(owner, texts[at]!));
  } finally {
    await closed([two]);
  }
});

test.run();
