// Why a port is refused, in a network of its own whose dynamic range is small, with real sockets: connections to one
// address that use it up, what was just asked, and a link-local address.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Conflict } from '../../../src/schema/conflict.ts';
import type { Verdict } from '../../../src/schema/verdict.ts';
import { skip } from '../../support/skip.ts';
import { ownProgram } from '../../support/own-program.ts';

const test = suite('why on Linux, in a network of its own');
const setting = (name: string, value: string): void => writeFileSync(`/proc/sys/net/ipv4/${name}`, value);

function rows<T>(...args: string[]): T[] {
  const { stdout, stderr } = spawnSync(ownProgram[0], [...ownProgram.slice(1), ...args, '--format', 'json'], { encoding: 'utf8' });
  assert.is(stderr, '', args.join(' '));
  return JSON.parse(stdout) as T[];
}

/** A server, and so many clients that connect to it and close first. */
async function connections(count: number): Promise<{ server: Server; port: number }> {
  const server = createServer((socket) => socket.on('end', () => socket.end()).resume());
  server.listen(9300, '127.0.0.1');
  await once(server, 'listening');
  for (let i = 0; i < count; i++) {
    const client = connect({ port: 9300, host: '127.0.0.1' });
    await once(client, 'connect');
    client.end().resume();
    await once(client, 'close');
  }
  return { server, port: 9300 };
}

test('connections to one address use up the dynamic ports', async () => {
  setting('ip_local_port_range', '40000 40019');
  setting('tcp_tw_reuse', '0');
  const { server, port } = await connections(19);
  try {
    const [verdict] = rows<Verdict>('why', '0', '--error', 'connect EADDRNOTAVAIL 127.0.0.1');
    assert.equal([verdict!.CanBind, verdict!.Cause], [false, 'PairsExhausted'], JSON.stringify(verdict));
    assert.ok(verdict!.Evidence!.some((line) => line.includes(`to 127.0.0.1:${port}`) && line.includes('TIME_WAIT') && line.includes(`(${process.pid}) has the remote end`)));
    assert.ok(verdict!.Remedy!.some((line) => line.startsWith(`portowner ${port} --format list`)));
    const found = rows<Conflict>('conflicts').find(({ Kind }) => Kind === 'ConnectionPairsLow');
    assert.is(found?.Address, '127.0.0.1');
  } finally {
    server.close();
  }
});

test('a link-local address without its interface', () => {
  const [verdict] = rows<Verdict>('why', '8080', '--address', 'fe80::1');
  assert.equal([verdict!.CanBind, verdict!.Cause], [false, 'ScopeMissing'], JSON.stringify(verdict));
});

/** Runs this file once more in a network of its own; says why where it cannot. */
function runApart(): string | null {
  if (process.platform !== 'linux') return 'this machine is not Linux';
  if (process.env.PORTOWNER_OWN_NETWORK !== undefined) return (test.run(), null);
  const inside = ['-rn', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];
  if (spawnSync('unshare', [...inside, 'true']).status !== 0) return 'a network of its own cannot be had';
  const { status } = spawnSync('unshare', [...inside, process.execPath, ...process.execArgv, process.argv[1]!], {
    stdio: 'inherit',
    env: { ...process.env, PORTOWNER_OWN_NETWORK: '1' },
  });
  process.exitCode = status ?? 1;
  return null;
}

const reason = runApart();
if (reason !== null) skip(reason);
