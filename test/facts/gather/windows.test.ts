import fc from 'fast-check';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readEnvelope } from '../../../src/facts/read/envelope.ts';
import type { Process, Sections } from '../../../src/facts/model/facts.ts';
import { gatherWindows } from '../../../src/facts/gather/windows.ts';
import { everything, type Detail, type Question } from '../../../src/facts/model/question.ts';
import { recordedSource, type RawSource } from '../../../src/system/raw.ts';
import { codePages, netshText, type Language } from '../../support/windows-netsh-texts.ts';
import { at, base, filetime, guestPorts, processList, socketTable, windows, type World } from '../../support/windows-raw.ts';

const test = suite('gather windows');

const time = (second: number) => `2026-01-02T03:04:${String(second).padStart(2, '0')}.1234567Z`;
const created = (second: number) => filetime(time(second));

function ask(world: World | RawSource, question: Partial<Question> = {}) {
  const source = 'read' in world ? world : windows(world);
  return gatherWindows(source, { ...everything, ranges: false, ...question });
}
const onPort = (port: number) => [{ start: port, end: port }];
const processOf = ({ processes }: Sections, pid: number): Process => {
  const process = processes.data.find((one) => one.pid === pid);
  assert.ok(process, `process ${pid}`);
  return process!;
};

/** Every name that is read of a source. */
function watched(source: RawSource): { source: RawSource; names: string[] } {
  const names: string[] = [];
  return {
    names,
    source: { platform: 'win32', read: (name, hint) => (names.push(hint?.states === undefined ? name : `${name} ${hint.states}`), source.read(name, hint)) },
  };
}

/** A server, its parent and the service manager. */
const server: World = {
  sockets: {
    tcp4: [
      { local: '0.0.0.0', port: 443, pid: 1000, created: created(9) },
      { local: '192.0.2.1', port: 443, remote: '192.0.2.7', remotePort: 50123, state: 5, pid: 1000 },
    ],
  },
  processes: [
    { pid: 0, name: '' },
    { pid: 4, name: 'System', created: created(0) },
    { pid: 600, parent: 4, name: 'services.exe', created: created(1) },
    { pid: 1000, parent: 600, name: 'nginx.exe', created: created(2) },
  ],
};

test('the machine', () => {
  assert.equal(ask({}).machine, { name: 'BOX', platform: 'win32', release: '10.0.26100', architecture: 'x64', elevated: true });
  assert.is(ask({ machine: { elevated: { value: 'false' } } }).machine.elevated, false);
  assert.equal(ask({ raw: { machine: { refusal: { code: 'Failed', text: 'x' } } } }).machine, {
    name: 'unknown',
    platform: 'win32',
    release: 'unknown',
    architecture: 'unknown',
    elevated: null,
  });
});

test('a listener and a connection with their owner', () => {
  const { sections } = ask(server, { details: new Set<Detail>([...everything.details, 'commandLine']) });
  assert.equal(sections.sockets, {
    status: 'ok',
    reason: null,
    needs: null,
    at,
    data: [
      {
        protocol: 'TCP',
        localAddress: '0.0.0.0',
        localPort: 443,
        remoteAddress: null,
        remotePort: null,
        state: 'Listen',
        pid: 1000,
        holders: [1000],
        created: time(9),
        user: null,
        kernel: false,
        refusals: [],
      },
      {
        protocol: 'TCP',
        localAddress: '192.0.2.1',
        localPort: 443,
        remoteAddress: '192.0.2.7',
        remotePort: 50123,
        state: 'Established',
        pid: 1000,
        holders: [1000],
        created: null,
        user: null,
        kernel: false,
        refusals: [],
      },
    ],
  });
  assert.is(sections.processes.status, 'ok');
  assert.equal(processOf(sections, 1000), {
    pid: 1000,
    imageName: 'nginx.exe',
    path: 'C:\\bin\\nginx.exe',
    commandLine: '"C:\\bin\\nginx.exe" --run',
    user: 'BOX\\ann',
    parent: 600,
    startTime: time(2),
    unit: null,
    container: null,
    refusals: [],
  });
  assert.equal(
    sections.processes.data.map(({ pid }) => pid),
    [1000, 600],
  );
  assert.equal(processOf(sections, 600).imageName, 'services.exe');
  assert.equal([sections.dynamicRanges.status, sections.reservedPorts.status], ['notAsked', 'notAsked']);
});

