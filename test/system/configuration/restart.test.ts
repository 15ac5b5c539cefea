// Restarting real servers by their units: control groups with the names of units, and a systemctl that starts them, in
// mounts and a network of its own.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { MoveResult } from '../../../src/schema/move.ts';
import { temporaryFolder } from '../../support/harness.ts';
import { hasNginx, hasRedis, serverFolder, until } from '../../support/servers.ts';
import { skip, type TestContext } from '../../support/skip.ts';
import { ownProgram } from '../../support/own-program.ts';

const test = suite('restarting servers by their units');
const folder = temporaryFolder();
const groups = join(folder, 'groups');
const log = join(folder, 'log');
const systemctlPath = '/usr/bin/systemctl';

/**
 * Logs its arguments. Every unit has a folder: `start` is a script that starts its program, `pid` has the number of its
 * process, and `dirty` says that the unit has changed since systemd read it.
 */
const systemctl = `#!/bin/bash
printf '%s|' "$@" >>'${log}'; echo >>'${log}'
verb= name=
for word; do case $word in
  show|daemon-reload|reset-failed|restart|reload-or-restart) verb=\${verb:-$word} ;; esac; name=$word; done
unit="${join(folder, 'units')}/$name"
if [ "$verb" = daemon-reload ]; then rm -f '${folder}'/units/*/dirty; exit 0; fi
if [ ! -e "$unit" ]; then [ "$verb" = show ] && { echo LoadState=not-found; exit 0; }; echo "Unit $name not found." >&2; exit 5; fi
start() {
  kill -9 $(cat "$unit/pid") 2>/dev/null
  for wait in $(seq 100); do kill -0 $(cat "$unit/pid") 2>/dev/null || break; sleep 0.02; done
  echo $$ >'${groups}'/portowner.slice/"$name"/cgroup.procs
  . "$unit/start" || { echo "Job for $name failed because the control process exited with error code." >&2; exit 1; }
}
case $verb in
show)
  case "$*" in
  *NeedDaemonReload*) [ -e "$unit/dirty" ] && echo yes || echo no ;;
  *) kill -0 $(cat "$unit/pid") 2>/dev/null && state=active || state=failed; cat "$unit/shown"; echo ActiveState=$state ;;
  esac ;;
reset-failed) echo 0 >"$unit/starts" ;;
restart)
  # StartLimitBurst=, which counts the automatic restarts, too.
  if [ -e "$unit/limit" ] && [ "$(cat "$unit/starts")" -ge "$(cat "$unit/limit")" ]; then
    echo "Job for $name failed: start-limit-hit" >&2; exit 1
  fi
  start ;;
reload-or-restart) if [ -e "$unit/reload" ]; then . "$unit/reload"; else start; fi ;;
esac
`;

interface Unit {
  /** Bash: starts the program and writes the number of its process to "$unit/pid". */
  readonly start: string;
  readonly reload?: string;
  readonly group?: string;
}

const unitFolder = (name: string): string => join(folder, 'units', name);

/** Makes a unit, and starts it. */
function makeUnit(name: string, { start, reload, group = name }: Unit): void {
  const unit = unitFolder(name);
  mkdirSync(unit, { recursive: true });
  mkdirSync(join(groups, 'portowner.slice', name), { recursive: true });
  writeFileSync(join(unit, 'shown'), `LoadState=loaded\nControlGroup=/portowner.slice/${group}\nCanStop=yes\nRefuseManualStop=no\nRestart=no\n`);
  writeFileSync(join(unit, 'start'), start);
  writeFileSync(join(unit, 'pid'), '');
  if (reload !== undefined) writeFileSync(join(unit, 'reload'), reload);
  assert.is(spawnSync(systemctlPath, ['restart', '--', name], { stdio: 'ignore' }).status, 0);
  rmSync(log, { force: true });
}

/** Ends what the unit runs. */
function stopUnit(name: string): void {
  const processes = readFileSync(join(groups, 'portowner.slice', name, 'cgroup.procs'), 'utf8').split('\n');
  for (const pid of processes) if (pid !== '') spawnSync('kill', ['-9', pid]);
  rmSync(unitFolder(name), { recursive: true });
}

const speaks = (port: number): boolean => spawnSync('bash', ['-c', `exec 3<>/dev/tcp/127.0.0.1/${port}`], { stdio: 'ignore' }).status === 0;

interface Answer {
  readonly code: number | null;
  readonly row: MoveResult;
  readonly err: string;
  /** How systemctl was called, without what only looks or forgets failures. */
  readonly calls: readonly string[];
}

