import type { Facts } from '../facts/model/facts.ts';
import { pidsOf } from '../facts/model/question.ts';
import type { ConfigurationMachine } from '../system/configuration.ts';

/** The port of the server that this session was opened through, according to SSH_CONNECTION. */
function sshPort(machine: ConfigurationMachine, pids: readonly number[]): number | null {
  const [own, ...above] = pids;
  // sudo removes it from the environment of what it runs, but not from that of the shell that ran sudo.
  const environments = [machine.variables, ...above.map((pid) => machine.program(pid)?.environment ?? null)];
  for (const environment of own === undefined ? [machine.variables] : environments) {
    // https://man.openbsd.org/ssh#SSH_CONNECTION: client address and port, server address and port.
    const [, , , port] = environment?.get('SSH_CONNECTION')?.split(' ') ?? [];
    if (port !== undefined && /^\d{1,5}$/.test(port)) return Number(port);
  }
  return null;
}

/** Returns why a port, with these connections, must stay: the session of this process is connected through it. */
export function sessionObstacle(port: number, near: Facts, machine: ConfigurationMachine): string | null {
  const text = `this session is connected through port ${port}`;
  const pids = machine.ancestors();
  if (sshPort(machine, pids) === port) return `${text} (SSH_CONNECTION)`;
  const through = near.sections.sockets.data.find(
    (socket) =>
      socket.localPort === port && socket.state === 'Established' && pidsOf(socket).some((one) => pids.includes(one)),
  );
  return through === undefined ? null : `${text}: ${through.remoteAddress}:${through.remotePort}`;
}