test('both families, both protocols, and the garbage beside ports', () => {
  const { sections } = ask({
    sockets: {
      tcp4: [{ local: '127.0.0.1', port: 80, pid: 8 }],
      tcp6: [{ local: '::', port: 80, pid: 8 }],
      udp4: [{ local: '0.0.0.0', port: 53, pid: 8, created: created(5) }],
      udp6: [{ local: 'fe80::1', port: 53, pid: 8, scope: 7 }],
    },
  });
  assert.equal(
    sections.sockets.data.map(({ protocol, localAddress, localPort, state, remotePort, created: bound }) => [protocol, localAddress, localPort, state, remotePort, bound]),
    [
      ['TCP', '127.0.0.1', 80, 'Listen', null, null],
      ['TCP', '::', 80, 'Listen', null, null],
      ['UDP', '0.0.0.0', 53, null, null, time(5)],
      ['UDP', 'fe80::1%7', 53, null, null, null],
    ],
  );
});

test('one svchost with three services: all of them', () => {
  const { sections } = ask({
    sockets: { udp4: [{ local: '0.0.0.0', port: 5353, pid: 1500 }] },
    processes: [{ pid: 1500, name: 'svchost.exe', created: created(2) }],
    services: [
      { name: 'Dnscache', display: 'DNS Client', pid: 1500, type: 0x20 },
      { name: 'NlaSvc', display: 'Network Location Awareness', pid: 1500, type: 0x20 },
      { name: 'LanmanWorkstation', display: 'Workstation', pid: 1500, type: 0x20 },
      { name: 'W3SVC', display: 'World Wide Web Publishing Service', pid: 2000 },
      { name: 'Driverish', display: 'no process', pid: 0 },
    ],
  });
  assert.is(sections.services.status, 'ok');
  assert.equal(
    sections.services.data.filter(({ pid }) => pid === 1500),
    [
      { name: 'Dnscache', displayName: 'DNS Client', pid: 1500, state: 'Running', shared: true },
      { name: 'NlaSvc', displayName: 'Network Location Awareness', pid: 1500, state: 'Running', shared: true },
      { name: 'LanmanWorkstation', displayName: 'Workstation', pid: 1500, state: 'Running', shared: true },
    ],
  );
  assert.not.ok(sections.services.data.some(({ pid }) => pid === 0));
});

test('PID 0 is TIME_WAIT and nobody, PID 4 is the kernel', () => {
  const { sections } = ask({
    sockets: {
      tcp4: [
        { local: '192.0.2.1', port: 80, remote: '192.0.2.7', remotePort: 50123, state: 11, pid: 0 },
        { local: '0.0.0.0', port: 80, pid: 4 },
        { local: '192.0.2.1', port: 80, remote: '192.0.2.7', remotePort: 50124, state: 8, pid: 0 },
      ],
    },
    processes: [
      { pid: 0, name: '' },
      { pid: 4, name: 'System', created: created(0) },
    ],
  });
  assert.equal(
    sections.sockets.data.map(({ state, pid, holders, kernel, refusals }) => ({ state, pid, holders, kernel, why: refusals.map(({ field }) => field) })),
    [
      { state: 'TimeWait', pid: 0, holders: [], kernel: true, why: [] },
      { state: 'Listen', pid: 4, holders: [4], kernel: true, why: [] },
      { state: 'CloseWait', pid: null, holders: [], kernel: false, why: ['OwningProcess'] },
    ],
  );
  assert.equal(sections.processes.data, [
    { pid: 4, imageName: 'System', path: null, commandLine: null, user: null, parent: null, startTime: time(0), unit: null, container: null, refusals: [] },
  ]);
});

