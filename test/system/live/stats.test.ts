// Statistics of real sockets, measured against traffic that the test sends.
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { thisMachine } from '../../../src/facts/machine.ts';
import { measure } from '../../../src/live/measure.ts';
import { liveLooks, liveSource } from '../../../src/machine/live.ts';
import type { Answer } from '../../../src/schema/answer.ts';
import type { Traffic } from '../../../src/schema/traffic.ts';
import { skip } from '../../support/skip.ts';

const test = suite('stats of real sockets');

/** Measures real sockets; the traffic is sent between the looks. */
async function real(port: number, protocols: readonly ('TCP' | 'UDP')[], between: () => Promise<void>): Promise<Answer> {
  const request = {
    subject: { spans: [{ start: port, end: port }], pids: new Set<number>(), problems: [] },
    protocols,
    filter: { states: null, pids: null, images: null, addresses: null, remotePorts: null, users: null, services: null, ranges: null },
    by: null,
    closed: false,
    duration: 0,
    sort: null,
    everyone: false,
  };
  const now = () => new Date();
  return measure(request, { live: liveLooks, machine: thisMachine({ source: liveSource, now }), now, pause: between });
}

/** Waits for something that has begun. */
async function until(happened: () => boolean): Promise<void> {
  for (let turn = 0; !happened(); turn++) {
    if (turn > 2000) throw new Error('it did not happen within 20 s');
    await setTimeout(10);
  }
}

test('rates are those of the traffic that was sent', async (context) => {
  if (process.platform !== 'linux') return skip('measures real sockets of Linux', context);
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const client = connect(port, '127.0.0.1');
  const [server] = (await once(listener, 'connection')) as [Socket];
  try {
    const sent = 2_000_000;
    const { rows, exitCode } = await real(port, ['TCP'], async () => {
      server.resume();
      client.write(Buffer.alloc(sent));
      server.write('x'.repeat(1000));
      client.resume();
      await until(() => server.bytesRead === sent && client.bytesRead === 1000);
      // The other end has to acknowledge it.
      await setTimeout(100);
    });
    assert.is(exitCode, 0);
    const row = (rows as readonly Traffic[]).find(({ State }) => State === 'Established')!;
    assert.ok(Math.abs(row.ReceiveRate! / (sent / row.Seconds!) - 1) < 0.05, `received ${row.ReceiveRate} a second in ${row.Seconds}`);
    assert.ok(Math.abs(row.SendRate! / (1000 / row.Seconds!) - 1) < 0.05, `sent ${row.SendRate} a second in ${row.Seconds}`);
    assert.equal([row.BytesReceived, row.BytesSent, row.OwningProcess, row.Reason], [sent, 1000, process.pid, null]);
    assert.ok(row.RoundTripTime! > 0);
  } finally {
    client.destroy();
    server.destroy();
    listener.close();
  }
});

/** A program that accepts no connection and reads no packet, with its TCP and UDP port. */
const busyProgram = `
const { createServer } = require('node:net');
const { createSocket } = require('node:dgram');
const { writeSync } = require('node:fs');
const tcp = createServer();
tcp.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  const udp = createSocket({ type: 'udp4', recvBufferSize: 2304 });
  udp.bind(0, '127.0.0.1', () => {
    writeSync(1, JSON.stringify([tcp.address().port, udp.address().port]) + '\\n');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
});
`;

test('a program that is too busy: a full accept queue, and lost packets', async (context) => {
  if (process.platform !== 'linux') return skip('measures real sockets of Linux', context);
  const busy = spawn(process.execPath, ['-e', busyProgram], { stdio: ['ignore', 'pipe', 'inherit'] });
  const clients: Socket[] = [];
  try {
    const [text] = (await once(busy.stdout, 'data')) as [Buffer];
    const [tcp, udp] = JSON.parse(String(text)) as [number, number];
    let connected = 0;
    for (let i = 0; i < 4; i++) clients.push(connect(tcp, '127.0.0.1', () => connected++).on('error', () => {}));
    const { rows, problems } = await real(tcp, ['TCP'], () => until(() => connected === 2));
    const listener = (rows as readonly Traffic[]).find(({ State }) => State === 'Listen')!;
    assert.equal([listener.AcceptQueue, listener.Backlog, listener.OwningProcess], [2, 1, busy.pid]);
    assert.match(listener.Warning!, new RegExp(`^the accept queue of TCP port ${tcp} of .*\\(${busy.pid}\\) is full`));
    assert.equal(problems.filter(({ code }) => code === 'PO4302').length, 1);

    const sender = createSocket('udp4');
    const packets = 40;
    const lost = await real(udp, ['UDP'], async () => {
      for (let i = 0; i < packets; i++)
        await new Promise<void>((resolve, reject) => void sender.send(Buffer.alloc(1000), udp, '127.0.0.1', (error) => (error === null ? resolve() : reject(error))));
    });
    sender.close();
    const [row] = lost.rows as readonly [Traffic];
    assert.ok(row.Drops! > packets / 2 && row.Drops! < packets, `${row.Drops} of ${packets} packets`);
    assert.match(row.Warning!, new RegExp(`^${row.Drops} packets to UDP port ${udp} of .*\\(${busy.pid}\\) were lost during the measurement because the receive queue was full$`));
    assert.ok(row.ReceiveQueue! > 0);
  } finally {
    for (const client of clients) client.destroy();
    busy.kill('SIGKILL');
  }
});

test.run();
