// A program for windows-bind.test.ts: tries binds and says what became of each as one line of JSON.
// Its arguments are names of raw entries; a listener of its own stands for another program's.
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { windowsBinder } from '../../src/machine/windows/bind.ts';

const binder = windowsBinder();
const server = createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
const answers = process.argv.slice(2).map((name) => {
  const { text, refusal } = binder.read(name.replace('PORT', String(port)));
  return refusal?.code ?? (JSON.parse(text!) as unknown);
});
writeSync(1, `${JSON.stringify(answers)}\n`);
server.close();
