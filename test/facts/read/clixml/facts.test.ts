import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readClixmlFacts, type ClixmlFile } from '../../../../src/facts/read/clixml/facts.ts';
import type { Facts, Process, Service, Socket } from '../../../../src/facts/model/facts.ts';
import type { Question } from '../../../../src/facts/model/question.ts';
import { validateFacts } from '../../../../src/facts/read/validate.ts';
import { PortOwnerError } from '../../../../src/schema/problems.ts';
import { documentOf, fixture, pieces, wholeQuestion } from './helpers.ts';
import { rowsOf } from '../../../support/rows.ts';

const test = suite('facts from CLIXML');
const modified = new Date('2026-03-02T12:00:00Z');

function file(name: string, content: string | Uint8Array = fixture(name)): ClixmlFile {
  return { name, chunks: typeof content === 'string' ? [Buffer.from(content)] : pieces(content), modified };
}

function factsOf(files: readonly ClixmlFile[], question: Question = wholeQuestion): Facts {
  const facts = readClixmlFacts(files)(question);
  assert.is(validateFacts(facts), null);
  return facts;
}

function fails(files: readonly ClixmlFile[], why: RegExp): void {
  assert.throws(
    () => factsOf(files),
    (error: unknown) => {
      assert.instance(error, PortOwnerError);
      assert.is((error as PortOwnerError).code, 'PO2002');
      assert.match((error as PortOwnerError).message, why);
      return true;
    },
  );
}

const connection = { protocol: 'TCP', remoteAddress: null, remotePort: null, user: null, kernel: false, refusals: [] } as const;
const tcp: readonly Socket[] = [
  { ...connection, localAddress: '0.0.0.0', localPort: 135, state: 'Listen', pid: 980, holders: [980], created: '2026-03-02T08:00:30.1234567Z', refusals: [] },
  { ...connection, localAddress: '::', localPort: 135, state: 'Listen', pid: 980, holders: [980], created: '2026-03-02T08:01:30.1234567Z', refusals: [] },
  { ...connection, localAddress: '::', localPort: 443, state: 'Listen', pid: 4, holders: [4], created: '2026-03-02T08:02:30.1234567Z', kernel: true, refusals: [] },
  { ...connection, localAddress: '0.0.0.0', localPort: 8443, state: 'Listen', pid: 4312, holders: [4312], created: '2026-03-02T08:03:30.1234567Z', refusals: [] },
  {
    ...connection,
    localAddress: 'fe80::1c2d:3e4f%12',
    localPort: 5985,
    state: 'Listen',
    pid: 4,
    holders: [4],
    created: '2026-03-02T08:04:30.1234567Z',
    kernel: true,
    refusals: [],
  },
  {
    ...connection,
    localAddress: '10.1.2.3',
    localPort: 50_123,
    remoteAddress: '192.0.2.10',
    remotePort: 443,
    state: 'Established',
    pid: 5120,
    holders: [5120],
    created: '2026-03-02T08:05:30.1234567Z',
    refusals: [],
  },
  {
    ...connection,
    localAddress: '10.1.2.3',
    localPort: 8443,
    remoteAddress: '192.0.2.20',
    remotePort: 61_000,
    state: 'TimeWait',
    pid: 0,
    holders: [],
    created: null,
    kernel: true,
    refusals: [],
  },
  { ...connection, localAddress: '0.0.0.0', localPort: 50_200, state: 'Bound', pid: 5120, holders: [5120], created: '2026-03-02T08:07:30.1234567Z', refusals: [] },
  { ...connection, localAddress: '0.0.0.0', localPort: 9000, state: 'Listen', pid: 6666, holders: [6666], created: '2026-03-02T08:08:30.1234567Z', refusals: [] },
];
function udpSocket(localAddress: string, localPort: number, pid: number): Socket {
  return { ...connection, protocol: 'UDP', localAddress, localPort, state: null, pid, holders: [pid], created: '2026-03-02T08:30:00Z', refusals: [] };
}
const udp = [udpSocket('0.0.0.0', 5353, 2210), udpSocket('::', 5353, 2210), udpSocket('0.0.0.0', 500, 3000), udpSocket('127.0.0.1', 60_100, 5120)];
const services: readonly Service[] = [
  { name: 'RpcSs', displayName: 'Remote Procedure Call (RPC)', pid: 980, state: 'Running', shared: true },
  { name: 'RpcEptMapper', displayName: 'RPC Endpoint Mapper', pid: 980, state: 'Running', shared: true },
  { name: 'Dnscache', displayName: 'DNS Client', pid: 2210, state: 'Running', shared: true },
  { name: 'IKEEXT', displayName: 'IKE and AuthIP IPsec Keying Modules', pid: 3000, state: 'StartPending', shared: true },
  { name: 'nginx', displayName: 'nginx', pid: 4312, state: 'Running', shared: false },
];
const notAsked = { status: 'notAsked', needs: null, at: null, data: [] } as const;

