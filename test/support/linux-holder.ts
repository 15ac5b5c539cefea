/**
 * A process that has a TCP listener on 127.0.0.1 where a plain look at its descriptors does not find it:
 * `node linux-holder.ts MODE` prints the port when it listens, and stays until it is killed.
 *
 * | MODE | where the descriptor is |
 * |---|---|
 * | `thread` | in a thread that has a table of descriptors of its own |
 * | `ended` | in a thread of a process whose main thread has ended |
 * | `flight` | on its way over a Unix socket |
 */
import { writeSync } from 'node:fs';
import { isMainThread, Worker, workerData } from 'node:worker_threads';

const ffi = process.getBuiltinModule('node:ffi');
const int = 'int32';
const { functions } = ffi.dlopen(null, {
  socket: { arguments: [int, int, int], return: int },
  bind: { arguments: [int, 'buffer', 'uint32'], return: int },
  listen: { arguments: [int, int], return: int },
  getsockname: { arguments: [int, 'buffer', 'buffer'], return: int },
  unshare: { arguments: [int], return: int },
  socketpair: { arguments: [int, int, int, 'buffer'], return: int },
  sendmsg: { arguments: [int, 'buffer', int], return: int },
  close: { arguments: [int], return: int },
  syscall: { arguments: ['int64', 'int64'], return: 'int64' },
});

const CLONE_FILES = 0x400;
const exitNumber = process.arch === 'arm64' ? 93n : 60n;

function succeed(result: number): number {
  if (result < 0) throw new Error('the system refused it');
  return result;
}

function listener(): { descriptor: number; port: number } {
  const descriptor = succeed(functions.socket(2, 1, 0));
  const address = Buffer.from([2, 0, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  succeed(functions.bind(descriptor, address, address.length));
  succeed(functions.listen(descriptor, 5));
  succeed(functions.getsockname(descriptor, address, Buffer.from([16, 0, 0, 0])));
  return { descriptor, port: address.readUInt16BE(2) };
}

/** Sends a descriptor by SCM_RIGHTS to a socket that nobody reads, and closes it here. */
function sendAway(descriptor: number): void {
  const pair = Buffer.alloc(8);
  succeed(functions.socketpair(1, 2, 0, pair));
  const [text, vector, control, message] = [Buffer.from('x'), Buffer.alloc(16), Buffer.alloc(24), Buffer.alloc(56)];
  vector.writeBigUInt64LE(ffi.getRawPointer(text), 0);
  vector.writeBigUInt64LE(1n, 8);
  control.writeBigUInt64LE(20n, 0);
  control.writeInt32LE(1, 8);
  control.writeInt32LE(1, 12);
  control.writeInt32LE(descriptor, 16);
  message.writeBigUInt64LE(ffi.getRawPointer(vector), 16);
  message.writeBigUInt64LE(1n, 24);
  message.writeBigUInt64LE(ffi.getRawPointer(control), 32);
  message.writeBigUInt64LE(24n, 40);
  succeed(functions.sendmsg(pair.readInt32LE(0), message, 0));
  succeed(functions.close(descriptor));
}

const sleep = (milliseconds: number): unknown => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
const say = (port: number): void => void writeSync(1, `${port}\n`);

if (!isMainThread) {
  if (workerData === 'thread') succeed(functions.unshare(CLONE_FILES));
  // Until the main thread has ended, too.
  sleep(300);
  say(listener().port);
  sleep(600_000);
} else if (process.argv[2] === 'flight') {
  const { descriptor, port } = listener();
  sendAway(descriptor);
  say(port);
  setInterval(() => {}, 600_000);
} else {
  const worker = new Worker(new URL(import.meta.url), { workerData: process.argv[2] });
  worker.once('online', () => {
    if (process.argv[2] === 'ended') setTimeout(() => functions.syscall(exitNumber, 0n), 100);
  });
}
