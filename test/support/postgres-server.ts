// A PostgreSQL server of a test's own, in a temporary folder.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';

const folder = '/usr/lib/postgresql';
const versions = existsSync(folder) ? readdirSync(folder).toSorted((a, b) => Number(a) - Number(b)) : [];
const debian = join(folder, versions.at(-1) ?? '', 'bin');
/** Where .ci/postgres-setup installs another version. */
const cache = process.getuid?.() === 0 ? '/var/cache' : (process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'));
const newest = join(process.env['PORTOWNER_POSTGRES_ROOT'] ?? join(cache, 'portowner/postgres'), 'bin');

/** PostgreSQL refuses to run as root: the test must be able to become another user. */
export const noDatabase = versions.length === 0 || process.getuid?.() !== 0 ? 'PostgreSQL is not installed, or the test does not run as root' : null;

/** The programs of each version to test, by its name. */
export const databaseVersions: Readonly<Record<string, string>> = {
  [`PostgreSQL ${versions.at(-1)}`]: debian,
  ...(existsSync(newest) ? { 'PostgreSQL 18': newest } : {}),
};
/** Why only one version is tested; null if two are. */
export const noNewestDatabase = existsSync(newest) ? null : 'PostgreSQL 18 is not installed (.ci/postgres-setup)';

export interface DatabaseServer {
  /** Its temporary folder, in which its user can write. */
  readonly folder: string;
  readonly port: number;
  readonly uid: number;
  readonly gid: number;
  /** The URL of a database by its socket. */
  url(database: string, user?: string): string;
  /** Runs SQL as the superuser, and returns what psql prints. */
  sql(text: string, database?: string): string;
  /** Runs statements as the superuser, without keeping this program waiting. */
  run(text: string, database: string): Promise<void>;
  /** Ends all its processes at once, as a power failure does. */
  kill(): void;
  start(): void;
  stop(): void;
}

function account(): { uid: number; gid: number } {
  const [, , uid, gid] = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((line) => line.startsWith('postgres:'))!
    .split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

/** Starts a server. `settings` are lines of postgresql.conf, `access` of pg_hba.conf; `prepare` gets its folder before the start; `bin`: its programs. */
export async function startDatabase(
  more: { bin?: string; settings?: string; access?: string; prepare?: (folder: string, owner: { uid: number; gid: number }) => void } = {},
): Promise<DatabaseServer> {
  const own = account();
  const bin = more.bin ?? debian;
  const home = mkdtempSync(join(tmpdir(), 'portowner-postgres-'));
  chmodSync(home, 0o755);
  const data = join(home, 'data');
  mkdirSync(data, { mode: 0o700 });
  for (const one of [home, data]) chownSync(one, own.uid, own.gid);
  const port = await freePort();
  const as = { ...own, cwd: home, encoding: 'utf8' as const, env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' } };
  const must = (program: string, ...args: string[]): string => {
    const { status, stdout, stderr } = spawnSync(program, args, as);
    if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stdout}${stderr}`);
    return stdout;
  };
  must(join(bin, 'initdb'), '-D', data, '-A', 'trust', '-N', '-U', 'postgres', '-E', 'UTF8', '--locale=C.UTF-8');
  const config = join(data, 'postgresql.conf');
  const lines = [`unix_socket_directories = '${home}'`, "listen_addresses = '127.0.0.1,::1'", `port = ${port}`, 'fsync = on', 'shared_buffers = 16MB', more.settings ?? ''];
  writeFileSync(config, `${readFileSync(config, 'utf8')}\n${lines.join('\n')}\n`);
  if (more.access !== undefined) writeFileSync(join(data, 'pg_hba.conf'), more.access);
  more.prepare?.(data, own);
  // With a pipe as its output, the server would keep this program waiting.
  const control = (...args: string[]) => spawnSync(join(bin, 'pg_ctl'), [...args, '-D', data, '-s', '-w', '-l', join(home, 'log')], { ...as, stdio: 'ignore' }).status;
  let killed: number[] = [];
  const clock = new Int32Array(new SharedArrayBuffer(4));
  const server: DatabaseServer = {
    folder: home,
    port,
    ...own,
    url: (database, user = 'postgres') => `postgres://${user}@localhost:${port}/${database}?host=${encodeURIComponent(home)}`,
    sql: (text, database = 'postgres') => must('/usr/bin/psql', '-h', home, '-p', String(port), '-U', 'postgres', '-v', 'ON_ERROR_STOP=1', '-qAtX', '-d', database, '-c', text),
    run: async (text, database) => {
      const options = ['-h', home, '-p', String(port), '-U', 'postgres', '-v', 'ON_ERROR_STOP=1', '-qAtX', '-d', database];
      const child = spawn('/usr/bin/psql', options, { ...as, stdio: ['pipe', 'ignore', 'pipe'] });
      let errors = '';
      child.stderr.on('data', (part: Buffer) => void (errors += part.toString()));
      child.stdin.end(text);
      const [status] = (await once(child, 'close')) as [number | null];
      if (status !== 0) throw new Error(`psql: ${errors}`);
    },
    kill() {
      const main = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
      const children = readFileSync(`/proc/${main}/task/${main}/children`, 'utf8').trim().split(' ').map(Number);
      killed = [main, ...children];
      for (const pid of killed) {
        try {
          process.kill(pid, 'SIGKILL');
        } catch {
          // It has ended by itself.
        }
      }
    },
    start() {
      // The server refuses to start while a process has the number of the one before.
      for (let tries = 0; tries < 2000 && killed.some((pid) => existsSync(`/proc/${pid}`)); tries++) Atomics.wait(clock, 0, 0, 10);
      if (control('start') !== 0) throw new Error(readFileSync(join(home, 'log'), 'utf8').slice(-2000));
    },
    stop() {
      control('stop', '-m', 'immediate');
      rmSync(home, { recursive: true, force: true });
    },
  };
  server.start();
  return server;
}