function portowner(...args: string[]): Answer {
  rmSync(log, { force: true });
  const { status, stdout, stderr } = spawnSync(ownProgram[0], [...ownProgram.slice(1), ...args, '--json'], {
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, HOME: folder, XDG_STATE_HOME: join(folder, 'state') },
  });
  const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : [];
  const [row] = (stdout === '' ? [] : JSON.parse(stdout)) as MoveResult[];
  return { code: status, row: row!, err: stderr, calls: lines.filter((line) => !line.includes('|show|') && !line.includes('|reset-failed|')) };
}

const move = (from: number, to: number, ...more: string[]): Answer => portowner('move', String(from), '--to', String(to), '--yes', '--restart', '--timeout', '2', ...more);

/** Redis as a unit, whose script may do something else than start it. */
function redisUnit(name: string, start: (config: string) => string, group?: string): string {
  const config = join(serverFolder(), 'redis.conf');
  writeFileSync(config, `bind 127.0.0.1\nport 21100\nsave ""\ndir ${dirname(config)}\n`);
  makeUnit(name, { start: start(config), ...(group === undefined ? {} : { group }) });
  until(() => speaks(21_100));
  return config;
}

const run = (config: string, more = ''): string => `redis-server ${config} ${more} >/dev/null 2>&1 & echo $! >"$unit/pid"`;

test.before(() => {
  mkdirSync(groups);
  mkdirSync(join(folder, 'units'));
  const fake = join(folder, 'systemctl');
  writeFileSync(fake, systemctl);
  chmodSync(fake, 0o755);
  for (const args of [
    ['-t', 'cgroup', '-o', 'none,name=systemd', 'cgroup', groups],
    ['-t', 'tmpfs', 'tmpfs', '/run'],
    ['-t', 'tmpfs', 'tmpfs', '/etc/systemd/system'],
    ['--bind', fake, systemctlPath],
  ])
    assert.is(spawnSync('mount', args).status, 0, args.join(' '));
  mkdirSync('/run/systemd/system', { recursive: true });
});

test.after(() => void spawnSync('umount', [groups]));

const withRedis = (name: string, work: () => void): void => test(name, (context) => (hasRedis ? work() : skip('Redis is not installed', context as TestContext)));

withRedis('a unit is restarted, owns the new port, and is restarted again when the move is undone', () => {
  const config = redisUnit('redis.service', (file) => run(file));
  try {
    const plan = portowner('move', '21100', '--to', '21101', '--dry-run');
    assert.is(plan.row.Restart, 'restart redis.service', plan.err);
    assert.equal(plan.calls, []);
    const { code, row, calls, err } = move(21_100, 21_101);
    assert.equal([code, row?.Result, row?.Restart, row?.Reason], [0, 'Moved', 'restart redis.service', null], err);
    assert.equal(calls, ['--system|restart|--|redis.service|']);
    assert.ok(speaks(21_101));
    assert.not.ok(speaks(21_100));
    assert.match(readFileSync(config, 'utf8'), 'port 21101\n');
    const undone = portowner('move', '--undo', '--yes', '--restart', '--timeout', '2');
    assert.equal([undone.code, undone.row?.Result, undone.row?.Restart], [0, 'Undone', 'restarted'], undone.err);
    assert.equal(undone.calls, ['--system|restart|--|redis.service|']);
    assert.ok(speaks(21_100));
  } finally {
    stopUnit('redis.service');
  }
});

withRedis('a unit that fails to start is rolled back, and started with its old port', () => {
  const config = redisUnit('redis.service', (file) => `if grep -q 21101 ${file}; then false; else ${run(file)}; fi`);
  try {
    const before = readFileSync(config, 'utf8');
    const { code, row, calls, err } = move(21_100, 21_101);
    assert.equal([code, row?.Result], [1, 'RolledBack'], err);
    assert.equal(row.Reason, ['systemctl restart redis.service: Job for redis.service failed because the control process exited with error code.']);
    assert.equal(calls, ['--system|restart|--|redis.service|', '--system|restart|--|redis.service|']);
    assert.is(readFileSync(config, 'utf8'), before);
    assert.ok(speaks(21_100));
    const listed = portowner('move', '--list');
    assert.is(listed.row.Result, 'RolledBack');
  } finally {
    stopUnit('redis.service');
  }
});

