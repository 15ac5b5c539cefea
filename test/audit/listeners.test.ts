import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { listeners, ownerText } from '../../src/audit/listeners.ts';
import { endpointText } from '../../src/ports/address.ts';
import { connection, facts, process, service, socket, udp } from '../support/example.ts';

const test = suite('the listeners of an audit');

const texts = (...args: Parameters<typeof facts>): string[] => listeners(facts(...args)).map((one) => `${endpointText(one)} ${ownerText(one)}`);

test('listening TCP and unconnected UDP sockets; no connections, no bound sockets, no UDP clients', () => {
  assert.equal(
    texts([
      socket({ localPort: 443 }),
      connection({ localPort: 443 }),
      socket({ localPort: 8080, state: 'Bound' }),
      udp({ localPort: 53 }),
      udp({ localPort: 54, remoteAddress: '192.0.2.1', remotePort: 53 }),
    ]),
    ['UDP 0.0.0.0:53 /usr/sbin/nginx as root', 'TCP 0.0.0.0:443 /usr/sbin/nginx as root'],
  );
});

test('the applications of a listener, each once', () => {
  const script = (pid: number, application?: string) => process({ pid, imageName: 'node', path: '/usr/bin/node', ...(application === undefined ? {} : { application }) });
  const on = (localPort: number, pid: number) => socket({ localPort, pid, holders: [pid] });
  const found = listeners(
    facts([on(80, 100), on(40000, 101), on(40001, 102), on(40002, 101), on(81, 103)], {
      processes: [script(100, 'node server.js'), script(101, 'node a.js'), script(102, 'node b.js'), script(103)],
    }),
  );
  assert.equal(
    found.map(({ port, program, applications }) => [port, program, applications]),
    [
      [80, '/usr/bin/node', ['node server.js']],
      [81, '/usr/bin/node', undefined],
      ['dynamic', '/usr/bin/node', ['node a.js', 'node b.js']],
    ],
  );
});

test('ports of the dynamic range are one listener a program, user, protocol and scope', () => {
  const found = listeners(
    facts(
      [
        socket({ localPort: 40001 }),
        socket({ localPort: 40000 }),
        socket({ localPort: 40002, localAddress: '127.0.0.1' }),
        udp({ localPort: 40000 }),
        udp({ localPort: 40003, localAddress: '::' }),
        socket({ localPort: 40004, pid: 101 }),
      ],
      {
        processes: [process(), process({ pid: 101, path: '/tmp/door', user: 'eve' })],
      },
    ),
  );
  assert.equal(
    found.map((one) => [endpointText(one), one.program, one.ports]),
    [
      ['TCP any:dynamic', '/tmp/door', [40004]],
      ['TCP any:dynamic', '/usr/sbin/nginx', [40000, 40001]],
      ['TCP loopback:dynamic', '/usr/sbin/nginx', [40002]],
      ['UDP any:dynamic', '/usr/sbin/nginx', [40000, 40003]],
    ],
  );
});

test('what is kept from chance inside of the dynamic range is a fixed port', () => {
  const range = {
    status: 'ok',
    reason: null,
    needs: null,
    at: null,
    data: [{ kind: 'Reserved', protocol: null, family: null, start: 50000, end: 50000, source: 'a test' }],
  } as const;
  assert.equal(texts([socket({ localPort: 50000 })], { sections: { reservedPorts: { ...range, data: [...range.data] } } }), ['TCP 0.0.0.0:50000 /usr/sbin/nginx as root']);
});

test("IANA's range where the machine's own is not known", () => {
  const none = { status: 'failed', reason: 'a test', needs: null, at: null, data: [] } as const;
  assert.equal(texts([socket({ localPort: 40000 }), socket({ localPort: 50000 })], { sections: { dynamicRanges: { ...none, data: [] } } }), [
    'TCP 0.0.0.0:40000 /usr/sbin/nginx as root',
    'TCP any:dynamic /usr/sbin/nginx as root',
  ]);
});

test('names that change at each start do not count', () => {
  const container = { runtime: 'docker', id: 'a'.repeat(64) };
  assert.equal(texts([socket()], { processes: [process({ container, unit: 'session-3.scope' })] }), ['TCP 0.0.0.0:443 /usr/sbin/nginx (docker) as root']);
  const user = [service({ name: 'CDPUserSvc_1a2b3c' })];
  assert.equal(texts([socket()], { platform: 'win32', services: user, processes: [process({ path: 'C:\\Windows\\System32\\svchost.exe' })] }), [
    'TCP 0.0.0.0:443 C:\\Windows\\System32\\svchost.exe (CDPUserSvc) as root',
  ]);
});

test('an IPv6 scope does not count; workers that share a socket are one listener', () => {
  assert.equal(texts([socket({ localAddress: 'fe80::1%eth0' }), socket({ localAddress: 'fe80::1%eth1' })]), ['TCP [fe80::1]:443 /usr/sbin/nginx as root']);
});

test('that no service runs it is known only where one would have been seen', () => {
  const seen = (...args: Parameters<typeof facts>): (true | undefined)[] => listeners(facts(...args)).map(({ serviceless }) => serviceless);
  const refused = { field: 'Services', code: 'AccessDenied', text: 'a test', needs: null } as const;
  assert.equal(seen([socket()]), [true]);
  assert.equal(seen([socket()], { processes: [process({ unit: 'session-3.scope' })] }), [true]);
  assert.equal(seen([socket()], { processes: [process({ unit: 'nginx.service' })] }), [undefined]);
  assert.equal(seen([socket()], { processes: [process({ refusals: [refused] })] }), [undefined]);
  assert.equal(seen([socket({ pid: null })]), [undefined]);
  const none = { status: 'notAsked', reason: null, needs: null, at: null, data: [] } as const;
  assert.equal(seen([socket()], { platform: 'win32' }), [true]);
  assert.equal(seen([socket()], { platform: 'win32', sections: { services: { ...none, data: [] } } }), [undefined]);
});

test("Windows' names in another case are one", () => {
  const path = 'C:\\Windows\\svchost.exe';
  const two = [process({ path }), process({ pid: 101, path: path.toLowerCase() })];
  assert.equal(texts([socket(), socket({ pid: 101 })], { platform: 'win32', processes: two }), [`TCP 0.0.0.0:443 ${path} as root`]);
});

test('a program whose file is gone has the path it was started from', () => {
  const gone = (path: string, platform: 'linux' | 'win32' = 'linux') =>
    listeners(facts([socket()], { platform, processes: [process({ path })] })).map(({ program, fileGone }) => [program, fileGone]);
  assert.equal(gone('/tmp/x/nc (deleted)'), [['/tmp/x/nc', true]]);
  assert.equal(gone('/tmp/x/nc'), [['/tmp/x/nc', undefined]]);
  assert.equal(gone('C:\\nc (deleted)', 'win32'), [['C:\\nc (deleted)', undefined]]);
  const named = facts([socket()], { processes: [process({ path: '/tmp/x/nc (deleted)', literalPath: true })] });
  assert.equal(
    listeners(named).map(({ program, fileGone }) => [program, fileGone]),
    [['/tmp/x/nc (deleted)', undefined]],
  );
  const workers = [process(), process({ pid: 101, path: '/usr/sbin/nginx (deleted)' })];
  assert.equal(
    listeners(facts([socket(), socket({ pid: 101 })], { processes: workers })).map(({ program, fileGone }) => [program, fileGone]),
    [['/usr/sbin/nginx', true]],
  );
});

test('what could not be seen is unknown', () => {
  assert.equal(texts([socket({ pid: null })]), ['TCP 0.0.0.0:443 unknown program']);
});

test.run();
