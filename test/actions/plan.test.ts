import { besidesText } from '../../src/cli/stop-plan.ts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ServiceState, Site, TreeProcess } from '../../src/system/hands.ts';
import { planStop } from '../../src/actions/plan.ts';
import { listens, type Situation, type Target } from '../../src/actions/target.ts';
import { planned } from '../../src/actions/stop.ts';
import type { Facts, HttpQueue, Process, Service, Socket } from '../../src/facts/model/facts.ts';
import { connection, facts, process, service, socket, udp } from '../support/example.ts';

const test = suite('what a stop would do');

const at = '2026-01-02T03:04:06Z';
const started = '2026-01-02T03:04:05.67Z';
const ok = { status: 'ok', reason: null, needs: null, at } as const;
const self = 900;
/** init, a shell, this program. */
const line: TreeProcess[] = [
  { pid: 1, parent: 0, startTime: '2026-01-01T00:00:00.00Z', imageName: 'systemd' },
  { pid: 800, parent: 1, startTime: '2026-01-01T01:00:00.00Z', imageName: 'bash' },
  { pid: self, parent: 800, startTime: '2026-01-02T04:00:00.00Z', imageName: 'portowner' },
];
const svchost = (more: Partial<Process> = {}): Process => process({ imageName: 'svchost.exe', path: 'C:\\Windows\\System32\\svchost.exe', ...more });
const program = (path: string, more: Partial<Process> = {}): Process => process({ imageName: path.slice(path.lastIndexOf('\\') + 1), path, ...more });

const running: ServiceState = { foreign: null, refusal: null, stopped: false, triggers: [], dependents: [], restarts: false, manager: [] };

interface World {
  readonly platform?: 'linux' | 'win32';
  readonly sockets?: Socket[];
  readonly processes?: Process[];
  readonly services?: Service[];
  readonly queues?: HttpQueue[];
  readonly sections?: Partial<Facts['sections']>;
  readonly tree?: TreeProcess[];
  readonly states?: Readonly<Record<string, Partial<ServiceState>>>;
  readonly sites?: Site[];
  readonly container?: string;
  readonly unit?: string;
  readonly denied?: number;
  readonly wanted?: (socket: Socket) => boolean;
}

function plan(world: World): Target[] {
  const { platform = 'win32', processes = [process()], queues } = world;
  const all = facts(world.sockets ?? [socket()], {
    platform,
    processes,
    services: world.services ?? [],
    sections: { ...(queues === undefined ? {} : { httpQueues: { ...ok, data: queues } }), ...world.sections },
  });
  const tree = [...line, ...processes.map(({ pid, parent, startTime, imageName }): TreeProcess => ({ pid, parent: parent ?? 1, startTime, imageName })), ...(world.tree ?? [])];
  const situation: Situation = {
    facts: all,
    tree,
    asking: 'ASK',
    self: { pid: self, container: world.container ?? null, unit: world.unit ?? null, unitUser: null },
    service: ({ name }) => (world.states?.[name] === undefined ? null : { ...running, ...world.states[name] }),
    sites: () => world.sites ?? [],
    mayStop: (pid) => (pid === world.denied ? { code: 'AccessDenied', text: 'it belongs to another user', needs: 'root (sudo)' } : null),
  };
  return planStop(situation, world.wanted ?? (({ localPort, ...rest }) => localPort === 443 && (listens(rest) || rest.state === 'Bound')));
}

/** A target in short: how, what, and why not. */
function short(target: Target): string {
  const { means } = target;
  const what =
    means.how === 'process'
      ? means.members.map(({ pid }) => pid).join('+')
      : means.how === 'service'
        ? `${means.id.name}${means.alone ? ' alone' : ''}`
        : means.how === 'sites'
          ? means.names.join('+')
          : means.obstacle.text;
  return `${means.how} ${what}`;
}

