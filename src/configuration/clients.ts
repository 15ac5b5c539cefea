import { pidsOf, type Question } from '../facts/model/question.ts';
import type { AskedMachine } from '../facts/machine.ts';
import type { Facts } from '../facts/model/facts.ts';

const mostClients = 20;

/** The connections of ports, with their programs. */
export const connectionsOf = (ports: readonly number[]): Question => ({
  localPorts: ports.map((one) => ({ start: one, end: one })),
  protocols: ['TCP'],
  sockets: 'all',
  details: new Set(['owner'] as const),
  ranges: false,
});

/** Returns what is connected to a port from this machine now, in sentences; `near`: the connections of that port. */
export async function connectedClients(asked: AskedMachine, near: Facts, port: number): Promise<string[]> {
  const { sockets } = near.sections;
  const ends = sockets.data.filter(({ localPort, state }) => localPort === port && state === 'Established');
  // The other ends, as far as they are on this machine.
  const ports = [...new Set(ends.map(({ remotePort }) => remotePort).filter((one) => one !== null))].slice(0, 1000);
  if (ports.length === 0) return [];
  const facts = await asked.facts(connectionsOf(ports));
  const names = new Map(facts.sections.processes.data.map(({ pid, imageName }) => [pid, imageName]));
  const others = facts.sections.sockets.data.filter(
    ({ remotePort, localPort, state }) => remotePort === port && ports.includes(localPort) && state === 'Established',
  );
  const pids = [...new Set(others.flatMap(pidsOf))];
  const texts = pids.map((pid) => `${names.get(pid) ?? 'a program'} (process ${pid}) is connected to port ${port} now`);
  const rest = texts.length - mostClients;
  return rest > 0
    ? [...texts.slice(0, mostClients), `${rest} more processes are connected to port ${port} now`]
    : texts;
}
