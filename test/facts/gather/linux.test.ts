import fc from 'fast-check';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeDiag, decodeProcNet } from '../../../src/facts/decode/linux-sockets.ts';
import { readEnvelope } from '../../../src/facts/read/envelope.ts';
import type { Process, Socket } from '../../../src/facts/model/facts.ts';
import { gatherLinux } from '../../../src/facts/gather/linux.ts';
import { everything, type Detail, type Question } from '../../../src/facts/model/question.ts';
import { recordedSource, type RawSource, type Refusal } from '../../../src/system/raw.ts';
import { validateFacts } from '../../../src/facts/read/validate.ts';
import type { PortSpan } from '../../../src/ports/expression.ts';
import { at, diag, done, holderBytes, links, linux, netlink, type DiagRow, type World } from '../../support/linux-raw.ts';

const test = suite('gather linux');

const onPort = (start: number, end = start) => [{ start, end }];
const limit: Refusal = { code: 'AccessDenied', text: 'the open files of 2 processes cannot be read', needs: 'root (sudo)' };
const gone = { refusal: { code: 'Gone', text: 'the process has ended' } } as const;
const notThere = { refusal: { code: 'NotSupported', text: 'the system does not have it' } } as const;

function ask(world: World | RawSource, question: Partial<Question> = {}) {
  return gatherLinux('read' in world ? world : linux(world), { ...everything, ranges: false, ...question }).sections;
}
const one = (world: World, question?: Partial<Question>): Socket => {
  const { data } = ask(world, question).sockets;
  assert.is(data.length, 1);
  return data[0]!;
};
const only = (world: World, question?: Partial<Question>): Process => {
  const { data } = ask(world, question).processes;
  assert.is(data.length, 1);
  return data[0]!;
};
const brief = ({ protocol, localPort, state, pid }: Socket) => `${protocol} ${localPort} ${state} ${pid}`;

/** Every name that is read of a source, with the states it is narrowed to. */
function watched(source: RawSource): { source: RawSource; names: string[] } {
  const names: string[] = [];
  return {
    names,
    source: { platform: 'linux', read: (name, hint) => (names.push(hint?.states === undefined ? name : `${name} ${hint.states}`), source.read(name, hint)) },
  };
}

const server: World = {
  tcp: [
    { local: '0.0.0.0', port: 443, inode: 500, uid: 33 },
    { local: '192.0.2.1', port: 443, remote: '192.0.2.7', remotePort: 50123, state: 1, inode: 501, uid: 33 },
  ],
  udp4: [
    { local: '0.0.0.0', port: 443, inode: 502, uid: 33 },
    { local: '192.0.2.1', port: 5000, remote: '192.0.2.9', remotePort: 53, state: 1, inode: 503 },
  ],
  holders: [20, 500, 21, 500, 20, 501, 20, 502, 20, 503],
  processes: {
    1: { name: 'systemd', parent: 0, ticks: 1, exe: '/usr/lib/systemd/systemd' },
    20: { name: 'nginx', ticks: 500, uid: 33, exe: '/usr/sbin/nginx', cgroup: '0::/system.slice/nginx.service\n', cmdline: 'nginx\0--password\0geheim\0' },
    21: { name: 'nginx', parent: 20, ticks: 600, uid: 33, exe: '/usr/sbin/nginx' },
  },
};

test('the whole of it, as the schema has it', () => {
  const { machine, sections } = gatherLinux(linux(server), { ...everything, details: new Set([...everything.details, 'commandLine']) });
  assert.equal(machine, { name: 'box', platform: 'linux', release: '6.18.0', architecture: 'x64', elevated: true });
  assert.is(validateFacts({ kind: 'PortOwner.Facts', formatVersion: 1, tool: 'portowner', at, machine, sections }), null);
  assert.equal(sections.sockets.data[0], {
    protocol: 'TCP',
    localAddress: '0.0.0.0',
    localPort: 443,
    remoteAddress: null,
    remotePort: null,
    state: 'Listen',
    pid: 20,
    holders: [20, 21],
    created: null,
    user: 'web',
    kernel: false,
    refusals: [],
  });
  assert.equal(sections.processes.data[0], {
    pid: 20,
    imageName: 'nginx',
    path: '/usr/sbin/nginx',
    commandLine: 'nginx --password ***',
    user: 'web',
    parent: 1,
    startTime: '2026-01-02T03:00:05.000Z',
    unit: 'nginx.service',
    container: null,
    refusals: [],
  });
  for (const section of Object.values(sections)) assert.is(section.status, 'ok');
});

