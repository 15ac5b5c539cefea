import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Facts } from '../../src/facts/model/facts.ts';
import { endpoints } from '../../src/ownership/endpoints.ts';
import type { Endpoint } from '../../src/schema/endpoint.ts';
import { connection, facts, process, service, socket } from '../support/example.ts';
import { rowsOf as writtenRows } from '../support/rows.ts';

const test = suite('who owns it');

const serviceName = (port: number): string | null => (port === 443 ? 'https' : null);
const rowsOf = (given: Facts, live = false): Endpoint[] => writtenRows(given, given.sections.sockets.data, { live, serviceName });

/** One situation a line, as an administrator would check it: what is there, and what is said. */
const cases: [what: string, given: Facts, kind: string, owner: string | null, more?: Partial<Endpoint>][] = [
  ['a plain process', facts([socket()]), 'Process', 'nginx (100)', { OwningProcess: 100, PortService: 'https', PortRange: 'WellKnown', AddressScope: 'Any', Reason: null }],
  ['a systemd service', facts([socket()], { processes: [process({ unit: 'nginx.service' })] }), 'Service', 'nginx.service (nginx 100)', { Services: ['nginx.service'] }],
  ['a program in a login session', facts([socket()], { processes: [process({ unit: 'session-3.scope' })] }), 'Process', 'nginx (100)', { Services: ['session-3.scope'] }],
  [
    'a container',
    facts([socket()], { processes: [process({ unit: 'docker.service', container: { runtime: 'docker', id: 'a'.repeat(64) } })] }),
    'Service',
    'docker container aaaaaaaaaaaa (nginx 100)',
    { Services: ['docker:aaaaaaaaaaaa', 'docker.service'] },
  ],
  ['several holders', facts([socket({ holders: [100, 101, 102] })]), 'Process', 'nginx (100) and 2 more', { Holders: [100, 101, 102] }],
  ['the Linux kernel', facts([socket({ pid: null, kernel: true, kernelPart: 'VXLAN' })]), 'Kernel', 'Linux kernel: VXLAN', { OwningProcess: null }],
  [
    'nobody that was found',
    facts([socket({ pid: null, user: 'eve', refusals: [{ field: 'OwningProcess', code: 'Failed', text: 'nobody was found', needs: null }] })]),
    'Unknown',
    'an unknown holder (user eve)',
    { OwningProcess: null, UserName: 'eve', Reason: ['OwningProcess: Failed: nobody was found'] },
  ],
  ['a connection that nobody has accepted', facts([connection({ pid: null, kernel: true })]), 'Kernel', 'nobody yet: a connection that is not accepted (Established)'],
  ['a connection that was closed', facts([connection({ state: 'FinWait2', pid: null, kernel: true })]), 'Kernel', 'nobody: a closed connection (FinWait2)'],
  ['TIME_WAIT', facts([connection({ state: 'TimeWait', pid: null, kernel: true })]), 'Kernel', 'nobody: a closed connection (TIME_WAIT)'],
  ['TIME_WAIT on Windows', facts([connection({ state: 'TimeWait', pid: 0, kernel: true })], { platform: 'win32' }), 'Kernel', 'nobody: a closed connection (TIME_WAIT)'],
  [
    'PID 4',
    facts([socket({ pid: 4, kernel: true })], { platform: 'win32', processes: [process({ pid: 4, imageName: 'System' })] }),
    'Kernel',
    'Windows kernel (System 4)',
    { ImageName: 'System', OwningProcess: 4 },
  ],
  [
    'a Windows service',
    facts([socket()], { platform: 'win32', processes: [process({ imageName: 'svchost.exe' })], services: [service()] }),
    'Service',
    'W3SVC (svchost.exe 100)',
    { Services: ['W3SVC'] },
  ],
  [
    'a shared host',
    facts([socket()], { platform: 'win32', processes: [process({ imageName: 'svchost.exe' })], services: [service(), service({ name: 'WAS' })] }),
    'Service',
    'one of W3SVC, WAS (svchost.exe 100)',
    { Services: ['W3SVC', 'WAS'] },
  ],
  ['an ended owner', facts([socket({ pid: 777 })], { platform: 'win32' }), 'Orphan', 'ended process 777', { Reason: ['ImageName: Gone: process 777 has ended'] }],
  [
    'processes that could not be read',
    facts([socket()], { sections: { processes: { status: 'failed', reason: 'no rights', needs: null, at: null, data: [] } } }),
    'Unknown',
    'process 100',
    { Reason: ['ImageName: Failed: no rights'] },
  ],
  [
    'a socket of another user, seen without root',
    facts([socket({ pid: null, user: 'postgres', refusals: [{ field: 'OwningProcess', code: 'AccessDenied', text: 'its process belongs to another user', needs: 'root' }] })]),
    'Unknown',
    'a process of postgres that cannot be seen',
    { UserName: 'postgres', Reason: ['OwningProcess: AccessDenied: its process belongs to another user (needs root)'] },
  ],
  ['a process without a name', facts([socket()], { processes: [process({ imageName: null })] }), 'Process', 'process 100'],
  [
    'a parent',
    facts([socket()], { processes: [process({ parent: 50 }), process({ pid: 50, imageName: 'bash' })] }),
    'Process',
    'nginx (100)',
    { ParentProcess: 50, ParentImageName: 'bash' },
  ],
  [
    'a script',
    facts([socket()], { processes: [process({ imageName: 'node', application: 'node server.js' })] }),
    'Process',
    'node server.js (100)',
    { ImageName: 'node', Application: 'node server.js' },
  ],
  ['a tool', facts([socket()], { processes: [process({ imageName: 'python3.11', application: 'gunicorn' })] }), 'Process', 'gunicorn (python 100)', { Application: 'gunicorn' }],
  [
    'a script on Windows',
    facts([socket()], { platform: 'win32', processes: [process({ imageName: 'node.exe', application: 'node server.js' })] }),
    'Process',
    'node server.js (100)',
  ],
  [
    'a program by another link',
    facts([socket()], { processes: [process({ imageName: 'redis-check-rdb', application: 'redis-server' })] }),
    'Process',
    'redis-server (100)',
    { Application: 'redis-server' },
  ],
  ['an applet', facts([socket()], { processes: [process({ imageName: 'busybox', application: 'httpd' })] }), 'Process', 'httpd (busybox 100)'],
  [
    'a script as a service',
    facts([socket()], { processes: [process({ imageName: 'node', application: 'node server.js', unit: 'shop.service' })] }),
    'Service',
    'shop.service (node server.js 100)',
  ],
  [
    'a tool as a service',
    facts([socket()], { processes: [process({ imageName: 'python3.11', application: 'gunicorn', unit: 'shop.service' })] }),
    'Service',
    'shop.service (gunicorn, python 100)',
  ],
  [
    'an interpreter of which nothing else is known',
    facts([socket()], { processes: [process({ imageName: 'python3.11' })] }),
    'Process',
    'python3.11 (100)',
    { Application: 'python' },
  ],
  [
    'a program by its file',
    facts([socket()], { platform: 'win32', processes: [process({ imageName: 'sqlservr.exe' })] }),
    'Process',
    'sqlservr.exe (100)',
    { Application: 'sqlservr' },
  ],
  [
    'a host of one service is called by it',
    facts([socket()], { platform: 'win32', processes: [process({ imageName: 'svchost.exe' })], services: [service({ name: 'Dnscache' })] }),
    'Service',
    'Dnscache (svchost.exe 100)',
    { Application: 'Dnscache' },
  ],
  [
    'a host of several by the one that has the socket',
    facts([socket({ service: 'WAS' })], { platform: 'win32', processes: [process({ imageName: 'svchost.exe' })], services: [service(), service({ name: 'WAS' })] }),
    'Service',
    'WAS (svchost.exe 100)',
    { Application: 'WAS' },
  ],
];

