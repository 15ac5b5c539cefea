// Stopping units, with control groups of their names, a systemctl that tells what the test says, and mounts of its own.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { nodeFlags, root } from '../../../src/build/runtime.mjs';
import type { StopResult } from '../../../src/schema/stop.ts';
import type { Told } from '../../support/stop-program.ts';
import { temporaryFolder } from '../../support/harness.ts';
import { skip } from '../../support/skip.ts';
import { ownProgram } from '../../support/own-program.ts';

const test = suite('stop on Linux, in surroundings of its own');
const folder = temporaryFolder();
const groups = join(folder, 'groups');
const log = join(folder, 'log');
/** The process that the test itself put into a group, in a file `pid`: a group of the real tree may hold anybody's. */
const members = join(folder, 'members');
/** A slice of this run's own: on a machine with systemd the tree is the real one. */
const slice = `/portowner${process.pid}.slice`;
const systemctlPath = '/usr/bin/systemctl';

interface Unit {
  /** `system`, or what systemctl was told to ask. */
  readonly manager?: string;
  readonly group: string;
  readonly more?: string;
  /** What it shows from a later `show` on. */
  readonly later?: { readonly from: number; readonly group: string; readonly more?: string };
}

const shown = (group: string, more = ''): string =>
  `LoadState=loaded\nActiveState=active\nControlGroup=${group}\nInvocationID=1\nCanStop=yes\nRefuseManualStop=no\nTriggeredBy=\nRestart=no\n${more}`;

/** Says that a unit is there, and what systemctl shows of it. */
function setUnit(name: string, { manager = 'system', group, more, later }: Unit): void {
  const path = join(folder, 'units', manager, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, shown(group, more));
  if (later !== undefined) {
    writeFileSync(`${path}.later`, shown(later.group, later.more));
    writeFileSync(`${path}.from`, String(later.from));
  }
}

/**
 * Logs its arguments; shows units; on stop and kill ends the program that the test itself put into the group, and
 * nothing else whatever it is told, unless a unit is stubborn.
 */
const systemctl = `#!/bin/sh
manager=system verb= name=
printf '%s|' "$@" >>'${log}'; echo >>'${log}'
for word; do case $word in
  --user) manager=user ;; --machine=*) manager=\${word#--machine=} ;;
  show|stop|kill) verb=\${verb:-$word} ;; esac; name=$word; done
unit="${join(folder, 'units')}/$manager/$name"
[ -e "$unit" ] || { echo LoadState=not-found; exit 0; }
case $verb in
show)
  shows=$(($(cat "$unit.shows" 2>/dev/null) + 1)); echo $shows >"$unit.shows"
  if [ -e "$unit.later" ] && [ $shows -ge "$(cat "$unit.from")" ]; then cat "$unit.later"; else cat "$unit"; fi ;;
stop|kill)
  if [ $verb = stop ] && [ -e "$unit.stubborn" ]; then exit 0; fi
  group=$(sed -n 's/^ControlGroup=//p' "$unit")
  members="${members}$group/pid"
  if [ -f "$members" ]; then kill -9 "$(cat "$members")"; fi
  sed -i 's/^ActiveState=.*/ActiveState=inactive/; s/^ControlGroup=.*/ControlGroup=/' "$unit" ;;
esac
`;

interface Program {
  readonly pid: number;
  readonly port: number;
  readonly child: ChildProcess;
}

const made = new Set<string>();
const programs: ChildProcess[] = [];

