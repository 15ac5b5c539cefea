import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { conflicts } from '../../src/diagnosis/conflicts.ts';
import type { Facts, Socket, SocketUnit } from '../../src/facts/model/facts.ts';
import { linux, range, windows } from '../support/world.ts';
import { cpuMs } from '../support/cpu.ts';

const test = suite('conflicts');
const ok = { status: 'ok', reason: null, needs: null, at: '2026-01-02T03:04:06Z' } as const;

type Part = Partial<Socket>;
const tcp = (address: string, port: number, pid: number): Part => ({ localAddress: address, localPort: port, pid });
const udp = (address: string, port: number, pid: number): Part => ({ ...tcp(address, port, pid), protocol: 'UDP', state: null });
const kernel = (part: Part): Part => ({ ...part, kernel: true, holders: [4] });
const both = (port: number, pid: number): Part[] => [tcp('0.0.0.0', port, pid), tcp('::', port, pid)];
const connection = (port: number, pid: number): Part => ({ ...tcp('10.0.0.5', port, pid), state: 'Established', remoteAddress: '192.0.2.7', remotePort: 443 });

/** A closed connection of the machine with itself, as its server has it. */
const closed = (port: number, client: number): Part => ({
  ...tcp('10.0.0.5', port, 0),
  pid: null,
  holders: [],
  kernel: true,
  state: 'TimeWait',
  remoteAddress: '10.0.0.5',
  remotePort: client,
});

/** One line a conflict. */
function found(facts: Facts): string[] {
  return conflicts(facts).rows.map((row) => `${row.Severity} ${row.Kind} ${row.Protocol} ${row.Address ?? '-'} ${row.Port ?? '-'}: ${row.Owners!.join(' | ')}`);
}

const nginx = { pid: 100, imageName: 'nginx', path: '/usr/sbin/nginx', unit: 'nginx.service' };
const caddy = { pid: 200, imageName: 'caddy', path: '/usr/bin/caddy' };
const node = { pid: 300, imageName: 'node', path: '/usr/bin/node' };
const app = { pid: 500, imageName: 'app.exe', path: 'C:\\app\\app.exe' };
const other = { pid: 600, imageName: 'other.exe', path: 'C:\\other\\other.exe' };

const svchost = (pid: number) => ({ pid, imageName: 'svchost.exe', path: 'C:\\Windows\\System32\\svchost.exe', user: 'NT AUTHORITY\\SYSTEM' });

const proxied = (listenAddress: string) => ({
  portProxies: { ...ok, data: [{ table: 'v4tov4' as const, listenAddress, listenPort: 8080, connectAddress: '172.20.1.2', connectPort: 80 }] },
});
const wantedBy = (more: Partial<SocketUnit>) => ({
  socketUnits: { ...ok, data: [{ unit: 'web.socket', service: 'web.service', protocol: 'TCP' as const, address: '::', port: 80, ipv6Only: false, ...more }] },
});

