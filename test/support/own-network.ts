/** A network namespace of a test's own, with programs in it, and portowner as it answers there. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { start, type Outcome } from './program.ts';
import { ownProgram } from './own-program.ts';

/** Why it is not installed here; null if it may be. */
export function noNetwork(): string | null {
  if (process.platform !== 'linux') return 'this machine is not Linux';
  if (process.getuid?.() !== 0) return 'only root makes a network';
  return spawnSync('unshare', ['--net', 'sh', '-c', 'ip link set lo up']).status === 0 ? null : 'no network of its own can be made here';
}

export interface Network {
  /** Runs portowner there. */
  portowner(args: readonly string[]): Outcome;
  /** Starts a program there and waits for its first line; gives its pid. */
  start(command: readonly string[]): Promise<number>;
}

/** Makes a network with these interfaces (`virbr0`: a bridge), and mounts of its own by a shell command, which end with the test. */
export async function ownNetwork(bridges: readonly string[] = [], mounts?: string): Promise<Network> {
  const made = bridges.map((name) => `ip link add ${name} type bridge && ip link set ${name} up && `).join('');
  const first = start(
    [
      'unshare',
      '--net',
      '--mount',
      '--propagation',
      'private',
      'sh',
      '-c',
      `ip link set lo up && ${made}${mounts === undefined ? '' : `${mounts} && `}echo ready && exec sleep 1000`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(first.stdout!, 'data');
  const inside = ['nsenter', `--net=/proc/${first.pid}/ns/net`, `--mount=/proc/${first.pid}/ns/mnt`];
  return {
    portowner(args) {
      const { status, stdout, stderr } = spawnSync(inside[0]!, [...inside.slice(1), ...ownProgram, ...args], { encoding: 'utf8', timeout: 60_000 });
      return { code: status, out: stdout, err: stderr };
    },
    async start(command) {
      // Both exec: the number stays that of the program.
      const child = start([...inside, ...command], { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(child.stdout!, 'data');
      return child.pid!;
    },
  };
}
