// Who is behind a port, from what Windows says (raw) to the line that a person reads (Owner): one situation a line,
// for a Windows administrator to check. What is there is built from documented layouts; netsh's texts are in fixtures.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { gather } from '../../src/facts/gather/gather.ts';
import { everything, selectSockets, type Question } from '../../src/facts/model/question.ts';
import type { RawEntry } from '../../src/system/raw.ts';
import type { Endpoint } from '../../src/schema/endpoint.ts';
import { codePages, languages, netshText } from '../support/windows-netsh-texts.ts';
import { base, boundTable, filetime, servicePage, windows, type Entry, type ServiceEntry, type World } from '../support/windows-raw.ts';
import { socket as exampleSocket } from '../support/example.ts';
import { portProxyOf } from '../../src/ownership/relays.ts';
import { rowsOf as writtenRows } from '../support/rows.ts';

const test = suite('the truth on Windows');

const time = (second: number) => filetime(`2026-01-02T03:04:${String(second).padStart(2, '0')}Z`);

/** A server with IIS, WinRM, a shared host and a few programs; the numbers are those in the texts of netsh. */
const processes: readonly Entry[] = [
  { pid: 0, name: '' },
  { pid: 4, name: 'System', created: time(0) },
  { pid: 700, parent: 4, name: 'services.exe', created: time(1) },
  { pid: 944, parent: 700, name: 'svchost.exe', created: time(2) },
  { pid: 1344, parent: 700, name: 'WebApi1.exe', created: time(2) },
  { pid: 1500, parent: 700, name: 'svchost.exe', created: time(2) },
  { pid: 1600, parent: 700, name: 'svchost.exe', created: time(2) },
  { pid: 2688, parent: 700, name: 'svchost.exe', created: time(2) },
  { pid: 3408, parent: 700, name: 'svchost.exe', created: time(2) },
  { pid: 4321, parent: 3408, name: 'w3wp.exe', created: time(3) },
  { pid: 5000, parent: 4999, name: 'node.exe', created: time(20) },
  { pid: 5001, parent: 4999, name: 'conhost.exe', created: time(20) },
  { pid: 5002, parent: 4999, name: 'node.exe', created: time(5) },
  { pid: 5500, parent: 700, name: 'RSHostingService.exe', created: time(2) },
  { pid: 5501, parent: 5500, name: 'RSPortal.exe', created: time(3) },
  { pid: 6000, parent: 1, name: 'ssh.exe', created: time(9) },
  { pid: 6100, parent: 700, name: 'sshd.exe', created: time(2) },
  { pid: 6101, parent: 6100, name: 'sshd.exe', created: time(9) },
  { pid: 6200, parent: 1, name: 'wslrelay.exe', created: time(9) },
  { pid: 6300, parent: 1, name: 'com.docker.backend.exe', created: time(9) },
  { pid: 6400, parent: 700, name: 'nginx.exe', created: time(9) },
];
const shared = 0x20;
const services: readonly ServiceEntry[] = [
  { name: 'SQLServerReportingServices', display: 'SQL Server Reporting Services', pid: 5500, type: 0x10 },
  { name: 'WinRM', display: 'Windows Remote Management', pid: 944, type: shared },
  { name: 'Dnscache', display: 'DNS Client', pid: 1500, type: shared },
  { name: 'LanmanWorkstation', display: 'Workstation', pid: 1500, type: shared },
  { name: 'iphlpsvc', display: 'IP Helper', pid: 1600, type: shared },
  { name: 'LanmanServer', display: 'Server', pid: 1600, type: shared },
  { name: 'KeyIso', display: 'CNG Key Isolation', pid: 2688, type: shared },
  { name: 'PeerDistSvc', display: 'BranchCache', pid: 2688, type: shared },
  { name: 'W3SVC', display: 'World Wide Web Publishing Service', pid: 3408, type: shared },
  { name: 'WAS', display: 'Windows Process Activation Service', pid: 3408, type: shared },
  { name: 'sshd', display: 'OpenSSH SSH Server', pid: 6100 },
];