const cases: readonly (readonly [name: string, facts: Facts, expected: readonly string[]])[] = [
  ['nothing', linux([]), []],
  ['one program on both families', linux(both(80, 100), { processes: [nginx] }), []],
  ['the workers of one service share a port', linux([tcp('0.0.0.0', 80, 100), tcp('0.0.0.0', 80, 101)], { processes: [nginx, { ...nginx, pid: 101 }] }), []],
  ['a parent and its child share a port', linux([tcp('0.0.0.0', 80, 300), tcp('0.0.0.0', 80, 301)], { processes: [node, { ...node, pid: 301, parent: 300 }] }), []],
  [
    'two children of one parent',
    linux([tcp('0.0.0.0', 8080, 301), tcp('::', 8080, 302)], {
      processes: [
        { pid: 301, imageName: 'docker-proxy', parent: 50 },
        { pid: 302, imageName: 'docker-proxy', parent: 50 },
        { pid: 50, imageName: 'dockerd' },
      ],
    }),
    [],
  ],
  [
    'two programs share a port by reuse',
    linux([tcp('0.0.0.0', 80, 200), tcp('0.0.0.0', 80, 300)], { processes: [caddy, node] }),
    ['Warning SharedByReuse TCP 0.0.0.0 80: caddy (200) | node (300)'],
  ],
  [
    'one program started twice',
    linux([tcp('0.0.0.0', 80, 300), tcp('0.0.0.0', 80, 301)], { processes: [node, { ...node, pid: 301 }] }),
    ['Warning Instances TCP 0.0.0.0 80: node (300) | node (301)'],
  ],
  [
    'overlapping addresses',
    windows([tcp('0.0.0.0', 8080, 500), tcp('127.0.0.1', 8080, 600)], { processes: [app, other] }),
    ['Warning OverlappingAddresses TCP 0.0.0.0, 127.0.0.1 8080: app.exe (500) | other.exe (600)'],
  ],
  [
    'a dnsmasq for each bridge',
    linux([udp('0.0.0.0%virbr0', 67, 200), udp('0.0.0.0%virbr1', 67, 201), udp('10.0.0.1%virbr0', 53, 200), udp('10.0.1.1%virbr1', 53, 201)], {
      processes: [caddy, { ...caddy, pid: 201 }],
    }),
    [],
  ],
  [
    'two on one bridge',
    linux([udp('0.0.0.0%virbr0', 67, 200), udp('0.0.0.0%virbr1', 67, 200), udp('0.0.0.0%virbr1', 67, 300)], { processes: [caddy, node] }),
    ['Warning SharedByReuse UDP 0.0.0.0%virbr1 67: caddy (200) | node (300)'],
  ],
  [
    'a bridge and every interface',
    linux([udp('0.0.0.0%virbr0', 67, 200), udp('0.0.0.0%virbr1', 67, 200), udp('0.0.0.0', 67, 300)], { processes: [caddy, node] }),
    ['Warning OverlappingAddresses UDP 0.0.0.0, 0.0.0.0%virbr0, 0.0.0.0%virbr1 67: node (300) | caddy (200)'],
  ],
  [
    'an address on one interface and on all',
    linux([tcp('10.0.0.9', 80, 200), tcp('10.0.0.1', 80, 200), tcp('10.0.0.1%eth0', 80, 300)], { processes: [caddy, node] }),
    ['Warning OverlappingAddresses TCP 10.0.0.1, 10.0.0.1%eth0 80: caddy (200) | node (300)'],
  ],
  [
    'every address of the second interface of another',
    linux([tcp('10.0.0.1%eth0', 80, 200), tcp('10.0.1.1%eth1', 80, 200), tcp('0.0.0.0%eth1', 80, 300)], { processes: [caddy, node] }),
    ['Warning OverlappingAddresses TCP 0.0.0.0%eth1, 10.0.1.1%eth1 80: node (300) | caddy (200)'],
  ],
  [
    'a VRF has ports of its own, for TCP',
    linux(
      [
        tcp('0.0.0.0', 80, 200),
        { ...tcp('0.0.0.0%red', 80, 300), vrf: 'red' },
        { ...tcp('127.0.0.1%red', 81, 300), vrf: 'red' },
        tcp('::1', 81, 200),
        udp('0.0.0.0', 53, 200),
        udp('0.0.0.0%red', 53, 300),
      ],
      {
        processes: [caddy, node],
      },
    ),
    ['Warning OverlappingAddresses UDP 0.0.0.0, 0.0.0.0%red 53: caddy (200) | node (300)'],
  ],
  ['a socket unit on another interface', linux([tcp('0.0.0.0%eth0', 80, 200)], { processes: [caddy], sections: wantedBy({ address: '::%eth1' }) }), []],
  [
    'a socket unit on the same interface',
    linux([tcp('0.0.0.0%eth0', 80, 200)], { processes: [caddy], sections: wantedBy({ address: '::%eth0' }) }),
    ['Warning ServiceBlocked TCP 0.0.0.0%eth0 80: web.socket: TCP [::%eth0]:80 for web.service | caddy (200)'],
  ],
  ['different addresses', linux([tcp('127.0.0.1', 53, 100), tcp('10.0.0.5', 53, 200)], { processes: [nginx, caddy] }), []],
  [
    'IPv4 and IPv6 of different owners',
    linux([tcp('0.0.0.0', 8080, 200), tcp('::', 8080, 300)], { processes: [caddy, node] }),
    ['Warning FamilySplit TCP 0.0.0.0, :: 8080: caddy (200) | node (300)'],
  ],
  [
    'IPv4 and IPv6 on loopback',
    linux([tcp('127.0.0.1', 8080, 200), tcp('::1', 8080, 300)], { processes: [caddy, node] }),
    ['Warning FamilySplit TCP 127.0.0.1, ::1 8080: caddy (200) | node (300)'],
  ],
  [
    'a relay has IPv6',
    windows([tcp('127.0.0.1', 8080, 500), tcp('::1', 8080, 600)], {
      processes: [app, { ...other, imageName: 'wslrelay.exe', relays: [{ name: 'WSL relay', listenPort: null, target: null }] }],
    }),
    ['Information FamilySplit TCP 127.0.0.1, ::1 8080: app.exe (500) | WSL relay (wslrelay.exe 600)'],
  ],
  [
    'known multicast',
    linux([udp('0.0.0.0', 5353, 200), udp('0.0.0.0', 5353, 300)], { processes: [caddy, node] }),
    ['Information SharedByReuse UDP 0.0.0.0 5353: caddy (200) | node (300)'],
  ],
  [
    'unknown multicast',
    linux([udp('0.0.0.0', 5354, 200), udp('0.0.0.0', 5354, 300)], { processes: [caddy, node] }),
    ['Warning SharedByReuse UDP 0.0.0.0 5354: caddy (200) | node (300)'],
  ],
  ['a connection is no owner', linux([tcp('0.0.0.0', 8080, 200), { ...connection(8080, 300) }], { processes: [caddy, node] }), []],
  ['a listener in the dynamic range', linux([tcp('0.0.0.0', 50000, 200)], { processes: [caddy] }), ['Warning ListenerInDynamicRange TCP 0.0.0.0 50000: caddy (200)']],
  [
    'a listener in the dynamic range, on loopback',
    linux([tcp('127.0.0.1', 50000, 200)], { processes: [caddy] }),
    ['Information ListenerInDynamicRange TCP 127.0.0.1 50000: caddy (200)'],
  ],
  [
    'RPC listeners of server roles',
    windows([tcp('0.0.0.0', 49700, 500), tcp('0.0.0.0', 49701, 600)], {
      processes: [
        { ...app, imageName: 'certsrv.exe', path: 'C:\\Windows\\System32\\certsrv.exe' },
        { ...other, imageName: 'clussvc.exe', path: 'C:\\Windows\\Cluster\\clussvc.exe' },
      ],
    }),
    ['Information ListenerInDynamicRange TCP 0.0.0.0 49700: certsrv.exe (500)', 'Information ListenerInDynamicRange TCP 0.0.0.0 49701: clussvc.exe (600)'],
  ],
  ['a UDP socket in the dynamic range is a client', linux([udp('0.0.0.0', 50000, 200)], { processes: [caddy] }), []],
  [
    'a listener in an excluded range',
    windows([tcp('0.0.0.0', 8080, 500)], { processes: [app], reserved: [range('Excluded', 8000, 8099, { protocol: 'TCP' })] }),
    ['Warning ListenerInExcludedRange TCP 0.0.0.0 8080: app.exe (500)'],
  ],
  [
    'a listener in the range that an administrator made for it',
    windows([tcp('0.0.0.0', 8080, 500)], { processes: [app], reserved: [range('ExcludedAdministered', 8080, 8080, { protocol: 'TCP' })] }),
    ['Information ListenerInExcludedRange TCP 0.0.0.0 8080: app.exe (500)'],
  ],
  [
    'a URL that is not served',
    windows(both(8080, 500), { processes: [app], sections: { httpQueues: { ...ok, data: [{ name: 'Pool', controller: null, processes: [], urls: ['HTTP://*:8080/'] }] } } }),
    ['Error UrlBlocked TCP 0.0.0.0, :: 8080: HTTP.sys: Pool, HTTP://*:8080/ | app.exe (500)'],
  ],
  [
    'a reservation whose port another has',
    windows(both(8080, 500), { processes: [app], sections: { urlReservations: { ...ok, data: [{ url: 'http://+:8080/mine/', sddl: null }] } } }),
    ['Warning UrlReservationBlocked TCP 0.0.0.0, :: 8080: reserved: http://+:8080/mine/ | app.exe (500)'],
  ],
  [
    "Windows' own reservation on a web server's port",
    windows(both(80, 500), { processes: [app], sections: { urlReservations: { ...ok, data: [{ url: 'http://+:80/Temporary_Listen_Addresses/', sddl: null }] } } }),
    ['Information UrlReservationBlocked TCP 0.0.0.0, :: 80: reserved: http://+:80/Temporary_Listen_Addresses/ | app.exe (500)'],
  ],
  [
    'a rule whose port another has',
    windows([tcp('0.0.0.0', 8080, 500)], {
      processes: [app],
      sections: { portProxies: { ...ok, data: [{ table: 'v4tov4', listenAddress: '*', listenPort: 8080, connectAddress: '172.20.1.2', connectPort: 80 }] } },
    }),
    ['Warning PortProxyBlocked TCP 0.0.0.0 8080: portproxy *:8080 to 172.20.1.2:80 | app.exe (500)'],
  ],
  ['a rule for an address that nobody has', windows([tcp('127.0.0.1', 8080, 500)], { processes: [app], sections: proxied('10.0.0.5') }), []],
  ['a rule for the other family', windows([tcp('::', 8080, 500)], { processes: [app], sections: proxied('*') }), []],
  [
    'a rule for one address, which a program has with all others',
    windows([tcp('0.0.0.0', 8080, 500)], { processes: [app], sections: proxied('10.0.0.5') }),
    ['Warning PortProxyBlocked TCP 0.0.0.0 8080: portproxy 10.0.0.5:8080 to 172.20.1.2:80 | app.exe (500)'],
  ],
  [
    'a socket unit whose port another has',
    linux([tcp('0.0.0.0', 80, 200)], { processes: [caddy], sections: wantedBy({}) }),
    ['Warning ServiceBlocked TCP 0.0.0.0 80: web.socket: TCP [::]:80 for web.service | caddy (200)'],
  ],
  ['a socket unit for IPv6 alone', linux([tcp('0.0.0.0', 80, 200)], { processes: [caddy], sections: wantedBy({ ipv6Only: true }) }), []],
  ['a socket unit for another address', linux([tcp('127.0.0.1', 80, 200)], { processes: [caddy], sections: wantedBy({ address: '127.0.0.2' }) }), []],
  ['a socket unit for the other protocol', linux([tcp('0.0.0.0', 80, 200)], { processes: [caddy], sections: wantedBy({ protocol: 'UDP' }) }), []],
  ['a socket unit that has its port', linux([{ ...tcp('::', 80, 200), holders: [1, 200] }], { processes: [caddy], sections: wantedBy({}) }), []],
  ['a socket unit whose service has the port by itself', linux([tcp('::', 80, 100)], { processes: [{ ...nginx, unit: 'web.service' }], sections: wantedBy({}) }), []],
  [
    'a socket unit whose instances have the port',
    linux([tcp('::', 80, 100)], { processes: [{ ...nginx, unit: 'web@1.service' }], sections: wantedBy({ service: 'web@.service' }) }),
    [],
  ],
  ["root's socket that cannot be seen may be systemd's", linux([{ ...tcp('::', 80, 0), pid: null, holders: [], user: 'root' }], { sections: wantedBy({}) }), []],
  [
    "another user's is not",
    linux([{ ...tcp('::', 80, 0), pid: null, holders: [], user: 'ann' }], { sections: wantedBy({}) }),
    ['Warning ServiceBlocked TCP :: 80: web.socket: TCP [::]:80 for web.service | a process of ann that cannot be seen'],
  ],
  [
    'few dynamic ports are left',
    linux(
      Array.from({ length: 9 }, (_, i) => connection(40000 + i, 300)),
      { processes: [node], dynamic: [range('LocalDynamic', 40000, 40009)] },
    ),
    ['Warning DynamicPortsLow TCP - -: node (300): 9', 'Warning ConnectionPairsLow TCP 10.0.0.5 -: 192.0.2.7:443: another machine | node (300)'],
  ],
  [
    'no dynamic port is left',
    linux(
      Array.from({ length: 10 }, (_, i) => connection(40000 + i, 300)),
      { processes: [node], dynamic: [range('LocalDynamic', 40000, 40009)] },
    ),
    ['Error DynamicPortsLow TCP - -: node (300): 10', 'Error ConnectionPairsLow TCP 10.0.0.5 -: 192.0.2.7:443: another machine | node (300)'],
  ],
  [
    'as many connections to several addresses',
    linux(
      Array.from({ length: 10 }, (_, i) => ({ ...connection(40000 + i, 300), remotePort: 1000 + i })),
      { processes: [node], dynamic: [range('LocalDynamic', 40000, 40009)] },
    ),
    ['Error DynamicPortsLow TCP - -: node (300): 10'],
  ],
  [
    "closed connections to one's own server, as the server has them",
    windows([tcp('0.0.0.0', 8080, 500), ...Array.from({ length: 90 }, (_, i) => closed(8080, 50_000 + i))], { processes: [app], dynamic: [range('LocalDynamic', 50_000, 50_099)] }),
    ['Warning ConnectionPairsLow TCP 10.0.0.5 -: 10.0.0.5:8080: app.exe (500)'],
  ],
  [
    'the same from other machines, whose ports they are',
    windows([tcp('0.0.0.0', 8080, 500), ...Array.from({ length: 90 }, (_, i) => ({ ...closed(8080, 50_000 + i), remoteAddress: '10.0.0.9' }))], {
      processes: [app],
      dynamic: [range('LocalDynamic', 50_000, 50_099)],
    }),
    [],
  ],
  [
    'HTTP.sys is told to listen on an address that is not here',
    windows([tcp('10.0.0.5', 8080, 500)], {
      processes: [app],
      sections: {
        ipListenList: { ...ok, data: [{ address: '10.0.0.5' }, { address: '10.10.0.8' }, { address: '127.0.0.1' }, { address: '::' }] },
        addresses: { ...ok, data: [{ address: '10.0.0.5', interface: 'Ethernet' }] },
      },
    }),
    ['Warning ListenAddressMissing TCP 10.10.0.8 -: HTTP.sys: its IP listen list'],
  ],
  ['the same where the addresses of the machine are not known', windows([], { sections: { ipListenList: { ...ok, data: [{ address: '10.10.0.8' }] } } }), []],
  [
    'two programs share a port over both families by reuse: that is no split',
    windows([...both(8888, 500), ...both(8888, 600)], { processes: [app, other] }),
    ['Warning SharedByReuse TCP 0.0.0.0, :: 8888: app.exe (500) | other.exe (600)'],
  ],
  [
    'one has both families, another only one',
    windows([...both(8888, 500), tcp('::', 8888, 600)], { processes: [app, other] }),
    ['Warning FamilySplit TCP 0.0.0.0, :: 8888: app.exe (500) | other.exe (600)', 'Warning SharedByReuse TCP :: 8888: app.exe (500) | other.exe (600)'],
  ],
  [
    'two services run one program: what starts services starts whatever it is told to',
    windows([tcp('0.0.0.0', 8088, 501), tcp('0.0.0.0', 8088, 502)], {
      processes: [
        { ...app, pid: 501, parent: 700 },
        { ...app, pid: 502, parent: 700 },
        { pid: 700, imageName: 'services.exe' },
      ],
    }),
    ['Warning Instances TCP 0.0.0.0 8088: app.exe (501) | app.exe (502)'],
  ],
  [
    'a shell started one program twice',
    linux([tcp('0.0.0.0', 8088, 301), tcp('0.0.0.0', 8088, 302)], {
      processes: [
        { ...node, pid: 301, parent: 50 },
        { ...node, pid: 302, parent: 50 },
        { pid: 50, imageName: 'bash' },
      ],
    }),
    ['Warning Instances TCP 0.0.0.0 8088: node (301) | node (302)'],
  ],
  [
    'two services of the host of services',
    windows([tcp('0.0.0.0', 8088, 501), tcp('0.0.0.0', 8088, 502)], {
      processes: [
        { ...svchost(501), parent: 700 },
        { ...svchost(502), parent: 700 },
        { pid: 700, imageName: 'services.exe' },
      ],
      services: [
        { name: 'Dnscache', pid: 501 },
        { name: 'TermService', pid: 502 },
      ],
    }),
    ['Warning SharedByReuse TCP 0.0.0.0 8088: Dnscache (svchost.exe 501) | TermService (svchost.exe 502)'],
  ],
  [
    'a program started two servers of one name, each for one family',
    linux([tcp('127.0.0.1', 8088, 301), tcp('::1', 8088, 302)], {
      processes: [
        { ...node, application: 'node server.js', workingDirectory: '/shop', pid: 301, parent: 50 },
        { ...node, application: 'node server.js', workingDirectory: '/shop', pid: 302, parent: 50 },
        { ...node, application: 'concurrently', pid: 50 },
      ],
    }),
    ['Warning FamilySplit TCP 127.0.0.1, ::1 8088: node server.js (301) | node server.js (302)'],
  ],
  [
    'two programs of one interpreter are no instances of one',
    linux([tcp('0.0.0.0', 8088, 301), tcp('0.0.0.0', 8088, 302), tcp('0.0.0.0', 8088, 303), tcp('0.0.0.0', 8089, 303), tcp('0.0.0.0', 8089, 304)], {
      processes: [
        { ...node, application: 'node server.js', workingDirectory: '/shop', pid: 301 },
        { ...node, application: 'node server.js', workingDirectory: '/shop', pid: 302 },
        { ...node, application: 'node server.js', workingDirectory: '/blog', pid: 303 },
        { ...node, application: 'node blog.js', workingDirectory: '/blog', pid: 304 },
      ],
    }),
    [
      'Warning Instances TCP 0.0.0.0 8088: node server.js (301) | node server.js (302)',
      'Warning SharedByReuse TCP 0.0.0.0 8088: node server.js in /shop (301) | node server.js in /blog (303) | node server.js in /shop (302)',
      'Warning SharedByReuse TCP 0.0.0.0 8089: node server.js (303) | node blog.js (304)',
    ],
  ],
  [
    'a master started its workers',
    linux([tcp('0.0.0.0', 8088, 301), tcp('0.0.0.0', 8088, 302)], {
      processes: [
        { ...node, pid: 301, parent: 50 },
        { ...node, pid: 302, parent: 50 },
        { ...node, pid: 50 },
      ],
    }),
    [],
  ],
  [
    "remote desktop's port in a dynamic range that is wider than usual",
    windows(both(3389, 1300), { processes: [svchost(1300)], services: [{ name: 'TermService', pid: 1300 }], dynamic: [range('LocalDynamic', 1025, 65_534)] }),
    ['Warning ListenerInDynamicRange TCP 0.0.0.0, :: 3389: TermService (svchost.exe 1300)'],
  ],
  [
    'a part of Windows above where the usual range begins',
    windows(both(49_666, 1300), { processes: [svchost(1300)], services: [{ name: 'EventLog', pid: 1300 }], dynamic: [range('LocalDynamic', 1025, 65_534)] }),
    ['Information ListenerInDynamicRange TCP 0.0.0.0, :: 49666: EventLog (svchost.exe 1300)'],
  ],
  [
    'an administrator keeps connections from the port of a listener',
    windows([tcp('0.0.0.0', 50_010, 500)], { processes: [app], reserved: [range('ExcludedAdministered', 50_000, 50_059)] }),
    ['Information ListenerInExcludedRange TCP 0.0.0.0 50010: app.exe (500)'],
  ],
  ['the same on Linux', linux([tcp('0.0.0.0', 40_010, 300)], { processes: [node], reserved: [range('Reserved', 40_010, 40_010)] }), []],
];
for (const [name, facts, expected] of cases) test(name, () => assert.equal(found(facts), expected));