const denied = { refusal: { code: 'AccessDenied', text: 'OpenProcess was denied' } } as const;

for (const [elevated, text, needs] of [
  ['false', 'OpenProcess was denied', 'an elevated (administrator) session'],
  ['true', 'not even an administrator can see this for a protected process', null],
] as const) {
  test(`denied details have a reason, elevated: ${elevated}`, () => {
    const { sections } = ask({
      ...server,
      machine: { elevated: { value: elevated } },
      details: { 1000: { created: denied, user: denied } },
    });
    const { imageName, path, user, startTime, parent, refusals } = processOf(sections, 1000);
    assert.equal({ imageName, path, user, startTime, parent }, { imageName: 'nginx.exe', path: 'C:\\bin\\nginx.exe', user: null, startTime: time(2), parent: 600 });
    assert.equal(refusals, [{ field: 'UserName', code: 'AccessDenied', text, needs }]);
    assert.is(sections.processes.status, 'ok');
  });
}

test('an owner that has ended: its number stays, its process is missing from a whole list', () => {
  const { sections } = ask({ sockets: { tcp4: [{ local: '0.0.0.0', port: 3000, pid: 7777 }] }, processes: server.processes! });
  assert.equal(
    sections.sockets.data.map(({ pid, holders, kernel }) => [pid, holders, kernel]),
    [[7777, [7777], false]],
  );
  assert.equal([sections.processes.status, sections.processes.data], ['ok', []]);
});

test('an owner that ends while it is looked at', () => {
  const gone = { refusal: { code: 'Gone', text: 'the process has ended' } } as const;
  const { sections } = ask({ ...server, details: { 1000: { created: gone, path: gone, user: gone } } });
  const { imageName, path, user, refusals } = processOf(sections, 1000);
  assert.equal([imageName, path, user], ['nginx.exe', null, null]);
  assert.equal(
    refusals.map(({ field, code }) => [field, code]),
    [
      ['Path', 'Gone'],
      ['UserName', 'Gone'],
    ],
  );
});

test('a number that went to another process since the list was read tells nothing', () => {
  const { sections } = ask({ ...server, details: { 1000: { created: { value: String(created(40)) } } } });
  const { imageName, path, user } = processOf(sections, 1000);
  assert.equal([imageName, path, user], ['nginx.exe', null, null]);
});

const child = { pid: 1000, parent: 600, name: 'child.exe', created: created(20) };
for (const [what, processes, parent] of [
  ['an older process is the parent', [child, { pid: 600, name: 'a.exe', created: created(19) }], 600],
  ['one that started in the same tick is', [child, { pid: 600, name: 'a.exe', created: created(20) }], 600],
  ['a younger process has got the number since', [child, { pid: 600, name: 'a.exe', created: created(21) }], null],
  ['the parent has ended', [child], null],
  ['a process that is its own parent has none', [{ ...child, parent: 1000 }], null],
  [
    'System is always older',
    [
      { ...child, parent: 4 },
      { pid: 4, name: 'System', created: created(30) },
    ],
    4,
  ],
] as const) {
  test(`parent: ${what}`, () => {
    const { sections } = ask({ sockets: { tcp4: [{ local: '0.0.0.0', port: 80, pid: 1000 }] }, processes });
    const process = processOf(sections, 1000);
    assert.is(process.parent, parent);
    assert.equal(
      process.refusals.map(({ field, code }) => [field, code]),
      parent === null ? [['ParentProcess', 'Gone']] : [],
    );
    assert.is(sections.processes.data.length, parent === null ? 1 : 2);
  });
}

test('a parent that owns a socket too is there once, with all that was asked', () => {
  const { sections } = ask({ ...server, sockets: { tcp4: [...server.sockets!.tcp4!, { local: '0.0.0.0', port: 135, pid: 600 }] } });
  assert.equal(
    sections.processes.data.map(({ pid, path }) => [pid, path !== null]),
    [
      [1000, true],
      [600, true],
      [4, false],
    ],
  );
});

