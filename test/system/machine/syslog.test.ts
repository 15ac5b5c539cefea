// Messages to syslog, from a socket that stands for the one of the system.
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryFolder } from '../../support/harness.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const test = suite('syslog');

const log = [
  { id: 101, level: 'Error', text: 'High: Opened TCP 0.0.0.0:80 ü' },
  { id: 100, level: 'Information', text: 'x'.repeat(31_000) },
] as const;

test('each event is one message', async (context: TestContext) => {
  if (process.platform !== 'linux') return skip('syslog is on Linux', context);
  const { writeSyslog } = await import('../../../src/machine/linux/syslog.ts');
  const ffi = process.getBuiltinModule('node:ffi') as typeof import('node:ffi');
  const { lib, functions } = ffi.dlopen(null, {
    socket: { arguments: ['int32', 'int32', 'int32'], return: 'int32' },
    bind: { arguments: ['int32', 'buffer', 'uint32'], return: 'int32' },
    recv: { arguments: ['int32', 'buffer', 'uint32', 'int32'], return: 'int32' },
    close: { arguments: ['int32'], return: 'int32' },
  });
  const path = join(temporaryFolder(), 'log');
  const address = Buffer.alloc(110);
  address.writeUInt16LE(1, 0);
  address.write(path, 2);
  const server = functions.socket(1, 2, 0);
  try {
    assert.is(functions.bind(server, address, address.length), 0);
    assert.is(writeSyslog(log, path), null);
    const received = log.map(() => {
      const buffer = Buffer.alloc(65_536);
      // MSG_DONTWAIT: both are there.
      return buffer.toString('utf8', 0, functions.recv(server, buffer, buffer.length, 0x40));
    });
    assert.is(received[0], `<27>portowner[${process.pid}]: [101] High: Opened TCP 0.0.0.0:80 ü`);
    assert.match(received[1]!, /^<30>portowner\[\d+\]: \[100\] x+$/);
    assert.is(received[1]!.length, 8_000);
  } finally {
    functions.close(server);
    lib.close();
  }
});

test('nobody listens: a refusal, no exception', async (context: TestContext) => {
  if (process.platform !== 'linux') return skip('syslog is on Linux', context);
  const { writeSyslog } = await import('../../../src/machine/linux/syslog.ts');
  assert.is(writeSyslog(log, join(temporaryFolder(), 'none'))?.code, 'NotSupported');
});

test.run();