/** Who reads it where, of a socket whose process may not be seen. */
const hidden: [needs: string, user: string | null, platform: 'linux' | 'win32', live: boolean, owner: string][] = [
  ['root (sudo)', 'root', 'linux', true, 'a process of root, or the kernel (run with sudo to see it)'],
  ['root (sudo)', 'ann', 'linux', false, 'a process of ann (seen only with sudo)'],
  ['root (sudo)', null, 'linux', true, "another user's process (run with sudo to see it)"],
  ['to run as root on the host itself', 'root', 'linux', true, 'a process of root that cannot be seen, or the kernel'],
  ['an elevated (administrator) session', null, 'win32', true, "another user's process (run elevated to see it)"],
  ['an elevated (administrator) session', null, 'win32', false, "another user's process (seen only elevated)"],
];
for (const [needs, user, platform, live, owner] of hidden)
  test(`not seen: ${owner}, needs ${needs}`, () => {
    const denied = { field: 'OwningProcess', code: 'AccessDenied', text: 'access is denied', needs } as const;
    const [row] = rowsOf(facts([socket({ pid: null, user, refusals: [denied] })], { platform }), live);
    assert.equal([row!.Owner, row!.OwnerKind], [owner, 'Unknown']);
  });

/** Where a script runs, as its reader has it. */
const places: [directory: string | null, owner: string, more?: Partial<Parameters<typeof process>[0]>][] = [
  ['/home/ann/shop', 'node server.js in ~/shop (100)'],
  ['/home/ann', 'node server.js in ~ (100)'],
  ['/home/anna/shop', 'node server.js in ~anna/shop (100)'],
  ['/srv/shop', 'node server.js in /srv/shop (100)'],
  ['/', 'node server.js (100)'],
  [null, 'node server.js (100)'],
  ['C:\\Users\\Bob\\shop', 'node server.js in ~Bob\\shop (100)'],
  ['C:\\Windows\\System32', 'node server.js (100)'],
  ['/srv/shop', 'vite in /srv/shop (node 100)', { application: 'vite' }],
  ['/srv/shop', 'shop.service (node server.js 100)', { unit: 'shop.service' }],
  ['/srv/shop', 'nginx (100)', { imageName: 'nginx', application: undefined }],
];
for (const [workingDirectory, owner, more] of places)
  test(`told with its place: ${owner}`, () => {
    const given = facts([socket()], { processes: [process({ imageName: 'node', application: 'node server.js', workingDirectory, ...more })] });
    const [row] = endpoints(given, given.sections.sockets.data, { live: true, serviceName: null, home: '/home/ann' });
    assert.is(row!.Owner, owner);
    assert.is(rowsOf(given)[0]!.Owner, owner.replace(/ in \S+/, ''));
  });