const unitProcess = (more: Partial<Process> = {}): Process => process({ unit: 'nginx.service', ...more });
const container = { runtime: 'docker', id: 'a'.repeat(64) };
const kernel = (more: Partial<Socket> = {}): Socket => socket({ pid: 4, kernel: true, ...more });
const queue = (more: Partial<HttpQueue> = {}): HttpQueue => ({ name: null, controller: null, processes: [{ pid: 100, service: null }], urls: ['http://+:443/'], ...more });
const site = (more: Partial<Site> = {}): Site => ({ name: 'Shop', bindings: ['https/*:443:'], started: true, pools: ['DefaultAppPool'], workers: [100], ...more });
const relay = (name: string): Partial<Process> => ({ relays: [{ name, listenPort: null, target: null }] });

const cases: [what: string, world: World, expected: (string | RegExp)[], command?: string | null][] = [
  ['a program', {}, ['process 100']],
  ['IPv4 and IPv6 of one program are one target', { sockets: [socket(), socket({ localAddress: '::' })] }, ['process 100']],
  ['two programs are two', { sockets: [socket(), socket({ pid: 101, localAddress: '::1' })], processes: [process(), process({ pid: 101 })] }, ['process 100', 'process 101']],
  [
    'in the order of addresses and processes, in which order the system lists them',
    { sockets: [socket({ localAddress: '::1', pid: 100 }), socket({ pid: 102 }), socket({ pid: 101 })], processes: [process(), process({ pid: 101 }), process({ pid: 102 })] },
    ['process 101', 'process 102', 'process 100'],
  ],
  ['all who hold it, the owner first', { sockets: [socket({ holders: [100, 101] })], processes: [process(), process({ pid: 101 })] }, ['process 100+101']],
  ['a UDP socket', { sockets: [udp()] }, ['process 100']],
  ['never a connection', { sockets: [connection({ localPort: 443 })], wanted: listens }, []],
  ['bound, but not listening', { sockets: [socket({ state: 'Bound' })] }, [/^refused it is bound, but does not listen/]],
  [
    'an owner who cannot be seen',
    { sockets: [socket({ pid: null, refusals: [{ field: 'OwningProcess', code: 'AccessDenied', text: 'no', needs: 'root' }] })] },
    [/^refused its owner cannot be seen: no$/],
  ],
  [
    'an owner who was not found',
    { platform: 'linux', sockets: [socket({ pid: null, refusals: [{ field: 'OwningProcess', code: 'Failed', text: 'nobody was found', needs: null }] })] },
    [/^refused its owner cannot be seen: nobody was found$/],
  ],
  ['a process without a start time', { processes: [process({ startTime: null })] }, [/^refused the start time of process 100 cannot be seen/]],
  ['rights are missing', { denied: 100 }, [/^refused it belongs to another user \(needs root \(sudo\)\)/]],
  [
    'the shell that this program runs in',
    { sockets: [socket({ pid: 800 })], processes: [process({ pid: 800, startTime: line[1]!.startTime })] },
    ['refused this program runs in it'],
  ],
  ['this program', { sockets: [socket({ pid: self })], processes: [process({ pid: self, startTime: line[2]!.startTime, parent: 800 })] }, ['refused it is this program']],
  [
    'a listener that an ancestor holds too',
    { sockets: [socket({ holders: [100, 800] })], processes: [process(), process({ pid: 800, imageName: 'bash', startTime: line[1]!.startTime })] },
    [/^refused bash \(800\) holds the listener too/],
  ],

  ['the Windows kernel', { sockets: [kernel()], processes: [] }, [/^refused Windows itself listens there/]],
  ['a session process, by its path', { processes: [program('C:\\Windows\\System32\\lsass.exe')] }, [/^refused lsass\.exe belongs to the session/]],
  ['a session process whose path is hidden', { processes: [process({ imageName: 'csrss.exe', path: null })] }, [/^refused csrss\.exe belongs/]],
  ['a program that only has such a name', { processes: [program('C:\\games\\services.exe')] }, ['process 100']],
  [
    'a service of its own process',
    { processes: [program('C:\\pg\\postgres.exe')], services: [service({ name: 'postgresql' })], states: { postgresql: {} } },
    ['service postgresql alone'],
    'Stop-Service postgresql',
  ],
  [
    'a service that others need',
    { processes: [program('C:\\pg\\postgres.exe')], services: [service({ name: 'my db' })], states: { 'my db': { dependents: ['App'] } } },
    ['service my db alone'],
    "Stop-Service 'my db' -Force",
  ],
  [
    'a service that cannot be stopped',
    {
      processes: [svchost()],
      services: [service({ name: 'EFS', shared: true })],
      states: { EFS: { refusal: { code: 'NotSupported', text: 'it cannot be stopped' } } },
    },
    ['refused it cannot be stopped'],
  ],
  ...['RpcSs', 'schedule', 'EventLog', 'Winmgmt'].map((name): (typeof cases)[number] => [
    `${name}, without which much of Windows does not work`,
    { sockets: [socket({ service: name })], processes: [svchost()], services: [service({ name, shared: true })], states: { [name]: {} } },
    [`refused much of Windows needs the service ${name}: it is never stopped to free a port`],
    null,
  ]),
  [
    'a service that one needs without which much of Windows does not work',
    { processes: [svchost()], services: [service({ name: 'Tcpip6' })], states: { Tcpip6: { dependents: ['App', 'Dhcp', 'DNSCACHE'] } } },
    ['refused much of Windows needs the services Dhcp, DNSCACHE, which would be stopped with Tcpip6: they are never stopped to free a port'],
    null,
  ],
  [
    'HTTP.sys: a service without which much of Windows does not work',
    { sockets: [kernel()], processes: [svchost()], services: [service({ name: 'Winmgmt', shared: true })], queues: [queue()], states: { Winmgmt: {} } },
    ['refused much of Windows needs the service Winmgmt: it is never stopped to free a port'],
    null,
  ],
  [
    'a unit of Linux that only has such a name',
    { platform: 'linux', processes: [unitProcess({ unit: 'schedule.service' })], states: { 'schedule.service': {} } },
    ['service schedule.service alone'],
  ],
  [
    'a shared svchost: the service of the tag',
    {
      sockets: [socket({ service: 'TermService' })],
      processes: [svchost()],
      services: [service({ name: 'TermService', shared: true }), service({ name: 'Dnscache', shared: true })],
      states: { TermService: {}, Dnscache: {} },
    },
    ['service TermService'],
  ],
  [
    'a shared svchost without a tag',
    { processes: [svchost()], services: [service({ name: 'A', shared: true }), service({ name: 'B', shared: true })], states: { A: {}, B: {} } },
    [/^refused it hosts several services, and which one listens cannot be seen: A, B/],
  ],
  ['a svchost of which nothing is known', { processes: [svchost()] }, [/^refused it hosts services/]],
  [
    'lsass is not stopped by its service either',
    { processes: [program('C:\\Windows\\System32\\lsass.exe')], services: [service({ name: 'Kdc' })], states: { Kdc: {} } },
    [/^refused lsass\.exe belongs/],
  ],
  [
    'an orphan',
    { sockets: [socket({ pid: 77, holders: [77], heirs: [100] })] },
    [/^refused process 77 has ended, but one of the programs that it started still holds its listener: nginx \(100\)/],
    'Get-Process -Id 100',
  ],
  [
    'an orphan whose heirs can only be guessed',
    { sockets: [socket({ pid: 77, holders: [77], heirCandidates: [100] })] },
    [
      /^refused process 77 has ended, and who has its listener now cannot be seen; it may be one of the programs that were started since by programs that have ended, too: nginx \(100\)/,
    ],
    null,
  ],

  [
    'HTTP.sys: a program that a service has started',
    {
      sockets: [kernel()],
      processes: [program('C:\\SSRS\\ReportingServicesService.exe', { parent: 50 }), program('C:\\SSRS\\RSHostingService.exe', { pid: 50 })],
      services: [service({ name: 'SQLServerReportingServices', pid: 50 })],
      queues: [queue()],
      states: { SQLServerReportingServices: {} },
    },
    ['service SQLServerReportingServices alone'],
  ],
  [
    'HTTP.sys: a program that a host of services has started',
    {
      sockets: [kernel()],
      processes: [program('C:\\app\\app.exe', { parent: 50 }), svchost({ pid: 50 })],
      services: [service({ name: 'Schedule', pid: 50, shared: true })],
      queues: [queue()],
      states: { Schedule: {} },
    },
    ['process 100'],
  ],
  [
    'HTTP.sys: a service',
    { sockets: [kernel()], processes: [svchost()], services: [service({ name: 'WinRM', shared: true })], queues: [queue()], states: { WinRM: {} } },
    ['service WinRM'],
  ],
  ['HTTP.sys: a program', { sockets: [kernel()], processes: [program('C:\\app\\app.exe')], queues: [queue()] }, ['process 100']],
  [
    'HTTP.sys: IIS, its site and never w3wp alone',
    {
      sockets: [kernel()],
      processes: [program('C:\\Windows\\System32\\inetsrv\\w3wp.exe')],
      queues: [queue({ name: 'DefaultAppPool', controller: 50 })],
      services: [service({ name: 'WAS', pid: 50, shared: true }), service({ name: 'W3SVC', pid: 50, shared: true })],
      sites: [
        site({ name: 'Shop', bindings: ['https/*:443:shop.example'], started: true }),
        site({ name: 'Old', bindings: ['https/*:443:'], started: false }),
        site({ name: 'Other', bindings: ['http/*:80:'], started: true }),
      ],
    },
    ['sites Shop'],
  ],
  [
    'HTTP.sys: IIS whose sites cannot be read',
    { sockets: [kernel()], processes: [program('C:\\Windows\\System32\\inetsrv\\w3wp.exe')], queues: [queue({ name: 'DefaultAppPool' })] },
    [/^refused the IIS application pool DefaultAppPool serves it, but its sites could not be read/],
  ],
  [
    'HTTP.sys: a queue without a process',
    { sockets: [kernel()], processes: [], queues: [queue({ processes: [] })] },
    [/^refused HTTP\.sys keeps it for a queue that no process serves/],
  ],
  [
    'HTTP.sys: two queues on a port are two targets',
    {
      sockets: [kernel()],
      processes: [program('C:\\app\\app.exe'), program('C:\\b\\b.exe', { pid: 101 })],
      queues: [queue(), queue({ processes: [{ pid: 101, service: null }], urls: ['https://+:443/b/'] })],
    },
    ['process 100', 'process 101'],
  ],
  [
    'a rule of portproxy',
    {
      processes: [svchost()],
      services: [service({ name: 'iphlpsvc', shared: true })],
      states: { iphlpsvc: {} },
      sections: { portProxies: { ...ok, data: [{ table: 'v4tov4', listenAddress: '0.0.0.0', listenPort: 443, connectAddress: '10.0.0.1', connectPort: 80 }] } },
    },
    [/^refused it is a rule of netsh interface portproxy/],
    'netsh interface portproxy delete v4tov4 listenport=443 listenaddress=0.0.0.0',
  ],
  [
    'of two rules of portproxy on a port the one of the address',
    {
      sockets: [socket({ localAddress: '10.0.0.6' })],
      processes: [svchost()],
      services: [service({ name: 'iphlpsvc', shared: true })],
      states: { iphlpsvc: {} },
      sections: {
        portProxies: {
          ...ok,
          data: ['10.0.0.5', '10.0.0.6'].map((listenAddress) => ({ table: 'v4tov4', listenAddress, listenPort: 443, connectAddress: '10.0.0.1', connectPort: 80 })),
        },
      },
    },
    [/^refused it is a rule of netsh interface portproxy/],
    'netsh interface portproxy delete v4tov4 listenport=443 listenaddress=10.0.0.6',
  ],
  [
    'HTTP.sys: of two queues on a port the one of the address',
    {
      sockets: [kernel({ localAddress: '10.0.0.5' })],
      processes: [program('C:\\app\\app.exe'), program('C:\\b\\b.exe', { pid: 101 })],
      queues: [queue({ urls: ['http://localhost:443:127.0.0.1/'] }), queue({ processes: [{ pid: 101, service: null }], urls: ['http://b:443:10.0.0.5/'] })],
    },
    ['process 101'],
  ],
  [
    'Docker Desktop',
    { processes: [program('C:\\Program Files\\Docker\\com.docker.backend.exe', relay('Docker Desktop'))] },
    [/^refused it forwards the port to a container/],
    'docker ps --filter publish=443',
  ],
  ['WSL', { processes: [program('C:\\Windows\\System32\\wslrelay.exe', relay('WSL relay'))] }, [/^refused it forwards the port to a program in WSL/], 'wsl --list --running'],

  [
    'the first process',
    { platform: 'linux', sockets: [socket({ pid: 1 })], processes: [process({ pid: 1, imageName: 'sh', path: '/bin/sh', startTime: line[0]!.startTime })] },
    ['refused this program runs in it'],
  ],
  [
    'the Linux kernel',
    { platform: 'linux', sockets: [socket({ pid: null, holders: [], kernel: true, kernelPart: 'NFS server (nfsd)' })], processes: [] },
    [/^refused the Linux kernel itself listens there, for its NFS server \(nfsd\)/],
  ],
  ['a session process of Linux', { platform: 'linux', processes: [process({ imageName: 'dbus-daemon', path: '/usr/bin/dbus-daemon' })] }, [/^refused dbus-daemon belongs/]],
  ['a unit', { platform: 'linux', processes: [unitProcess()], states: { 'nginx.service': {} } }, ['service nginx.service alone'], 'systemctl stop -- nginx.service'],
  [
    "a unit of a user's manager",
    { platform: 'linux', processes: [unitProcess()], states: { 'nginx.service': { manager: ['--user'] } } },
    ['service nginx.service alone'],
    'systemctl --user stop -- nginx.service',
  ],
  [
    'a unit and the socket that starts it',
    {
      platform: 'linux',
      sockets: [socket({ pid: 1, holders: [1, 100] })],
      processes: [process({ pid: 1, imageName: 'systemd', startTime: line[0]!.startTime }), unitProcess()],
      states: { 'nginx.service': { triggers: ['nginx.socket'] } },
    },
    ['service nginx.service alone'],
    'systemctl stop -- nginx.socket nginx.service',
  ],
  [
    'a unit and all that starts it, whatever its name',
    { platform: 'linux', processes: [unitProcess()], states: { 'nginx.service': { triggers: ['-x.path', 'my\\x2dapp.timer'] } } },
    ['service nginx.service alone'],
    "systemctl stop -- '-x.path' 'my\\x2dapp.timer' nginx.service",
  ],
  [
    'a socket unit whose service does not run',
    { platform: 'linux', sockets: [socket({ pid: 1 })], processes: [process({ pid: 1, imageName: 'systemd', startTime: line[0]!.startTime })] },
    [/^refused systemd listens for a service that it starts on demand/],
    'systemctl list-sockets',
  ],
  ['without systemd in charge the process is stopped', { platform: 'linux', processes: [unitProcess()] }, ['process 100']],
  [
    'of the unit that this program runs in only the process',
    { platform: 'linux', processes: [unitProcess()], states: { 'nginx.service': {} }, unit: 'nginx.service' },
    ['process 100'],
  ],
  ['a scope is no service', { platform: 'linux', processes: [process({ unit: 'session-3.scope' })], states: { 'session-3.scope': {} } }, ['process 100']],
  [
    'a container',
    { platform: 'linux', processes: [process({ container })] },
    [/^refused it runs in a container, which is stopped as a whole$/],
    `docker top ${container.id} -eo pid | grep -qw 100 && docker stop ${container.id}`,
  ],
  [
    'a container whose name could be an option',
    { platform: 'linux', processes: [process({ container: { runtime: 'lxc', id: '--force' } })] },
    [/^refused it runs in a container, which is stopped as a whole by its runtime$/],
    "lxc-info -n '--force'",
  ],
  [
    'a container whose id is none',
    { platform: 'linux', processes: [process({ container: { runtime: 'docker', id: 'web;reboot' } })] },
    [/^refused it runs in a container, which is stopped as a whole$/],
    null,
  ],
  [
    'a unit that does not hold the process',
    { platform: 'linux', processes: [unitProcess()], states: { 'nginx.service': { foreign: 'it has the control group /x' } } },
    ['refused it cannot be stopped as nginx.service: it has the control group /x'],
    null,
  ],
  [
    'an escaped unit is passed on as it is',
    { platform: 'linux', processes: [process({ unit: 'my\\x2dapp.service' })], states: { 'my-app.service': {}, 'my\\x2dapp.service': {} } },
    ['service my\\x2dapp.service alone'],
    "systemctl stop -- 'my\\x2dapp.service'",
  ],
  [
    'a unit whose name looks like an option',
    { platform: 'linux', processes: [process({ unit: '--force.service' })], states: { '--force.service': {} } },
    ['service --force.service alone'],
    "systemctl stop -- '--force.service'",
  ],
  ['what is no unit is a program', { platform: 'linux', processes: [process({ unit: '*.service' })], states: { '*.service': {} } }, ['process 100']],
  ["a user's manager is not stopped for one program", { platform: 'linux', processes: [process({ unit: 'user@7.service' })], states: { 'user@7.service': {} } }, ['process 100']],
  [
    'the unit that this program runs in is that of its own manager',
    { platform: 'linux', processes: [unitProcess({ unitUser: 7 })], states: { 'nginx.service': { manager: ['--user'] } }, unit: 'nginx.service' },
    ['service nginx.service alone'],
  ],
  [
    'a service of Windows whose name is a pattern',
    { processes: [program('C:\\x.exe')], services: [service({ name: 'a*[b]?`' })], states: { 'a*[b]?`': {} } },
    ['service a*[b]?` alone'],
    "Stop-Service 'a`*`[b`]`?``'",
  ],
  [
    'a service of Windows that runs in another process',
    { processes: [program('C:\\x.exe')], services: [service({ name: 'db' })], states: { db: { foreign: 'it runs in process 7' } } },
    ['refused it cannot be stopped as db: it runs in process 7'],
    null,
  ],
  [
    'HTTP.sys: a site of another pool, and one whose worker is another process',
    {
      sockets: [kernel()],
      processes: [program('C:\\Windows\\System32\\inetsrv\\w3wp.exe')],
      queues: [queue({ name: 'DefaultAppPool' })],
      sites: [site({ name: 'Other', pools: ['OtherPool'] }), site({ name: 'Planted', workers: [7] })],
    },
    [/^refused the IIS application pool DefaultAppPool serves it, but its sites could not be read/],
  ],
  ['in the same container it is a program', { platform: 'linux', processes: [process({ container })], container: container.id }, ['process 100']],
  ...(
    [
      ['rootlesskit-docker-proxy', 'docker ps --filter publish=443'],
      ['RootlessKit', 'docker ps --filter publish=443'],
      ['RootlessKit for containerd', 'nerdctl ps'],
      ['rootless port forwarder', 'podman ps'],
      ['pasta', 'podman ps'],
      ['slirp4netns', 'podman ps'],
      ['conmon', 'podman ps'],
      ['Podman machine', 'podman ps'],
      ['Docker Desktop (vpnkit)', 'docker ps --filter publish=443'],
      ['LXD proxy', 'lxc list'],
      ['Incus proxy', 'incus list'],
    ] as const
  ).map(([name, command]): (typeof cases)[number] => [
    `the relay ${name}`,
    { platform: 'linux', processes: [process({ imageName: 'relay', path: '/usr/bin/relay', ...relay(name) })] },
    [/^refused it forwards the port to a container/],
    command,
  ]),
  [
    'a container that its engine has named',
    {
      platform: 'linux',
      sockets: [socket({ container: { runtime: 'podman', id: 'a'.repeat(64), name: 'shop-web-1' } })],
      processes: [process({ imageName: 'relay', path: '/usr/bin/relay', ...relay('conmon') })],
    },
    [/^refused it forwards the port to a container, which is stopped as a whole$/],
    'podman stop shop-web-1',
  ],
  [
    'a container that its engine has no name for',
    {
      platform: 'linux',
      sockets: [socket({ container: { runtime: 'docker', id: 'a'.repeat(64) } })],
      processes: [process({ imageName: 'relay', path: '/usr/bin/relay', ...relay('docker-proxy') })],
    },
    [/^refused it forwards the port to a container/],
    `docker stop ${'a'.repeat(64)}`,
  ],
  [
    'the network of a virtual machine',
    { platform: 'linux', processes: [process({ imageName: 'passt.avx2', path: '/usr/bin/passt.avx2', ...relay('passt') })] },
    [/^refused it provides the network of a virtual machine/],
  ],
  [
    'docker-proxy',
    { platform: 'linux', processes: [process({ imageName: 'docker-proxy', path: '/usr/bin/docker-proxy', ...relay('docker-proxy') })] },
    [/^refused it forwards the port to a container/],
    'docker ps --filter publish=443',
  ],
];

