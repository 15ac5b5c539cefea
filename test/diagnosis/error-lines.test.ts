// Reads error lines of real programs, each as test/fixtures/error-lines has it, and logs of several lines.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../../src/build/runtime.mjs';
import { parseError, readErrors, type ParsedError } from '../../src/diagnosis/error-text.ts';

const test = suite('error lines');
const folder = join(root, 'test/fixtures/error-lines');

const unescaped = (text: string): string => text.replace(/\\(.)/g, (_, one: string) => ({ n: '\n', t: '\t' })[one] ?? one);

for (const [name, atLeast] of [
  ['reported', 208],
  ['held-out', 173],
  ['unseen', 79],
  ['known', 414],
  ['postgresql', 30],
  ['outside', 425],
  ['programs', 97],
  ['rounds', 478],
  ['further', 201],
  ['announced', 75],
  ['stacks', 25],
  ['later', 611],
  ['printed', 380],
  ['parts', 229],
  ['kinds', 133],
  ['told-apart', 320],
] as const) {
  const lines = readFileSync(join(folder, `${name}.tsv`), 'utf8')
    .trimEnd()
    .split('\n');
  let [source, count] = ['', 0];
  for (const line of lines) {
    if (line.startsWith('# ')) source = line.slice(2);
    else {
      count++;
      const [protocol, address, port, meaning, text] = line.split('\t') as [string, string, string, string, string];
      test(`${name}: ${source}: ${text.slice(0, 60)}`, () => {
        const found = parseError(unescaped(text));
        // Most fixtures were collected when nothing was said of an address or a protocol without a port.
        const expected = port === '-' && name !== 'parts' && name !== 'told-apart' ? ['?', '?', port, meaning] : [protocol, address, port, meaning];
        const isConnection = meaning === 'connection';
        const place = isConnection ? (found.remote ?? found) : found;
        const said = isConnection || meaning === 'file' ? found.about : (found.meaning ?? 'none');
        const actual = [found.protocol ?? '-', place.address ?? '*', String(place.port ?? '-'), said];
        assert.equal(
          actual,
          expected.map((value, index) => (value === '?' || value === 'any' ? actual[index] : value)),
        );
      });
    }
  }
  test(`${name}: all are read`, () => assert.is(count, atLeast));
}

const shown = ({ about, protocol, address, port, meaning, remote }: ParsedError): string =>
  about === 'bind'
    ? `${port === null ? '-' : `${protocol} ${address ?? '*'} ${port}`} ${meaning}`
    : `${about}${remote?.port == null ? '' : ` ${remote.address ?? '*'} ${remote.port}`}`;