for (const [what, given, kind, owner, more] of cases) {
  test(what, () => {
    const [row] = rowsOf(given);
    assert.ok(row);
    assert.is(row.OwnerKind, kind);
    assert.is(row.Owner, owner);
    for (const [name, value] of Object.entries(more ?? {})) assert.equal(row[name as keyof Endpoint], value, name);
    assert.ok(
      Object.values(row).every((value) => value !== '' && value !== undefined),
      'a value that is missing is null',
    );
  });
}

test('only live rows of real processes carry Id', () => {
  const given = facts([socket(), socket({ pid: 4, kernel: true }), socket({ pid: null })], { platform: 'win32' });
  assert.equal(
    rowsOf(given, true).map((row) => row.Id),
    [100, undefined, undefined],
  );
  assert.ok(rowsOf(given, false).every((row) => !('Id' in row)));
});

const scopes: [address: string, scope: string][] = [
  ['0.0.0.0', 'Any'],
  ['::', 'Any'],
  ['127.0.0.1', 'Loopback'],
  ['127.9.9.9', 'Loopback'],
  ['::1', 'Loopback'],
  ['::ffff:127.0.0.1', 'Loopback'],
  ['::ffff:10.0.0.1', 'Specific'],
  ['10.0.0.1', 'Specific'],
  ['fe80::1%2', 'Specific'],
  ['12.7.0.0', 'Specific'],
];
for (const [localAddress, scope] of scopes) {
  test(`${localAddress} is ${scope}`, () => assert.is(rowsOf(facts([socket({ localAddress })]))[0]!.AddressScope, scope));
}

test('what a socket and its process both lack is said once', () => {
  const nameless = { field: 'UserName', code: 'NotSupported', text: 'user 1001 has no name on this machine', needs: null } as const;
  const [row] = rowsOf(facts([socket({ user: null, refusals: [nameless] })], { processes: [process({ user: null, refusals: [nameless] })] }));
  assert.equal(row!.Reason, ['UserName: NotSupported: user 1001 has no name on this machine']);
});

test.run();