withRedis('a unit that failed too often to be started again is started with its old port all the same', () => {
  const config = redisUnit('redis.service', (file) => `if grep -q 21101 ${file}; then echo 5 >"$unit/starts"; false; else ${run(file)}; fi`);
  try {
    writeFileSync(join(unitFolder('redis.service'), 'limit'), '5');
    writeFileSync(join(unitFolder('redis.service'), 'starts'), '0');
    const before = readFileSync(config, 'utf8');
    const { code, row, err } = move(21_100, 21_101);
    assert.equal([code, row?.Result, row?.Reason?.length], [1, 'RolledBack', 1], err + JSON.stringify(row));
    assert.is(readFileSync(config, 'utf8'), before);
    assert.ok(speaks(21_100));
  } finally {
    stopUnit('redis.service');
  }
});

withRedis('a unit that starts on another port is rolled back', () => {
  const config = redisUnit('redis.service', (file) => `if grep -q 21101 ${file}; then ${run(file, '--port 21102')}; else ${run(file)}; fi`);
  try {
    const before = readFileSync(config, 'utf8');
    const { code, row, err } = move(21_100, 21_101);
    assert.equal([code, row?.Result, row?.Reason], [1, 'RolledBack', ['it does not listen on port 21101 after 2 s']], err);
    assert.is(readFileSync(config, 'utf8'), before);
    assert.ok(speaks(21_100));
    assert.not.ok(speaks(21_102));
  } finally {
    stopUnit('redis.service');
  }
});

withRedis('a unit that does not come back at all is said', () => {
  const config = redisUnit('redis.service', (file) => `if [ -e "$unit/broken" ]; then false; else ${run(file)}; fi`);
  try {
    const before = readFileSync(config, 'utf8');
    writeFileSync(join(unitFolder('redis.service'), 'broken'), '');
    const { code, row, err } = move(21_100, 21_101);
    assert.equal([code, row?.Result], [1, 'RolledBack'], err);
    assert.match(row.Reason![1]!, /^the server was not restarted with its old configuration: systemctl restart redis\.service: Job/);
    assert.equal(row.Reason!.slice(2), ['it does not run now; to start it: systemctl start redis.service']);
    assert.is(readFileSync(config, 'utf8'), before);
  } finally {
    stopUnit('redis.service');
  }
});

withRedis('another program on the new port is no success', () => {
  const other = `python3 -c 'import socket,time;s=socket.socket();s.setsockopt(1,2,1);s.bind(("127.0.0.1",21101));s.listen();time.sleep(30)' >/dev/null 2>&1 & echo $! >"$unit/pid"`;
  redisUnit('redis.service', (file) => `if grep -q 21101 ${file}; then ${other}; else ${run(file)}; fi`);
  try {
    const { code, row, err } = move(21_100, 21_101);
    assert.equal([code, row?.Result, row?.Reason], [1, 'RolledBack', ['another program owns port 21101 now']], err);
    assert.ok(speaks(21_100));
    assert.not.ok(speaks(21_101));
  } finally {
    stopUnit('redis.service');
  }
});

withRedis('a unit of another process of the same name is not restarted', () => {
  const config = redisUnit('redis.service', (file) => run(file), 'other.service');
  try {
    const before = readFileSync(config, 'utf8');
    const { code, row, calls, err } = move(21_100, 21_101);
    assert.equal([code, row], [1, undefined], err);
    assert.match(err, /PO4402.*systemd does not confirm that redis\.service runs process \d+/);
    assert.match(err, 'Leave out --restart');
    assert.equal(calls, []);
    assert.is(readFileSync(config, 'utf8'), before);
    const without = portowner('move', '21100', '--to', '21101', '--dry-run');
    assert.equal([without.code, without.row?.Restart], [0, 'restart it yourself'], without.err);
  } finally {
    stopUnit('redis.service');
  }
});