/** A program that listens, in a control group. */
async function start(group: string, ...args: string[]): Promise<Program> {
  const child = spawn(process.execPath, [...nodeFlags, join(root, 'test/support/stop-program.ts'), ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  programs.push(child);
  const [text] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  const path = `${groups}${slice}${group}`;
  mkdirSync(path, { recursive: true });
  for (let below = path; below !== groups; below = dirname(below)) made.add(below);
  writeFileSync(join(path, 'cgroup.procs'), String(child.pid));
  mkdirSync(`${members}${slice}${group}`, { recursive: true });
  writeFileSync(join(`${members}${slice}${group}`, 'pid'), String(child.pid));
  const { pid, port } = JSON.parse(text) as Told;
  return { pid, port, child };
}

interface Answer {
  readonly code: number | null;
  readonly rows: StopResult[];
  readonly err: string;
  /** How systemctl was called, without what only looks. */
  readonly calls: string[];
}

const isAlive = ({ child }: Program): boolean => child.exitCode === null && child.signalCode === null;

function stop(...args: string[]): Answer {
  rmSync(log, { force: true });
  const { status, stdout, stderr } = spawnSync(ownProgram[0], [...ownProgram.slice(1), 'stop', '--format', 'json', ...args], { encoding: 'utf8', timeout: 60_000 });
  const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');
  const items = (stdout === '' ? [] : JSON.parse(stdout)) as (StopResult & { readonly Code?: string; readonly Message?: string })[];
  return {
    code: status,
    rows: items.filter((item) => 'Result' in item),
    err: stderr + items.flatMap((item) => ('Message' in item ? `${item.Code}: ${item.Message}\n` : [])).join(''),
    calls: existsSync(log) ? lines(readFileSync(log, 'utf8')).filter((line) => !line.includes('|show|')) : [],
  };
}

const really = ['--yes', '--force', '--timeout', '0.5'];

test.before(() => {
  mkdirSync(groups);
  mkdirSync(join(folder, 'units'));
  const fake = join(folder, 'systemctl');
  writeFileSync(fake, systemctl);
  chmodSync(fake, 0o755);
  for (const args of [
    ['-t', 'cgroup', '-o', 'none,name=systemd', 'cgroup', groups],
    ['-t', 'tmpfs', 'tmpfs', '/run'],
    ['--bind', fake, systemctlPath],
  ])
    assert.is(spawnSync('mount', args).status, 0, args.join(' '));
  mkdirSync('/run/systemd/system', { recursive: true });
});

test.after(() => void spawnSync('umount', [groups]));

test.after.each(async () => {
  for (const child of programs.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  for (const below of ['units', 'members']) rmSync(join(folder, below), { recursive: true, force: true });
  for (const path of [...made].toSorted((a, b) => b.length - a.length)) {
    for (let tries = 0; ; tries++) {
      try {
        rmdirSync(path);
        break;
      } catch (error) {
        // The kernel takes a moment to forget a process.
        if (tries > 50) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }
  made.clear();
});

for (const name of ['my\\x2dapp.service', 'app@a\\x2db.service', '--force.service', '-x.service']) {
  test(`${name} is stopped under just this name, and no other unit`, async () => {
    const [one, other] = [await start(`/${name}`), await start('/my-app.service')];
    setUnit(name, { group: `${slice}/${name}` });
    for (const unit of ['my-app.service', 'app@a-b.service', 'app@a.service']) setUnit(unit, { group: `${slice}/my-app.service` });
    const { code, rows, calls, err } = stop(String(one.port), ...really);
    assert.equal([code, rows.map(({ Result }) => Result)], [0, ['Stopped']], err);
    assert.equal(calls, [`--system|stop|--no-block|--no-ask-password|--|${name}|`]);
    assert.ok(isAlive(other));
  });
}

test('a unit that does not hold the process is not stopped', async () => {
  const [one, other] = [await start('/web.service'), await start('/elsewhere.service')];
  for (const group of [`${slice}/elsewhere.service`, `${slice}/web.service2`, '', '/']) {
    setUnit('web.service', { group });
    const { code, rows, calls, err } = stop(String(one.port), ...really);
    assert.equal([code, rows[0]!.Result, rows[0]!.Command, calls], [1, 'Refused', null, []], group);
    assert.match(err, /PO4105: .* was not stopped: it cannot be stopped as web\.service: systemd's web\.service has .*, and process \d+ is in /);
  }
  assert.ok(isAlive(one) && isAlive(other));
});

test("a user's unit is another one than the system's of the same name", async () => {
  const below = `/user@4123.service/app.slice/web.service`;
  const [one, other] = [await start(below), await start('/web.service')];
  setUnit('web.service', { group: `${slice}/web.service` });
  setUnit('web.service', { manager: '4123@.host', group: `${slice}${below}` });
  const { code, rows, calls, err } = stop(String(one.port), ...really);
  assert.equal([code, rows[0]?.Result], [0, 'Stopped'], err);
  assert.equal(calls, ['--user|--machine=4123@.host|stop|--no-block|--no-ask-password|--|web.service|']);
  assert.ok(isAlive(other));
});

test('what systemd does when a unit ends is told where it is asked what may restart it', async () => {
  const supervisor = (port: number, ...args: string[]): string | null => {
    const { stdout } = spawnSync(ownProgram[0], [...ownProgram.slice(1), String(port), '--format', 'json', ...args], { encoding: 'utf8' });
    return (JSON.parse(stdout) as { Supervisor?: string | null }[])[0]!.Supervisor ?? null;
  };
  const one = await start('/web.service');
  setUnit('web.service', { group: `${slice}/web.service`, more: 'Restart=on-failure\n' });
  rmSync(log, { force: true });
  assert.is(supervisor(one.port), null);
  assert.not.ok(existsSync(log));
  assert.is(supervisor(one.port, '--tree'), 'systemd (web.service, Restart=on-failure)');
  assert.is(readFileSync(log, 'utf8').split('\n').length, 2);
  // Its name alone shows nothing.
  setUnit('web.service', { group: `${slice}/elsewhere.service`, more: 'Restart=always\n' });
  assert.is(supervisor(one.port, '--tree'), 'systemd (web.service)');
});

test('a unit that is another one from some look on is left alone', async () => {
  for (const from of [2, 3, 4, 5]) {
    const [one, other] = [await start('/web.service'), await start('/other.service')];
    setUnit('web.service', { group: `${slice}/web.service`, later: { from, group: `${slice}/other.service`, more: 'InvocationID=2\n' } });
    rmSync(join(folder, 'units/system/web.service.shows'), { force: true });
    const { code, rows, calls } = stop(String(one.port), ...really);
    assert.equal([code, calls], [1, []], `from look ${from}: ${JSON.stringify(rows)}`);
    assert.match(rows[0]!.Reason!.join(), /process \d+ is in/);
    assert.ok(isAlive(one) && isAlive(other));
  }
});

test('what does not stop is ended by force, unless it was started anew', async () => {
  for (const anew of [false, true]) {
    const [one, other] = [await start('/web.service'), await start('/other.service')];
    setUnit('web.service', { group: `${slice}/web.service`, ...(anew ? { later: { from: 8, group: `${slice}/other.service`, more: 'InvocationID=2\n' } } : {}) });
    rmSync(join(folder, 'units/system/web.service.shows'), { force: true });
    appendFileSync(join(folder, 'units/system/web.service.stubborn'), '');
    const { code, rows, calls } = stop(String(one.port), ...really);
    assert.equal(
      calls.map((line) => line.split('|')[1]),
      anew ? ['stop'] : ['stop', 'kill'],
    );
    assert.equal([code, rows[0]!.Result], anew ? [1, 'NotStopped'] : [0, 'Stopped']);
    if (anew) assert.match(rows[0]!.Reason!.join(), /web\.service has changed since it was inspected/);
    // Nobody was told of its end while the command ran.
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.is(isAlive(one), anew);
    assert.ok(isAlive(other));
  }
});

test('names that systemd gives to no unit reach no command', async () => {
  for (const name of [
    '$(touch pwned).service',
    'a b.service',
    "q'uote.service",
    'esc\x1b[31m.service',
    'rtl\u202e.service',
    '*.service',
    '[ab].service',
    'ö.service',
    'web@.service',
    'session-3.scope',
  ]) {
    const one = await start(`/${name}`);
    const { code, rows, err } = stop(String(one.port), '--dry-run');
    assert.equal([code, rows[0]?.Result, rows[0]?.Method, rows[0]?.Command], [0, 'Planned', 'SIGTERM', null], `${name}: ${err}`);
    assert.not.ok(existsSync(log), name);
    const { stdout } = spawnSync(ownProgram[0], [...ownProgram.slice(1), 'why', String(one.port), '--address', '127.0.0.1', '--format', 'json', '--columns', 'Remedy'], {
      encoding: 'utf8',
    });
    assert.not.match(stdout, /systemctl/, name);
  }
});

test('a container is stopped by nobody without its runtime', async () => {
  const id = '0123456789abcdef'.repeat(4);
  const one = await start(`/docker-${id}.scope`);
  const { code, rows, calls } = stop(String(one.port), ...really);
  assert.equal([code, rows[0]!.Result, calls], [1, 'Refused', []]);
  assert.is(rows[0]!.Command, `docker top ${id} -eo pid | grep -qw ${one.pid} && docker stop ${id}`);
  assert.ok(isAlive(one));
});

/** What a script says in mounts and processes of its own: `$@` is the command line of stop. */
function apart(unshare: readonly string[], script: string, port: number): { code: number | null; err: string } {
  const { status, stderr } = spawnSync('unshare', [...unshare, 'sh', '-c', script, 'sh', ...ownProgram, 'stop', String(port), ...really], { encoding: 'utf8' });
  return { code: status, err: stderr };
}

const mounts = ['-m', '--propagation', 'private'];
const odd: [what: string, unshare: readonly string[], script: string, code: number, message: RegExp][] = [
  ['no /proc', mounts, 'mount -t tmpfs none /proc && "$@"', 69, /PO3001: nothing can be stopped here: \/proc does not show this process/],
  ['/proc of another PID namespace', ['-p', '-f'], '"$@"; exit $?', 69, /PO3001: nothing can be stopped here: \/proc shows the processes of another PID namespace/],
  ['/proc of nothing but processes', mounts, 'mount -t proc -o subset=pid proc /proc && "$@"', 69, /PO3001: nothing can be stopped here: \/proc\/stat/],
  [
    'processes of others hidden',
    mounts,
    'mount -t proc -o hidepid=2 proc /proc && setpriv --reuid 65534 --regid 65534 --clear-groups "$@"',
    77,
    /PO4106: the owner of .* was not stopped: it is /,
  ],
  ['no rights', mounts, 'setpriv --reuid 65534 --regid 65534 --clear-groups "$@"', 77, /PO4106: the owner of .* was not stopped: it is /],
];
for (const [what, unshare, script, code, message] of odd) {
  test(`${what}: one message, and exit code ${code}`, async (context) => {
    const one = await start('/plain');
    // The sources may stand where only root reads: then there is nothing that others could run.
    const readable = !script.includes('setpriv') || spawnSync('setpriv', ['--reuid', '65534', '--regid', '65534', '--clear-groups', ...ownProgram, '--version']).status === 0;
    if (!readable) return skip('the program cannot be read without root', context as never);
    const answer = apart(unshare, script, one.port);
    assert.is(answer.code, code, answer.err);
    assert.match(answer.err, message);
    assert.is(answer.err.match(/^portowner: /gm)?.length, 1, answer.err);
    assert.not.match(answer.err, /\.ts:|PO9001/);
    assert.ok(isAlive(one));
  });
}

test('words for the program itself', () => {
  for (const [args, code] of [
    [[], 64],
    [['1'], 64],
    [['x', '2020-01-01T00:00:00Z'], 64],
    [['99999', '2020-01-01T00:00:00Z'], 69],
  ] as const) {
    const { status, stderr } = spawnSync(ownProgram[0], [...ownProgram.slice(1), 'internal-interrupt', ...args], { encoding: 'utf8' });
    assert.is(status, code, stderr);
    assert.not.match(stderr, /PO9001/);
  }
});

/** Runs this file once more in mounts and a network of its own; says why where it cannot. */
function runApart(): string | null {
  if (process.platform !== 'linux') return 'this machine is not Linux';
  if (process.env.PORTOWNER_OWN_MOUNTS !== undefined) return (test.run(), null);
  if (process.getuid!() !== 0) return 'mounts of its own need root';
  if (!existsSync(systemctlPath)) return `there is no ${systemctlPath} to stand in for`;
  const inside = [...mounts, '-n', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];
  const tried = 'mount -t cgroup -o none,name=systemd cgroup "$0" && mount -t tmpfs tmpfs /run';
  if (spawnSync('unshare', [...inside, 'sh', '-c', tried, folder]).status !== 0) return 'neither mounts nor control groups of its own can be had';
  const { status } = spawnSync('unshare', [...inside, process.execPath, ...process.execArgv, process.argv[1]!], {
    stdio: 'inherit',
    env: { ...process.env, PORTOWNER_OWN_MOUNTS: '1' },
  });
  process.exitCode = status ?? 1;
  return null;
}

const reason = runApart();
if (reason !== null) skip(reason);