for (const [what, world, expected, command] of cases) {
  test(what, () => {
    const targets = plan(world);
    assert.is(targets.length, expected.length, targets.map(short).join('; '));
    expected.forEach((one, index) => {
      const text = short(targets[index]!);
      if (typeof one === 'string') assert.is(text, one);
      else assert.match(text, one);
    });
    if (command !== undefined) assert.is(targets[0]!.command, command);
  });
}

test('what would end with it', () => {
  const [target] = plan({
    platform: 'linux',
    sockets: [
      socket(),
      socket({ localPort: 80 }),
      udp({ localPort: 443 }),
      connection({ localPort: 443 }),
      connection({ localPort: 443, state: 'TimeWait', pid: null, holders: [] }),
      connection({ localPort: 50000 }),
      socket({ localPort: 81, pid: 101 }),
    ],
    processes: [process({ parent: 90 }), process({ pid: 101 })],
    tree: [
      { pid: 90, parent: 1, startTime: '2026-01-01T02:00:00.00Z', imageName: 'pm2' },
      { pid: 200, parent: 100, startTime: '2026-01-02T03:05:00.00Z', imageName: 'worker' },
      { pid: 201, parent: 200, startTime: '2026-01-02T03:06:00.00Z', imageName: 'helper' },
      { pid: 202, parent: 100, startTime: '2026-01-01T00:00:00.00Z', imageName: 'older than its parent' },
    ],
    wanted: (one) => one.localPort === 443 && one.protocol === 'TCP' && listens(one),
  });
  const { row } = planned(target!);
  assert.equal(row, {
    Result: 'Planned',
    Protocol: 'TCP',
    LocalAddress: '0.0.0.0',
    LocalPort: 443,
    Endpoints: ['TCP/0.0.0.0:443'],
    OwningProcess: 100,
    ImageName: 'nginx',
    StartTime: started,
    Owner: 'nginx (100)',
    Method: 'ASK',
    Command: null,
    Holders: null,
    Children: ['worker (200)', 'helper (201)'],
    Services: null,
    DependentServices: null,
    OtherPorts: ['TCP/0.0.0.0:80', 'UDP/0.0.0.0:443'],
    Connections: 2,
    LingeringConnections: null,
    NewOwner: null,
    Supervisor: 'pm2 (90)',
    Reason: null,
    Identity: `TCP/0.0.0.0:443;100;${started};box`,
    ComputerName: 'box',
  });
});