test('Get-NetTCPConnection alone', () => {
  const facts = factsOf([file('tcp')]);
  assert.equal(facts.sections.sockets.data, tcp);
  assert.is(facts.at, '2026-03-02T12:00:00.000Z');
  assert.equal(facts.machine, { name: 'SERVER7', platform: 'win32', release: 'unknown', architecture: 'unknown', elevated: null });
  assert.is(facts.sections.sockets.status, 'partial');
  assert.is(facts.sections.sockets.reason, 'the files have no UDP sockets (Get-NetUDPEndpoint)');
  assert.equal(facts.sections.processes, { ...notAsked, reason: 'the files do not contain processes' });
  assert.equal(facts.sections.services, { ...notAsked, reason: 'the files do not contain services' });
  assert.is(facts.sections.dynamicRanges.status, 'notAsked');
  assert.is(facts.sections.reservedPorts.status, 'notAsked');
  assert.is(factsOf([file('tcp')], { ...wholeQuestion, protocols: ['TCP'] }).sections.sockets.status, 'ok');
  const other = factsOf([file('tcp')], { ...wholeQuestion, protocols: ['UDP'] }).sections.sockets;
  assert.equal([other.status, other.reason], ['notAsked', 'the files do not contain UDP sockets']);
});

test('Get-NetUDPEndpoint alone', () => {
  const { sockets } = factsOf([file('udp')]).sections;
  assert.equal(sockets.data, udp);
  assert.is(sockets.status, 'partial');
  assert.is(factsOf([file('udp')], { ...wholeQuestion, protocols: ['UDP'] }).sections.sockets.status, 'ok');
});

function byPid(facts: Facts, pid: number): Process {
  return facts.sections.processes.data.find((process) => process.pid === pid)!;
}

test('Get-Process of Windows PowerShell 5.1 alone, in UTF-16', () => {
  const facts = factsOf([file('get-process-5.1')]);
  assert.equal([facts.sections.sockets.status, facts.sections.sockets.data], ['notAsked', []]);
  assert.is(facts.sections.processes.status, 'ok');
  assert.equal(
    facts.sections.processes.data.map(({ pid, imageName, path, startTime }) => [pid, imageName, path, startTime]),
    [
      [0, 'Idle', null, null],
      [4, 'System', null, null],
      [700, 'services', null, null],
      [980, 'svchost.exe', 'C:\\Windows\\system32\\svchost.exe', '2026-03-01T07:03:00.1234567Z'],
      [2210, 'svchost.exe', 'C:\\Windows\\system32\\svchost.exe', '2026-03-01T07:04:00.1234567Z'],
      [3000, 'svchost', null, null],
      [4312, 'nginx.exe', 'C:\\tools\\nginx\\nginx.exe', '2026-03-01T07:06:00.1234567Z'],
      [5120, 'B\u00e4ckup.exe', 'C:\\Program Files\\B\u00e4ckup\\B\u00e4ckup.exe', '2026-03-01T07:07:00.1234567Z'],
    ],
  );
  assert.equal(
    byPid(facts, 3000).refusals.map(({ field, code }) => `${field} ${code}`),
    ['Path Failed', 'CommandLine NotAsked', 'UserName NotAsked', 'ParentProcess NotAsked', 'StartTime Failed'],
  );
  assert.is(byPid(facts, 3000).refusals[2]!.needs, 'Get-Process -IncludeUserName');
  assert.equal(byPid(facts, 4).refusals, [], 'System has none of it');
});