type Raw = Record<string, Omit<RawEntry, 'at'>>;
const servicestate = (language: (typeof languages)[number], version: 'older' | 'newer'): Raw => ({
  httpsys: { bytes: netshText(`servicestate-${language}-${version}`), meta: { codePage: codePages[language] } },
});
const newer = servicestate('en', 'newer');
const drivers = (...names: string[]): Raw => ({
  drivers: {
    bytes: servicePage(
      names.map((name) => ({ name, display: name, pid: 0 })),
      4096,
    ),
    meta: { pages: `${base.toString(16)}:4096:${names.length}` },
  },
});
const portproxy = (rules: Record<string, [string, string][]>): Raw => ({ portproxy: { text: JSON.stringify(rules) } });
const refused = (code: 'AccessDenied' | 'Failed' | 'NotSupported' | 'Disabled', text: string) => ({ refusal: { code, text } });
const tags = (names: Record<string, string>): Raw => ({ servicetags: { text: JSON.stringify(Object.fromEntries(Object.entries(names).map(([key, value]) => [key, { value }]))) } });

type Sockets = World['sockets'];
const tcp4 = (port: number, pid: number, more: object = {}): Sockets => ({ tcp4: [{ local: '0.0.0.0', port, pid, ...more }] });

interface Case {
  what: string;
  sockets: Sockets;
  raw?: Raw;
  kind: string;
  owner: string;
  more?: Partial<Endpoint>;
}

