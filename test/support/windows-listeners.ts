// A program for windows.test.ts: opens sockets of every kind, says which as one line of JSON, and waits to be ended.
import { spawn } from 'node:child_process';
import { createSocket, type SocketType } from 'node:dgram';
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';

export interface Opened {
  pid: number;
  execPath: string;
  workingDirectory: string;
  startedAfter: number;
  tcp4: number;
  tcp6: number;
  dual: number;
  udp4: number;
  udp6: number;
  /** The local port of a connection to tcp4. */
  client: number;
  /** Another process, started by this one, with a UDP port of its own. */
  child: { pid: number; udp4: number };
}

/** No run of the tests takes as long. */
const longest = 5 * 60_000;

async function listen(host: string): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => {}));
  server.listen({ port: 0, host });
  await once(server, 'listening');
  return server;
}

async function bind(type: SocketType, address: string): Promise<number> {
  const socket = createSocket(type);
  socket.bind(0, address);
  await once(socket, 'listening');
  return socket.address().port;
}

/** Starts this program once more, to end when this one ends. */
async function startChild(): Promise<Opened['child']> {
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, '--child'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [text] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  return JSON.parse(text) as Opened['child'];
}

const port = (server: Server) => (server.address() as AddressInfo).port;

async function openAll(crowd: number): Promise<Opened> {
  const server = await listen('127.0.0.1');
  const client = connect(port(server), '127.0.0.1');
  await once(client, 'connect');
  for (let i = 0; i < crowd; i++) await bind('udp4', '127.0.0.1');
  return {
    pid: process.pid,
    execPath: process.execPath,
    workingDirectory: process.cwd(),
    startedAfter: Date.now() - process.uptime() * 1000,
    tcp4: port(server),
    tcp6: port(await listen('::1')),
    dual: port(await listen('::')),
    udp4: await bind('udp4', '127.0.0.1'),
    udp6: await bind('udp6', '::1'),
    client: client.localPort!,
    child: await startChild(),
  };
}

const say = (value: unknown) => writeSync(1, `${JSON.stringify(value)}\n`);
if (process.argv.includes('--child')) {
  say({ pid: process.pid, udp4: await bind('udp4', '127.0.0.1') } satisfies Opened['child']);
  process.stdin
    .on('end', () => process.exit())
    .on('error', () => process.exit())
    .resume();
} else {
  say(await openAll(Number(process.argv.find((argument) => argument.startsWith('--crowd='))?.slice(8) ?? 0)));
}
setTimeout(() => process.exit(), longest);
