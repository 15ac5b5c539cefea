// A port is read in every notation that programs have, in every sentence, and no other number is.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseError } from '../../src/diagnosis/error-text.ts';
import { canonicalAddress } from '../../src/ports/address.ts';

const test = suite('places in errors');

const sentences = [
  'Failed to bind to @: Address already in use',
  'cannot listen on @ (Address already in use)',
  'Could not start server at @: [Errno 98] Address already in use',
  'Could not start server on @: [Errno 98] Address already in use',
  "Can't bind socket to @: Permission denied",
  'Unable to listen on @',
];
const places = [
  ['8123', 'port 8123', 'port=8123', 'port: 8123', 'port no. 8123', 'port number 8123', 'port "8123"', 'port[8123]', 'port => 8123', 'port 8,123', 'local port 8123'],
  [':8123', '*:8123', 'localhost:8123', 'localhost, 8123', 'localhost (8123)', '[localhost]:8123', 'INADDR_ANY:8123', 'all interfaces:8123', 'any:8123'],
  ['0.0.0.0:8123', '0.0.0.0 8123', '0.0.0.0, 8123', '0.0.0.0;8123', '0.0.0.0(8123)', '"0.0.0.0" (8123)', '{0.0.0.0, 8123}', '0.0.0.0 port 8123', '0.0.0.0#8123'],
  ["('0.0.0.0', 8123)", '<0.0.0.0:8123>', '(0.0.0.0:8123)', 'ip=0.0.0.0 port=8123', '0.0.0.0:8123/tcp', '/ip4/0.0.0.0/tcp/8123', 'tcp://0.0.0.0:8123', 'http://localhost:8123/'],
  ['[::]:8123', '[::1]:8123', '::1 8123', '[::1] 8123', '::1, 8123', '::1#8123', 'tcp6 :::8123', '/127.0.0.1:8123', 'localhost/127.0.0.1:8123', '::ffff:127.0.0.1:8123'],
  ['(8123)', '[8123]', '<8123>', "'8123'", '"8123"', '`8123`', '8123/tcp', 'tcp/8123', 'TCP4:8123', 'UDP:8123', 'TCP port 8123', 'UDP socket 0.0.0.0:8123'],
  ['SERVER_PORT=8123', 'portNumber=8123', 'port in range: 8123-8123', 'port 8123 on the IP address 192.0.2.1'],
  ['example.com:8123', 'myhost:8123', 'server-1:8123', 'eth0:8123', 'inet:8123@localhost', '0:8123', 'ws://localhost:8123/', 'dns:///localhost:8123'],
].flat();
for (const sentence of sentences)
  test(sentence, () => {
    const wrong = places.map((place) => sentence.replace('@', place)).filter((text) => parseError(text).port !== 8123);
    assert.equal(wrong, []);
  });

const others = [
  ['fd @', 'fd=@', 'pid @', 'thread @', 'line @', 'net.c:@', 'worker @', 'request @', 'session @', 'id @', 'id=@', 'id:@', '(id @)', 'job @', 'task #@', 'user @', 'uid @'],
  ['error @', 'errno @', 'code @', 'code:@', 'rc=@', 'ret @', 'status @', 'exit code @', 'result @', '-@', '0x@', 'attempt @', 'version @', 'build @'],
  ['@ bytes', '@ times', '@ ms', '@ addresses', '@ interfaces', 'after @ ms', 'in @ seconds', 'timeout @', '@-01-02', '@/01/02', '1.@', '@.5'],
  ['socket @', 'socket=@', 'sock @', 'handle @', 'vlan @', 'interface @', 'ifindex @', 'device @', 'channel @', 'instance @', 'node @', 'server @', 'listener @', 'client @'],
  ['remote_addr=203.0.113.5:@', 'dst_port=@', 'peer_addr=203.0.113.5:@'],
].flat();
for (const sentence of [...sentences, 'bind: Address already in use, @', 'bind @ failed: EADDRINUSE', '@: bind: Address already in use'])
  test(`no port: ${sentence}`, () => {
    const wrong = others.map((other) => sentence.replace('@', other.replace('@', '2024'))).filter((text) => parseError(text).port !== null);
    assert.equal(wrong, []);
  });

test('the number of an error is no port, wherever it stands', () => {
  for (const number of ['98', '48', '13', '99', '10048', '10013', '4091'])
    for (const sentence of [
      'bind to 0.0.0.0 (@)',
      'could not listen on 127.0.0.1, @',
      'Failed to bind 0.0.0.0 @',
      'Address already in use: @',
      'cannot bind "@: Address already in use"',
    ])
      assert.is(parseError(sentence.replace('@', number)).port, null, sentence.replace('@', number));
});

test('numbers in groups, and lists', () => {
  const read = (text: string): number | null => parseError(text).port;
  assert.equal(['Port 8,080 is already in use', 'Ports 80,443 are already in use', 'port 22,443 is already in use', 'Port 1,2,3 is in use'].map(read), [8080, 80, null, 1]);
});

test('a list of counters is no port', () => {
  assert.is(parseError('Codes:\n  200: 9600\nErrors:\n  EADDRINUSE: 2531').port, null);
});