test('a process of PowerShell 7 on Linux, with its parent and its command line', () => {
  const facts = factsOf([file('get-process-linux')]);
  assert.is(facts.machine.platform, 'linux');
  const [process] = facts.sections.processes.data;
  assert.equal([process!.imageName, process!.path, process!.commandLine], ['sleep', '/usr/bin/sleep', '/usr/bin/sleep 60']);
  assert.match(process!.startTime ?? '', /Z$/);
  assert.match(process!.refusals.find(({ field }) => field === 'ParentProcess')!.text, /its parent, process \d+, is not in the files/);
});

test('Win32_Process and Win32_Service in one file', () => {
  const facts = factsOf([file('tcp'), file('udp'), file('cim')]);
  assert.equal(facts.machine, { name: 'SERVER7', platform: 'win32', release: '10.0.20348', architecture: 'unknown', elevated: null });
  assert.is(facts.sections.sockets.status, 'ok');
  assert.equal(facts.sections.services.data, services);
  assert.is(facts.sections.services.status, 'ok');
  assert.equal([facts.sections.processes.status, facts.sections.processes.reason], ['partial', 'a process that owns a socket is not in the files: 6666']);
  const backup = byPid(facts, 5120);
  assert.equal(
    [backup.imageName, backup.path, backup.commandLine, backup.parent, backup.startTime],
    ['B\u00e4ckup.exe', 'C:\\Program Files\\B\u00e4ckup\\B\u00e4ckup.exe', 'backup.exe --server 192.0.2.10 --password ***', 4312, '2026-03-01T07:07:00.123456Z'],
  );
  assert.is(byPid(facts, 980).parent, 700);
  assert.is(byPid(facts, 700).parent, null);
  assert.is(byPid(facts, 700).refusals.find(({ field }) => field === 'ParentProcess')!.code, 'Gone');
  assert.is(byPid(facts, 3000).imageName, 'svchost.exe');
});

test('command lines only when they are asked for', () => {
  const details = new Set(wholeQuestion.details);
  details.delete('commandLine');
  const facts = factsOf([file('tcp'), file('cim')], { ...wholeQuestion, details });
  assert.ok(facts.sections.processes.data.every(({ commandLine }) => commandLine === null));
  assert.not.match(JSON.stringify(facts), /hunter2|backup\.exe --server|"CommandLine"/);
});

test('all together in one UTF-16 file of Windows PowerShell 5.1', () => {
  const facts = factsOf([file('together-5.1')]);
  assert.equal(facts.sections.sockets.data, [...tcp, ...udp]);
  assert.is(facts.sections.sockets.status, 'ok');
  assert.equal(facts.sections.services.data, services);
  assert.is(byPid(facts, 4312).imageName, 'nginx.exe');
  const rows = rowsOf(facts);
  assert.is(rows.find(({ LocalPort }) => LocalPort === 8443)!.Owner, 'nginx (nginx.exe 4312)');
  const orphan = rows.find(({ LocalPort }) => LocalPort === 9000)!;
  assert.equal([orphan.OwnerKind, orphan.Owner], ['Unknown', 'process 6666'], 'whether it had ended, nobody knows');
  assert.ok(
    rows.every((row) => !('Id' in row)),
    'no row of a file can be bound by Stop-Process',
  );
});

test('the same socket in two files is one', () => {
  assert.equal(factsOf([file('together-5.1'), file('tcp')]).sections.sockets.data, [...tcp, ...udp]);
});

test('what Select-Object left', () => {
  const facts = factsOf([file('selected')]);
  assert.equal(
    facts.sections.sockets.data,
    tcp.map((socket) => Object.assign({}, socket, { created: null })),
  );
  assert.is(facts.machine.name, 'unknown');
  assert.is(byPid(facts, 980).path, 'C:\\Windows\\system32\\svchost.exe');
});

test('what came through remoting, in a list in a hashtable', () => {
  const facts = factsOf([file('remote')]);
  assert.equal(facts.sections.sockets.data, tcp);
  assert.is(facts.machine.name, 'SERVER7');
});

test('our own rows, by way of PowerShell', () => {
  const original = factsOf([file('together-5.1')]);
  const facts = factsOf([file('rows')]);
  const told = (from: Facts) =>
    rowsOf(from)
      .map((each) => JSON.stringify(each, (key, value: unknown) => (key === 'Reason' ? undefined : value)))
      .sort();
  assert.equal(told(facts), told(original));
  assert.equal([facts.sections.sockets.status, facts.sections.sockets.reason], ['partial', 'saved rows are the answer to a query, not all sockets']);
  assert.is(facts.machine.name, 'SERVER7');
});