test('listeners are listening and bound TCP and unconnected UDP', () => {
  const tcp = [{ port: 1 }, { port: 2, state: 7 }, { port: 3, state: 1 }, { port: 4, state: 6 }];
  const udp6 = [{ port: 5 }, { port: 6, state: 1, remotePort: 9 }];
  const { sockets } = ask({ tcp, udp6 }, { sockets: 'listeners', details: new Set() });
  assert.equal(sockets.data.map(brief), ['TCP 1 Listen null', 'TCP 2 Bound null', 'UDP 5 null null']);
});

test('an answer has connections only when nothing keeps the port', () => {
  const sections = (port: number) => ask(server, { sockets: 'answer', localPorts: onPort(port) }).sockets.data.map(brief);
  assert.equal(sections(443), ['TCP 443 Listen 20', 'UDP 443 null 20']);
  assert.equal(sections(5000), ['UDP 5000 null 20']);
  assert.equal(sections(80), []);
});

test('an answer is one for each of the ports', () => {
  const world = { tcp: [{ port: 1 }, { port: 1, state: 1, remotePort: 9 }, { port: 2, state: 1, remotePort: 9 }, { port: 3, state: 6 }, { port: 4, state: 1, remotePort: 9 }] };
  const answer = (...localPorts: PortSpan[]) => ask(world, { sockets: 'answer', localPorts, details: new Set() }).sockets.data.map(brief);
  const [one, two, three] = [1, 2, 3].map((port) => ({ start: port, end: port })) as [PortSpan, PortSpan, PortSpan];
  assert.equal(answer(one, two, three), ['TCP 1 Listen null', 'TCP 2 Established null', 'TCP 3 TimeWait null']);
  assert.equal(answer({ start: 1, end: 3 }), ['TCP 1 Listen null']);
});

test('nothing is asked that is not wanted', () => {
  const names = (question: Partial<Question>): string[] => {
    const { source, names: read } = watched(linux(server));
    ask(source, { configured: false, ...question });
    return read;
  };
  const tables = ['diag/tcp 10,7,13', 'diag/udp4 7', 'diag/udp6 7'];
  assert.equal(names({ sockets: 'listeners', details: new Set() }), [...tables, 'machine']);
  assert.equal(names({ sockets: 'answer', localPorts: onPort(443), details: new Set(['owner']) }), [...tables, 'holders', 'process/20', 'process/21', 'boot', 'machine']);
  assert.equal(names({ sockets: 'answer', localPorts: onPort(80) }), [...tables, 'diag/tcp 1,2,3,4,5,6,8,9,11,12', 'diag/udp4 1', 'diag/udp6 1', 'machine']);
  assert.equal(names({ protocols: ['UDP'], localPorts: onPort(9), ranges: true }), ['diag/udp4', 'diag/udp6', 'machine', 'ranges']);
  assert.equal(names({ protocols: ['UDP'], localPorts: onPort(9), configured: true }), ['diag/udp4', 'diag/udp6', 'machine', 'socketunits']);
});

test('what was not asked for is null, and says so by its section', () => {
  const sections = ask(server, { details: new Set(), sockets: 'listeners' });
  assert.equal([sections.processes.status, sections.dynamicRanges.status, sections.reservedPorts.status], ['notAsked', 'notAsked', 'notAsked']);
  const { path, commandLine, user, parent, unit } = ask(server, { details: new Set(['owner']), localPorts: onPort(443) }).processes.data[0]!;
  assert.equal([path, commandLine, user, parent, unit], [null, null, null, null, null]);
});

test('the oldest holder is the owner, and of two the one with the lower number', () => {
  const world: World = {
    tcp: [{ port: 80, inode: 5 }],
    holders: [9, 5, 9, 5, 8, 5, 7, 5, 6, 5],
    processes: { 6: { ticks: 70 }, 7: { ticks: 50 }, 8: { ticks: 50 }, 9: { ticks: 60 } },
  };
  const { pid, holders } = one(world);
  assert.equal([pid, holders], [7, [7, 8, 9, 6]]);
});