const cases: Case[] = [
  {
    what: 'an IIS application pool that has a worker',
    sockets: { tcp4: [{ local: '192.0.2.1', port: 80, pid: 4 }] },
    raw: { httpsys: { bytes: Buffer.from('T\n---\nName: DefaultAppPool\n  Count: 1\n  Controller: 3408\n  Ids:\n    4321\n  Urls:\n    HTTP://*:80/\n') } },
    kind: 'HttpSys',
    owner: 'HTTP.sys: DefaultAppPool (w3wp.exe 4321)',
    more: { OwningProcess: 4, ImageName: 'System', Holders: [4, 4321], Services: ['W3SVC'] },
  },
  {
    what: 'an IIS application pool without a worker',
    sockets: tcp4(8443, 4),
    raw: newer,
    kind: 'HttpSys',
    owner: 'HTTP.sys: Reports Pool, an idle IIS application pool (managed by W3SVC, svchost.exe 3408)',
    more: { Holders: null, Services: ['W3SVC'] },
  },
  {
    what: 'WinRM, as a newer Windows tells',
    sockets: tcp4(5985, 4),
    raw: newer,
    kind: 'HttpSys',
    owner: 'HTTP.sys: WinRM (svchost.exe 944)',
    more: { Holders: [4, 944], Services: ['WinRM'] },
  },
  {
    what: 'WinRM, as an older Windows tells: by the process that it is alone in',
    sockets: tcp4(47001, 4),
    raw: servicestate('en', 'older'),
    kind: 'HttpSys',
    owner: 'HTTP.sys: WinRM (svchost.exe 944)',
  },
  {
    what: 'several queues on one port, each with its URL',
    sockets: tcp4(80, 4),
    raw: newer,
    kind: 'HttpSys',
    owner: 'HTTP.sys: DefaultAppPool (w3wp.exe 4321); WebApi1.exe (1344) at /API/; PeerDistSvc (svchost.exe 2688) at /116B50EB-ECE2-41AC-8429-9F9E963361B7/',
    more: { Holders: [4, 4321, 1344, 2688] },
  },
  {
    what: 'BranchCache on an older Windows: among the services of its process by its URL',
    sockets: tcp4(80, 4),
    raw: servicestate('en', 'older'),
    kind: 'HttpSys',
    owner: 'HTTP.sys: DefaultAppPool (w3wp.exe 4321); WebApi1.exe (1344) at /API/; PeerDistSvc (svchost.exe 2688) at /116B50EB-ECE2-41AC-8429-9F9E963361B7/',
  },
  {
    what: 'a program of its own that uses HTTP.sys on loopback',
    sockets: { tcp4: [{ local: '127.0.0.1', port: 8871, pid: 4 }] },
    raw: newer,
    kind: 'HttpSys',
    owner: 'HTTP.sys: WebApi1.exe (1344)',
    more: { AddressScope: 'Loopback' },
  },
  {
    what: 'a program that a service has started',
    sockets: tcp4(80, 4),
    raw: { httpsys: { bytes: Buffer.from('T\n---\nName: \n  Count: 1\n  Ids:\n    5501\n  Urls:\n    HTTP://+:80/REPORTS/\n') } },
    kind: 'HttpSys',
    owner: 'HTTP.sys: RSPortal.exe (5501)',
    more: { Holders: [4, 5501], Services: ['SQLServerReportingServices'] },
  },
  {
    what: 'a URL for another address is not behind this socket',
    sockets: { tcp4: [{ local: '192.0.2.9', port: 8871, pid: 4 }] },
    raw: newer,
    kind: 'Kernel',
    owner: 'Windows kernel (System 4)',
  },
  {
    what: 'HTTP/3 over UDP',
    sockets: { udp4: [{ local: '0.0.0.0', port: 8443, pid: 4 }] },
    raw: newer,
    kind: 'HttpSys',
    owner: 'HTTP.sys: Reports Pool, an idle IIS application pool (managed by W3SVC, svchost.exe 3408)',
  },
  {
    what: 'a queue whose process has ended since',
    sockets: tcp4(81, 4),
    raw: { httpsys: { bytes: Buffer.from('T\n---\nName: X\n  Ids:\n    9999\n  Urls:\n    HTTP://+:81/\n') } },
    kind: 'HttpSys',
    owner: 'HTTP.sys: X (process 9999)',
  },
  { what: 'port 80 is not port 8080', sockets: tcp4(808, 4), raw: newer, kind: 'Kernel', owner: 'Windows kernel (System 4)', more: { Reason: null } },
  {
    what: 'netsh was refused',
    sockets: tcp4(80, 4),
    raw: { httpsys: refused('Failed', 'netsh http show servicestate view=requestq verbose=yes ended with code 1') },
    kind: 'Kernel',
    owner: 'Windows kernel (System 4)',
    more: { Reason: ['Owner: Failed: cannot tell whether HTTP.sys is behind it: httpsys: netsh http show servicestate view=requestq verbose=yes ended with code 1'] },
  },
  {
    what: 'netsh was switched off',
    sockets: tcp4(80, 4),
    raw: { httpsys: refused('Disabled', 'switched off') },
    kind: 'Kernel',
    owner: 'Windows kernel (System 4)',
    more: { Reason: ['Owner: Failed: cannot tell whether HTTP.sys is behind it: httpsys: switched off'] },
  },
  {
    what: 'file sharing, confirmed by its service',
    sockets: tcp4(445, 4),
    kind: 'Kernel',
    owner: 'SMB file sharing: LanmanServer (System 4)',
    more: { Services: ['LanmanServer'], Reason: null },
  },
  {
    what: 'NetBIOS, confirmed by its driver',
    sockets: { udp4: [{ local: '192.0.2.1', port: 137, pid: 4 }] },
    raw: drivers('HTTP', 'NetBT'),
    kind: 'Kernel',
    owner: 'NetBIOS over TCP/IP: NetBT (System 4)',
    more: { Services: ['NetBT'] },
  },
  {
    what: 'NetBIOS is the driver, not its helper service',
    sockets: { udp4: [{ local: '192.0.2.1', port: 138, pid: 4 }] },
    raw: {
      ...drivers('NetBT'),
      services: { bytes: servicePage([{ name: 'lmhosts', display: 'TCP/IP NetBIOS Helper', pid: 1500 }], 4096), meta: { pages: `${base.toString(16)}:4096:1` } },
    },
    kind: 'Kernel',
    owner: 'NetBIOS over TCP/IP: NetBT (System 4)',
    more: { Services: ['NetBT'] },
  },
  {
    what: 'the port of PPTP, but no service that has it',
    sockets: tcp4(1723, 4),
    raw: { ...drivers('HTTP'), ...newer },
    kind: 'Kernel',
    owner: 'Windows kernel (System 4), by its port probably PPTP (Routing and Remote Access)',
    more: { Services: null },
  },
  {
    what: 'one service of a shared host, by its tag',
    sockets: tcp4(5353, 1500, { tag: 31 }),
    raw: tags({ '1500:31': 'Dnscache' }),
    kind: 'Service',
    owner: 'Dnscache (svchost.exe 1500)',
    more: { Services: ['Dnscache'], Reason: null },
  },
  {
    what: 'a shared host, and Windows does not tell',
    sockets: tcp4(5353, 1500, { tag: 31 }),
    raw: tags({ '1500:31': '' }),
    kind: 'Service',
    owner: 'one of Dnscache, LanmanWorkstation (svchost.exe 1500)',
    more: { Services: ['Dnscache', 'LanmanWorkstation'], Reason: ['Services: NotSupported: which one created the socket: Windows does not tell'] },
  },
  {
    what: 'a shared host, and Windows names a component of the system',
    sockets: tcp4(5353, 1500, { tag: 31 }),
    raw: tags({ '1500:31': 'netbt.sys' }),
    kind: 'Service',
    owner: 'one of Dnscache, LanmanWorkstation (svchost.exe 1500)',
    more: { Reason: ['Services: NotSupported: which one created the socket: Windows names netbt.sys, which is not one of them'] },
  },
  {
    what: 'a shared host, and the look at tags crashed',
    sockets: tcp4(5353, 1500, { tag: 31 }),
    raw: { servicetags: refused('Failed', 'the child process ended with code 3221225477') },
    kind: 'Service',
    owner: 'one of Dnscache, LanmanWorkstation (svchost.exe 1500)',
    more: { Reason: ['Services: Failed: which one created the socket: the child process ended with code 3221225477'] },
  },
  {
    what: 'a port proxy',
    sockets: tcp4(9999, 1600),
    raw: portproxy({ v4tov4: [['0.0.0.0/9999', '192.168.1.101/22']] }),
    kind: 'Relay',
    owner: 'portproxy to 192.168.1.101:22 (iphlpsvc, svchost.exe 1600)',
    more: { Services: ['iphlpsvc'], OwningProcess: 1600 },
  },
  {
    what: 'a port proxy from every IPv6 address to IPv6',
    sockets: { tcp6: [{ local: '::', port: 9999, pid: 1600 }] },
    raw: portproxy({ v4tov4: [['*/9999', '10.0.0.1/1']], v6tov6: [['*/9999', 'fd00::1/80']] }),
    kind: 'Relay',
    owner: 'portproxy to [fd00::1]:80 (iphlpsvc, svchost.exe 1600)',
  },
  {
    what: 'the same process on a port without a rule',
    sockets: tcp4(9998, 1600),
    raw: portproxy({ v4tov4: [['0.0.0.0/9999', '192.168.1.101/22']] }),
    kind: 'Service',
    owner: 'one of iphlpsvc, LanmanServer (svchost.exe 1600)',
  },
  { what: "WSL's relay", sockets: { tcp4: [{ local: '127.0.0.1', port: 3000, pid: 6200 }] }, kind: 'Relay', owner: 'WSL relay to a program in WSL (wslrelay.exe 6200)' },
  { what: "Docker Desktop's relay", sockets: tcp4(8080, 6300), kind: 'Relay', owner: 'Docker Desktop to a container (com.docker.backend.exe 6300)' },
  {
    what: 'ssh -L',
    sockets: { tcp4: [{ local: '127.0.0.1', port: 5432, pid: 6000 }] },
    kind: 'Relay',
    owner: 'ssh forward to db:5432 by jump (ssh.exe 6000)',
    more: { CommandLine: null },
  },
  {
    what: 'ssh -R, seen at the server',
    sockets: { tcp4: [{ local: '127.0.0.1', port: 9000, pid: 6101 }] },
    kind: 'Relay',
    owner: 'sshd forward to the SSH client (sshd.exe 6101)',
  },
  { what: 'the SSH server itself', sockets: tcp4(22, 6100), kind: 'Service', owner: 'sshd (sshd.exe 6100)' },
  {
    what: 'an ended process whose child inherited the socket',
    sockets: tcp4(3000, 4999, { created: time(10) }),
    kind: 'Orphan',
    owner: 'ended process 4999, probably inherited by node.exe (5000)',
    more: {
      OwningProcess: 4999,
      Holders: null,
      Reason: [
        'ImageName: Gone: process 4999 has ended',
        'Holders: Gone: after the socket was bound it started node.exe (5000), which may have inherited the socket (confidence: high)',
      ],
    },
  },
  {
    what: 'the same where Windows does not say when the socket was bound',
    sockets: tcp4(3000, 4999),
    kind: 'Orphan',
    owner: 'ended process 4999, inherited by one of node.exe (5002), node.exe (5000)',
    more: {
      Reason: ['ImageName: Gone: process 4999 has ended', 'Holders: Gone: it started node.exe (5002), node.exe (5000), which may have inherited the socket (confidence: low)'],
    },
  },
  { what: 'an ended process without children', sockets: tcp4(3000, 4998, { created: time(30) }), kind: 'Orphan', owner: 'ended process 4998' },
  {
    what: 'an ended process whose launcher has ended, too',
    sockets: tcp4(3000, 4998, { created: time(10) }),
    kind: 'Orphan',
    owner: 'ended process 4998, perhaps inherited by node.exe (5000)',
    more: {
      Holders: null,
      Reason: [
        'ImageName: Gone: process 4998 has ended',
        'Holders: Gone: no program that it started still runs, but node.exe (5000) was started after the socket was bound, by programs that have ended, too, and may have inherited it (confidence: low)',
      ],
    },
  },
  {
    what: 'bound, and not listening',
    sockets: {},
    raw: { bound4: { bytes: boundTable('bound4', [{ local: '0.0.0.0', port: 7000, pid: 6400 }]) }, bound6: { bytes: boundTable('bound6', []) } },
    kind: 'Process',
    owner: 'nginx.exe (6400)',
    more: { State: 'Bound', LocalPort: 7000 },
  },
  { what: 'a plain program', sockets: tcp4(443, 6400), kind: 'Process', owner: 'nginx.exe (6400)' },
];