test('command lines are masked', () => {
  const { sections } = ask({ ...server, details: { 1000: { commandLine: { value: 'nginx.exe --password hunter2' } } } }, { details: new Set<Detail>(['owner', 'commandLine']) });
  assert.is(processOf(sections, 1000).commandLine, 'nginx.exe --password ***');
});

test('a recording without command lines says so', () => {
  const { sections } = ask({ ...server, details: { 1000: { commandLine: null } } }, { details: new Set<Detail>(['commandLine']) });
  assert.equal(
    processOf(sections, 1000).refusals.map(({ field, code }) => [field, code]),
    [['CommandLine', 'NotAsked']],
  );
});

const busy: World = {
  sockets: {
    tcp4: [
      { local: '192.0.2.1', port: 443, remote: '192.0.2.7', remotePort: 50000, state: 5, pid: 1000 },
      { local: '0.0.0.0', port: 80, pid: 1000 },
      { local: '192.0.2.1', port: 80, remote: '192.0.2.7', remotePort: 50001, state: 5, pid: 1000 },
      { local: '0.0.0.0', port: 0, state: 1, pid: 1000 },
      { local: '0.0.0.0', port: 81, state: 100, pid: 1000 },
    ],
    udp4: [{ local: '0.0.0.0', port: 53, pid: 1000 }],
  },
  processes: server.processes!,
};

for (const [what, question, ports] of [
  ['listeners', { sockets: 'listeners' }, ['80 Listen', '81 Bound', '53 null']],
  ['all but what has no port', { sockets: 'all' }, ['443 Established', '80 Listen', '80 Established', '81 Bound', '53 null']],
  ['the answer: a listener alone', { sockets: 'answer', localPorts: onPort(80) }, ['80 Listen']],
  ['the answer: connections, where nobody listens', { sockets: 'answer', localPorts: onPort(443) }, ['443 Established']],
  ['the answer for each of two ports', { sockets: 'answer', localPorts: [...onPort(80), ...onPort(443)] }, ['80 Listen', '443 Established']],
  ['the answer: nobody', { sockets: 'answer', localPorts: onPort(444) }, []],
  ['a protocol', { sockets: 'all', protocols: ['UDP'] }, ['53 null']],
  ['ports', { sockets: 'all', localPorts: [{ start: 50, end: 80 }] }, ['80 Listen', '80 Established', '53 null']],
] as const) {
  test(`asked for ${what}`, () => {
    assert.equal(
      ask(busy, question).sections.sockets.data.map(({ localPort, state }) => `${localPort} ${state}`),
      [...ports],
    );
  });
}

test('only what the question needs is read', () => {
  const reads = (question: Partial<Question>) => {
    const { source, names } = watched(windows(server));
    ask(source, { configured: false, ...question });
    return names;
  };
  const tables = ['tcp4', 'tcp6', 'udp4', 'udp6'];
  const bound = ['bound4', 'bound6'];
  const all = ['machine', ...tables, ...bound];
  assert.equal(reads({ details: new Set() }), all);
  assert.equal(reads({ details: new Set<Detail>(['owner']) }), [...all, 'processes']);
  assert.equal(reads({ details: new Set<Detail>(['owner', 'services']) }), [...all, 'services', 'processes']);
  assert.equal(reads({ details: new Set<Detail>(['owner', 'parent']) }), [...all, 'processes']);
  assert.equal(reads({ details: new Set<Detail>(['path']) }), [...all, 'processes', 'process/1000']);
  assert.equal(reads({ localPorts: onPort(5) }), all);
  assert.equal(reads({ details: new Set(), configured: true }), [...all, 'portproxy']);
  assert.equal(reads({ sockets: 'all', protocols: ['UDP'], details: new Set() }), ['machine', 'udp4', 'udp6']);
  const listeners = tables.map((table) => `${table} 2`);
  assert.equal(reads({ sockets: 'listeners', protocols: ['TCP'], details: new Set() }), ['machine', ...listeners.slice(0, 2), ...bound]);
  assert.equal(reads({ sockets: 'answer', localPorts: onPort(443), details: new Set() }), ['machine', ...listeners]);
  assert.equal(reads({ sockets: 'answer', localPorts: onPort(5), details: new Set() }), ['machine', ...listeners, ...bound, ...tables]);
});

