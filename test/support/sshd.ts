// Far machines for real: sshd on addresses of the loopback, with keys of its own, and a configuration of ssh that knows them.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';

const missing = ['/usr/sbin/sshd', '/usr/bin/ssh', '/usr/bin/ssh-keygen'].find((path) => !existsSync(path));
/** Why no sshd can be started here; null where one can. */
export const noSshd =
  process.platform !== 'linux'
    ? 'sshd is started on Linux'
    : missing !== undefined
      ? `there is no ${missing} (openssh-server, openssh-client)`
      : process.getuid?.() !== 0
        ? 'sshd wants root for its folder'
        : null;

/** A port that nobody has: of a server that has ended. */
export async function deadPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

export const hostEntry = (name: string, port: number, more: readonly string[] = [], address = '127.0.0.1'): string =>
  [`Host ${name}`, `HostName ${address}`, `Port ${port}`, ...more].join('\n  ') + '\n';

export interface Sshd {
  readonly port: number;
  readonly pid: number;
}

/** Several sshd, and the keys that they take. */
export class SshWorld {
  readonly folder = mkdtempSync(join(tmpdir(), 'portowner-ssh-'));
  /** What --ssh-config takes. */
  readonly config = join(this.folder, 'config');
  readonly #daemons: ChildProcess[] = [];

  makeKeys(): void {
    mkdirSync('/run/sshd', { recursive: true });
    for (const name of ['host', 'user']) assert.is(spawnSync('/usr/bin/ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(this.folder, name)]).status, 0);
  }

  /** A script that a daemon runs whatever it is asked for; what that is is in $SSH_ORIGINAL_COMMAND. */
  script(name: string, text: string): string {
    const path = join(this.folder, name);
    writeFileSync(path, `#!/bin/sh\n${text}\n`);
    chmodSync(path, 0o755);
    return path;
  }

  /** Starts sshd with what it runs for everybody, or the user's own shell. */
  async start(name: string, command: string | null, more: readonly string[] = []): Promise<Sshd> {
    const port = await deadPort();
    const file = join(this.folder, `${name}.sshd`);
    const lines = [
      `Port ${port}`,
      'ListenAddress 0.0.0.0',
      `HostKey ${join(this.folder, 'host')}`,
      `AuthorizedKeysFile ${join(this.folder, 'user.pub')}`,
      'StrictModes no',
      'UsePAM no',
      'PidFile none',
      'PermitRootLogin yes',
      'MaxStartups 100',
      ...(command === null ? [] : [`ForceCommand ${command}`]),
      ...more,
    ];
    writeFileSync(file, lines.join('\n'));
    const daemon = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', file], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#daemons.push(daemon);
    let said = '';
    daemon.stderr!.setEncoding('utf8');
    for await (const text of daemon.stderr!.iterator({ destroyOnReturn: false })) if ((said += text).includes('Server listening')) break;
    assert.match(said, 'Server listening', said);
    daemon.stderr!.resume();
    return { port, pid: daemon.pid! };
  }

  writeConfig(entries: readonly string[]): void {
    const common = ['User root', `IdentityFile ${join(this.folder, 'user')}`, 'IdentitiesOnly yes', 'UserKnownHostsFile /dev/null', 'StrictHostKeyChecking no'];
    writeFileSync(this.config, `${entries.join('')}Host *\n  ${common.join('\n  ')}\n`);
  }

  stop(): void {
    for (const daemon of this.#daemons) daemon.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The parent of a process, and whether it has ended and only waits for somebody to take note of it; null where there is none. */
function statOf(pid: number): { parent: number; isZombie: boolean } | null {
  try {
    const [state, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return { parent: Number(parent), isZombie: state === 'Z' };
  } catch {
    return null;
  }
}

export const isAlive = (pid: number): boolean => statOf(pid)?.isZombie === false;

/** All that a process has started, and what those have, while they live. */
export function descendants(pid: number): number[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const living = all.map((one) => ({ pid: one, stat: statOf(one) })).filter(({ stat }) => stat?.isZombie === false);
  const found = [pid];
  for (const parent of found) for (const { pid: child, stat } of living) if (stat!.parent === parent) found.push(child);
  return found.slice(1);
}
