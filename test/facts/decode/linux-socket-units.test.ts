import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeSocketUnits } from '../../../src/facts/decode/linux-socket-units.ts';

const test = suite('socket units');

function listens(...texts: string[]): string[] {
  const { data, flaw } = decodeSocketUnits(JSON.stringify([{ name: 'web.socket', texts }]));
  assert.is(flaw, null);
  return data.map(({ unit, service, protocol, address, port, ipv6Only }) => `${unit} ${service} ${protocol} ${address} ${port}${ipv6Only ? ' alone' : ''}`);
}

const cases: readonly (readonly [name: string, texts: string[], expected: string[]])[] = [
  ['a port is for every address', ['[Socket]\nListenStream=80\n'], ['web.socket web.service TCP :: 80']],
  [
    'addresses of both families, and UDP',
    ['[Socket]\nListenStream = 127.0.0.1:80\nListenDatagram=[FE80::1]:53\n'],
    ['web.socket web.service TCP 127.0.0.1 80', 'web.socket web.service UDP fe80::1 53'],
  ],
  ['an address in full', ['[Socket]\nListenStream=[0:0:0:0:0:0:0:1]:80\n'], ['web.socket web.service TCP ::1 80']],
  ['what is no address', ['[Socket]\nListenStream=[1::2::3]:80\nListenStream=300.0.0.1:80\n'], []],
  [
    'what has no port',
    ['[Socket]\nListenStream=/run/web.sock\nListenStream=@web\nListenStream=vsock::22\nListenStream=%i\nListenSequentialPacket=80\nListenStream=0\nListenStream=65536\n'],
    [],
  ],
  [
    'bound to an interface',
    ['[Socket]\nListenStream=80\nListenDatagram=10.0.0.1:69\nBindToDevice=virbr0\n'],
    ['web.socket web.service TCP ::%virbr0 80', 'web.socket web.service UDP 10.0.0.1%virbr0 69'],
  ],
  ['IPv6 alone', ['[Socket]\nListenStream=80\nBindIPv6Only=ipv6-only\n'], ['web.socket web.service TCP :: 80 alone']],
  ['another service', ['[Socket]\nListenStream=80\nService=nginx.service\n'], ['web.socket nginx.service TCP :: 80']],
  ['a service for each connection', ['[Socket]\nListenStream=80\nAccept=yes\n'], ['web.socket web@.service TCP :: 80']],
  [
    'comments, other sections, lines that go on',
    ['[Unit]\nListenStream=1\n[Socket]\n#ListenStream=2\n ; ListenStream=3\nListenStream=\\\n# between\n  80\n[Install]\nListenStream=4\n'],
    ['web.socket web.service TCP :: 80'],
  ],
  ['a drop-in adds', ['[Socket]\nListenStream=80\n', '[Socket]\nListenStream=81\n'], ['web.socket web.service TCP :: 80', 'web.socket web.service TCP :: 81']],
  ['a drop-in takes back', ['[Socket]\nListenStream=22\nListenDatagram=22\n', '[Socket]\nListenStream=\nListenStream=0.0.0.0:2222\n'], ['web.socket web.service TCP 0.0.0.0 2222']],
  ['shared on purpose', ['[Socket]\nListenStream=80\nReusePort=true\n'], []],
  ['SCTP', ['[Socket]\nListenStream=80\nSocketProtocol=sctp\n'], []],
];
for (const [name, texts, expected] of cases) test(name, () => assert.equal(listens(...texts), expected));

test('what is no list has a flaw', () => {
  for (const text of ['', '{}', '[1]', '[{"name":"x"}]', '[{"name":"x","texts":[1]}]'])
    assert.equal(decodeSocketUnits(text), { data: [], flaw: 'the list of socket units is broken' });
});

test('any text is read', () => {
  const line = fc.oneof(fc.constantFrom('[Socket]', 'ListenStream=', 'ListenStream=80', 'ListenDatagram=[::1]:5\\', '#', '[', '='), fc.string());
  fc.assert(
    fc.property(fc.array(fc.array(line).map((lines) => lines.join('\n'))), (texts) => {
      for (const { port, address } of decodeSocketUnits(JSON.stringify([{ name: 'a.socket', texts }])).data) assert.ok(port >= 1 && port <= 65535 && address !== '');
    }),
  );
});

test.run();