const refusal = { code: 'Failed', text: 'no luck' } as const;

test('a refused table makes the section partial, four make it failed', () => {
  const one = ask({ ...server, raw: { tcp6: { refusal } } }).sections.sockets;
  assert.equal([one.status, one.reason, one.data.length], ['partial', 'tcp6: no luck', 2]);
  const all = ask({ raw: { tcp4: { refusal }, tcp6: { refusal }, udp4: { refusal }, udp6: { refusal } } }).sections.sockets;
  assert.equal([all.status, all.reason, all.data.length], ['failed', 'tcp4: no luck; tcp6: no luck; udp4: no luck; udp6: no luck', 0]);
});

test('a cut-off table is partial', () => {
  const bytes = socketTable('tcp4', [
    { local: '0.0.0.0', port: 1, pid: 1 },
    { local: '0.0.0.0', port: 2, pid: 1 },
  ]);
  const { status, reason, data } = ask({ raw: { tcp4: { bytes: bytes.subarray(0, 200) } } }).sections.sockets;
  assert.equal([status, reason, data.length], ['partial', 'the tcp4 table is cut off: it has 1 of 2 rows', 1]);
});

test('without a list of processes or services the sections have failed', () => {
  const { processes, services } = ask({ ...server, raw: { processes: { refusal }, services: { refusal } } }).sections;
  assert.equal([processes.status, processes.reason, processes.data], ['failed', 'processes: no luck', []]);
  assert.equal([services.status, services.reason, services.data], ['failed', 'services: no luck', []]);
});

test('a list of processes that is cut off is partial', () => {
  const bytes = processList(server.processes!);
  const end = bytes.length - 300;
  const { status, data } = ask({ ...server, raw: { processes: { bytes: bytes.subarray(0, end), meta: { base: base.toString(16) } } } }).sections.processes;
  assert.equal([status, data.length], ['failed', 0]);
  const some = ask({
    ...server,
    sockets: { tcp4: [{ local: '::', port: 1, pid: 600 }] },
    raw: { processes: { bytes: bytes.subarray(0, end), meta: { base: base.toString(16) } } },
  });
  assert.is(some.sections.processes.status, 'partial');
});

test('denied services need more rights', () => {
  const { status, needs } = ask({ ...server, raw: { services: { refusal: { code: 'AccessDenied', text: 'OpenSCManagerW was denied' } } } }).sections.services;
  assert.equal([status, needs], ['failed', 'an elevated (administrator) session']);
});

test('a process without a command line has none', () => {
  const { sections } = ask({ ...server, details: { 1000: { commandLine: { value: '' } } } }, { details: new Set<Detail>(['commandLine']) });
  assert.equal([processOf(sections, 1000).commandLine, processOf(sections, 1000).refusals], [null, []]);
});

const netsh = (start: number, count: number) => ({ bytes: Buffer.from(`Protocol tcp Dynamic Port Range\r\n---\r\nStart Port      : ${start}\r\nNumber of Ports : ${count}\r\n`) });

