// Whose a socket is said to be whose process an ordinary user cannot see.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { conflicts } from '../../src/diagnosis/conflicts.ts';
import type { FieldRefusal, Socket } from '../../src/facts/model/facts.ts';
import { linux, solve, verdictText, windows } from '../support/world.ts';

const test = suite('owners that cannot be seen');

const denied: FieldRefusal = { field: 'OwningProcess', code: 'AccessDenied', text: 'none of the processes that can be seen holds it', needs: 'root (sudo)' };
const unseen = (user: string | null, more: Partial<Socket> = {}): Partial<Socket> => ({
  localAddress: '0.0.0.0',
  localPort: 2049,
  pid: null,
  holders: [],
  user,
  refusals: [denied],
  ...more,
});

const cases = [
  ['linux', 'root', 'a process of root, or the kernel (seen only with sudo)'],
  ['linux', 'web', 'a process of web (seen only with sudo)'],
  ['linux', null, "another user's process (seen only with sudo)"],
  ['win32', 'root', 'a process of root that cannot be seen'],
] as const;
for (const [platform, user, expected] of cases) {
  const facts = (...sockets: Partial<Socket>[]) => (platform === 'linux' ? linux : windows)(sockets, { elevated: false, processes: [{ pid: 300, imageName: 'node' }] });
  test(`a listener of ${user} on ${platform}`, () => {
    assert.match(verdictText(solve({ facts: facts(unseen(user)), ask: 'TCP 0.0.0.0 2049', tried: null })), `TCP 0.0.0.0:2049 is held by ${expected} (Listen).`);
  });
  test(`a connection of ${user} on ${platform}`, () => {
    const connection = unseen(user, { localAddress: '10.0.0.1', localPort: 50000, remoteAddress: '10.0.0.2', remotePort: 2049, state: 'Established' });
    assert.match(verdictText(solve({ facts: facts(connection), ask: 'TCP 0.0.0.0 50000', tried: null })), `is a connection of ${expected}, and nobody listens`);
  });
  test(`a conflict with ${user} on ${platform}`, () => {
    const [row] = conflicts(facts(unseen(user, { localPort: 50001 }))).rows;
    assert.equal(row?.Owners, [expected]);
  });
}

test.run();
