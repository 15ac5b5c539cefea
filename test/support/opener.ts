// Listens on a port for a while, and then not, again and again: for programs that wait for one or the other. Prints the port.
import { writeSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

const pauseMs = 400;
const longest = 5 * 60_000;
setTimeout(() => process.exit(), longest);

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, pauseMs));
let port = 0;
for (;;) {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    // Somebody tries to bind it at this moment.
    continue;
  }
  if (port === 0) {
    ({ port } = server.address() as AddressInfo);
    writeSync(1, `${port}\n`);
  }
  await pause();
  server.close();
  await once(server, 'close');
  await pause();
}
