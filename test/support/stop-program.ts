// A program for the tests of stop: listens as its arguments say, tells where as one line of JSON, and ends with its
// standard input at the latest (on Windows when it is killed).
//   listen            listens
//   stubborn          listens, and does not end when it is asked to
//   heir              listens, and starts a child that has the listener too
//   supervisor        starts one that listens, anew whenever it ends
//   parent NAME       listens, and starts a child that calls itself so
//   client FROM PORT  connects from FROM (address:port) to PORT
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Told {
  pid: number;
  port: number;
  /** The process that listens, or holds the listener too, where that is another one. */
  child?: number;
}

const [mode = 'listen', first = '', second = ''] = process.argv.slice(2);
const tell = (told: Omit<Told, 'pid'>): void => void writeSync(1, `${JSON.stringify({ pid: process.pid, ...told })}\n`);
/** No run of the tests takes as long. */
setTimeout(() => process.exit(), 5 * 60_000);
// A child that an ended parent leaves behind must end too.
process.on('disconnect', () => process.exit());

async function listen(port: number): Promise<{ port: number; handle: Socket }> {
  const server = createServer((socket) => void socket.on('error', () => {}));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, handle: (server as unknown as { _handle: Socket })._handle };
}

if (mode === 'client') {
  const [address, port] = first.split(':');
  const socket = connect({ host: '127.0.0.1', port: Number(second), localAddress: address, localPort: Number(port) });
  await once(socket, 'connect');
  tell({ port: socket.localPort! });
} else if (mode === 'supervisor') {
  const start = (port: number): void => {
    const child = fork(process.argv[1]!, ['worker', String(port)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    child.on('message', (message) => {
      const used = Number(message);
      if (port === 0) tell({ port: used, child: child.pid! });
      child.on('exit', () => start(used));
    });
  };
  start(0);
} else {
  if (mode === 'stubborn') process.on('SIGTERM', () => {}).on('SIGINT', () => {});
  const { port, handle } = await listen(mode === 'parent' ? 0 : Number(first));
  if (mode === 'worker') process.send!(port);
  else if (mode === 'parent') {
    // A shell that writes its own name: only a process itself may.
    const child = spawn('sh', ['-c', 'printf %s "$1" >/proc/$$/comm; echo; sleep 300 >/dev/null 2>&1 & wait', 'sh', first], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    process.on('exit', () => child.kill('SIGKILL'));
    tell({ port, child: child.pid! });
  } else if (mode === 'heir') {
    const child = spawn('sleep', ['300'], { stdio: ['ignore', 'ignore', 'inherit', handle] });
    tell({ port, child: child.pid! });
  } else tell({ port });
}
// Wine's Node cannot read a pipe: there it is killed.
if (mode !== 'worker' && process.platform !== 'win32')
  process.stdin
    .on('end', () => process.exit())
    .on('error', () => process.exit())
    .resume();
