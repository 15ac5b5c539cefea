// Real processes, all of them the test's own, on ports that the system gave them.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { basename, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeFlags, root } from '../../../src/build/runtime.mjs';
import { liveBinder, liveHands, liveSource } from '../../../src/machine/live.ts';
import type { StopResult } from '../../../src/schema/stop.ts';
import { facts, process as process_, socket } from '../../support/example.ts';
import { freePort } from '../../support/free-port.ts';
import { linux } from '../../support/linux-raw.ts';
import { skip, type TestContext } from '../../support/skip.ts';
import { run, snapshotFile, temporaryFolder } from '../../support/harness.ts';
import type { Told } from '../../support/stop-program.ts';
import { ownProgram } from '../../support/own-program.ts';

const test = suite('portowner stop');
const here = process.platform === 'linux';

function onLinux(name: string, check: (context: TestContext) => Promise<void>): void {
  test(name, async (context: TestContext) => (here ? check(context) : skip('it needs Linux', context)));
}

const children: ChildProcess[] = [];
const orphans: number[] = [];
const open: (Server | Socket)[] = [];
test.after.each(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const pid of orphans.splice(0)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended, as it should.
    }
  }
  for (const one of open.splice(0)) {
    if ('destroy' in one) one.destroy();
    else one.close();
  }
});

interface Program extends Told {
  readonly process: ChildProcess;
  readonly ended: Promise<unknown>;
}

