/**
 * Opens sockets as no program of Node can, and stays: `node device-sockets.ts SPEC…` prints a line when all are open.
 *
 * | SPEC | what it opens |
 * |---|---|
 * | `udp,0.0.0.0,67,virbr0` | a UDP socket that is bound to an interface; without one to none |
 * | `tcp,127.0.0.1,9001,lo` | a TCP listener that accepts nobody |
 * | `client,127.0.0.1,9001,40202` | a TCP connection from port 40202 |
 * | `gone,127.0.0.1,9001,40203` | one that its program has closed since |
 *
 * All are opened with SO_REUSEADDR, and those of UDP may share their port.
 */
import { isIPv6 } from 'node:net';
import { writeSync } from 'node:fs';
import { addressBytes } from '../../src/ports/address.ts';

const ffi = process.getBuiltinModule('node:ffi');
const int = 'int32';
const { functions } = ffi.dlopen(null, {
  socket: { arguments: [int, int, int], return: int },
  setsockopt: { arguments: [int, int, int, 'buffer', 'uint32'], return: int },
  bind: { arguments: [int, 'buffer', 'uint32'], return: int },
  connect: { arguments: [int, 'buffer', 'uint32'], return: int },
  listen: { arguments: [int, int], return: int },
  close: { arguments: [int], return: int },
});

const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_BINDTODEVICE = 25;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const on = Buffer.from([1, 0, 0, 0]);

function succeed(result: number, what: string): number {
  if (result < 0) throw new Error(`the system refused ${what}`);
  return result;
}

function addressOf(address: string, port: number): Buffer {
  const six = isIPv6(address);
  const bytes = Buffer.alloc(six ? 28 : 16);
  bytes.writeUInt16LE(six ? 10 : 2, 0);
  bytes.writeUInt16BE(port, 2);
  if (six) bytes.set(addressBytes(address)!, 8);
  else bytes.set(address.split('.').map(Number), 4);
  return bytes;
}

function open(kind: number, address: string, port: number, device?: string): number {
  const descriptor = succeed(functions.socket(isIPv6(address) ? 10 : 2, kind, 0), 'a socket');
  succeed(functions.setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, on, 4), 'SO_REUSEADDR');
  if (isIPv6(address)) succeed(functions.setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, on, 4), 'IPV6_V6ONLY');
  if (device !== undefined) {
    const name = Buffer.from(`${device}\0`);
    succeed(functions.setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, name, name.length), `the interface ${device}`);
  }
  const bytes = addressOf(address, port);
  succeed(functions.bind(descriptor, bytes, bytes.length), `${address}:${port}`);
  return descriptor;
}

for (const spec of process.argv.slice(2).filter((one) => one.includes(','))) {
  const [kind, address = '', port = '', last] = spec.split(',');
  if (kind === 'udp') open(2, address, Number(port), last);
  else if (kind === 'tcp') succeed(functions.listen(open(1, address, Number(port), last), 8), 'to listen');
  else {
    const descriptor = open(1, address, Number(last));
    const target = addressOf(address, Number(port));
    succeed(functions.connect(descriptor, target, target.length), 'to connect');
    if (kind === 'gone') functions.close(descriptor);
  }
}
writeSync(1, 'open\n');
setInterval(() => {}, 1e6);