async function rowsOf(world: World, question: Partial<Question> = {}): Promise<Endpoint[]> {
  const facts = await gather(windows(world), { ...everything, ranges: false, ...question }, new Date(0));
  return writtenRows(facts, selectSockets(facts.sections.sockets.data, { ...everything, ...question }));
}

const ssh = { 6000: { commandLine: { value: '"C:\\Windows\\System32\\OpenSSH\\ssh.exe" -N -L 5432:db:5432 -o Password=hunter2 ann@jump' } } };

for (const { what, sockets, raw, kind, owner, more } of cases) {
  test(what, async () => {
    const rows = await rowsOf({ sockets: sockets!, processes, services, details: ssh, raw: raw ?? {} });
    assert.is(rows.length, 1);
    const [row] = rows as [Endpoint];
    assert.equal([row.OwnerKind, row.Owner], [kind, owner]);
    for (const [name, value] of Object.entries(more ?? {})) assert.equal(row[name as keyof Endpoint], value, name);
  });
}

for (const language of languages) {
  for (const version of ['older', 'newer'] as const) {
    test(`the same owners on an ${version} Windows in ${language}`, async () => {
      const ports = [80, 5985, 8080, 8871].map((port) => ({ local: '0.0.0.0', port, pid: 4 }));
      const rows = await rowsOf({ sockets: { tcp4: ports }, processes, services, raw: servicestate(language, version) });
      assert.equal(
        rows.map(({ Owner }) => Owner),
        [
          'HTTP.sys: DefaultAppPool (w3wp.exe 4321); WebApi1.exe (1344) at /API/; PeerDistSvc (svchost.exe 2688) at /116B50EB-ECE2-41AC-8429-9F9E963361B7/',
          'HTTP.sys: WinRM (svchost.exe 944)',
          'HTTP.sys: Reports Pool, an idle IIS application pool (managed by W3SVC, svchost.exe 3408)',
          'HTTP.sys: WebApi1.exe (1344)',
        ],
      );
    });
  }
}