const types = (name: string) => `<TN><T>${name}</T><T>System.Object</T></TN>`;
const cimType = 'Microsoft.Management.Infrastructure.CimInstance';
const row = (properties: string, type = `${cimType}#ROOT/StandardCimv2/MSFT_NetTCPConnection`): string => `<Obj>${types(type)}<MS>${properties}</MS></Obj>`;
const socketProperties = '<S N="LocalAddress">10.0.0.1</S><U16 N="LocalPort">80</U16><U32 N="OwningProcess">7</U32>';

function socketOf(inner: string): Socket {
  return factsOf([file('inline', documentOf(inner))]).sections.sockets.data[0]!;
}

for (const [state, expected] of [
  ['<By N="State">2</By>', 'Listen'],
  ['<I32 N="State">5</I32>', 'Established'],
  ['<U16 N="State">100</U16>', 'Bound'],
  ['<S N="State">CloseWait</S>', 'CloseWait'],
  ['<S N="State">timewait</S>', 'TimeWait'],
  [`<Obj N="State">${types('X.State')}<ToString>SynSent</ToString><By>3</By></Obj>`, 'SynSent'],
  ['<S N="State">12</S>', 'DeleteTCB'],
  ['<By N="State">77</By>', null],
  ['<S N="State">sleepy</S>', null],
  ['<Nil N="State" />', null],
] as const) {
  test(`${state} is ${expected}`, () => {
    const socket = socketOf(row(`${socketProperties}${state}`));
    assert.is(socket.state, expected);
    assert.is(
      socket.refusals.some(({ field }) => field === 'State'),
      expected === null,
    );
  });
}

test('what Get-WmiObject and Get-CimInstance give of the same class', () => {
  const wmi = `<Obj>${types('System.Management.ManagementObject#root\\cimv2\\Win32_Process')}<Props><U32 N="ProcessId">7</U32><S N="Name">a.exe</S><S N="CreationDate">20260301080600.123456+060</S><S N="__SERVER">SRV9</S></Props></Obj>`;
  const facts = factsOf([file('inline', documentOf(row(socketProperties) + wmi))]);
  assert.is(byPid(facts, 7).startTime, '2026-03-01T07:06:00.123456Z');
  assert.is(facts.machine.name, 'SRV9');
});

test('who owns it is null with a reason where the file does not say', () => {
  assert.equal(
    socketOf(row('<S N="LocalAddress">10.0.0.1</S><U16 N="LocalPort">80</U16><By N="State">2</By>')).refusals.map(({ field, code }) => `${field} ${code}`),
    ['OwningProcess NotAsked'],
  );
  const untold = socketOf(row('<S N="LocalAddress">10.0.0.1</S><U16 N="LocalPort">80</U16><By N="State">2</By><U32 N="OwningProcess">0</U32>'));
  assert.equal([untold.pid, untold.holders, untold.refusals[0]!.code], [null, [], 'NotSupported']);
});

test('a name that Select-Object added is the name of the process', () => {
  const facts = factsOf([file('inline', documentOf(row(`${socketProperties}<By N="State">2</By><S N="ProcessName">nginx</S>`, `Selected.${cimType}`)))]);
  assert.is(byPid(facts, 7).imageName, 'nginx');
});

test('a custom object is a socket when its properties leave no doubt', () => {
  const custom = 'System.Management.Automation.PSCustomObject';
  assert.is(socketOf(row(`${socketProperties}<S N="RemoteAddress">::</S>`, custom)).protocol, 'TCP');
  assert.is(socketOf(row(`${socketProperties}<S N="Protocol">UDP</S>`, custom)).protocol, 'UDP');
  fails([file('inline', documentOf(row(socketProperties, custom)))], /inline holds 1 object of type System\.Management\.Automation\.PSCustomObject, but nothing about ports/);
  fails([file('inline', documentOf(row('<S N="LocalAddress">Any</S><S N="LocalPort">443</S><S N="Protocol">TCP</S>', `Selected.${cimType}`)))], /nothing about ports/);
  fails([file('inline', documentOf(row('<U32 N="ProcessId">7</U32><S N="CommandLine">x</S>', custom)))], /nothing about ports/);
});