test('a parent has to be older than its child', () => {
  const world = (ticks: number): World => ({ tcp: [{ port: 80, inode: 5 }], holders: [9, 5], processes: { 9: { parent: 4, ticks: 50 }, 4: { parent: 1, ticks } } });
  const { processes } = ask(world(50));
  assert.equal(
    processes.data.map(({ pid, parent, refusals }) => [pid, parent, refusals.map(({ field, code }) => `${field} ${code}`)]),
    [
      [9, 4, []],
      [4, null, ['ParentProcess NotAsked']],
    ],
  );
  assert.is(only(world(51)).parent, null);
  assert.is(only({ ...world(50), processes: { 9: { parent: 0 } } }).parent, null);
  assert.is(only({ ...world(50), processes: { 9: { parent: 4 } } }).parent, null, 'it has ended');
});

test('a parent that is hidden has not ended', () => {
  const hidden = { code: 'AccessDenied', text: 'hidden', needs: 'root (sudo)' } as const;
  const { parent, refusals } = only({ tcp: [{ port: 80, inode: 5 }], holders: [9, 5], processes: { 9: { parent: 4 } }, raw: { 'process/4': { refusal: hidden } } });
  assert.equal([parent, refusals], [null, [{ field: 'ParentProcess', ...hidden }]]);
});

test("connections without a descriptor are nobody's", () => {
  const { pid, kernel, user, refusals } = one({ tcp: [{ port: 80, state: 6 }] });
  assert.equal([pid, kernel, user, refusals], [null, true, null, []]);
});

test("what waits for others without a descriptor is being closed, and not the kernel's", () => {
  for (const world of [{ tcp: [{ port: 80 }] }, { tcp: [{ port: 80, state: 7 }] }, { udp4: [{ port: 80 }] }] satisfies World[]) {
    const { pid, kernel, refusals } = one(world);
    assert.equal([pid, kernel, refusals.map(({ field, code }) => `${field} ${code}`)], [null, false, ['OwningProcess Gone']]);
  }
});

const nfsd = { kernelports: { text: '{"nfsd":"tcp 2049\\n"}' } };
const found = ({ pid, kernel, kernelPart, refusals }: Socket) => [pid, kernel, kernelPart, refusals.map(({ field, code }) => `${field} ${code}`).join()];
const notFound = [null, false, undefined, 'OwningProcess Failed'];

test("what nobody holds is the kernel's where a part of it is shown to have it, and else nobody knows whose", () => {
  const world = (row: DiagRow, raw: World['raw'] = nfsd): World => ({ tcp: [{ inode: 9, ...row }], raw });
  assert.equal(found(one(world({ port: 2049 }))), [null, true, 'NFS server (nfsd)', '']);
  assert.is(one(world({ port: 2049 })).user, 'root');
  assert.equal(found(one(world({ port: 2050 }))), notFound, 'another port');
  assert.equal(found(one(world({ port: 2049 }, {}))), notFound, 'nothing is shown');
  assert.equal(found(one(world({ port: 2049, uid: 33 }))), notFound, 'the kernel is no other user');
  assert.equal(found(one({ udp4: [{ port: 2049, inode: 9 }], raw: nfsd })), notFound, 'another protocol');
  const { user, refusals } = one(world({ port: 2049, uid: 33 }));
  assert.is(user, 'web');
  assert.match(refusals[0]!.text, /uid 33 created it/);
});

test('where not every process could be seen, nothing is said of the kernel', () => {
  assert.equal(found(one({ tcp: [{ port: 2049, inode: 9 }], raw: nfsd, limit })), [null, false, undefined, 'OwningProcess AccessDenied']);
});

const holding = (...numbers: number[]) => ({ bytes: holderBytes(numbers) });

test('threads are looked at where no process has it', () => {
  const world: World = { tcp: [{ port: 2049, inode: 9, uid: 33 }], processes: { 20: {} }, raw: { ...nfsd, 'holders/threads': holding(20, 9) } };
  assert.equal(found(one(world)), [20, false, undefined, '']);
  // Where not all of them can be seen, only for a port that is asked for.
  assert.equal(found(one({ ...world, limit }, { localPorts: onPort(2049) })), [20, false, undefined, 'Holders AccessDenied']);
  assert.equal(found(one({ ...world, limit })), [null, false, undefined, 'OwningProcess AccessDenied']);
  const { source, names } = watched(linux({ ...world, holders: [20, 9] }));
  ask(source);
  assert.not.ok(names.includes('holders/threads'), 'that is not needed');
});