test('what no socket needs is not asked', async () => {
  const asked = async (sockets: Sockets): Promise<string[]> => {
    const source = windows({ sockets: sockets!, processes, services });
    const names: string[] = [];
    await gather(
      { platform: 'win32', read: (name, hint) => (names.push(name), source.read(name, hint)) },
      { ...everything, ranges: false, configured: false, sockets: 'answer' },
      new Date(0),
    );
    return names.filter((name) => ['httpsys', 'drivers', 'portproxy', 'servicetags', 'bound4'].includes(name));
  };
  assert.equal(await asked(tcp4(443, 6400)), []);
  assert.equal(await asked(tcp4(445, 4)), []);
  assert.equal(await asked(tcp4(139, 4)), []);
  assert.equal(await asked(tcp4(1723, 4)), ['drivers', 'httpsys']);
  assert.equal(await asked(tcp4(80, 4)), ['httpsys']);
  assert.equal(await asked(tcp4(80, 1600)), ['portproxy']);
  assert.equal(await asked(tcp4(80, 1500, { tag: 3 })), ['servicetags']);
  assert.equal(await asked(tcp4(80, 944, { tag: 3 })), []);
  assert.equal(await asked({}), ['bound4']);
});

test('a port proxy rule may name an IPv6 address in any form', () => {
  const rules = ['::2', '::1'].map((address) => ({
    table: 'v6tov4' as const,
    listenAddress: address.replace('::', '0:0:0:0:0:0:0:'),
    listenPort: 80,
    connectAddress: address,
    connectPort: 80,
  }));
  const listener = exampleSocket({ localAddress: '::1', localPort: 80 });
  assert.is(portProxyOf(rules, listener)?.connectAddress, '::1');
});

