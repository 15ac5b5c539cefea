import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gatherLinux } from '../../../src/facts/gather/linux.ts';
import { everything } from '../../../src/facts/model/question.ts';
import { validateFacts } from '../../../src/facts/read/validate.ts';
import { endpoints } from '../../../src/ownership/endpoints.ts';
import type { Refusal } from '../../../src/system/raw.ts';
import { facts } from '../../support/example.ts';
import { links, linux, type DiagRow } from '../../support/linux-raw.ts';

const test = suite('connections that nobody has accepted');

const limit: Refusal = { code: 'AccessDenied', text: 'the open files of 2 processes cannot be read', needs: 'root (sudo)' };
type Row = Omit<DiagRow, 'port'> & { port?: number };
const peer = { remote: '127.0.0.9', remotePort: 40202 } as const;

/** The owners of the connections on port 80, beside these listeners; inode 9 is of server (20), 10 of server (21), 8 of nobody. */
function owners(tcp: readonly Row[], denied?: Refusal): unknown[] {
  const source = linux({
    tcp: tcp.map((row) => ({ port: 80, ...row })),
    holders: [20, 9, 21, 10],
    processes: { 20: {}, 21: { ticks: 200 } },
    raw: {
      interfaces: {
        bytes: links([
          [1, 'lo'],
          [2, 'eth0'],
          [3, 'eth1'],
        ]),
      },
    },
    ...(denied === undefined ? {} : { limit: denied }),
  });
  const { sections } = gatherLinux(source, { ...everything, ranges: false, configured: false });
  const { sockets, processes } = sections;
  const all = facts(sockets.data, { processes: processes.data });
  assert.is(validateFacts(JSON.parse(JSON.stringify(all))), null);
  const rows = endpoints(all, sockets.data, { live: false, serviceName: null });
  return rows.filter(({ State }) => State !== 'Listen').map((row) => [row.OwnerKind, row.Owner, row.OwningProcess]);
}

const both: readonly Row[] = [
  { local: '0.0.0.0', inode: 9 },
  { local: '10.0.0.1', inode: 10 },
];
const kept = ['Process', 'not yet accepted by server (20)', 20];
const other = ['Process', 'not yet accepted by server (21)', 21];

for (const [state, name] of [
  [1, 'Established'],
  [8, 'CloseWait'],
  [3, 'SynReceived'],
  [12, 'SynReceived'],
] as const)
  test(`${name} (${state}) is of who listens`, () => assert.equal(owners([...both, { local: '127.0.0.1', state, ...peer }]), [kept]));

for (const [state, name] of [
  [4, 'FinWait1'],
  [5, 'FinWait2'],
  [9, 'LastAck'],
  [11, 'Closing'],
] as const)
  test(`${name} is of nobody, it is closed`, () =>
    assert.equal(owners([...both, { local: '10.0.0.1', state, ...peer }]), [['Kernel', `nobody: a closed connection (${name})`, null]]));

test('a connection that a program has keeps it', () => {
  assert.equal(owners([...both, { local: '10.0.0.1', state: 8, inode: 9, ...peer }]), [['Process', 'server (20)', 20]]);
});

const cases: readonly (readonly [what: string, listeners: readonly Row[], local: string, device: number, expected: unknown])[] = [
  ['the nearest address', both, '10.0.0.1', 0, other],
  ['every address', both, '10.0.0.2', 0, kept],
  ['IPv6 that takes IPv4', [{ local: '::', inode: 9 }], '::ffff:10.0.0.2', 0, kept],
  ['IPv6 that takes IPv4, listed as such', [{ local: '::', inode: 9 }], '10.0.0.2', 0, kept],
  [
    'IPv4 before IPv6',
    [
      { local: '::', inode: 9 },
      { local: '0.0.0.0', inode: 10 },
    ],
    '10.0.0.2',
    0,
    other,
  ],
  ['IPv6 never by IPv4', [{ local: '0.0.0.0', inode: 9 }], '::1', 0, ['Kernel', 'nobody yet: a connection that is not accepted (Established)', null]],
  [
    'the interface',
    [
      { local: '0.0.0.0', inode: 9, device: 2 },
      { local: '0.0.0.0', inode: 10, device: 3 },
    ],
    '10.0.0.1',
    3,
    other,
  ],
  ['no other interface', [{ local: '0.0.0.0', inode: 9, device: 2 }], '10.0.0.1', 3, ['Kernel', 'nobody yet: a connection that is not accepted (Established)', null]],
  ['no listener', [{ port: 81, inode: 9 }], '10.0.0.1', 0, ['Kernel', 'nobody yet: a connection that is not accepted (Established)', null]],
  [
    'several that share the port',
    [
      { local: '0.0.0.0', inode: 9 },
      { local: '0.0.0.0', inode: 10 },
    ],
    '10.0.0.1',
    0,
    ['Process', 'not yet accepted by server (20) and 1 more', 20],
  ],
  [
    'one of several has no owner',
    [
      { local: '0.0.0.0', inode: 9 },
      { local: '0.0.0.0', inode: 8 },
    ],
    '10.0.0.1',
    0,
    ['Unknown', 'an unknown holder (user root)', null],
  ],
];
for (const [what, listeners, local, device, expected] of cases) test(`by ${what}`, () => assert.equal(owners([...listeners, { local, device, state: 1, ...peer }]), [expected]));

test('who cannot be seen is not named', () => {
  assert.equal(
    owners(
      [
        { local: '0.0.0.0', inode: 8, uid: 33 },
        { local: '10.0.0.1', state: 8, ...peer },
      ],
      limit,
    ),
    [['Unknown', 'a process of web (seen only with sudo)', null]],
  );
});

test('the kernel has what it listens for', () => {
  const source = linux({
    tcp: [
      { port: 2049, local: '0.0.0.0', inode: 7 },
      { port: 2049, local: '10.0.0.1', state: 1, ...peer },
    ],
    raw: {
      kernelports: { text: JSON.stringify({ modules: ['nfsd'], nfsd: 'tcp 2049\n' }) },
      'holders/threads': { bytes: new Uint8Array(0) },
    },
  });
  const { sockets } = gatherLinux(source, { ...everything, ranges: false, configured: false }).sections;
  assert.equal(
    sockets.data.map(({ kernel, kernelPart }) => [kernel, kernelPart]),
    [
      [true, 'NFS server (nfsd)'],
      [true, 'NFS server (nfsd)'],
    ],
  );
});

test.run();