const script = { imageName: 'node', path: '/usr/bin/node', application: 'node server.js' };
const apart: readonly (readonly [what: string, facts: Facts, owners: readonly string[], description: RegExp])[] = [
  [
    'the folder',
    linux([tcp('127.0.0.1', 80, 1000), tcp('::1', 80, 1001)], {
      processes: [
        { ...script, pid: 1000, workingDirectory: '/home/ann/shop' },
        { ...script, pid: 1001, workingDirectory: '/home/bob/blog' },
      ],
    }),
    ['node server.js in ~/shop (1000)', 'node server.js in ~bob/blog (1001)'],
    /^node server\.js in ~\/shop \(1000\) owns the port over IPv4, and node server\.js in ~bob\/blog \(1001\) over IPv6: /,
  ],
  [
    'the folder of one of them',
    linux([tcp('::', 80, 1000), tcp('0.0.0.0', 80, 1001)], {
      processes: [
        { ...script, pid: 1000, workingDirectory: '/' },
        { ...script, pid: 1001, workingDirectory: '/srv/blog' },
      ],
    }),
    ['node server.js in /srv/blog (1001)', 'node server.js (1000)'],
    /^node server\.js in \/srv\/blog \(1001\) owns the port over IPv4, and node server\.js \(1000\) over IPv6: /,
  ],
  [
    'the file',
    windows([tcp('0.0.0.0', 80, 500), tcp('127.0.0.1', 80, 501)], { processes: [app, { ...app, pid: 501, path: 'D:\\old\\app.exe' }] }),
    ['app.exe from C:\\app (500)', 'app.exe from D:\\old (501)'],
    /^app\.exe from C:\\app \(500\) listens on every address, but connections to 127\.0\.0\.1 reach app\.exe from D:\\old \(501\)\.$/,
  ],
  [
    'the user',
    linux([tcp('0.0.0.0', 80, 200), tcp('127.0.0.1', 80, 201)], { processes: [caddy, { ...caddy, pid: 201, user: 'bob' }] }),
    ['caddy of ann (200)', 'caddy of bob (201)'],
    /^caddy of ann \(200\) listens on every address/,
  ],
  [
    'a tool that an interpreter runs',
    linux([tcp('127.0.0.1', 80, 300), tcp('::1', 80, 301)], {
      processes: [
        { ...node, application: 'vite', workingDirectory: '/home/ann/shop' },
        { ...node, pid: 301, application: 'vite', workingDirectory: '/home/ann/blog' },
      ],
    }),
    ['vite in ~/shop (node 300)', 'vite in ~/blog (node 301)'],
    /^vite in ~\/shop \(node 300\) owns/,
  ],
  [
    'nothing, because the names differ',
    linux([tcp('127.0.0.1', 80, 200), tcp('::1', 80, 300)], {
      processes: [
        { ...caddy, workingDirectory: '/srv/a' },
        { ...node, workingDirectory: '/srv/b' },
      ],
    }),
    ['caddy (200)', 'node (300)'],
    /^caddy \(200\) owns the port over IPv4, and node \(300\) over IPv6: which one is reached depends on name resolution\.$/,
  ],
  [
    'nothing, because nothing differs',
    linux([tcp('0.0.0.0', 80, 300), tcp('0.0.0.0', 80, 301)], { processes: [node, { ...node, pid: 301 }] }),
    ['node (300)', 'node (301)'],
    /^One program runs several times/,
  ],
  [
    'three owners',
    linux([tcp('127.0.0.1', 80, 200), tcp('::1', 80, 300), tcp('::1', 80, 301)], { processes: [caddy, node, { ...node, pid: 301, workingDirectory: '/srv/a' }] }),
    ['caddy (200)', 'node (300)', 'node in /srv/a (301)'],
    /^One program owns the port over IPv4, and another one over IPv6: /,
  ],
];
for (const [what, facts, owners, description] of apart)
  test(`owners of one name are told apart: ${what}`, () => {
    const [row] = conflicts(facts, '/home/ann').rows;
    assert.equal(row!.Owners, owners);
    assert.match(row!.Description!, description);
  });