const above: [what: string, parent: Partial<Process>, supervisor: string | null, notes: string[]][] = [
  ['pm2', { imageName: 'node', application: 'PM2' }, 'PM2 (node 90)', ['if PM2 (node 90) restarts it, stop it with: pm2 stop NAME (pm2 list shows the names)']],
  ['runit', { imageName: 'runsv' }, 'runsv (90)', ['if runsv (90) restarts it, stop it with: sv down SERVICE']],
  ['cron', { imageName: 'cron' }, 'cron (90)', ['if cron (90) restarts it, stop it with: crontab -e, of the user it runs as']],
  ['node --watch', { imageName: 'node', application: 'node server.js', restartsBy: '--watch' }, 'node server.js (90) with --watch, when a file changes', []],
  ['a loop', { imageName: 'sh', restartsBy: 'a loop' }, 'sh (90) in a loop', []],
  ['npm', { imageName: 'node', application: 'npm run dev' }, null, []],
  ['an unknown program', { imageName: 'overmind' }, 'overmind (90), which started it', []],
  ['a prompt', { imageName: 'zsh' }, null, []],
  ['a script', { imageName: 'bash', application: 'bash run.sh' }, 'bash run.sh (90), which started it', []],
  ['code without a loop', { imageName: 'bash', application: 'bash -c' }, null, []],
  ['code with a loop', { imageName: 'bash', application: 'bash -c', restartsBy: 'a loop' }, 'bash -c (90) in a loop', []],
];
for (const [what, parent, supervisor, notes] of above)
  test(`what may restart it, and what to stop instead: ${what}`, () => {
    const [target] = plan({ platform: 'linux', processes: [process({ parent: 90 }), process({ pid: 90, path: null, startTime: '2026-01-01T02:00:00.00Z', ...parent })] });
    assert.equal([target!.supervisor, target!.notes], [supervisor, notes]);
  });