test('the dynamic ranges of both families and protocols', () => {
  const { dynamicRanges } = ask(
    {
      raw: {
        'dynamicports/ipv4/tcp': netsh(49152, 16384),
        'dynamicports/ipv4/udp': netsh(50000, 1000),
        'dynamicports/ipv6/tcp': { bytes: Buffer.from('') },
        'dynamicports/ipv6/udp': { refusal: { code: 'NotSupported', text: 'netsh printed nothing' } },
      },
    },
    { ranges: true },
  ).sections;
  assert.equal(dynamicRanges, {
    status: 'partial',
    reason: 'dynamicports/ipv6/tcp: the answer is not readable; dynamicports/ipv6/udp: netsh printed nothing',
    needs: null,
    at,
    data: [
      { kind: 'LocalDynamic', protocol: 'TCP', family: 'IPv4', start: 49152, end: 65535, source: 'netsh interface ipv4 show dynamicportrange tcp' },
      { kind: 'LocalDynamic', protocol: 'UDP', family: 'IPv4', start: 50000, end: 50999, source: 'netsh interface ipv4 show dynamicportrange udp' },
    ],
  });
});

test('four refusals for one reason are one', () => {
  const names = ['ipv4/tcp', 'ipv4/udp', 'ipv6/tcp', 'ipv6/udp'];
  const raw = Object.fromEntries(
    names.map((name) => [
      `dynamicports/${name}`,
      { refusal: { code: 'NotSupported', text: `netsh interface ${name.replace('/', ' show dynamicportrange ')} printed nothing` } } as const,
    ]),
  );
  const { status, reason } = ask({ raw }, { ranges: true }).sections.dynamicRanges;
  assert.equal([status, reason], ['failed', 'dynamicports: netsh interface ipv4|ipv6 show dynamicportrange tcp|udp printed nothing']);
});

test('what is kept from programs without a socket', () => {
  const excluded = (language: Language) => ({ bytes: netshText(`excludedportrange-${language}`), meta: { codePage: codePages[language] } });
  const none = (language: Language) => ({ bytes: netshText(`excludedportrange-${language}-none`), meta: { codePage: codePages[language] } });
  const stored = { bytes: Buffer.from('x\r\n---- ----\r\n 5357 5357\r\n 50000 50059 *\r\n') };
  const raw = {
    'excludedports/ipv4/tcp': excluded('de'),
    'excludedports/ipv4/udp': none('fr'),
    'excludedports/ipv6/tcp': none('ja'),
    'excludedports/ipv6/udp': none('en'),
    'persistentports/ipv4/tcp': stored,
    'persistentports/ipv4/udp': none('fr'),
    'persistentports/ipv6/tcp': none('ja'),
    'persistentports/ipv6/udp': none('en'),
    guestports: { bytes: guestPorts([[3, 32768, 36863]]) },
    urlacl: { bytes: Buffer.alloc(0), meta: { pages: '' } },
    iplisten: { bytes: Buffer.alloc(8) },
  };
  const { reservedPorts, urlReservations, ipListenList } = ask({ raw }, { ranges: true }).sections;
  assert.equal([reservedPorts.status, urlReservations?.status, ipListenList?.status], ['ok', 'ok', 'ok']);
  assert.equal(
    reservedPorts.data.map(({ kind, protocol, family, start, end, source }) => `${kind} ${protocol} ${family} ${start}-${end} ${source}`),
    [
      'ExcludedPersistent TCP IPv4 5357-5357 netsh interface ipv4 show excludedportrange tcp',
      'Excluded TCP IPv4 49671-49770 netsh interface ipv4 show excludedportrange tcp',
      'ExcludedAdministered TCP IPv4 50000-50059 netsh interface ipv4 show excludedportrange tcp',
      'Excluded TCP IPv4 61117-61216 netsh interface ipv4 show excludedportrange tcp',
      'ReservedForGuests null null 32768-36863 HcnEnumerateGuestNetworkPortReservations',
    ],
  );
  // Without Hyper-V there is no such library, and nothing is missing.
  const without = ask({ raw: { ...raw, guestports: { refusal: { code: 'NotSupported', text: 'this Windows has no computenetwork.dll' } } } }, { ranges: true });
  assert.equal([without.sections.reservedPorts.status, without.sections.reservedPorts.data.length], ['ok', 4]);
  const crashed = ask({ raw: { ...raw, guestports: { refusal: { code: 'Failed', text: 'it crashed' } } } }, { ranges: true });
  assert.equal([crashed.sections.reservedPorts.status, crashed.sections.reservedPorts.reason], ['partial', 'guestports: it crashed']);
});