test('a socket that is handed on is looked for again', () => {
  const source = linux({ tcp: [{ port: 80, inode: 9, uid: 33 }], holders: [30, 9], processes: { 20: {} } });
  let looks = 0;
  const read: RawSource['read'] = (name, hint) =>
    name === 'holders/threads' ? { at, ...holding(++looks < 3 ? 31 : 20, 9) } : name.startsWith('process/3') ? { at, ...gone } : source.read(name, hint);
  const [socket] = ask({ platform: 'linux', read }).sockets.data;
  assert.equal([...found(socket!), looks], [20, false, undefined, '', 3]);
});

test('a process that has the number of the one that held it is another one', () => {
  const world = (started: string): World => ({
    tcp: [{ port: 80, inode: 9, uid: 33 }],
    processes: { 20: { ticks: 500 } },
    raw: { holders: { ...holding(20, 9), meta: { started } } },
  });
  assert.equal(found(one(world('20:500'))), [20, false, undefined, '']);
  assert.equal(found(one(world('20:499'))), notFound);
});

test('unless it was closed meanwhile', () => {
  const source = linux({ tcp: [{ port: 80, inode: 9 }] });
  let asked = 0;
  const closing: RawSource = { platform: 'linux', read: (name, hint) => (name === 'diag/tcp' && ++asked > 1 ? { at, bytes: diag([]) } : source.read(name, hint)) };
  const [socket] = ask(closing).sockets.data;
  assert.equal([socket?.kernel, socket?.refusals.map(({ field, code }) => `${field} ${code}`)], [false, ['OwningProcess Gone']]);
});

test('without root it says whose sockets it could not see', () => {
  const { sockets, processes } = ask(
    {
      tcp: [
        { port: 80, inode: 9, uid: 33 },
        { port: 81, inode: 10, uid: 1000 },
      ],
      holders: [20, 10],
      processes: { 20: { uid: 1000 } },
      limit,
    },
    { details: new Set(['owner']) },
  );
  const [hidden, own] = sockets.data;
  assert.equal([hidden!.pid, hidden!.kernel, hidden!.user], [null, false, 'web']);
  assert.equal(hidden!.refusals, [{ field: 'OwningProcess', code: 'AccessDenied', text: `none of the processes that can be seen holds it; ${limit.text}`, needs: 'root (sudo)' }]);
  assert.equal([own!.pid, own!.refusals], [20, []]);
  assert.equal([sockets.status, processes.status, processes.reason, processes.needs], ['ok', 'partial', limit.text, 'root (sudo)']);
});

test('without root, all processes that matter may have been seen all the same', () => {
  const { processes } = ask({ tcp: [{ port: 81, inode: 10, uid: 33 }], holders: [20, 10], processes: { 20: { uid: 33 } }, limit });
  assert.is(processes.status, 'ok');
});

test('a socket of another user has other holders too, probably', () => {
  const world: World = { tcp: [{ port: 80, inode: 9, uid: 0 }], holders: [20, 9], processes: { 20: { uid: 33 } }, limit };
  const { pid, refusals } = one(world);
  assert.equal([pid, refusals.map(({ field, code, needs }) => `${field} ${code} ${needs}`)], [20, ['Holders AccessDenied root (sudo)']]);
  assert.equal(one({ ...world, limit: undefined } as World).refusals, []);
});

test('nothing about holders at all', () => {
  const { sockets, processes } = ask({ tcp: [{ port: 80, inode: 9 }], raw: { holders: { refusal: { code: 'Failed', text: 'no /proc' } } } });
  assert.equal([sockets.data[0]!.kernel, sockets.data[0]!.refusals.map(({ field, code }) => `${field} ${code}`)], [false, ['OwningProcess Failed']]);
  assert.equal([processes.status, processes.reason], ['failed', 'no /proc']);
});