/** Logs of several lines, and all that is to be read from them: binds before others, the newest first. */
const logs: readonly (readonly [what: string, text: string, expected: readonly string[]])[] = [
  [
    'nginx: an older failure, and another port',
    `2026/01/01 10:00:00 [emerg] 11#11: bind() to 0.0.0.0:80 failed (98: Address already in use)
2026/01/01 10:00:01 [emerg] 11#11: still could not bind()
2026/01/02 09:00:00 [emerg] 77#77: bind() to 0.0.0.0:8443 failed (13: Permission denied)`,
    ['TCP 0.0.0.0 8443 access', 'TCP 0.0.0.0 80 inUse'],
  ],
  [
    'nginx: an upstream that refuses is told apart from a bind',
    `2026/01/01 10:00:00 [error] 11#11: *815 connect() failed (111: Connection refused) while connecting to upstream, client: 198.51.100.7, server: www.example.com, request: "GET / HTTP/1.1", upstream: "http://127.0.0.1:3000/", host: "www.example.com:8443"
2026/01/02 09:00:00 [emerg] 77#77: bind() to 0.0.0.0:443 failed (98: Address already in use)`,
    ['TCP 0.0.0.0 443 inUse', 'connection 127.0.0.1 3000'],
  ],
  ['a database that is connected to is not the port', 'connected to redis://127.0.0.1:6379\nError: listen EADDRINUSE: address already in use', ['- inUse']],
  [
    'Kestrel: what listens already is not the port',
    `Now listening on: http://localhost:5000
Unhandled exception. System.Net.Sockets.SocketException (10048): Only one usage of each socket address (protocol/network address/port) is normally permitted.
   at System.Net.Sockets.Socket.Bind(EndPoint localEP)`,
    ['- inUse'],
  ],
  [
    'a program that announces two ports does not say which of them failed',
    `Starting API server on port 8080
Starting metrics server on port 9090
bind: Address already in use`,
    ['- inUse'],
  ],
  [
    'Docker Compose: neighbors of other containers are no neighbors',
    `web-1  | Starting server at http://0.0.0.0:3000
db-1   | 2026-01-01 00:00:00.000 UTC [1] LOG:  could not bind IPv4 address "0.0.0.0": Address already in use
db-1   | 2026-01-01 00:00:00.000 UTC [1] HINT:  Is another postmaster already running on port 5432? If not, wait a few seconds and retry.
web-1  | Error: bind: Address already in use`,
    ['TCP 0.0.0.0 3000 inUse', 'TCP 0.0.0.0 5432 inUse'],
  ],
  [
    'gunicorn: each retry is the same failure',
    `[2026-01-01 00:00:00 +0000] [11] [INFO] Starting gunicorn 20.0.4
[2026-01-01 00:00:00 +0000] [11] [ERROR] Connection in use: ('0.0.0.0', 8000)
[2026-01-01 00:00:00 +0000] [11] [ERROR] Retrying in 1 second.
[2026-01-01 00:00:01 +0000] [11] [ERROR] Connection in use: ('0.0.0.0', 8000)
[2026-01-01 00:00:05 +0000] [11] [ERROR] Can't connect to ('0.0.0.0', 8000)`,
    ['TCP 0.0.0.0 8000 inUse'],
  ],
  [
    'kubeadm: one message with four ports, in its order',
    `error execution phase preflight: [preflight] Some fatal errors occurred:
\t[ERROR Port-10259]: Port 10259 is in use
\t[ERROR Port-10257]: Port 10257 is in use
\t[ERROR Port-2380]: Port 2380 is in use`,
    ['TCP * 10259 inUse', 'TCP * 10257 inUse', 'TCP * 2380 inUse'],
  ],
  [
    'Tomcat in Eclipse: a list of ports',
    'Several ports (8005, 8080, 8009) required by Tomcat v9.0 Server at localhost are already in use.',
    ['TCP * 8005 inUse', 'TCP * 8080 inUse', 'TCP * 8009 inUse'],
  ],
  [
    'the journal of several services',
    `Jan 02 03:04:05 host sshd[1]: Server listening on 0.0.0.0 port 22.
Jan 02 03:04:05 host sshd[1]: error: Bind to port 2222 on 0.0.0.0 failed: Address already in use.
Jan 02 03:04:06 host nginx[2]: nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)
Jan 02 03:04:07 host kernel: usb 1-1: new high-speed USB device number 5`,
    ['TCP 0.0.0.0 80 access', 'TCP 0.0.0.0 2222 inUse'],
  ],
  [
    "Node: the error's own fields, in CRLF and colors",
    "\u001b[31mError: listen EADDRINUSE: address already in use :::3000\u001b[39m\r\n    at Server.setupListenHandle [as _listen2] (node:net:1817:16)\r\n  code: 'EADDRINUSE',\r\n  errno: -98,\r\n  syscall: 'listen',\r\n  address: '::',\r\n  port: 3000\r\n}\r\n",
    ['TCP :: 3000 inUse'],
  ],
  [
    "the system's number goes before the program's guess",
    'System.Exception: Port 1080 already in use ---> System.Net.Sockets.SocketException (10013): An attempt was made to access a socket in a way forbidden by its access permissions',
    ['TCP * 1080 access'],
  ],
  ["the system's words go before the program's guess", 'QuarkusBindException: Port(s) already bound: 80: Permission denied', ['TCP * 80 access']],
  ['the number goes before other words of the system', 'bind() to 0.0.0.0:80 failed (10013: Address already in use)', ['TCP 0.0.0.0 80 access']],
  ['a name that is in use is no port', 'Conflict. The container name "/web" is already in use by container "abc".', ['- null']],
  ['a file', "Error: EACCES: permission denied, open '/srv/app/8080/index.html'", ['file']],
  ['a socket with a path', 'Error: listen EADDRINUSE: address already in use /tmp/app.sock', ['file']],
  ['the file of a process id', "PermissionError: [Errno 13] Permission denied: '/var/run/app.pid'", ['file']],
  ['a client of a socket with a path', 'connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed: No such file or directory', ['file']],
  ['SSH: the port is at the remote end', 'Warning: remote port forwarding failed for listen port 28080', ['connection * 28080']],
  [
    'a connection that is forbidden',
    'dial tcp 192.0.2.1:443: connectex: An attempt was made to access a socket in a way forbidden by its access permissions.',
    ['connection 192.0.2.1 443'],
  ],
  ['the address that was tried says more than localhost', 'Get "http://localhost:8080/": dial tcp [::1]:8080: connect: connection refused', ['connection ::1 8080']],
  ['Node: a connection that gets no local port', 'Error: connect EADDRNOTAVAIL 192.0.2.1:443 - Local (0.0.0.0:0)', ['TCP * 0 exhausted']],
  ['exit codes are no errors of the system', 'Container web exited with code 13\nprocess exited with exit code 98', ['- null']],
  ['IPv6 is one address however it is written', 'java.net.BindException: Address already in use: /[0:0:0:0:0:0:0:1]:8193', ['TCP ::1 8193 inUse']],
  [
    'HttpListener: an address that HTTP.sys does not listen on',
    'System.Net.HttpListenerException (1214): The format of the specified network name is invalid. http://127.0.0.1:51234/',
    ['TCP 127.0.0.1 51234 notLocal'],
  ],
  [
    'OpenVPN: what may be of both protocols',
    'TCP/UDP: Socket bind failed on local address [AF_INET]192.0.2.9:8443: Address already in use (errno=98)',
    ['UDP 192.0.2.9 8443 inUse', 'TCP 192.0.2.9 8443 inUse'],
  ],
  ['JSON with escaped quotes', String.raw`{"level":"fatal","error":"listen on \"127.0.0.1:2380\": bind: address already in use\n"}`, ['TCP 127.0.0.1 2380 inUse']],
];