// Recorded under Wine 10: a Node server with four listeners, a connection to one of them and two UDP sockets. The 128 rows
// without a port are libuv's, and no sockets on a port.
test('a recording, byte for byte', () => {
  const { machine, sections } = ask(recordedSource(readEnvelope(fileURLToPath(new URL('../../fixtures/recorded/windows-wine10', import.meta.url)))), { ranges: true });
  assert.equal(machine, { name: 'vm', platform: 'win32', release: '10.0.19043', architecture: 'x64', elevated: false });
  assert.equal(
    sections.sockets.data.map(({ protocol, localAddress, localPort, remotePort, state, pid }) => `${protocol} ${localAddress} ${localPort} ${remotePort} ${state} ${pid}`),
    [
      'TCP 0.0.0.0 8080 null Listen 32',
      'TCP 127.0.0.1 5432 null Listen 32',
      'TCP 127.0.0.1 5432 50123 Established 32',
      'TCP 127.0.0.1 50123 5432 Established 32',
      'TCP :: 8443 null Listen 32',
      'TCP ::1 3000 null Listen 32',
      'UDP 0.0.0.0 5353 null null 32',
      'UDP :: 5353 null null 32',
    ],
  );
  assert.equal(sections.processes.data, [
    {
      pid: 32,
      imageName: 'node.exe',
      path: 'C:\\server\\node.exe',
      commandLine: null,
      user: 'VM\\root',
      parent: null,
      startTime: '2026-11-22T13:07:46.5377060Z',
      unit: null,
      container: null,
      refusals: [],
    },
  ]);
  assert.equal(
    sections.services.data.map(({ name, pid, shared }) => [name, pid, shared]),
    [
      ['Eventlog', 164, true],
      ['PlugPlay', 120, true],
      ['RpcSs', 260, true],
      ['Winedevice1', 76, false],
      ['Winedevice2', 192, false],
    ],
  );
  // The recording is older than the other sources.
  assert.equal(
    Object.entries(sections).map(([name, { status }]) => `${name} ${status}`),
    ['sockets ok', 'processes ok', 'services ok', 'dynamicRanges failed', 'reservedPorts failed', 'boundSockets ok', 'urlReservations failed', 'ipListenList failed'],
  );
});

test('the person for whom Windows made the account of an elevated program', () => {
  const ofPerson = { user: { value: 'BOX\\ADMIN_ann' }, realUser: { value: 'BOX\\ann' } };
  const { sections } = ask({ ...server, details: { 1000: ofPerson } });
  const find = (all: typeof sections) => all.processes.data.find(({ pid }) => pid === 1000)!;
  assert.equal([find(sections).user, find(sections).realUser], ['BOX\\ADMIN_ann', 'BOX\\ann']);
  assert.is('realUser' in find(ask(server).sections), false);
  const unasked = ask({ ...server, details: { 1000: ofPerson } }, { details: new Set<Detail>(['owner', 'path']) });
  assert.is('realUser' in find(unasked.sections), false);
});

test('100,000 sockets', () => {
  const rows = Array.from({ length: 100_000 }, (_, i) => ({ local: '10.0.0.1', port: 1 + (i % 65535), remote: '10.0.0.2', remotePort: 443, state: 5, pid: 1000 }));
  const { sections } = ask({ sockets: { tcp4: rows }, processes: server.processes! });
  assert.is(sections.sockets.data.length, 100_000);
  assert.equal(
    sections.processes.data.map(({ pid }) => pid),
    [1000, 600],
  );
});