test('processes that end while they are looked at', () => {
  const world = (holders: number[]): World => ({ tcp: [{ port: 80, inode: 9 }], holders, processes: { 20: {} }, raw: { 'process/30': gone, 'process/31': gone } });
  assert.equal(one(world([30, 9, 20, 9])).holders, [20]);
  assert.equal(found(one(world([31, 9, 30, 9]))), notFound);
  assert.equal(ask(world([30, 9])).processes.data, []);
});

test('parts of a process that are refused', () => {
  const world: World = {
    tcp: [{ port: 80, inode: 9 }],
    holders: [20, 9],
    processes: { 20: { name: 'comm', uid: 4000, exe: '', refused: { exe: 'AccessDenied', cgroup: 'Failed', cmdline: 'AccessDenied' } } },
  };
  const all = only(world, { details: new Set(['owner', 'path', 'user', 'services', 'commandLine']) });
  assert.is(all.imageName, 'comm');
  assert.equal(
    all.refusals.map(({ field, code, needs }) => `${field} ${code} ${needs}`),
    ['Path AccessDenied root (sudo)', 'Services Failed null', 'CommandLine AccessDenied root (sudo)', 'UserName NotSupported null'],
  );
  assert.equal(only(world, { details: new Set(['owner']) }).refusals, []);
});

test('a recording without command lines', () => {
  const { commandLine, refusals } = only({ tcp: [{ port: 80, inode: 9 }], holders: [20, 9], processes: { 20: {} } }, { details: new Set(['owner', 'commandLine']) });
  assert.equal([commandLine, refusals.map(({ field, code }) => `${field} ${code}`)], [null, ['CommandLine NotAsked']]);
});

test('a user that only the directory knows', () => {
  const world: World = { tcp: [{ port: 80, inode: 9, uid: 70_000 }], holders: [20, 9], processes: { 20: { uid: 70_000 } }, raw: { 'user/70000': { text: 'ldap-me' } } };
  assert.is(one(world).user, 'ldap-me');
  assert.is(only(world).user, 'ldap-me');
});

test('a user without a name is asked for once', () => {
  const { source, names } = watched(
    linux({
      tcp: [
        { port: 80, inode: 9, uid: 70_000 },
        { port: 81, inode: 10, uid: 70_000 },
      ],
      holders: [20, 9, 20, 10],
      processes: { 20: { uid: 70_000 } },
    }),
  );
  const { sockets } = ask(source);
  assert.equal(
    sockets.data.map(({ user, refusals }) => [user, refusals.map(({ field, code }) => `${field} ${code}`)]),
    [
      [null, ['UserName NotSupported']],
      [null, ['UserName NotSupported']],
    ],
  );
  assert.is(names.filter((name) => name === 'user/70000').length, 1);
});

test('when the boot time is not known', () => {
  const { startTime, refusals } = only({ tcp: [{ port: 80, inode: 9 }], holders: [20, 9], processes: { 20: {} }, raw: { boot: notThere } });
  assert.equal([startTime, refusals.map(({ field }) => field)], [null, ['StartTime']]);
});

test('a link-local address has its interface', () => {
  const tcp = [
    { local: 'fe80::1', port: 80, device: 2 },
    { local: 'fe80::1', port: 81, device: 7 },
  ];
  const names = ask({ tcp, raw: { 'proc/net/if_inet6': { text: 'fe800000000000000000000000000001 02 40 20 80 eth0\n' } } }).sockets.data.map(({ localAddress }) => localAddress);
  assert.equal(names, ['fe80::1%eth0', 'fe80::1%7']);
});

test('a socket that is bound to an interface has it in its address, and in a VRF its ports', () => {
  const sections = (acceptsAll: number) =>
    ask({
      tcp: [
        { local: '127.0.0.53', port: 53, device: 1 },
        { local: '0.0.0.0', port: 80, device: 5 },
        { local: '::', port: 80, device: 4 },
        { local: '10.0.0.1', port: 80, device: 5, state: 1, remote: '10.0.0.2', remotePort: 4000, inode: 9 },
        { local: '0.0.0.0', port: 80 },
        { local: '0.0.0.0', port: 81, device: 77 },
      ],
      udp4: [{ local: '0.0.0.0', port: 67, device: 4 }],
      raw: {
        interfaces: {
          bytes: links([
            [1, 'lo'],
            [4, 'eth1', { master: 5 }],
            [5, 'red', { kind: 'vrf' }],
          ]),
          meta: { acceptsAll },
        },
      },
    }).sockets.data.map(({ localAddress, vrf }) => [localAddress, vrf]);
  const expected = (vrf: string | undefined) => [
    ['127.0.0.53%lo', undefined],
    ['0.0.0.0%red', vrf],
    ['::%eth1', vrf],
    ['10.0.0.1%red', vrf],
    ['0.0.0.0', undefined],
    ['0.0.0.0%77', undefined],
    ['0.0.0.0%eth1', undefined],
  ];
  assert.equal(sections(0), expected('red'));
  assert.equal(sections(1), expected(undefined));
});

