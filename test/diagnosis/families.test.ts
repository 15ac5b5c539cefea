import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { holdersOf, sameOwner } from '../../src/diagnosis/families.ts';
import type { Process, Service, Socket } from '../../src/facts/model/facts.ts';
import { facts, process, service, socket } from '../support/example.ts';

const test = suite('two owners of a port are one program');

type Part = Partial<Process>;
interface World {
  readonly platform?: 'linux' | 'win32';
  readonly services?: Service[];
  readonly sockets?: readonly [Partial<Socket>, Partial<Socket>];
}

/** A process; `node server.js@node in /shop` is what it runs, its file, and where. */
function one(pid: number, text: string, more: Part = {}): Process {
  const [, application, imageName, workingDirectory] = /^(.+?)(?:@(.+?))?(?: in (.+))?$/.exec(text)!;
  const told = imageName === undefined ? {} : { application: application! };
  const where = workingDirectory === undefined ? {} : { workingDirectory };
  return process({ pid, imageName: imageName ?? application!, path: null, ...told, ...where, ...more });
}

/** Two owners, 10 and 20, that one parent has started. */
const siblings = (parent: string, text: string, other = text, more: Part = {}): Process[] => [
  one(5, parent, more),
  one(10, text, { parent: 5, ...more }),
  one(20, other, { parent: 5, ...more }),
];
/** An owner, 20, that the other one, 10, has started. */
const inLine = (parent: string, child: string): Process[] => [one(10, parent), one(20, child, { parent: 10 })];