test('a port proxy rule is known though its service does not listen, where that is asked for', async () => {
  const raw = portproxy({ v4tov4: [['0.0.0.0/8080', '192.168.1.101/80']] });
  const rules = async (more: Partial<Question>, own: Raw = raw) =>
    (await gather(windows({ sockets: tcp4(8080, 6400)!, processes, services, raw: own }), { ...everything, ...more }, new Date(0))).sections.portProxies;
  assert.equal((await rules({}))?.data, [{ table: 'v4tov4', listenAddress: '0.0.0.0', listenPort: 8080, connectAddress: '192.168.1.101', connectPort: 80 }]);
  assert.is(await rules({ configured: false }), undefined);
  // A recording from before this was asked.
  assert.is(await rules({}, {}), undefined);
  assert.is((await rules({}, { portproxy: refused('Failed', 'x') }))?.status, 'failed');
});

test('a connection has one row, though its socket is bound too', async () => {
  const bound4 = {
    bytes: boundTable('bound4', [
      { local: '0.0.0.0', port: 50000, pid: 6400 },
      { local: '0.0.0.0', port: 50001, pid: 6400 },
    ]),
  };
  const sockets: Sockets = { tcp4: [{ local: '192.0.2.1', port: 50000, remote: '192.0.2.7', remotePort: 443, state: 5, pid: 6400 }] };
  const states = async (more: Partial<Question>) => (await rowsOf({ sockets: sockets!, processes, raw: { bound4 } }, more)).map(({ LocalPort, State }) => `${LocalPort} ${State}`);
  const onPort = (port: number) => ({ localPorts: [{ start: port, end: port }], sockets: 'answer' }) as const;
  assert.equal(await states({ sockets: 'all' }), ['50000 Established', '50001 Bound']);
  assert.equal(await states({ sockets: 'listeners' }), ['50001 Bound']);
  assert.equal(await states(onPort(50000)), ['50000 Established']);
  assert.equal(await states(onPort(50001)), ['50001 Bound']);
});

test.run();