async function start(...args: string[]): Promise<Program> {
  const child = spawn(process.execPath, [...nodeFlags, join(root, 'test/support/stop-program.ts'), ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  children.push(child);
  const ended = once(child, 'exit');
  const [text] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  const told = JSON.parse(text) as Told;
  assert.is(told.pid, child.pid);
  return Object.assign(told, { process: child, ended });
}

const isAlive = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;

interface Answer {
  readonly code: number;
  readonly rows: StopResult[];
  readonly problems: { readonly Code: string; readonly Message: string; readonly Hint: string | null }[];
}

async function stop(...args: string[]): Promise<Answer> {
  const { code, out, err } = await run(['stop', '--format', 'ndjson', '--problems', 'rows', ...args], { source: await liveSource(), hands: await liveHands() });
  assert.is(err, '');
  const items = out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as StopResult & { Code: string; Message: string; Hint: string | null; Severity?: string });
  return { code, rows: items.filter((item) => item.Severity === undefined), problems: items.filter((item) => item.Severity === 'Error') };
}

onLinux('a dry run shows what would end, and ends nothing', async () => {
  const server = await start('listen');
  const client = connect(server.port, '127.0.0.1');
  open.push(client);
  await once(client, 'connect');
  const {
    code,
    rows: [row, ...more],
  } = await stop(String(server.port), '--dry-run');
  assert.is(code, 0);
  assert.equal(more, []);
  const { Result, Endpoints, OwningProcess, Method, Connections, Identity, StartTime } = row!;
  assert.equal([Result, Endpoints, OwningProcess, Method, Connections], ['Planned', [`TCP/127.0.0.1:${server.port}`], server.pid, 'SIGTERM', 1]);
  assert.ok(Identity!.startsWith(`TCP/127.0.0.1:${server.port};${server.pid};${StartTime};`), Identity!);
  assert.ok(isAlive(server.process));
});

onLinux('a child whose program calls itself something else is named after its file', async () => {
  const program = await start('listen');
  const tree = (await liveHands()).processes();
  const own = tree.find(({ pid }) => pid === program.pid);
  // The kernel's name of every Node.js is node-MainThread.
  assert.is(own?.imageName, basename(process.execPath));
});

onLinux('names of children are read as what they are: UTF-8', async () => {
  for (const name of ['bösartig', 'アプリ', 'a\nb)c', '\u202efdp.exe']) {
    const server = await start('parent', name);
    orphans.push(server.child!);
    const { rows } = await stop(String(server.port), '--dry-run');
    const [child] = rows[0]!.Children!;
    assert.is(child, `${name} (${server.child})`);
  }
});

onLinux('a program is asked, ends, and the port is free', async () => {
  const server = await start('listen');
  const {
    code,
    rows: [row],
  } = await stop(String(server.port), '--yes');
  assert.equal([code, row!.Result, row!.Method, row!.Reason], [0, 'Stopped', 'SIGTERM', null]);
  await server.ended;
  assert.is(server.process.signalCode, 'SIGTERM');
  const again = createServer();
  open.push(again);
  again.listen(server.port, '127.0.0.1');
  await once(again, 'listening');
});

onLinux('one that does not end stays, and --force ends it after the time limit', async () => {
  const server = await start('stubborn');
  const first = await stop(String(server.port), '--yes', '--timeout', '0.3');
  assert.equal([first.code, first.rows[0]!.Result], [1, 'NotStopped']);
  assert.match(first.rows[0]!.Reason!.join(), /did not end within 0\.3 s; use --force to end it/);
  assert.equal(
    first.problems.map(({ Code }) => Code),
    ['PO4104'],
  );
  assert.ok(isAlive(server.process));
  const second = await stop(String(server.port), '--yes', '--timeout', '0.3', '--force');
  assert.equal([second.code, second.rows[0]!.Result, second.rows[0]!.Method], [0, 'Stopped', 'SIGTERM, by force']);
  await server.ended;
  assert.is(server.process.signalCode, 'SIGKILL');
});

onLinux('a child that inherited the listener ends too', async () => {
  const server = await start('heir');
  orphans.push(server.child!);
  const plan = await stop(String(server.port), '--dry-run');
  assert.equal([plan.rows.length, plan.rows[0]!.OwningProcess, plan.rows[0]!.Holders], [1, server.pid, [`sleep (${server.child})`]]);
  const { code, rows } = await stop(String(server.port), '--yes');
  assert.equal([code, rows.map(({ Result }) => Result)], [0, ['Stopped']]);
});

onLinux('a child that is all that is left of it', async () => {
  const server = await start('heir');
  orphans.push(server.child!);
  server.process.kill('SIGKILL');
  await server.ended;
  const { code, rows } = await stop(String(server.port), '--yes');
  assert.equal([code, rows.map(({ Result, OwningProcess }) => [Result, OwningProcess])], [0, [['Stopped', server.child!]]]);
});

/** Who may start again, and does, what a command runs on a port. */
async function restarted(command: readonly string[], port: number, typed = ''): Promise<{ before: string | null; row: StopResult }> {
  const [file, ...args] = command as [string, ...string[]];
  const child = spawn(file, args, { stdio: ['pipe', 'ignore', 'ignore'], cwd: root });
  child.stdin.on('error', () => {}).end(typed);
  children.push(child);
  for (let tries = 0; ; tries++) {
    const { rows } = await stop(String(port), '--dry-run');
    if (rows.length > 0) {
      const { rows: after } = await stop(String(port), '--yes');
      child.kill('SIGKILL');
      const { rows: left } = await stop(String(port), '--dry-run');
      orphans.push(...left.map(({ OwningProcess }) => OwningProcess!));
      return { before: rows[0]!.Supervisor, row: after[0]! };
    }
    assert.ok(tries < 100, 'it does not listen');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

onLinux('a loop in a script: the tree and the plan say that it may, and the result that it did', async () => {
  const [port, file] = [await freePort(), join(temporaryFolder(), 'serve.sh')];
  writeFileSync(file, `while :; do '${process.execPath}' -e "${listening(port)}"; done`);
  const child = spawn('sh', [file], { stdio: 'ignore', cwd: root });
  children.push(child);
  const world = { source: await liveSource(), hands: await liveHands() };
  const script = `(?:ba|da)?sh serve\\.sh \\(${child.pid}\\)`;
  for (let tries = 0; (await run([String(port)], world)).code !== 0; tries++) {
    assert.ok(tries < 100, 'it does not listen');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const tree = await run([String(port), '--tree'], world);
  assert.match(tree.out, new RegExp(`Was started by: ${script}\\n$`));
  const plan = await run(['stop', String(port), '--dry-run'], world);
  assert.match(plan.out, new RegExp(`\\n  was started by: ${script}\\n$`));
  const [row] = (await stop(String(port), '--yes')).rows;
  child.kill('SIGKILL');
  orphans.push(...(await stop(String(port), '--dry-run')).rows.map(({ OwningProcess }) => OwningProcess!));
  assert.is(row!.Result, 'Retaken');
  assert.match(row!.Supervisor!, new RegExp(`^${script} in a loop$`));
});

const listening = (port: number): string => `require('node:http').createServer().listen(${port}, '127.0.0.1')`;

onLinux('a loop that starts it again is named', async () => {
  const port = await freePort();
  const { before, row } = await restarted(['sh', '-c', `while :; do '${process.execPath}' -e "${listening(port)}"; done`], port);
  assert.match(before!, /^\w+ -c \(\d+\) in a loop$/);
  assert.equal([row.Result, row.Supervisor], ['Retaken', before]);
  assert.match(row.Reason!.join(), /^it ended, but node -e \(\d+\) has the port now, started by \w+ -c \(\d+\) in a loop: stop that first$/);
});

onLinux('a loop that was typed is named only after it has started it again', async () => {
  const port = await freePort();
  const { before, row } = await restarted(['sh'], port, `while :; do '${process.execPath}' -e "${listening(port)}"; done\n`);
  assert.is(before, null);
  assert.is(row.Result, 'Retaken');
  assert.match(row.Supervisor!, /^(?:ba|da)?sh \(\d+\) in a loop$/);
});

onLinux('a program that starts it again when a file changes is named', async () => {
  const [port, file] = [await freePort(), join(temporaryFolder(), 'server.cjs')];
  writeFileSync(file, listening(port));
  const { before, row } = await restarted([process.execPath, '--watch', file], port);
  assert.match(before!, /^node server\.cjs \(\d+\) with --watch, when a file changes$/);
  assert.equal([row.Result, row.Supervisor], ['Stopped', before]);
});

onLinux('a supervisor that starts it again is named', async () => {
  const server = await start('supervisor');
  const {
    code,
    rows: [row],
    problems,
  } = await stop(String(server.port), '--yes');
  assert.equal([code, row!.OwningProcess, row!.Result], [1, server.child, 'Retaken']);
  assert.match(row!.Supervisor!, new RegExp(`\\(${server.pid}\\)$`));
  assert.match(problems[0]!.Message, / \(\d+\) ended, but .+ has TCP \S+ now, started by .+: stop that first/);
  assert.ok(isAlive(server.process), 'the supervisor itself is not what was to be stopped');
});

onLinux('another process that got the number is not stopped', async () => {
  const server = await start('listen');
  const {
    rows: [row],
  } = await stop(String(server.port), '--dry-run');
  const other = row!.Identity!.replace(/;\d{4}-/, ';2001-');
  const {
    code,
    rows: [result],
  } = await stop('--yes', '--', other);
  assert.equal([code, result!.Result], [1, 'Refused']);
  assert.match(result!.Reason!.join(), /it has changed since it was inspected/);
  assert.ok(isAlive(server.process));
  const hands = await liveHands();
  assert.throws(() => hands.hold(server.pid, '2001-01-01T00:00:00.000Z'), /has ended/);
  const right = await stop('--yes', '--', row!.Identity!);
  assert.equal([right.code, right.rows.map(({ Result }) => Result)], [0, ['Stopped']]);
});

onLinux('approved, but another one listens there by now', async () => {
  const first = await start('listen');
  const {
    rows: [row],
  } = await stop(String(first.port), '--dry-run');
  first.process.kill('SIGKILL');
  await first.ended;
  const gone = await stop('--yes', '--', row!.Identity!);
  assert.equal([gone.code, gone.rows[0]!.Result], [0, 'Gone']);
  const second = await start('listen', String(first.port));
  const { code, rows } = await stop('--yes', '--', row!.Identity!);
  assert.equal([code, rows[0]!.Result], [1, 'Refused']);
  assert.ok(isAlive(second.process));
});

onLinux('a target on another computer is not stopped here', async () => {
  const server = await start('listen');
  const {
    rows: [row],
  } = await stop(String(server.port), '--dry-run');
  const { code, rows } = await stop('--yes', '--', row!.Identity!.replace(/;[^;]*$/, ';elsewhere'));
  assert.equal([code, rows[0]!.Result], [1, 'Refused']);
  assert.match(rows[0]!.Reason!.join(), /it is on elsewhere, and this is .+: stop it there/);
  assert.ok(isAlive(server.process));
});

onLinux('a client is never stopped, neither for its local nor for its remote port', async () => {
  const target = createServer((socket) => void open.push(socket.on('error', () => {})));
  open.push(target);
  target.listen(0, '127.0.0.1');
  await once(target, 'listening');
  const server = await start('listen');
  const sameLocal = await start('client', `127.0.0.2:${server.port}`, String((target.address() as AddressInfo).port));
  const sameRemote = await start('client', '127.0.0.3:0', String(server.port));
  const { code, rows } = await stop(String(server.port), '--yes');
  assert.equal([code, rows.map(({ OwningProcess }) => OwningProcess)], [0, [server.pid]]);
  assert.ok(rows[0]!.LingeringConnections! > 0, 'the client connection is reported apart');
  assert.ok(isAlive(sameLocal.process) && isAlive(sameRemote.process));
  const { code: none } = await stop(String(server.port), '--yes');
  assert.is(none, 1, 'a connection alone is nobody to stop');
  assert.ok(isAlive(sameLocal.process));
});

onLinux('only the ports asked for choose, and what else ends is shown', async () => {
  const one = await start('listen');
  const other = await start('listen');
  const { rows } = await stop('--pid', String(one.pid), '--dry-run');
  assert.equal(
    rows.map(({ OwningProcess, LocalPort }) => [OwningProcess, LocalPort]),
    [[one.pid, one.port]],
  );
  const { code } = await stop(String(other.port), '--pid', String(one.pid), '--yes');
  assert.is(code, 1, 'that process does not listen there');
  assert.ok(isAlive(one.process) && isAlive(other.process));
});

onLinux('this program itself is refused', async () => {
  const server = createServer();
  open.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { code, rows } = await stop(String((server.address() as AddressInfo).port), '--yes', '--force');
  assert.equal([code, rows[0]!.Result, rows[0]!.Reason], [1, 'Refused', ['it is this program']]);
});

/** Runs portowner as a program of its own. */
async function program(args: readonly string[], more: { uid?: number } = {}): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(ownProgram[0], [...ownProgram.slice(1), 'stop', ...args], { stdio: ['ignore', 'pipe', 'pipe'], ...more });
  let [out, err] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const [code] = await once(child, 'close');
  return { code, out, err };
}

onLinux('what this program runs in is refused', async () => {
  const server = createServer();
  open.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { code, out, err } = await program([String((server.address() as AddressInfo).port), '--yes', '--force']);
  assert.is(code, 1);
  assert.match(err, /PO4105: .* was not stopped: this program runs in it/);
  // Once as the error, and once in its row.
  assert.equal(
    [err, out].map((text) => text.split('this program runs in it').length - 1),
    [1, 1],
  );
});

onLinux("another user's program needs rights", async (context) => {
  if (process.geteuid!() !== 0) return skip('it needs root', context);
  try {
    accessSync(ownProgram.at(-1)!, constants.R_OK);
  } catch {
    return skip('others cannot read the program', context);
  }
  const server = await start('listen');
  const { code, err } = await program([String(server.port), '--yes', '--force'], { uid: 65534 });
  assert.is(code, 77, err);
  assert.match(err, /PO4106/);
  assert.ok(isAlive(server.process));
});

onLinux('without a terminal it refuses to go on without --yes', async () => {
  const server = await start('listen');
  const { code, out, err } = await run(['stop', String(server.port)], { source: await liveSource(), hands: await liveHands() });
  assert.equal([code, out], [64, '']);
  assert.ok(isAlive(server.process));
  assert.match(err, /PO4103: there is no terminal to ask on\n {2}Use --yes to stop without asking, or --dry-run to show what would be stopped\./);
});

onLinux('a dry run says each thing once, and what would end with the owner below', async () => {
  const server = await start('listen');
  const client = connect(server.port, '127.0.0.1');
  open.push(client);
  await once(client, 'connect');
  const { code, out, err } = await run(['stop', String(server.port), '--dry-run'], { source: await liveSource(), hands: await liveHands() });
  assert.equal([code, err], [0, '']);
  assert.match(out, new RegExp(`^Would stop .+ \\(${server.pid}\\) on TCP 127\\.0\\.0\\.1:${server.port} \\(SIGTERM\\)\\.\n\nResult `));
  assert.match(out, new RegExp(`\n\nWith .+ \\(${server.pid}\\):\n {2}open connections: 1\n`));
  assert.is(out.match(/SIGTERM/g)?.length, 2, 'in the sentence and in the row');
});

onLinux('what is never stopped is told once', async () => {
  const server = createServer();
  open.push(server);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const port = (server.address() as AddressInfo).port;
  for (const how of ['--dry-run', '--yes']) {
    const { code, out, err } = await run(['stop', String(port), how], { source: await liveSource(), hands: await liveHands() });
    assert.is(code, 1);
    assert.is((out + err).match(/it is this program/g)?.length, 2, `${how}: in the error, and as the reason of the row: ${out}${err}`);
    assert.match(err, /^portowner: PO4105: .* was not stopped: it is this program/);
    assert.match(out, /^Result /);
  }
});

onLinux('what nobody has needs no terminal', async () => {
  const { code, out, err } = await run(['stop', '1'], { source: await liveSource(), hands: await liveHands() });
  assert.is(code, 1, err);
  assert.match(out + err, /Nobody listens on port 1: there is nothing to stop\./);
});

for (const [answer, result] of [
  [false, 'Declined'],
  [true, 'Stopped'],
] as const) {
  onLinux(`on a terminal it asks: ${result}`, async () => {
    const server = await start('listen');
    const questions: string[] = [];
    const confirm = (question: string): boolean => (questions.push(question), answer);
    const { code, out, err } = await run(['stop', String(server.port)], { source: await liveSource(), hands: await liveHands(), confirm });
    assert.is(code, answer ? 0 : 1);
    assert.match(err, new RegExp(`^About to stop .+ \\(${server.pid}\\) on TCP 127\\.0\\.0\\.1:${server.port} \\(SIGTERM\\)\\.\\n`), 'it first shows what would end');
    assert.equal(questions.length, 1);
    assert.match(questions[0]!, new RegExp(`^Stop .+ \\(${server.pid}\\)\\? \\[y/N\\] $`));
    assert.match(
      out,
      new RegExp(
        answer
          ? `^Stopped .+ \\(${server.pid}\\): nobody listens on TCP 127\\.0\\.0\\.1:${server.port} now\\.\n\nResult `
          : `^You answered no: .+ \\(${server.pid}\\) is still running\\.`,
      ),
    );
    assert.match(out, new RegExp(result));
    assert.is(isAlive(server.process), !answer);
  });
}

onLinux('what else would end is in words, with child processes by what they run', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'job.js'), 'setInterval(() => {}, 1000);');
  // The first child inherits the listener, the second does not.
  writeFileSync(
    join(folder, 'shop.js'),
    "const { spawn } = require('child_process'); const s = require('net').createServer().listen(0, '127.0.0.1', () => { spawn('sleep', ['60'], { stdio: ['ignore', 'ignore', 'ignore', s._handle.fd] }); spawn(process.execPath, ['job.js'], { stdio: 'ignore' }).on('spawn', () => console.log(s.address().port)); process.on('SIGTERM', () => process.exit()); });",
  );
  const child = spawn(process.execPath, ['shop.js'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  children.push(child);
  try {
    const [text] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
    const { out, err } = await run(['stop', text.trim()], { source: await liveSource(), hands: await liveHands(), confirm: () => false });
    assert.match(err, /^ {2}also stopped, because they share the port: sleep \(\d+\)$/m);
    assert.match(err, /^ {2}child processes, which may end, too: .*node job\.js \(\d+\)/m);
    assert.match(out, /^You answered no: node shop\.js \(\d+\) and 1 more are still running\./);
  } finally {
    process.kill(-child.pid!, 'SIGKILL');
  }
});

onLinux('redacted, no sentence, question, or error names what the owner runs', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'acme-secret.js'), "const s = require('net').createServer().listen(0, '127.0.0.1', () => console.log(s.address().port));");
  const child = spawn(process.execPath, ['acme-secret.js'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [text] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  const port = text.trim();
  const questions: string[] = [];
  let stops = false;
  const confirm = (question: string): boolean => (questions.push(question), stops);
  const world = { source: await liveSource(), hands: await liveHands(), binder: await liveBinder(), confirm };
  const said = async (...args: string[]): Promise<string> => {
    const { out, err } = await run([...args, '--redact'], world);
    return out + err;
  };
  assert.match((await run(['stop', port, '--dry-run'], world)).out, /acme-secret/, 'the check can fail');
  for (const format of ['table', 'list', 'md', 'html', 'json']) {
    const shown = await said('stop', port, '--dry-run', '--format', format);
    assert.not.match(shown, /acme-secret/, format);
    assert.match(shown, /\bnode\b/, format);
  }
  const inUse = await said('free', port);
  assert.match(inUse, /PO4102: /);
  assert.not.match(inUse, /acme-secret/);
  assert.not.match(await said('free', port, '--format', 'json', '--explain'), /acme-secret/);
  assert.not.match(await said('stop', port), /acme-secret/, 'declined');
  stops = true;
  const stopped = await said('stop', port);
  assert.match(stopped, /Stopped /);
  assert.not.match(stopped, /acme-secret/);
  assert.is(questions.length, 2);
  assert.not.match(questions.join(''), /acme-secret/);
});

onLinux('whose owner was not found: nothing is stopped, and it cannot be told, exit 69', async () => {
  const source = linux({ tcp: [{ port: 5001, inode: 9, uid: 33 }] });
  const { code, out } = await run(['stop', '5001', '--yes', '--format', 'ndjson', '--problems', 'rows'], { source, hands: await liveHands() });
  assert.is(code, 69);
  assert.match(out, /"Result":"Refused".*"Owner":"an unknown holder \(user web\)".*"its owner cannot be seen: no process, thread, or known part of the kernel was found/);
  assert.match(out, /PO3001.*the owner of TCP 127\.0\.0\.1:5001 was not stopped: it is an unknown holder \(user web\)/);
});

test('a dry run tells what would end on another machine: its listeners and services, never what its system needs', async () => {
  const listener = (localPort: number, pid: number) => socket({ localPort, pid, holders: [pid] });
  const of = (pid: number, imageName: string, more = {}) => process_({ pid, imageName, path: `/usr/bin/${imageName}`, startTime: '2026-01-02T03:04:05.000Z', ...more });
  const far = facts([listener(80, 7), listener(81, 1)], { processes: [of(7, 'web'), of(1, 'init')] });
  const { out } = await run(['stop', '80,81', '--dry-run', '--format', 'json', '--from', snapshotFile({ ...far, machine: { ...far.machine, platform: 'linux', name: 'far' } })]);
  assert.equal(
    (JSON.parse(out) as StopResult[]).map(({ Result, OwningProcess, ComputerName }) => [Result, OwningProcess, ComputerName]),
    [
      ['Planned', 7, 'far'],
      ['Refused', 1, 'far'],
    ],
  );
});

for (const [args, message] of [
  [[], /missing PORTS: portowner stop PORTS, or portowner stop --pid PID/],
  [['0'], /PO1002/],
  [['8080', '--protocol', 'x'], /unknown value "x" for --protocol; expected tcp or udp\n/],
  [['8080', '--timeout', 'x'], /unknown value "x" for --timeout/],
  [['--pid', 'x'], /unknown value "x" for --pid/],
  [['TCP/1.2.3.4:1;x;;'], /is not a target/],
  [['8080', '--from', snapshotFile(facts([]))], /PO1005.*--from needs --dry-run/],
] as const) {
  test(`stop ${args.join(' ').replace(/\/\S*\/facts.*/, 'FILE')} is refused`, async () => {
    const { code, out, err } = await run(['stop', '--yes', ...args]);
    assert.equal([code, out], [64, '']);
    assert.match(err, message);
  });
}

test.run();