test('the interfaces are asked for only where a socket is bound to one', () => {
  const { source, names } = watched(linux({ tcp: [{ port: 80 }] }));
  ask(source);
  assert.not.ok(names.includes('interfaces'));
});

const heading = 'heading\n';
const line = (local: string, state: string, inode: number) => `0: ${local} 00000000:0000 ${state} 0:0 0:0 0 33 0 ${inode}\n`;

test('without sock_diag, /proc/net answers, with IPv6 only where the kernel has it', () => {
  const broken = { bytes: Buffer.concat([netlink(2, Buffer.from('feffffff', 'hex')), done]) };
  const raw = {
    'diag/tcp': notThere,
    'diag/udp4': broken,
    'diag/udp6': broken,
    'proc/net/tcp': { text: heading + line('0100007F:0050', '0A', 9) + line('0100007F:0051', '01', 10) },
    'proc/net/udp': { text: heading + line('00000000:0035', '07', 11) },
    'proc/net/udp6': { text: heading },
  };
  const { sockets } = ask({ raw, holders: [20, 9], processes: { 20: {} } }, { sockets: 'listeners' });
  assert.equal([sockets.status, sockets.reason, sockets.data.map(brief)], ['ok', null, ['TCP 80 Listen 20', 'UDP 53 null null']]);
});

test('without either, there is no answer', () => {
  const raw = { 'diag/tcp': notThere, 'diag/udp4': notThere, 'diag/udp6': notThere };
  const { sockets } = ask({ raw });
  assert.equal([sockets.status, sockets.data], ['failed', []]);
  assert.match(sockets.reason!, /diag\/tcp: the system does not have it/);
});

test('an answer that breaks off is used when there is no other', () => {
  const { sockets } = ask({ raw: { 'diag/tcp': { bytes: diag([{ port: 80 }], new Uint8Array(0)) } } });
  assert.equal([sockets.status, sockets.data.map(brief)], ['partial', ['TCP 80 Listen null']]);
  assert.match(sockets.reason!, /diag\/tcp: the answer is cut off/);
});

test('ranges', () => {
  const { dynamicRanges, reservedPorts } = ask({}, { ranges: true });
  assert.equal(
    dynamicRanges.data.map(({ start, end }) => [start, end]),
    [[32768, 60999]],
  );
  assert.equal(
    reservedPorts.data.map(({ kind, start, end }) => [kind, start, end]),
    [
      ['Reserved', 8080, 8080],
      ['Reserved', 9000, 9010],
      ['Privileged', 1, 1023],
    ],
  );
  const failed = ask({ raw: { ranges: { refusal: { code: 'Failed', text: 'why' } } } }, { ranges: true });
  assert.equal([failed.dynamicRanges.status, failed.dynamicRanges.reason], ['failed', 'why']);
});

const recording = readEnvelope(fileURLToPath(new URL('../../fixtures/recorded/linux-6.18', import.meta.url)));

