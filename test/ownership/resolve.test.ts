import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import type { AddressInfo } from 'node:net';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { endpoints } from '../../src/ownership/endpoints.ts';
import { toRow } from '../../src/ownership/owned.ts';
import { resolveNames } from '../../src/ownership/resolve.ts';
import { connection, facts, socket } from '../support/example.ts';

const test = suite('names from DNS');

/** A label of a name, as DNS writes it. */
const label = (text: string): Buffer => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);

/** A DNS server that answers by the first number of an IPv4 address: 10 has a name, 11 has none, others get no answer. */
async function withServer<T>(ask: (resolver: Resolver) => Promise<T>): Promise<{ answer: T; questions: number }> {
  const server = createSocket('udp4');
  let questions = 0;
  server.on('message', (message, from) => {
    questions++;
    const question = message.subarray(12, message.indexOf(0, 12) + 5);
    const first = /(\d+)\x07in-addr/.exec(question.toString('latin1'))?.[1];
    if (first !== '10' && first !== '11') return;
    const name = Buffer.concat([label('db'), label('example'), Buffer.from([0])]);
    const record = Buffer.concat([Buffer.from([0xc0, 12, 0, 12, 0, 1, 0, 0, 0, 9, 0, name.length]), name]);
    const code = first === '10' ? 0 : 3;
    const header = Buffer.from([message[0]!, message[1]!, 0x81, 0x80 | code, 0, 1, 0, code === 0 ? 1 : 0, 0, 0, 0, 0]);
    server.send(Buffer.concat([header, question, ...(code === 0 ? [record] : [])]), from.port, from.address);
  });
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
  const resolver = new Resolver({ timeout: 5000, tries: 1 });
  resolver.setServers([`127.0.0.1:${(server.address() as AddressInfo).port}`]);
  try {
    return { answer: await ask(resolver), questions };
  } finally {
    server.close();
  }
}

const remotes = ['10.0.0.1', '10.0.0.1', '11.0.0.1', '12.0.0.1'];
const sockets = [...remotes.map((remoteAddress) => connection({ remoteAddress })), socket({})];
const rows = endpoints(facts(sockets), sockets, { live: false, serviceName: null });

test('a name, no name and no answer are told apart', async () => {
  const { answer, questions } = await withServer((resolver) => resolveNames(rows, 0.3, resolver));
  assert.is(questions, new Set(remotes).size);
  const told = answer.rows.map(toRow).map(({ RemoteHostName, Reason }) => [RemoteHostName, Reason?.filter((reason) => reason.startsWith('RemoteHostName')) ?? []]);
  assert.equal(told, [
    ['db.example', []],
    ['db.example', []],
    [null, []],
    [null, ['RemoteHostName: Failed: no answer from DNS within 0.3 s']],
    [null, []],
  ]);
  assert.equal(
    answer.problems.map(({ code, message }) => [code, message]),
    [['PO3004', 'DNS had no answer for 1 of 3 addresses within 0.3 s']],
  );
});

test.run();