const failures = [
  'Error: Address already in use',
  'bind: Address already in use',
  'OSError: [Errno 98] Address already in use',
  'Error: listen EADDRINUSE',
  'java.net.BindException: Address already in use (Bind failed)',
  'level=fatal msg="listen: bind: address already in use"',
  'An attempt was made to access a socket in a way forbidden by its access permissions',
];
const above = [
  ['$ myserver --port 8123', '$ myserver -p 8123', '> myserver --listen 0.0.0.0:8123', 'C:\\app>server.exe -p 8123', 'PS C:\\app> .\\server.exe --port=8123'],
  ['me@host:~/x$ ./server --bind=127.0.0.1:8123', '+ python -m http.server 8123', '$ PORT=8123 npm start', '$ java -Dserver.port=8123 -jar app.jar', '$ php -S localhost:8123'],
  ['Binding to 127.0.0.1:8123...', 'Opening listener on :8123', 'Trying to listen on port 8123', 'Bind address: 0.0.0.0:8123', 'level=info msg="starting server" addr=:8123'],
].flat();
const otherLines = [
  [
    '$ docker run -p 8123:80 x',
    '$ ssh -p 8123 host',
    '$ psql -p 8123',
    '$ kubectl port-forward pod/x 8123:80',
    '$ lsof -i :8123',
    '$ make -j 8123',
    '$ curl http://localhost:8123/',
  ],
  ['Connected to redis at 127.0.0.1:8123', 'Connecting to database on port 8123', 'Using proxy http://127.0.0.1:8123', 'DB_PORT=8123', 'pid 8123 started', 'Starting worker 8123'],
  ['Starting version 8123', 'Loaded 8123 routes', 'peer 203.0.113.5:8123 added', 'Starting client for 203.0.113.5:8123'],
].flat();
for (const failure of failures)
  test(`after another line: ${failure}`, () => {
    const read = (line: string): boolean => parseError(`${line}\n${failure}`).port === 8123;
    assert.equal(
      above.filter((line) => !read(line)),
      [],
    );
    assert.equal(otherLines.filter(read), []);
  });

const holders = [
  'El puerto ya está en uso por otro proceso (8123)',
  'The port may already be used by another process <27413>',
  'Error: port is already in use by java (8123)',
  'The port is in use by process node.exe (8123)',
  'port conflict detected, owner: 8123',
  'Failed to bind port, please change your port offset (8123)',
  'address already in use; port held by docker-proxy (8123)',
  'port is already allocated to container web (8123)',
  'could not bind port; retry in: 8123',
  'Failed to bind the port after attempts: 8123',
  'Le port est déjà utilisé par le processus: 8123',
  'El puerto ya está en uso por el proceso (8123)',
  'Порт занят процессом: 8123',
  'Der Port wird bereits vom Prozess (8123) verwendet',
  'Failed to start server: address in use. See http://example.com:8123/docs',
];
test('a process is no port', () => {
  assert.equal(
    holders.filter((text) => parseError(text).port !== null),
    [],
  );
  const others = [
    'port is taken by something else (8123)',
    'El puerto ya está en uso por otro proceso: 8123',
    'Порт занят другим процессом: 8123',
    'port for jobs is in use: 8123',
  ];
  assert.equal(
    others.filter((text) => parseError(text).port !== 8123),
    [],
  );
});

const ipv6 = ['fe80::1', 'fe80::1a2b:3cff:fe04:5506', 'fe80:0:0:0:1a2b:3cff:fe04:5506', '2001:db8:0:5:77:8080:12ab:3', '2001:db8::8080', '::1', '1806:12ab:face::5', '48ff:9457::'];
const zones = ['%en5', '%12', '%eth0.100', '%br-1a2b', '%wlp3s0', '%5060'];
const closed = [
  '[@]:8123',
  '[@] port 8123',
  '@ port 8123',
  '@#8123',
  '@@8123',
  'port 8123 on @',
  "('@', 8123, 0, 5)",
  'http://[@]:8123/',
  '[AF_INET6]@:8123',
  "address: '@', port: 8123",
];
const unsaid = ['@/64', '@ (fd 7)', '[@]', '"@"', '(@)', 'udp:@', 'tcp://@', 'address @:', 'local=@', '@.8123', '[@].8123', '@'];
const ofAddresses = [
  sentences[0]!,
  sentences[5]!,
  'Error: bind EADDRINUSE @',
  'listen EACCES: permission denied @',
  'java.net.BindException: Address already in use: @',
  '@: bind: Cannot assign requested address',
];
const written = (form: string, value: string): string => form.replace('@', () => value);
test('no group of an IPv6 address, and no zone, is a port', () => {
  const wrong: string[] = [];
  const addresses = ipv6.flatMap((address) => ['', ...zones].map((zone) => ({ address, zone })));
  for (const { address, zone } of addresses) {
    const hasZone = zone !== '';
    // The last group of any other address may be its port.
    const isClear = hasZone || /^(?:2001:db8:0|fe80:0|48)/.test(address);
    const read = (form: string, allowed: (found: ReturnType<typeof parseError>) => boolean): void => {
      for (const sentence of ofAddresses) {
        const text = written(sentence, written(form, `${address}${zone}`));
        if (!allowed(parseError(text))) wrong.push(text);
      }
    };
    const expected = canonicalAddress(`${address}${zone}`);
    for (const form of closed) read(form, (found) => found.port === 8123 && found.address === expected);
    for (const form of hasZone ? ['@:8123', '/@:8123'] : []) read(form, ({ port }) => port === 8123);
    for (const form of isClear ? unsaid : []) read(form, ({ port }) => port === null || port === 8123);
  }
  assert.equal(wrong, []);
});

test.run();
