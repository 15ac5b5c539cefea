import { pidsOf, type Question } from '../facts/model/question.ts';
import type { AskedMachine } from '../facts/machine.ts';

const mostClients = 20;

/** Returns what is connected to a port from this machine now, in sentences. */
export async function connectedClients(asked: AskedMachine, port: number): Promise<string[]> {
  const question = (ports: readonly number[]): Question => ({
    localPorts: ports.map((one) => ({ start: one, end: one })),
    protocols: ['TCP'],
    sockets: 'all',
    details: new Set(['owner'] as const),
    ranges: false,
  });
  const { sockets } = (await asked.facts(question([port]))).sections;
  const ends = sockets.data.filter(({ localPort, state }) => localPort === port && state === 'Established');
  // The other ends, as far as they are on this machine.
  const ports = [...new Set(ends.map(({ remotePort }) => remotePort).filter((one) => one !== null))].slice(0, 1000);
  if (ports.length === 0) return [];
  const facts = await asked.facts(question(ports));
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
