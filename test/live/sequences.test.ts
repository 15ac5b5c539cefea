// Looks at machines that change in any way: what is said of the differences leads from one look to the next.
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { changes } from '../../src/live/changes.ts';
import { rates } from '../../src/live/rates.ts';
import { tcpInfo, type DiagRow, type World } from '../support/linux-raw.ts';
import { scene } from '../support/live-looks.ts';

const test = suite('sequences of looks');

const looks = 8;

/** A socket that is there for a while: few ends and inodes, so that they meet again. */
const life = fc.record({
  from: fc.integer({ min: 0, max: looks - 1 }),
  length: fc.integer({ min: 1, max: 4 }),
  port: fc.integer({ min: 80, max: 81 }),
  remotePort: fc.constantFrom(null, 1, 2),
  states: fc.array(fc.constantFrom(1, 3, 4, 5, 6, 8, 9), { minLength: looks, maxLength: looks }),
  inodes: fc.array(fc.constantFrom(0, 1, 2, 3), { minLength: looks, maxLength: looks }),
  sent: fc.array(fc.nat(5), { minLength: looks, maxLength: looks }),
});
type Life = typeof life extends fc.Arbitrary<infer T> ? T : never;

/** The sockets of a look. No two connections have the same ends at a time. */
function rowsAt(lives: readonly Life[], look: number): DiagRow[] {
  const taken = new Set<string>();
  return lives.flatMap(({ from, length, port, remotePort, states, inodes, sent }, cookie): DiagRow[] => {
    const ends = `${port} ${remotePort}`;
    if (look < from || look >= from + length || taken.has(ends)) return [];
    taken.add(ends);
    const common = { cookie: cookie + 1, port, inode: inodes[look]! };
    return [
      remotePort === null
        ? { ...common, state: 10, inode: common.inode || 4 }
        : { ...common, state: states[look]!, remote: '192.0.2.7', remotePort, info: tcpInfo({ sent: sent[look]! }) },
    ];
  });
}

const sequence = fc.record({ lives: fc.array(life, { maxLength: 10 }), owners: fc.array(fc.constantFrom(0, 10, 11), { minLength: looks, maxLength: looks }) });

/** The same sockets without sock_diag. */
function procNet(rows: readonly DiagRow[]): World {
  const hex = (number: number, digits: number): string => number.toString(16).toUpperCase().padStart(digits, '0');
  const lines = rows.map(
    ({ port, remotePort = 0, state = 10, inode = 0 }, i) =>
      `   ${i}: 0100007F:${hex(port, 4)} ${remotePort === 0 ? '00000000' : '070200C0'}:${hex(remotePort, 4)} ${hex(state, 2)} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1`,
  );
  return { raw: { 'diag/tcp': { refusal: { code: 'NotSupported', text: 'it is not there' } }, 'proc/net/tcp': { text: ['header', ...lines, ''].join('\n') } } };
}

for (const [source, worldOf] of [
  ['sock_diag', (rows: readonly DiagRow[]): World => ({ tcp: rows })],
  ['/proc/net', procNet],
] as const)
  test(`${source}: changes lead from each look to the next, and each is said once`, async () => {
    await fc.assert(
      fc.asyncProperty(sequence, async ({ lives, owners }) => {
        const { look } = await scene({ protocols: ['TCP'] });
        let before = await look(worldOf([]));
        for (let number = 0; number < looks; number++) {
          const rows = rowsAt(lives, number);
          // An inode belongs to one socket.
          const used = new Set<number>();
          for (const row of rows) {
            if (used.has(row.inode!)) row.inode = row.port * 10 + (row.remotePort ?? 0);
            if (row.inode !== 0) used.add(row.inode!);
          }
          const owner = owners[number]!;
          const after = await look({
            ...worldOf(rows),
            holders: owner === 0 ? [] : [...used].flatMap((inode) => [owner, inode]),
            processes: { 10: { ticks: 100 }, 11: { ticks: 200 } },
          });
          const all = changes(before, after);
          assert.is(new Set(all.map(({ kind, socket }) => `${kind} ${socket.key}`)).size, all.length);
          const states = new Map([...before.sockets].map(([key, { state }]) => [key, state]));
          for (const { kind, socket } of all) {
            if (kind === 'Closed') assert.ok(states.delete(socket.key));
            else {
              assert.is(states.has(socket.key), kind !== 'Opened');
              states.set(socket.key, socket.state);
            }
          }
          assert.equal(states, new Map([...after.sockets].map(([key, { state }]) => [key, state])));
          // Every socket that is listed, as it is listed.
          const listed = rows.map(({ port, remotePort = null }) => `${port} ${remotePort}`).toSorted();
          assert.equal([...after.sockets.values()].map(({ localPort, remotePort }) => `${localPort} ${remotePort}`).toSorted(), listed);
          assert.is(after.gaps.length, 0);
          assert.is(rates(before, after).size, after.sockets.size);
          before = after;
        }
        const last = await look(worldOf([]));
        assert.equal(
          changes(before, last).map(({ kind }) => kind),
          Array.from({ length: before.sockets.size }, () => 'Closed'),
        );
      }),
      { numRuns: 300 },
    );
  });

test.run();