test('a server that can reload is reloaded', (context) => {
  if (!hasNginx) return skip('nginx is not installed', context as TestContext);
  const path = serverFolder();
  const file = join(path, 'nginx.conf');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${path}/${name};`).join(' ');
  writeFileSync(file, `pid ${path}/nginx.pid;\nerror_log ${path}/error.log;\nevents {}\nhttp { access_log off; ${temporary}\n  server { listen 127.0.0.1:21100; }\n}\n`);
  const start = `nginx -p ${path} -c ${file} -g 'daemon off;' >/dev/null 2>&1 & echo $! >"$unit/pid"`;
  makeUnit('nginx.service', { start, reload: 'kill -HUP $(cat "$unit/pid")' });
  try {
    until(() => speaks(21_100));
    const { code, row, calls, err } = move(21_100, 21_101);
    assert.equal([code, row?.Result, row?.Restart], [0, 'Moved', 'reload nginx.service'], err + JSON.stringify(row));
    assert.equal(calls, ['--system|reload-or-restart|--|nginx.service|']);
    assert.ok(speaks(21_101));
    assert.not.ok(speaks(21_100));
  } finally {
    stopUnit('nginx.service');
  }
});

test('a port that the unit itself has: systemd reads it again before the restart', () => {
  const server = join(serverFolder(), 'server.js');
  writeFileSync(server, "require('node:http').createServer((_, answer) => answer.end('x')).listen(process.env.PORT, '127.0.0.1');\n");
  const unit = '/etc/systemd/system/shop.service';
  writeFileSync(unit, `[Service]\nEnvironment=PORT=21100\nExecStart=${process.execPath} ${server}\n`);
  // As systemd: what it read last counts.
  const start = `[ -e "$unit/dirty" ] || sed -n 's/^Environment=//p' ${unit} >"$unit/read"; export $(cat "$unit/read"); touch "$unit/dirty"; ${process.execPath} ${server} >/dev/null 2>&1 & echo $! >"$unit/pid"`;
  makeUnit('shop.service', { start });
  try {
    until(() => speaks(21_100));
    const { code, row, calls, err } = move(21_100, 21_101, '--force');
    assert.equal([code, row?.Result, row?.Files], [0, 'Moved', [unit]], err + JSON.stringify(row));
    assert.equal(calls, ['--system|daemon-reload|', '--system|restart|--|shop.service|']);
    assert.ok(speaks(21_101));
  } finally {
    stopUnit('shop.service');
    rmSync(unit);
  }
});

/** A Node program as a unit with its port, which a script can start in another way. */
function shopUnit(start: (node: string) => string): { readonly unit: string; readonly server: string } {
  const server = join(serverFolder(), 'server.js');
  writeFileSync(server, "require('node:http').createServer((_, answer) => answer.end('x')).listen(process.env.PORT, '127.0.0.1');\n");
  const unit = '/etc/systemd/system/shop.service';
  writeFileSync(unit, `[Service]\nEnvironment=PORT=21100\nExecStart=${process.execPath} ${server}\n`);
  const node = `${process.execPath} ${server} >/dev/null 2>&1 & echo $! >"$unit/pid"`;
  makeUnit('shop.service', { start: `export $(sed -n 's/^Environment=//p' ${unit}); ${start(node)}` });
  until(() => speaks(21_100));
  return { unit, server };
}

test('another program with the same executable takes the old port at once', () => {
  const { unit, server } = shopUnit((node) => node);
  // As a unit that is started again and again until the port is free.
  const loop = spawn('bash', ['-c', `while :; do PORT=21100 ${process.execPath} ${server} 2>/dev/null & child=$!; trap 'kill $child; exit' TERM; wait $child; sleep 0.2; done`]);
  try {
    const { code, row, err } = move(21_100, 21_101, '--force', '--timeout', '5');
    assert.equal([code, row?.Result, row?.Reason], [0, 'Moved', null], err);
    assert.ok(speaks(21_101));
    until(() => speaks(21_100));
  } finally {
    loop.kill('SIGTERM');
    stopUnit('shop.service');
    rmSync(unit);
  }
});

test('another program with the same executable on the new port is no success', () => {
  const { unit } = shopUnit((node) => `if [ $PORT = 21101 ]; then echo $$ >'${groups}/cgroup.procs'; fi; ${node}`);
  try {
    const { code, row, err } = move(21_100, 21_101, '--force');
    assert.equal([code, row?.Result, row?.Reason], [1, 'RolledBack', ['another program owns port 21101 now']], err);
  } finally {
    const pid = readFileSync(join(unitFolder('shop.service'), 'pid'), 'utf8').trim();
    spawnSync('kill', ['-9', pid]);
    stopUnit('shop.service');
    rmSync(unit);
  }
});

/** Runs this file once more in mounts and a network of its own; says why where it cannot. */
function runApart(): string | null {
  if (process.platform !== 'linux') return 'this machine is not Linux';
  if (process.env.PORTOWNER_OWN_MOUNTS !== undefined) return (test.run(), null);
  if (process.getuid!() !== 0) return 'mounts of its own need root';
  if (!existsSync(systemctlPath)) return `there is no ${systemctlPath} to stand in for`;
  const inside = ['--mount', '--propagation', 'private', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];
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