for (const [what, inner, why] of [
  ['a port that is none', row('<S N="LocalAddress">10.0.0.1</S><S N="LocalPort">http</S>'), /no valid LocalPort/],
  ['a port that is too large', row('<S N="LocalAddress">10.0.0.1</S><I32 N="LocalPort">65536</I32>'), /no valid LocalPort/],
  ['an address that is none', row('<S N="LocalAddress">server</S><U16 N="LocalPort">80</U16>'), /no valid LocalAddress/],
  ['a scope with markup', row('<S N="LocalAddress">fe80::1%_x001B_[31m</S><U16 N="LocalPort">80</U16>'), /no valid LocalAddress/],
  ['no address', row('<U16 N="LocalPort">80</U16>'), /no valid LocalAddress/],
  ['a process without an id', `<Obj>${types('System.Diagnostics.Process')}<Props><S N="ProcessName">x</S></Props></Obj>`, /a process in it has no valid id/],
  ['a service without a name', `<Obj>${types(`${cimType}#Win32_Service`)}<Props><U32 N="ProcessId">1</U32></Props></Obj>`, /a service in it has no valid Name/],
  ['a text that is too long', row(`${socketProperties}<S N="ProcessName">${'x'.repeat(65_537)}</S>`), /a processname in it has 65537 characters/],
  ['a row without a protocol', row(socketProperties, 'PortOwner.Endpoint'), /no valid Protocol/],
  ['no objects', '<Nil />', /inline holds no objects/],
  ['only what was said on other streams', '<S S="Error">x</S>', /holds no objects/],
  [
    'files',
    `<Obj RefId="0"><TN RefId="0"><T>System.IO.FileInfo</T></TN></Obj>${'<Obj><TNRef RefId="0" /></Obj>'.repeat(11)}`,
    /inline holds 12 objects of type System\.IO\.FileInfo, but nothing about ports/,
  ],
  [
    'many things',
    ['A', 'B', 'B', 'C', 'D'].map((type) => `<Obj>${types(type)}</Obj>`).join(''),
    /holds 2 objects of type B, 1 object of type A, 1 object of type C, others, but nothing/,
  ],
  [
    'a date, which has added properties and no types of its own',
    `<Obj><DT>2026-01-02T03:04:05</DT><MS><Obj N="DisplayHint">${types('Microsoft.PowerShell.Commands.DisplayHintType')}<I32>2</I32></Obj></MS></Obj>`,
    /holds 1 object of type System\.DateTime, but nothing/,
  ],
  [
    'what files have in their properties',
    `<Obj>${types('F')}<Props><Obj N="Mode">${types('M')}<I32>1</I32></Obj><Obj N="All">${types('L')}<LST><Obj>${types('M')}</Obj></LST></Obj></Props></Obj>`,
    /holds 1 object of type F, but nothing/,
  ],
  [
    'a list',
    `<Obj>${types('L')}<LST><Obj>${types('A')}<MS><Obj N="x">${types('M')}</Obj></MS></Obj><Obj>${types('A')}</Obj></LST></Obj>`,
    /holds 2 objects of type A, but nothing/,
  ],
] as const) {
  test(`${what}: one error that says so`, () => fails([file('inline', documentOf(inner))], why));
}

test('what PowerShell wrote of other things is named', () => {
  fails([file('other')], /other holds 2 objects of type System\.Version, 2 objects of type System\.String, 1 object of type System\.TimeSpan, but nothing about ports/);
  fails([file('values')], /values holds 1 object of type System\.Management\.Automation\.PSCustomObject/);
  fails([file('tcp'), file('other')], /^other holds/);
});

test('an error has the name of its file, and says what to give', () => {
  try {
    factsOf([file('tcp'), file('broken', `${documentOf('')}<`)]);
    assert.unreachable();
  } catch (error) {
    assert.ok(error instanceof PortOwnerError);
    assert.is(error.target, 'broken');
    assert.match(error.hint ?? '', /Get-NetTCPConnection.*Export-Clixml/);
  }
});

const named = (name: string, own: string): string => row(`${socketProperties}<By N="State">2</By><S N="PSComputerName">${name}</S><S N="CSName">${own}</S>`);

test('objects of several machines are refused', () => {
  fails([file('both', documentOf(named('a', 'A') + named('b', 'B')))], /both describes more than one machine: a, b/);
  fails([file('tcp'), file('other machine', documentOf(named('', 'SERVER8')))], /other machine describes more than one machine: server7, server8/);
  fails([file('addresses', documentOf(named('10.0.0.1', '') + named('10.0.0.2', '')))], /more than one machine: 10\.0\.0\.1, 10\.0\.0\.2/);
  fails([file('many', documentOf(Array.from({ length: 300 }, (_, i) => named(`m${i}`, '')).join('')))], /more than one machine: m0, m1, m2, m3 …/);
});

test('names of one machine are one', () => {
  const facts = factsOf([
    file('inline', documentOf(named('srv1.contoso.com', '') + named('', 'SRV1') + named('10.0.0.1', 'SRV1') + named('10.0.0.1', '') + named('localhost', '.'))),
  ]);
  assert.is(facts.machine.name, 'SRV1');
});

const process = (pid: number, name: string, started: string, more = ''): string =>
  `<Obj>${types(`${cimType}#root/cimv2/Win32_Process`)}<Props><U32 N="ProcessId">${pid}</U32><S N="Name">${name}</S><DT N="CreationDate">${started}</DT>${more}</Props></Obj>`;

test("a number that two processes had is nobody's", () => {
  const same = factsOf([
    file('inline', documentOf(row(socketProperties) + process(7, 'a.exe', '2026-01-01T00:00:00.1234567Z') + process(7, 'a.exe', '2026-01-01T01:00:00.123456+01:00'))),
  ]);
  assert.is(byPid(same, 7).imageName, 'a.exe');
  const reused = factsOf([file('inline', documentOf(row(socketProperties) + process(7, 'a.exe', '2026-01-01T00:00:00Z') + process(7, 'b.exe', '2026-01-02T00:00:00Z')))]);
  assert.equal([byPid(reused, 7).imageName, byPid(reused, 7).refusals[0]!.code], [null, 'Failed']);
});

test('a parent that began later is none', () => {
  const parent = '<U32 N="ParentProcessId">8</U32>';
  const older = factsOf([file('inline', documentOf(row(socketProperties) + process(7, 'a.exe', '2026-01-02T00:00:00.5Z', parent) + process(8, 'b.exe', '2026-01-02T00:00:00Z')))]);
  assert.is(byPid(older, 7).parent, 8);
  const later = factsOf([file('inline', documentOf(row(socketProperties) + process(7, 'a.exe', '2026-01-02T00:00:00Z', parent) + process(8, 'b.exe', '2026-01-02T00:00:00.5Z')))]);
  assert.is(byPid(later, 7).parent, null);
  assert.is(byPid(later, 7).refusals.find(({ field }) => field === 'ParentProcess')!.code, 'Gone');
});

const listener = (port: number, pid: number, state = 2): string =>
  row(`<S N="LocalAddress">10.0.0.1</S><U16 N="LocalPort">${port}</U16><U32 N="OwningProcess">${pid}</U32><By N="State">${state}</By>`);
const onlyTcp: Question = { ...wholeQuestion, protocols: ['TCP'] };

for (const [what, inner, question, reason] of [
  ['filtered by port', listener(443, 4), onlyTcp, /look like a selection: none listens on port 135/],
  ['filtered by state, for all sockets', listener(135, 5) + listener(443, 4), onlyTcp, /all are in one state/],
  ['filtered by state, for listeners', listener(135, 5) + listener(443, 4), { ...onlyTcp, sockets: 'listeners' }, null],
  ['whole', listener(135, 5) + listener(443, 4) + listener(50_000, 5, 5), onlyTcp, null],
] as const) {
  test(`sockets ${what}: ${reason === null ? 'all that there were' : 'a part'}`, () => {
    const { sockets } = factsOf([file('inline', documentOf(inner))], question).sections;
    assert.is(sockets.status, reason === null ? 'ok' : 'partial');
    if (reason !== null) assert.match(sockets.reason ?? '', reason);
  });
}

test('services that are a selection say so', () => {
  const { services: section } = factsOf([
    file('inline', documentOf(row(socketProperties) + `<Obj>${types(`${cimType}#Win32_Service`)}<Props><S N="Name">W3SVC</S><U32 N="ProcessId">7</U32></Props></Obj>`)),
  ]).sections;
  assert.equal([section.status, section.data], ['partial', [{ name: 'W3SVC', displayName: null, pid: 7, state: 'Unknown', shared: false }]]);
});

test.run();
