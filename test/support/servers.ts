import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { liveConfiguration } from '../../src/machine/configuration.ts';
import { liveBinder, liveSource } from '../../src/machine/live.ts';
import type { ConfigurationMachine } from '../../src/system/configuration.ts';
import { run, temporaryFolder, type Outcome } from './harness.ts';

/** A real server with configuration files of its own, which a test can move. */
export interface Server {
  readonly pid: number;
  /** The file that has the port. */
  readonly file: string;
  readonly folder: string;
  /** Whether it answers on a port. */
  readonly answers: (port: number) => boolean;
  readonly stop: () => void;
}

const running = new Set<() => void>();
process.on('exit', () => {
  for (const stop of running) stop();
});

export function until(condition: () => boolean): void {
  for (let attempt = 0; attempt < 300; attempt++) {
    if (condition()) return;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
  }
  throw new Error('a server did not start within 15 seconds');
}

/** A folder that the users of servers can enter. */
export function serverFolder(): string {
  const folder = temporaryFolder();
  chmodSync(folder, 0o755);
  chmodSync(join(folder, '..'), 0o755);
  return folder;
}

/** Returns the process that listens on a port, by the line in its pid file. */
export const pidIn = (path: string): number => (existsSync(path) ? Number(readFileSync(path, 'latin1').split('\n', 1)[0]) : Number.NaN);

export function server(started: Omit<Server, 'stop'>, signal: NodeJS.Signals = 'SIGTERM'): Server {
  const stop = (): void => {
    running.delete(stop);
    try {
      process.kill(started.pid, signal);
    } catch {
      // It has ended.
    }
  };
  running.add(stop);
  return { ...started, stop };
}

const nginxPath = '/usr/sbin/nginx';
export const hasNginx = existsSync(nginxPath);

/** nginx with an include, comments, and CRLF. */
export function startNginx(port: number): Server {
  const folder = serverFolder();
  const file = join(folder, 'conf.d', 'shop.conf');
  mkdirSync(join(folder, 'conf.d'));
  writeFileSync(
    join(folder, 'nginx.conf'),
    `# main\npid ${folder}/nginx.pid;\nerror_log ${folder}/error.log;\nevents { worker_connections 64; }\nhttp {\n  access_log off;\n  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;\n  include conf.d/*.conf;\n}\n`,
  );
  writeFileSync(file, `# sh\u00f6p: listen 1;\r\nserver {\r\n\tlisten   127.0.0.1:${port}  ; # here\r\n  location / { return 200 "shop"; }\r\n}\r\n`);
  spawnSync(nginxPath, ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' });
  const answers = (at: number): boolean =>
    spawnSync(process.execPath, ['-e', `fetch('http://127.0.0.1:${at}/').then(async (r) => process.exit((await r.text()) === 'shop' ? 0 : 1), () => process.exit(1))`]).status ===
    0;
  until(() => answers(port));
  return server({ pid: pidIn(join(folder, 'nginx.pid')), file, folder, answers }, 'SIGTERM');
}

const versions = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql').toSorted() : [];
const postgresBin = versions.length === 0 ? '' : `/usr/lib/postgresql/${versions.at(-1)}/bin`;
export const hasPostgres = versions.length > 0 && process.getuid?.() === 0;

function accountOf(name: string): { uid: number; gid: number } {
  const [, , uid, gid] = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((line) => line.startsWith(`${name}:`))!
    .split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

/** PostgreSQL, whose port is in postgresql.auto.conf, which overrides postgresql.conf. Its log is a file, or a pipe. */
export function startPostgres(port: number, log: 'file' | 'pipe' = 'file'): Server {
  const folder = serverFolder();
  const account = accountOf('postgres');
  const data = join(folder, 'data');
  mkdirSync(data, { mode: 0o700 });
  chownSync(data, account.uid, account.gid);
  const as = { ...account, cwd: data, stdio: 'ignore' as const, env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' } };
  spawnSync(join(postgresBin, 'initdb'), ['-D', data, '-A', 'trust', '-N', '-U', 'postgres'], as);
  const write = (name: string, text: string): void => writeFileSync(join(data, name), readFileSync(join(data, name), 'utf8') + text);
  write('postgresql.conf', `unix_socket_directories = ''\nlisten_addresses = '127.0.0.1'\nPort = ${port + 1}\n`);
  write('postgresql.auto.conf', `port = '${port}'\n`);
  const file = join(data, 'postgresql.auto.conf');
  if (log === 'file') spawnSync(join(postgresBin, 'pg_ctl'), ['start', '-w', '-s', '-D', data, '-l', join(data, 'log')], as);
  else spawn(join(postgresBin, 'postgres'), ['-D', data], { ...as, stdio: 'pipe' });
  const answers = (at: number): boolean =>
    spawnSync('/usr/bin/psql', ['-h', '127.0.0.1', '-p', String(at), '-U', 'postgres', '-Atc', 'select 1'], { env: {}, encoding: 'utf8' }).stdout.trim() === '1';
  until(() => answers(port));
  return {
    ...server({ pid: pidIn(join(data, 'postmaster.pid')), file, folder: data, answers }, 'SIGINT'),
    // It has another process after a restart.
    stop: () => void spawnSync(join(postgresBin, 'pg_ctl'), ['stop', '-s', '-m', 'immediate', '-D', data], as),
  };
}

const redisPath = '/usr/bin/redis-server';
export const hasRedis = existsSync(redisPath);

/** Redis, of which only the title shows where it listens, and how to start it again. */
export function startRedis(port: number, { name = 'redis.conf', more = '' } = {}): Server & { restart: () => void } {
  const folder = serverFolder();
  const file = join(folder, name);
  writeFileSync(file, `# Redis\nbind 127.0.0.1\ndir ${folder}\nsave ""\nport ${port + 1}\nport    ${port}\n${more.replaceAll('@', folder)}`);
  let child: ChildProcess;
  const answers = (at: number): boolean =>
    spawnSync(process.execPath, [
      '-e',
      `const s = require('node:net').connect(${at}, '127.0.0.1', () => s.write('PING\\r\\n')); s.on('data', () => process.exit(0)); s.on('error', () => process.exit(1))`,
    ]).status === 0;
  const start = (): void => void (child = spawn(redisPath, [file], { stdio: 'ignore' }));
  start();
  until(() => answers(port));
  const stop = (): void => void child.kill('SIGKILL');
  running.add(stop);
  return {
    get pid() {
      return child.pid!;
    },
    file,
    folder,
    answers,
    stop,
    restart() {
      stop();
      start();
    },
  };
}

/** Runs a command line on this machine, with a state folder of its own, and perhaps other ways to restart services. */
export async function onThisMachine(
  args: readonly string[],
  stateFolder: string,
  more: Partial<ConfigurationMachine> = {},
  confirm: ((question: string) => boolean) | null = null,
): Promise<Outcome> {
  const configuration = { ...(await liveConfiguration()), ...more };
  return run(args, { source: await liveSource(), binder: await liveBinder(), configuration, stateFolder, confirm, now: () => new Date() });
}
