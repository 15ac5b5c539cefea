// A port is read in every notation that programs have, in every sentence, and no other number is.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseError } from '../../src/diagnosis/error-text.ts';

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

test.run();