test('any recording: no crash, and the sections keep their form', () => {
  const bytes = fc.uint8Array({ maxLength: 800 });
  const text = fc.oneof(fc.string(), fc.json());
  const entry = fc.oneof(
    bytes.map((some) => ({ bytes: some, meta: { base: base.toString(16), pages: `${base.toString(16)}:${some.length}:3` } })),
    text.map((some) => ({ text: some })),
  );
  const names = [
    'machine',
    'tcp4',
    'tcp6',
    'udp4',
    'udp6',
    'processes',
    'process/1000',
    'services',
    'drivers',
    'httpsys',
    'portproxy',
    'servicetags',
    'bound4',
    'bound6',
    'dynamicports/ipv4/tcp',
    'excludedports/ipv6/udp',
    'persistentports/ipv4/tcp',
    'guestports',
    'urlacl',
    'iplisten',
  ];
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...names), entry), (raw) => {
      const sockets = {
        tcp4: [...server.sockets!.tcp4!, { local: '0.0.0.0', port: 80, pid: 4 }, { local: '0.0.0.0', port: 135, pid: 1000, tag: 7 }, { local: '0.0.0.0', port: 3000, pid: 4999 }],
      };
      const services = ['iphlpsvc', 'RpcSs'].map((name) => ({ name, display: name, pid: 1000 }));
      const { sections } = ask({ ...server, sockets, services, raw }, { ranges: true });
      for (const { status, reason, data } of Object.values(sections)) {
        assert.ok(Array.isArray(data));
        assert.is(reason === null, status === 'ok' || status === 'notAsked');
      }
    }),
  );
});

test('what interpreters run is known wherever owners are asked for; of other programs nothing is read', () => {
  const world: World = {
    sockets: {
      tcp4: [
        { local: '0.0.0.0', port: 3000, pid: 50 },
        { local: '0.0.0.0', port: 3001, pid: 51 },
        { local: '0.0.0.0', port: 443, pid: 52 },
      ],
    },
    processes: [
      { pid: 50, name: 'node.exe', created: created(1) },
      { pid: 51, name: 'java.exe', created: created(1) },
      { pid: 52, name: 'nginx.exe', created: created(1) },
    ],
    details: {
      50: { commandLine: { value: 'C:\\Program Files\\nodejs\\node.exe C:\\shop\\server.js --token hunter2' }, workingDirectory: { value: 'C:\\shop' } },
      51: { commandLine: null, application: 'java -jar shop.jar' },
    },
  };
  const { names, source } = watched(windows(world));
  const { sections } = ask(source, { details: new Set<Detail>(['owner']) });
  assert.equal(
    [processOf(sections, 50).application, processOf(sections, 51).application, processOf(sections, 52).application],
    ['node server.js', 'java -jar shop.jar', undefined],
  );
  assert.ok(!names.includes('process/52'));
  assert.not.match(JSON.stringify(sections), /hunter2|C:\\\\shop/);
  const directories = ask(world, { details: new Set<Detail>(['owner', 'workingDirectory']) }).sections;
  assert.equal([processOf(directories, 50).workingDirectory, processOf(directories, 50).refusals], ['C:\\shop', []]);
  assert.equal(
    processOf(directories, 51).refusals.map(({ field, code }) => [field, code]),
    [['WorkingDirectory', 'NotAsked']],
  );
});

test('all that is above an owner, where it is asked for', () => {
  const world: World = {
    sockets: { tcp4: [{ local: '0.0.0.0', port: 80, pid: 70 }] },
    processes: [
      { pid: 4, name: 'System', created: created(0) },
      { pid: 50, name: 'explorer.exe', created: created(1), parent: 49 },
      { pid: 60, name: 'cmd.exe', created: created(2), parent: 50 },
      { pid: 70, name: 'node.exe', created: created(3), parent: 60 },
      { pid: 80, name: 'other.exe', created: created(3), parent: 60 },
    ],
    details: { 60: { commandLine: { value: 'cmd /c start.bat' } } },
  };
  const { data } = ask(world, { details: new Set<Detail>(['owner', 'parent', 'ancestors']) }).sections.processes;
  assert.equal(
    data.map(({ pid, parent, application }) => [pid, parent, application]),
    [
      [70, 60, undefined],
      [60, 50, 'cmd start.bat'],
      [50, null, undefined],
    ],
  );
});

test.run();