test('forks and children are named by their application, as the owner is', () => {
  const script = (pid: number, application: string) => process({ pid, parent: pid === 100 ? 1 : 100, imageName: 'python3', application });
  const [target] = plan({
    platform: 'linux',
    sockets: [socket({ holders: [100, 101] })],
    processes: [script(100, 'python fork.py'), script(101, 'python fork.py'), script(102, 'python job.py')],
  });
  const { row } = planned(target!);
  assert.equal([row.Owner, row.Holders, row.Children], ['python fork.py (100) and 1 more', ['python fork.py (101)'], ['python job.py (102)']]);
  assert.match(besidesText([target!]), /\n {2}also stopped, because they share the port: python fork\.py \(101\)\n {2}child processes, which may end, too: python job\.py \(102\)/);
});

test('targets with the same name are distinguished by their folder', () => {
  const script = (pid: number, workingDirectory: string) => process({ pid, imageName: 'node', application: 'node server.js', workingDirectory });
  const targets = plan({
    platform: 'linux',
    sockets: [socket({ localAddress: '127.0.0.1' }), socket({ localAddress: '::1', pid: 101, holders: [101] })],
    processes: [script(100, '/home/ann/shop'), script(101, '/home/ann/blog')],
  });
  assert.equal(
    targets.map(({ owner }) => owner),
    ['node server.js in ~ann/shop (100)', 'node server.js in ~ann/blog (101)'],
  );
});

test('a shell that this program runs in is not in a loop', () => {
  const [target] = plan({ platform: 'linux', processes: [process({ parent: 800, startTime: '2026-01-02T04:00:00.00Z' })] });
  assert.is(target!.supervisor, null);
});

test('a command is only shown where it can be pasted', () => {
  const [target] = plan({ processes: [program('C:\\a.exe')], services: [service({ name: "it's\n" })], states: { "it's\n": {} } });
  assert.equal([target!.means.how, target!.command, target!.method], ['service', null, 'stop the service']);
});

test.run();