test('a recorded machine', () => {
  const { machine, sections } = gatherLinux(recordedSource(recording), { ...everything, details: new Set([...everything.details, 'commandLine']) });
  assert.equal(machine, { name: 'recorded', platform: 'linux', release: '6.18.44', architecture: 'x64', elevated: true });
  const rows = sections.sockets.data.map(({ protocol, localAddress, localPort, remoteAddress, remotePort, state, holders, kernel }) =>
    [protocol, `${localAddress} ${localPort}`, remoteAddress === null ? '-' : `${remoteAddress} ${remotePort}`, state ?? '-', kernel ? 'kernel' : holders.join(' ')].join(' | '),
  );
  assert.equal(rows.toSorted(), [
    'TCP | 127.0.0.1 3030 | - | Listen | 2231', // of MPTCP
    'TCP | 127.0.0.1 41001 | 127.0.0.1 8443 | Established | 2214',
    'TCP | 127.0.0.1 41002 | 127.0.0.1 8080 | TimeWait | kernel',
    'TCP | 127.0.0.1 8080 | - | Listen | 2214 2230', // inherited
    'TCP | 192.0.2.10 4040 | - | Bound | 2231',
    'TCP | :: 8443 | - | Listen | 2214',
    'TCP | ::1 9090 | - | Listen | 2214',
    'TCP | ::ffff:127.0.0.1 8443 | ::ffff:127.0.0.1 41001 | Established | 2214',
    'TCP | fe80::ff:fe00:1%lan0 7070 | - | Listen | 2214',
    'UDP | 0.0.0.0 5353 | - | - | 2214',
    'UDP | 127.0.0.1 6000 | 127.0.0.1 5353 | - | 2214',
    'UDP | :: 5354 | - | - | 2214',
  ]);
  assert.equal(
    sections.processes.data.map(({ pid, imageName, commandLine, user, parent, startTime }) => [pid, imageName, commandLine, user, parent, startTime]),
    [
      [2214, 'node', 'node server.mjs', 'root', 2211, '2026-11-22T13:09:39.740Z'],
      [2231, 'python3.11', 'python3 bind.py', 'root', 2214, '2026-11-22T13:09:42.770Z'],
      [2230, 'cat', 'cat', 'root', 2214, '2026-11-22T13:09:42.750Z'],
      [2211, 'bash', 'bash record.sh', 'root', null, '2026-11-22T13:09:39.730Z'],
    ],
  );
});

test('sock_diag and /proc/net of the recorded machine say the same', () => {
  const text = (name: string) => recording.entries.get(`proc/net/${name}`)!.text!;
  const bytes = (name: string) => recording.entries.get(`diag/${name}`)!.bytes!;
  // /proc/net knows neither bound sockets nor interfaces.
  const all = (state: number) => state !== 7;
  const plain = (sockets: { localAddress: string; localPort: number; inode: number }[]) => sockets.map((socket) => JSON.stringify({ ...socket, scope: 0 })).toSorted();
  const tcp = decodeDiag('TCP', bytes('tcp'), all).data;
  assert.is(tcp.length, 8);
  assert.equal(plain(tcp), plain([...decodeProcNet('TCP', text('tcp'), all).data, ...decodeProcNet('TCP', text('tcp6'), all).data]));
  for (const name of ['udp', 'udp6']) {
    const udp = decodeDiag('UDP', bytes(name === 'udp' ? 'udp4' : 'udp6'), () => true).data;
    assert.equal(plain(udp), plain(decodeProcNet('UDP', text(name), () => true).data));
  }
});

test('any recording gives facts', () => {
  const names = [...recording.entries.keys()];
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.uint8Array({ maxLength: 200 }), fc.boolean(), (name, bytes, cut) => {
      const entry = recording.entries.get(name)!;
      const damaged =
        entry.bytes === undefined
          ? { ...entry, text: cut ? entry.text!.slice(0, bytes.length) : Buffer.from(bytes).toString('latin1') }
          : { ...entry, bytes: cut ? entry.bytes.subarray(0, bytes.length) : bytes };
      const { machine, sections } = gatherLinux(recordedSource({ platform: 'linux', entries: new Map(recording.entries).set(name, damaged) }), everything);
      assert.is(validateFacts({ kind: 'PortOwner.Facts', formatVersion: 1, tool: 'portowner', at, machine, sections }), null);
    }),
  );
});

test('socket units are asked for where what is set up is wanted', () => {
  const source = (entry: object): RawSource => ({ platform: 'linux', read: (name) => (name === 'socketunits' ? { at, ...entry } : linux({}).read(name)) });
  const units = (entry: object, question: Partial<Question> = {}) => ask(source(entry), question).socketUnits;
  const text = JSON.stringify([{ name: 'web.socket', texts: ['[Socket]\nListenStream=80'] }]);
  assert.equal(units({ text }), {
    status: 'ok',
    reason: null,
    needs: null,
    at,
    data: [{ unit: 'web.socket', service: 'web.service', protocol: 'TCP', address: '::', port: 80, ipv6Only: false }],
  });
  assert.is(units({ text }, { configured: false }), undefined);
  assert.is(units(notThere), undefined);
  assert.equal(units({ refusal: { code: 'AccessDenied', text: 'access is denied', needs: 'root (sudo)' } }), {
    status: 'failed',
    reason: 'access is denied',
    needs: 'root (sudo)',
    at,
    data: [],
  });
  assert.is(units({ text: '{}' })?.status, 'failed');
});

