// Every pair of sockets that Linux knows, opened for real and compared with the rules.
import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { linuxConflict, linuxEffect, linuxSharings, type LinuxSharing } from '../../src/diagnosis/linux-rules.ts';
import { overlap } from '../../src/diagnosis/overlap.ts';
import { skip, type TestContext } from '../support/skip.ts';

const test = suite('the rules of Linux');
const here = process.platform === 'linux';

const AF_INET = 2;
const AF_INET6 = 10;
const SO_REUSEADDR = 2;
const SO_REUSEPORT = 15;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;

// The tests' own calls, apart from those of src/.
function calls() {
  return process.getBuiltinModule('node:ffi').dlopen(null, {
    socket: { arguments: ['int32', 'int32', 'int32'], return: 'int32' },
    setsockopt: { arguments: ['int32', 'int32', 'int32', 'buffer', 'uint32'], return: 'int32' },
    bind: { arguments: ['int32', 'buffer', 'uint32'], return: 'int32' },
    listen: { arguments: ['int32', 'int32'], return: 'int32' },
    getsockname: { arguments: ['int32', 'buffer', 'buffer'], return: 'int32' },
    close: { arguments: ['int32'], return: 'int32' },
  }).functions;
}
let c: ReturnType<typeof calls>;
const open: number[] = [];
test.before(() => {
  if (here) c = calls();
});
test.after.each(() => {
  for (const one of open.splice(0)) c.close(one);
});

interface Wanted extends LinuxSharing {
  readonly address: '0.0.0.0' | '127.0.0.1' | '127.0.0.2' | '::' | '::only' | '::1';
  readonly protocol: 'TCP' | 'UDP';
}

/** A bound socket's descriptor, or null when bind was refused. */
function bind({ address, protocol, reuse, reusePort }: Wanted, port: number): number | null {
  const six = address.startsWith('::');
  const socket = c.socket(six ? AF_INET6 : AF_INET, protocol === 'TCP' ? 1 : 2, 0);
  open.push(socket);
  const set = (level: number, option: number, on: boolean) => c.setsockopt(socket, level, option, Buffer.from([on ? 1 : 0, 0, 0, 0]), 4);
  if (reuse) set(1, SO_REUSEADDR, true);
  if (reusePort) set(1, SO_REUSEPORT, true);
  if (six) set(IPPROTO_IPV6, IPV6_V6ONLY, address === '::only');
  const where = Buffer.alloc(six ? 28 : 16);
  where.writeUInt16LE(six ? AF_INET6 : AF_INET, 0);
  where.writeUInt16BE(port, 2);
  if (address === '::1') where[23] = 1;
  else if (!six) where.set(address.split('.').map(Number), 4);
  return c.bind(socket, where, where.length) === 0 ? socket : null;
}

function portOf(socket: number): number {
  const where = Buffer.alloc(28);
  c.getsockname(socket, where, Buffer.from([28, 0, 0, 0]));
  return where.readUInt16BE(2);
}

function text({ reuse, reusePort }: LinuxSharing): string {
  return [...(reuse ? ['SO_REUSEADDR'] : []), ...(reusePort ? ['SO_REUSEPORT'] : [])].join('+') || 'nothing';
}

for (const protocol of ['TCP', 'UDP'] as const) {
  for (const state of protocol === 'TCP' ? (['listening', 'other'] as const) : (['other'] as const)) {
    for (const first of linuxSharings) {
      for (const second of linuxSharings) {
        test(`${protocol}, ${state === 'listening' ? 'listening' : 'bound'}: ${text(first)}, then ${text(second)}`, (context) => {
          if (!here) return skip('it needs Linux', context as TestContext);
          for (const [one, other] of [
            ['127.0.0.1', '127.0.0.1'],
            ['0.0.0.0', '127.0.0.1'],
            ['127.0.0.1', '0.0.0.0'],
            ['0.0.0.0', '0.0.0.0'],
          ] as const) {
            const socket = bind({ address: one, protocol, ...first }, 0)!;
            if (state === 'listening') assert.is(c.listen(socket, 5), 0);
            const got = bind({ address: other, protocol, ...second }, portOf(socket)) === null;
            assert.is(got, linuxConflict(protocol, { ...first, state }, second, true), `${one}, then ${other}`);
          }
        });
      }
    }
  }
}

const nothing = { reuse: false, reusePort: false };
const addresses = ['0.0.0.0', '127.0.0.1', '127.0.0.2', '::', '::only', '::1'] as const;
for (const one of addresses) {
  for (const other of addresses) {
    test(`addresses: ${one}, then ${other}`, (context) => {
      if (!here) return skip('it needs Linux', context as TestContext);
      const bound = (address: (typeof addresses)[number]) => ({ address: address === '::only' ? '::' : address, dual: address === '::' });
      const first = bind({ address: one, protocol: 'TCP', ...nothing }, 0)!;
      assert.is(bind({ address: other, protocol: 'TCP', ...nothing }, portOf(first)) === null, overlap(bound(one), bound(other)) !== null);
    });
  }
}

const sockets: (Server | Socket)[] = [];
test.after(() => {
  for (const one of sockets)
    if ('destroy' in one) one.destroy();
    else one.close();
});

test('TIME_WAIT and a client block their port for a program that sets no option', async (context) => {
  if (!here) return skip('it needs Linux', context as TestContext);
  const server = createServer((socket) =>
    socket
      .on('error', () => {})
      .resume()
      .on('end', () => socket.end()),
  ).listen(0, '127.0.0.1');
  sockets.push(server);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect(port, '127.0.0.1');
  sockets.push(client);
  await once(client, 'connect');
  const local = client.localPort!;
  assert.is(bind({ address: '0.0.0.0', protocol: 'TCP', ...nothing }, local), null, 'the wildcard');
  assert.is(bind({ address: '127.0.0.1', protocol: 'TCP', ...nothing }, local), null, 'its address');
  assert.is.not(bind({ address: '127.0.0.2', protocol: 'TCP', ...nothing }, local), null, 'another address');
  client.end().resume();
  await once(client, 'close');
  assert.is(bind({ address: '127.0.0.1', protocol: 'TCP', ...nothing }, local), null, 'TIME_WAIT');
});

test('what is not known is every possibility', () => {
  assert.is(linuxEffect('TCP', { state: 'listening', sameUser: null }, { reuse: false, reusePort: false }), 'blocks');
  assert.is(linuxEffect('TCP', { state: 'listening', sameUser: null }, { reuse: true, reusePort: false }), 'blocks');
  assert.is(linuxEffect('TCP', { state: 'listening', sameUser: null }, { reuse: false, reusePort: true }), 'depends');
  assert.is(linuxEffect('TCP', { state: 'listening', sameUser: false }, { reuse: false, reusePort: true }), 'blocks');
  assert.is(linuxEffect('TCP', { state: 'listening', sameUser: true, firsts: linuxSharings.filter((one) => one.reusePort) }, { reuse: false, reusePort: true }), 'allows');
  assert.is(linuxEffect('UDP', { state: 'other', sameUser: true }, { reuse: true, reusePort: false }), 'depends');
});

test.run();
