// A program for the tests of the executables: opens the sockets that its arguments name, says which as one line of
// JSON, and waits to be ended. Arguments that start with -- are only there to be seen.
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import { hostname, userInfo } from 'node:os';

/** What PortOwner should say of an open socket. */
export interface OpenSocket {
  readonly Protocol: 'TCP' | 'UDP';
  readonly LocalAddress: string;
  readonly LocalPort: number;
  readonly RemoteAddress: string | null;
  readonly RemotePort: number | null;
  readonly State: string | null;
}

/** What the program says. */
export interface Said {
  readonly pid: number;
  readonly execPath: string;
  /** Of the machine, and of who runs this. */
  readonly host: string;
  readonly user: string;
  /** By the argument that asked for them. */
  readonly sockets: Readonly<Record<string, readonly OpenSocket[]>>;
}

/** No run of the tests takes as long. */
const longest = 9 * 60_000;

/** Keeps what is open from being collected. */
const kept: unknown[] = [];

async function listen(options: net.ListenOptions, server = net.createServer()): Promise<{ server: Server; row: OpenSocket }> {
  server.on('connection', (socket) => kept.push(socket.on('error', () => {})));
  server.listen(options);
  await once(server, 'listening');
  kept.push(server);
  const { address, port } = server.address() as AddressInfo;
  return { server, row: { Protocol: 'TCP', LocalAddress: address, LocalPort: port, RemoteAddress: null, RemotePort: null, State: 'Listen' } };
}

function ends(socket: Socket, State: string): OpenSocket {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  return { Protocol: 'TCP', LocalAddress: localAddress!, LocalPort: localPort!, RemoteAddress: remoteAddress!, RemotePort: remotePort!, State };
}

/** A listener and both ends of a connection to it. */
async function pair(host: string, states: readonly [client: string, server: string]): Promise<{ rows: OpenSocket[]; client: Socket; accepted: Socket }> {
  const { server, row } = await listen({ host, port: 0 }, net.createServer({ allowHalfOpen: true }));
  const accepting = once(server, 'connection') as Promise<[Socket]>;
  const client = net.connect({ host, port: row.LocalPort, allowHalfOpen: true });
  await once(client, 'connect');
  const [accepted] = await accepting;
  kept.push(client);
  return { rows: [row, ends(client, states[0]), ends(accepted, states[1])], client, accepted };
}

async function bind(host: string): Promise<{ socket: UdpSocket; row: OpenSocket }> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  socket.bind(0, host);
  await once(socket, 'listening');
  kept.push(socket);
  const { address, port } = socket.address();
  return { socket, row: { Protocol: 'UDP', LocalAddress: address, LocalPort: port, RemoteAddress: null, RemotePort: null, State: null } };
}

/** Node's own way to bind before it listens; it is not in the types. */
interface Handle {
  getsockname(out: Partial<AddressInfo>): number;
}
const { _createServerHandle: createServerHandle } = net as unknown as { _createServerHandle(address: string, port: number, family: 4 | 6, fd: number): Handle };

const openers: Readonly<Record<string, (host: string, port: number) => Promise<OpenSocket[]>>> = {
  tcp: async (host, port) => [(await listen({ host, port })).row],
  /** A port that another process may listen on too. */
  shared: async (host, port) => [(await listen({ host, port, reusePort: true })).row],
  udp: async (host) => [(await bind(host)).row],
  connected: async (host) => {
    const { row: other } = await bind(host);
    const { socket, row } = await bind(host);
    socket.connect(other.LocalPort, host);
    await once(socket, 'connect');
    return [other, { ...row, RemoteAddress: host, RemotePort: other.LocalPort }];
  },
  pair: async (host) => (await pair(host, ['Established', 'Established'])).rows,
  half: async (host) => {
    const { rows, client, accepted } = await pair(host, ['FinWait2', 'CloseWait']);
    const ended = once(accepted.resume(), 'end');
    client.end();
    await ended;
    return rows;
  },
  bound: async (host) => {
    const handle = createServerHandle(host, 0, host.includes(':') ? 6 : 4, -1);
    kept.push(handle);
    const name: Partial<AddressInfo> = {};
    handle.getsockname(name);
    return [{ Protocol: 'TCP', LocalAddress: name.address!, LocalPort: name.port!, RemoteAddress: null, RemotePort: null, State: 'Bound' }];
  },
};

const sockets: Record<string, OpenSocket[]> = {};
for (const plan of process.argv.slice(2).filter((argument) => !argument.startsWith('--'))) {
  const [kind = '', host = '', port = '0'] = plan.split(' ');
  sockets[plan] = await openers[kind]!(host, Number(port));
}
writeSync(1, `${JSON.stringify({ pid: process.pid, execPath: process.execPath, host: hostname(), user: userInfo().username, sockets } satisfies Said)}\n`);
setTimeout(() => process.exit(kept.length), longest);
