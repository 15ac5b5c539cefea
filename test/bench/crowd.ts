/**
 * A crowd to measure in: real processes that hold real loopback TCP sockets.
 * `node test/bench/crowd.ts [SOCKETS [PROCESSES]]` prints a line of JSON when it stands (`Crowd` without `stop`)
 * and goes away when its stdin ends or it is interrupted.
 *
 * A few Node processes hold the sockets, both ends of each connection and their listeners; the rest are `cat`s with
 * a few files open that wait for their stdin, so that they end with the process that started them, however that ends.
 * The first listener is inherited by three of those: it has four holders.
 */
import { fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

export interface Crowd {
  /** The listening port that several processes hold. */
  readonly port: number;
  /** Their ids: the one that listens first, then the ones that inherited it. */
  readonly holders: readonly number[];
  readonly sockets: number;
  readonly processes: number;
  stop(): Promise<void>;
}

interface Ready {
  readonly port: number;
  readonly heirs: readonly number[];
}

const script = fileURLToPath(import.meta.url);
/** Within the limit on open files that a shell usually has as its hard one. */
const socketsEach = 2000;
const heirCount = 3;

/** Starts `processes` processes that hold `sockets` TCP sockets among them; resolves when all stand. */
export async function startCrowd({ sockets = 20_000, processes = 300 } = {}): Promise<Crowd> {
  const shares = Array.from({ length: Math.max(1, Math.ceil(sockets / socketsEach)) }, (_, index) => Math.min(socketsEach, sockets - index * socketsEach));
  const workers = shares.map((share, index) => fork(script, ['worker', String(share), String(index === 0 ? heirCount : 0)]));
  const idlers: ChildProcess[] = [];
  const stop = async (): Promise<void> => {
    const all = [...workers, ...idlers].filter((child) => child.exitCode === null && child.signalCode === null);
    const ended = Promise.all(all.map((child) => once(child, 'exit')));
    for (const worker of workers) if (worker.connected) worker.disconnect();
    for (const idler of idlers) idler.stdin!.destroy();
    await ended;
  };
  try {
    const ready = workers.map((worker) =>
      Promise.race([
        once(worker, 'message').then(([message]) => message as Ready),
        once(worker, 'exit').then(() => Promise.reject(new Error('a process of the crowd ended early'))),
      ]),
    );
    for (let index = workers.length + heirCount; index < processes; index += 1) {
      idlers.push(spawn('cat', { stdio: ['pipe', 'ignore', 'ignore', 'ignore', 'ignore'] }));
    }
    const [first] = await Promise.all(ready);
    return {
      port: first!.port,
      holders: [workers[0]!.pid!, ...first!.heirs],
      sockets,
      processes: workers.length + heirCount + idlers.length,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** A process of the crowd: one listener, and connections to it until it holds `sockets` sockets. */
async function work(sockets: number, heirs: number): Promise<void> {
  process.on('disconnect', () => process.exit());
  const accepted: Socket[] = [];
  const server: Server = createServer((socket) => accepted.push(socket));
  server.listen(0, '127.0.0.1', 511);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { _handle: handle } = server as Server & { _handle: Socket };
  const children = Array.from({ length: heirs }, () => spawn('cat', { stdio: ['pipe', 'ignore', 'ignore', handle] }));
  const pairs = Math.floor((sockets - 1) / 2);
  const clients: Socket[] = [];
  while (clients.length < pairs) {
    const batch = Array.from({ length: Math.min(100, pairs - clients.length) }, () => connect(port, '127.0.0.1'));
    clients.push(...batch);
    await Promise.all(batch.map((socket) => once(socket, 'connect')));
  }
  while (accepted.length < pairs) await new Promise((resolve) => setTimeout(resolve, 5));
  process.send!({ port, heirs: children.map((child) => child.pid!) } satisfies Ready);
}

async function main(): Promise<void> {
  const [sockets, processes] = process.argv.slice(2).map(Number);
  const crowd = await startCrowd({ sockets: sockets || 20_000, processes: processes || 300 });
  process.stdout.write(`${JSON.stringify(crowd)}\n`);
  const end = (): void => void crowd.stop().then(() => process.exit());
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
  process.stdin.on('end', end).resume();
}

if (process.argv[1] === script) {
  if (process.argv[2] === 'worker') await work(Number(process.argv[3]), Number(process.argv[4]));
  else await main();
}