test('the worst comes first, as whole rows', () => {
  const { rows, undecided } = conflicts(windows([tcp('127.0.0.1', 50000, 500), tcp('0.0.0.0', 8080, 500), tcp('127.0.0.1', 8080, 600)], { processes: [app, other] }));
  assert.is(undecided, null);
  assert.equal(rows, [
    {
      Severity: 'Warning',
      Kind: 'OverlappingAddresses',
      Protocol: 'TCP',
      Address: '0.0.0.0, 127.0.0.1',
      Port: 8080,
      Owners: ['app.exe (500)', 'other.exe (600)'],
      Description: 'app.exe (500) listens on every address, but connections to 127.0.0.1 reach other.exe (600).',
      Remedy: ['portowner 8080 --format list  # everything known about the owners', 'portowner why 8080  # whether and how another program can bind it'],
      ComputerName: 'box',
    },
    {
      Severity: 'Information',
      Kind: 'ListenerInDynamicRange',
      Protocol: 'TCP',
      Address: '127.0.0.1',
      Port: 50000,
      Owners: ['app.exe (500)'],
      Description: 'It listens inside the dynamic range: another connection may take the port before it restarts.',
      Remedy: ['portowner 50000 --format list  # everything known about the owners'],
      ComputerName: 'box',
    },
  ]);
});

