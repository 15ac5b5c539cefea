// Statistics with dist/portowner.exe, on Windows or under Wine, whose calls for them only say that there are none.
import { spawnSync } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeStatistics } from '../../../src/facts/decode/windows-statistics.ts';
import type { Traffic } from '../../../src/schema/traffic.ts';
import { products, windowsNode } from '../../support/build-machine.ts';
import { endAll, portOwner, startListeners } from '../../support/program.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const { command, without } = products().find(({ name }) => name === 'portowner.exe')!;
const test = suite('stats on Windows');
test.after(endAll);

test('every socket, and why it has no statistics', async (context) => {
  if (command === null) return skip(without, context as TestContext);
  const node = process.platform === 'win32' ? process.execPath : windowsNode();
  const listeners = await startListeners([...command.slice(0, -1), node], ['tcp 127.0.0.1', 'udp 127.0.0.1', 'pair 127.0.0.1']);
  const { out, code } = portOwner(command)(['stats', '--pid', `${listeners.pid}`, '--for', '0.1', '--format', 'json']);
  assert.is(code, 0, out);
  const rows = JSON.parse(out) as Traffic[];
  assert.equal([...new Set(rows.map(({ Protocol, State, SendRate, Reason }) => `${Protocol} ${State} ${SendRate} ${Reason?.join() ?? 'none'}`))].toSorted(), [
    'TCP Established null Statistics: NotSupported: Windows has no statistics for connections of this machine with itself',
    'TCP Listen null none',
    'UDP null null Statistics: NotSupported: Windows does not count the bytes of a UDP socket',
  ]);
});

test('the child process answers line by line, and ends with its input', (context) => {
  if (command === null) return skip(without, context as TestContext);
  const [program, ...args] = command;
  const [four, six] = [Buffer.alloc(20), Buffer.alloc(52)];
  // What a former child process has switched on has no answer.
  const adopted = [Buffer.alloc(21, 3), Buffer.alloc(53, 3)].map((row) => row.toString('base64')).join(' ');
  for (const end of ['.\n', '']) {
    const { stdout, status } = spawnSync(program!, [...args, '--child', 'connections'], {
      input: `${adopted} ${four.toString('base64')} ${six.toString('base64')}\n\n${end}`,
      timeout: 60_000,
    });
    assert.is(status, 0);
    const [both, none, rest] = String(stdout).split('\n');
    assert.equal([none, rest], ['', '']);
    const bytes = Buffer.from(both!, 'base64');
    // There is no such connection.
    for (const index of [0, 1]) {
      const { sent, roundTrip, reason } = decodeStatistics(bytes, index)!;
      assert.equal([sent, roundTrip], [-1, -1]);
      assert.match(reason!, /^Windows /);
    }
  }
});

test.run();