const interpreters: World = {
  tcp: [
    { port: 3000, inode: 1 },
    { port: 3001, inode: 2 },
    { port: 6379, inode: 3 },
    { port: 443, inode: 4 },
  ],
  holders: [30, 1, 31, 2, 32, 3, 33, 4],
  processes: {
    30: { exe: '/usr/bin/node', cmdline: 'node\0/srv/shop/server.js\0--token\0hunter2\0', cwd: '/srv/shop' },
    31: { exe: '/usr/bin/python3.11', application: 'python -m http.server', cwd: '/srv' },
    32: { exe: '/usr/bin/redis-check-rdb', cmdline: '/usr/bin/redis-server *:6379\0', refused: { cwd: 'AccessDenied' } },
    33: { exe: '/usr/sbin/nginx', cmdline: 'sshd\0' },
  },
};

test('what interpreters and links run is known wherever owners are asked for, and nothing else of their arguments', () => {
  const { processes } = ask(interpreters, { details: new Set(['owner']) });
  assert.equal(
    processes.data.map(({ imageName, application, refusals }) => [imageName, application, refusals]),
    [
      ['node', 'node server.js', []],
      ['python3.11', 'python -m http.server', []],
      ['redis-check-rdb', 'redis-server', []],
      ['nginx', undefined, []],
    ],
  );
  assert.not.match(JSON.stringify(processes), /hunter2|commandLine":"|\/srv/);
});

test('the working directory only where it is asked for', () => {
  const { data } = ask(interpreters, { details: new Set(['owner', 'workingDirectory']) }).processes;
  assert.equal(
    data.map(({ workingDirectory, refusals }) => [workingDirectory, refusals.map(({ field, code }) => `${field} ${code}`)]),
    [
      ['/srv/shop', []],
      ['/srv', []],
      [null, ['WorkingDirectory AccessDenied']],
      [null, ['WorkingDirectory NotAsked']],
    ],
  );
});

test('a name in a recording is one short line', () => {
  const processes = { 31: { exe: '/usr/bin/python3.11', application: `a\n\u001b[2J${'b'.repeat(100)}` } };
  assert.match(only({ tcp: [{ port: 1, inode: 2 }], holders: [31, 2], processes }, { details: new Set(['owner']) }).application!, /^a\[2Jb{59}…$/);
});

test('all that is above an owner, where it is asked for', () => {
  const processes = {
    1: { name: 'systemd', parent: 0, ticks: 1, exe: '/usr/lib/systemd/systemd' },
    10: { name: 'sshd', parent: 1, ticks: 50, exe: '/usr/sbin/sshd' },
    20: { name: 'node', parent: 10, ticks: 60, exe: '/usr/bin/node', cmdline: 'npm run dev\0' },
    30: { name: 'node', parent: 20, ticks: 70, exe: '/usr/bin/node', cmdline: 'node\0server.js\0' },
    31: { name: 'node', parent: 30, ticks: 80, exe: '/usr/bin/node', cmdline: 'node\0worker.js\0' },
  };
  const world = {
    tcp: [
      { port: 80, inode: 1 },
      { port: 81, inode: 2 },
    ],
    holders: [30, 1, 31, 2],
    processes,
  };
  const chain = (details: readonly Detail[]) =>
    ask(world, { details: new Set(details) })
      .processes.data.map(({ pid, parent, application }) => [pid, parent, application])
      .sort(([a], [b]) => Number(a) - Number(b));
  assert.equal(chain(['owner', 'parent', 'ancestors']), [
    [1, null, undefined],
    [10, 1, undefined],
    [20, 10, 'npm run dev'],
    [30, 20, 'node server.js'],
    [31, 30, 'node worker.js'],
  ]);
  assert.equal(
    chain(['owner']).map(([pid]) => pid),
    [30, 31],
  );
});

test.run();