const win = (...services: string[]): World => ({ platform: 'win32', services: services.map((name, at) => service({ name, pid: (at + 1) * 10, shared: true })) });
const svchost = 'svchost.exe';
const cases: [isOne: boolean, what: string, processes: Process[], world?: World][] = [
  // One parent.
  [false, 'a shell started a server twice', siblings('bash', 'node server.js@node in /shop')],
  [false, 'a script started them', siblings('sh start.sh@dash', 'node server.js@node in /shop')],
  [false, 'npm started them', siblings('npm run dev@node', 'node server.js@node in /shop')],
  [false, 'another script of the same interpreter started them', siblings('concurrently@node', 'node server.js@node in /shop')],
  [false, 'code of the interpreter without a file started them', siblings('node', 'node server.js@node in /shop')],
  [false, 'a program of which nothing is known started them', siblings('overmind', 'redis-server')],
  [false, 'supervisord started them', siblings('supervisord@python3.11', 'python app.py@python3.11 in /srv')],
  [false, 'pm2 started them', siblings('PM2@node', 'node server.js@node in /shop')],
  [false, 'systemd started them', siblings('systemd', 'nginx')],
  [false, 'cron started them', siblings('cron', 'nginx')],
  [false, 'two sessions of SSH pass a port on', siblings('sshd', 'sshd')],
  [false, 'runsv started another program', siblings('runsv', 'nginx')],
  [false, 'busybox runs them', siblings('busybox', 'httpd@busybox')],
  [false, 'workers of one program run in two folders', siblings('node server.js@node in /a', 'node server.js@node in /shop', 'node server.js@node in /blog')],
  [false, 'a test runner starts two programs', siblings('node server.js@node', 'node server.js@node', 'node other.js@node')],
  [true, 'a cluster of Node.js', siblings('node server.js@node in /shop', 'node server.js@node in /shop')],
  [true, 'a cluster of Bun', siblings('bun server.ts@bun in /shop', 'bun server.ts@bun in /shop')],
  [true, 'nginx', siblings('nginx', 'nginx')],
  [true, 'gunicorn by the names of its processes', siblings('gunicorn: master@gunicorn3', 'gunicorn: worker@gunicorn3')],
  [true, 'gunicorn', siblings('gunicorn@python3.11 in /srv', 'gunicorn@python3.11 in /srv')],
  [true, 'PHP', siblings('php-fpm: master process@php-fpm8.2', 'php-fpm: pool www@php-fpm8.2')],
  [true, 'multiprocessing of Python', siblings('uvicorn@python3.11 in /srv', 'python3.11 in /srv')],
  [true, 'the proxies of one container', siblings('dockerd', 'docker-proxy')],
  [
    false,
    'the proxies of two containers',
    siblings('dockerd', 'docker-proxy'),
    {
      sockets: [{ container: { runtime: 'docker', id: 'a' } }, { container: { runtime: 'docker', id: 'b' } }],
    },
  ],
  [true, 'a recording without applications', siblings('node', 'node')],
  [false, 'a parent that is not known', siblings('node', 'node').slice(1)],

  // One is the parent of the other.
  [true, 'a worker of the other', inLine('node server.js@node', 'node worker.js@node')],
  [true, 'a program that the other has started', inLine('shop', 'shop-api')],
  [false, 'the page of a supervisor, and what it supervises', inLine('supervisord@python3.11', 'python app.py@python3.11')],
  [false, 'the forward of an SSH session, and what runs in that', inLine('sshd', 'sshd')],
  [false, "an editor's port, and what runs in its terminal", inLine('code', 'node server.js@node')],
  [false, 'a socket unit of systemd, and another service', [process({ pid: 1, imageName: 'systemd' }), one(20, 'nginx', { parent: 1 })], { sockets: [{ pid: 1 }, { pid: 20 }] }],
  [true, 'gunicorn, and its worker', inLine('gunicorn: master@gunicorn3', 'gunicorn: worker@gunicorn3')],

  // A socket in common.
  [true, 'strangers that share the very socket', [one(10, 'caddy'), one(20, 'node')], { sockets: [{ holders: [10] }, { holders: [20, 10] }] }],
  [false, 'strangers', [one(10, 'node server.js@node in /shop'), one(20, 'node server.js@node in /shop')]],

  // A unit of systemd.
  [true, 'the workers of a unit', [one(10, 'nginx', { unit: 'nginx.service' }), one(20, 'nginx', { unit: 'nginx.service' })]],
  [true, 'the proxies of the unit of Docker', siblings('dockerd', 'docker-proxy', 'docker-proxy', { unit: 'docker.service' })],
  [false, 'two programs of a unit', siblings('sh start.sh@dash', 'node shop.js@node', 'node blog.js@node', { unit: 'sites.service' })],
  [false, 'what supervisord runs in its unit', siblings('supervisord@python3.11', 'node server.js@node', 'node server.js@node', { unit: 'supervisor.service' })],
  [false, 'what cron runs in its unit', siblings('cron', 'python app.py@python3.11', 'python app.py@python3.11', { unit: 'cron.service' })],
  [
    false,
    'two units of one program',
    [one(10, 'nginx', { unit: 'a.service', parent: 1 }), one(20, 'nginx', { unit: 'b.service', parent: 1 }), process({ pid: 1, imageName: 'systemd' })],
  ],

  // Windows.
  [false, 'two services, each in a svchost.exe', siblings('services.exe', svchost), win('Dnscache', 'TermService')],
  [false, 'services of which nothing is known', siblings('services.exe', svchost), { platform: 'win32' }],
  [false, 'two services of one program', siblings('services.exe', 'app.exe'), win('ShopA', 'ShopB')],
  [false, 'cmd started a server twice', siblings('cmd.exe', 'node server.js@node.exe in C:\\shop'), { platform: 'win32' }],
  [false, 'Windows Terminal', siblings('WindowsTerminal.exe', 'node server.js@node.exe in C:\\shop'), { platform: 'win32' }],
  [false, 'the Explorer', siblings('explorer.exe', 'java -jar app.jar@javaw.exe in C:\\shop'), { platform: 'win32' }],
  [false, 'the Task Scheduler', siblings(svchost, 'python app.py@python.exe in C:\\shop'), { platform: 'win32' }],
  [true, 'a cluster', siblings('node server.js@node.exe in C:\\shop', 'node server.js@node.exe in C:\\shop'), { platform: 'win32' }],
  [true, 'two workers of one IIS pool', siblings(svchost, 'w3wp Shop@w3wp.exe'), { platform: 'win32' }],
  [false, 'workers of two IIS pools', siblings(svchost, 'w3wp Shop@w3wp.exe', 'w3wp Blog@w3wp.exe'), { platform: 'win32' }],
  [false, 'a service, and what it was told to start', inLine(svchost, 'node server.js@node.exe'), { platform: 'win32' }],
];

for (const [isOne, what, processes, { sockets = [{}, {}], ...more } = {}] of cases)
  test(`${isOne ? 'yes' : 'no'}: ${what}`, () => {
    const [first, second] = sockets;
    const all = [socket({ pid: 10, localAddress: '127.0.0.1', ...first }), socket({ pid: 20, localAddress: '::1', ...second })];
    const [a, b] = holdersOf(facts(all, { processes, ...more }), all);
    assert.equal([sameOwner(a!, b!), sameOwner(b!, a!)], [isOne, isOne]);
  });

test.run();