test('an unusual range is named', () => {
  const { rows } = conflicts(
    windows(both(3389, 1300), { processes: [svchost(1300)], services: [{ name: 'TermService', pid: 1300 }], dynamic: [range('LocalDynamic', 1025, 65_534)] }),
  );
  assert.is(
    rows[0]?.Description,
    'It listens inside the dynamic range 1025-65534, which is unusual (49152-65535 is usual on Windows): another connection may take the port before it restarts.',
  );
});

test('a socket that is bound to an interface listens on the addresses of that one', () => {
  const datagrams = (localAddress: string, pid: number): Partial<Socket> => ({ protocol: 'UDP', state: null, localAddress, localPort: 6700, pid, holders: [pid] });
  const { rows } = conflicts(
    linux([datagrams('0.0.0.0%virbr0', 900), datagrams('10.0.0.5', 901)], {
      processes: [
        { pid: 900, imageName: 'dnsmasq' },
        { pid: 901, imageName: 'dhcpd' },
      ],
    }),
  );
  assert.is(rows[0]?.Description, 'dnsmasq (900) listens on every address of virbr0, but connections to 10.0.0.5 reach dhcpd (901).');
});

test('100,000 connections take no time', () => {
  const many = linux(
    Array.from({ length: 100_000 }, (_, i) => ({ ...connection(32_768 + (i % 28_000), 300), remotePort: 1000 + Math.floor(i / 28_000) })),
    { processes: [node] },
  );
  const time = cpuMs(() => assert.is(conflicts(many).rows.filter(({ Kind }) => Kind === 'ConnectionPairsLow').length, 3));
  assert.ok(time < 5000, `${time} ms`);
});