for (const [what, text, expected] of logs) test(what, () => assert.equal(readErrors(text).errors.map(shown), expected));

test('of a long text both ends are read, and what was left out is said', () => {
  const filler = '2026-01-02 03:04:05 INFO request handled by http://127.0.0.1:8081/api in 12 ms\n';
  const long = filler.repeat(20_000);
  const { errors, leftOut } = readErrors(`${long}Error: listen EADDRINUSE: address already in use :::3000\n`);
  assert.equal(errors.map(shown), ['TCP :: 3000 inUse']);
  assert.equal(leftOut.length, 1);
  assert.match(leftOut[0]!, /first 64 KB and its last 192 KB were read; \d+ characters between them were not/);
  assert.equal(readErrors(`Error: listen EADDRINUSE :::3000\n${long}`).errors.map(shown), ['TCP :: 3000 inUse']);
  assert.equal(readErrors(long.slice(0, 200_000)), { ...readErrors(long.slice(0, 200_000)), leftOut: [] });
});

test('of very many failures the newest are answered, and how many are not', () => {
  const many = Array.from({ length: 20 }, (_, index) => `2026/01/02 03:04:05 [emerg] 1#1: bind() to 0.0.0.0:${9000 + index} failed (98: Address already in use)`);
  const { errors, leftOut } = readErrors(many.join('\n'));
  assert.equal(
    errors.map(({ port }) => port),
    [9019, 9018, 9017, 9016, 9015, 9014, 9013, 9012],
  );
  assert.equal(leftOut, ['12 older failures in the text are not answered.']);
});

/** What stands in logs and is no failure of a bind, each with a port. */
const noise = fc
  .tuple(
    fc.constantFrom(
      'INFO request 12 handled by http://127.0.0.1:PORT/api in 12 ms',
      'INFO connected to mongodb://db.example.com:PORT/app',
      'INFO HikariPool-1 - Added connection (jdbc:postgresql://localhost:PORT/app)',
      'INFO Now listening on: http://localhost:PORT',
      'INFO proxying to http://192.0.2.5:PORT',
      'DEBUG accepted connection from 192.0.2.9:PORT',
      'WARN connect to 192.0.2.7:PORT failed: [Errno 111] Connection refused',
      'INFO upstream web at 192.0.2.8:PORT is healthy',
      'INFO [AF_INET]198.51.100.4:PORT peer connected',
    ),
    fc.integer({ min: 1024, max: 9999 }),
  )
  .map(([text, port]) => text.replace('PORT', String(port)));

/** Failures that name their port. */
const failing = fc.constantFrom(
  'ERROR bind() to 0.0.0.0:PORT failed (98: Address already in use)',
  'ERROR listen tcp :PORT: bind: address already in use',
  'ERROR Error: listen EADDRINUSE: address already in use :::PORT',
  "ERROR [Errno 98] error while attempting to bind on address ('0.0.0.0', PORT): address already in use",
  'ERROR Web server failed to start. Port PORT was already in use.',
  'ERROR Failed to bind to address http://127.0.0.1:PORT: address already in use.',
  'ERROR Bind for 0.0.0.0:PORT failed: port is already allocated',
);

/** Failures that do not. */
const nameless = fc.constantFrom(
  'ERROR java.net.BindException: Address already in use: bind',
  'ERROR OSError: [Errno 98] Address already in use',
  'ERROR System.Net.Sockets.SocketException (10048): Only one usage of each socket address (protocol/network address/port) is normally permitted.',
);

const stamped = (lines: readonly string[]): string => lines.map((line, index) => `2026-01-02 03:04:${String(index).padStart(2, '0')} ${line}`).join('\n');

test('among other lines the port is that of the failure', () => {
  fc.assert(
    fc.property(fc.array(noise, { maxLength: 8 }), failing, fc.integer({ min: 10_000, max: 65_535 }), fc.array(noise, { maxLength: 8 }), (before, failure, port, after) => {
      const found = parseError(stamped([...before, failure.replace('PORT', String(port)), ...after]));
      assert.is(found.port, port);
      assert.is(found.meaning, 'inUse');
    }),
    { numRuns: 1000 },
  );
});

test('a failure without a port gets none from other lines', () => {
  fc.assert(
    fc.property(fc.array(noise, { maxLength: 8 }), nameless, fc.array(noise, { maxLength: 8 }), (before, failure, after) => {
      const found = parseError(stamped([...before, failure, ...after]));
      assert.equal([found.about, found.port, found.meaning], ['bind', null, 'inUse']);
    }),
    { numRuns: 1000 },
  );
});

test.run();