test('owners that cannot be seen are not called different', () => {
  const hidden = (user: string): Part => ({ ...tcp('0.0.0.0', 80, 0), pid: null, holders: [], user });
  const processes = { ...ok, status: 'partial', reason: 'some are hidden', needs: 'root (sudo)', data: [] } as const;
  const { rows, undecided } = conflicts(linux([hidden('www'), hidden('www')], { sections: { processes: { ...processes, data: [] } } }));
  assert.equal([rows, undecided], [[], 'root (sudo)']);
});

test('10,000 listeners take no time', () => {
  const many = windows(
    Array.from({ length: 10_000 }, (_, i) => tcp(`10.0.${i >> 8}.${i & 255}`, 8080, 500 + (i % 3))),
    { processes: [app, { ...app, pid: 501 }, { ...app, pid: 502 }] },
  );
  const time = cpuMs(() => conflicts(many));
  assert.ok(time < 5000, `${time} ms`);
});

const system = { pid: 4, imageName: 'System' };
/** A stock Windows 11: https://learn.microsoft.com/troubleshoot/windows-server/networking/service-overview-and-network-port-requirements */
export const stockWindows = windows(
  [
    ...both(135, 1000),
    ...both(445, 4).map(kernel),
    kernel(tcp('10.0.0.5', 139, 4)),
    tcp('0.0.0.0', 5040, 1100),
    ...both(5357, 4).map(kernel),
    tcp('::', 7680, 1200),
    ...both(49664, 700),
    ...both(49665, 600),
    ...both(49666, 1300),
    ...both(49667, 1400),
    ...both(49668, 1500),
    ...both(49669, 650),
    udp('0.0.0.0', 123, 1600),
    udp('::', 123, 1600),
    udp('0.0.0.0', 500, 1700),
    udp('::', 500, 1700),
    udp('0.0.0.0', 4500, 1700),
    udp('::', 4500, 1700),
    udp('0.0.0.0', 5050, 1100),
    udp('0.0.0.0', 5353, 1800),
    udp('::', 5353, 1800),
    udp('0.0.0.0', 5353, 2000),
    udp('0.0.0.0', 5353, 2001),
    udp('0.0.0.0', 5355, 1800),
    udp('::', 5355, 1800),
    udp('0.0.0.0', 3702, 1900),
    udp('0.0.0.0', 3702, 1901),
    udp('::', 3702, 1900),
    udp('10.0.0.5', 1900, 1900),
    udp('127.0.0.1', 1900, 1900),
    kernel(udp('10.0.0.5', 137, 4)),
    kernel(udp('10.0.0.5', 138, 4)),
    udp('0.0.0.0', 54321, 1800),
    udp('10.0.0.5', 55555, 1900),
    connection(49800, 2000),
    connection(49801, 2000),
  ],
  {
    processes: [
      system,
      { pid: 600, imageName: 'wininit.exe' },
      { pid: 650, imageName: 'services.exe' },
      { pid: 700, imageName: 'lsass.exe' },
      { pid: 1500, imageName: 'spoolsv.exe' },
      ...[1000, 1100, 1200, 1300, 1400, 1600, 1700, 1800, 1900, 1901].map(svchost),
      { pid: 2000, imageName: 'msedge.exe', path: 'C:\\edge\\msedge.exe' },
      { pid: 2001, imageName: 'msedge.exe', path: 'C:\\edge\\msedge.exe' },
    ],
    services: [
      { pid: 1000, name: 'RpcSs' },
      { pid: 1000, name: 'RpcEptMapper' },
      { pid: 1100, name: 'CDPSvc' },
      { pid: 1200, name: 'DoSvc' },
      { pid: 1300, name: 'EventLog' },
      { pid: 1400, name: 'Schedule' },
      { pid: 1500, name: 'Spooler' },
      { pid: 1600, name: 'W32Time' },
      { pid: 1700, name: 'IKEEXT' },
      { pid: 1800, name: 'Dnscache' },
      { pid: 1900, name: 'FDResPub' },
      { pid: 1900, name: 'SSDPSRV' },
      { pid: 1901, name: 'fdPHost' },
    ],
    reserved: [range('Excluded', 5357, 5357, { protocol: 'TCP', family: 'IPv4' }), range('ExcludedAdministered', 50000, 50059, { protocol: 'TCP', family: 'IPv4' })],
    sections: {
      httpQueues: {
        ...ok,
        data: [{ name: null, controller: null, processes: [{ pid: 1900, service: 'FDResPub' }], urls: ['HTTP://*:5357/79B6B27A-0F7A-4E0C-9C4A-0123456789AB/'] }],
      },
      urlReservations: {
        ...ok,
        data: [
          'http://+:80/Temporary_Listen_Addresses/',
          'http://*:5357/',
          'https://*:5358/',
          'http://+:5985/wsman/',
          'http://+:47001/wsman/',
          'https://+:443/sra_{BA195980-CD49-458b-9E23-C84EE0ADCD75}/',
          'http://*:2869/',
          'http://+:10246/MDEServer/',
          'http://+:10247/apps/',
        ].map((url) => ({ url, sddl: null })),
      },
    },
  },
);

test('a stock Windows machine has nothing worse than Information', () => {
  const { rows, undecided } = conflicts(stockWindows);
  assert.is(undecided, null);
  assert.equal(
    rows.filter(({ Severity }) => Severity !== 'Information'),
    [],
  );
  assert.ok(rows.some(({ Kind, Port }) => Kind === 'ListenerInDynamicRange' && Port === 49664));
  assert.ok(rows.some(({ Port }) => Port === 5353));
});

test('a plain Linux machine has nothing worse than Information', () => {
  const unit = (pid: number, imageName: string) => ({ pid, imageName, path: `/usr/sbin/${imageName}`, unit: `${imageName}.service` });
  const plain = linux(
    [
      ...both(22, 10),
      tcp('127.0.0.53', 53, 11),
      tcp('127.0.0.54', 53, 11),
      udp('127.0.0.53', 53, 11),
      udp('127.0.0.54', 53, 11),
      tcp('127.0.0.1', 631, 12),
      tcp('::1', 631, 12),
      udp('127.0.0.1', 323, 13),
      udp('::1', 323, 13),
      udp('0.0.0.0', 5353, 14),
      udp('::', 5353, 14),
      udp('0.0.0.0', 5353, 15),
      udp('0.0.0.0', 44321, 14),
      udp('::', 33210, 14),
      udp('10.0.0.5', 68, 16),
      tcp('127.0.0.1', 41235, 17),
      ...both(111, 18),
      udp('0.0.0.0', 111, 18),
      tcp('0.0.0.0', 38211, 19),
      { ...tcp('0.0.0.0', 35001, 0), pid: null, holders: [], kernel: true },
      connection(45000, 15),
    ],
    {
      processes: [
        unit(10, 'sshd'),
        unit(11, 'systemd-resolved'),
        unit(12, 'cupsd'),
        unit(13, 'chronyd'),
        unit(14, 'avahi-daemon'),
        { pid: 15, imageName: 'chrome' },
        unit(16, 'systemd-networkd'),
        unit(17, 'containerd'),
        unit(18, 'rpcbind'),
        unit(19, 'rpc.statd'),
      ],
      elevated: true,
    },
  );
  assert.equal(
    conflicts(plain).rows.filter(({ Severity }) => Severity !== 'Information'),
    [],
  );
});

test.run();
