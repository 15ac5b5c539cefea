// HAProxy: https://docs.haproxy.org/2.6/configuration.html#4-bind, and examples/ of its source.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ConfigurationFiles } from '../../support/configuration-files.ts';
import { seen } from '../../support/configurations.ts';

const test = suite('HAProxy');

test('several addresses in a line, ranges, listen with an address, quotes, CRLF: each is found and moved alone', async () => {
  const files = new ConfigurationFiles({
    'haproxy.cfg': Buffer.from(
      `# \xe4 bind :1\r
global\r
\tlog /dev/log local0\r
\tstats socket /run/haproxy/admin.sock mode 660 level admin\r
\tstats socket ipv4@127.0.0.1:20209 level admin # here\r
\tsetenv WEB 20207\r
defaults\r
\ttimeout connect 5s\r
frontend www\r
    bind :20201,127.0.0.1:20202   ssl crt /etc/x.pem,:3\r
    bind  ipv6@[::1]:20203 v4v6\r
    bind :::20204\r
    bind /var/run/www.sock mode 666\r
    bind quic4@:20201 ssl\r
    bind 'localhost:20205'\r
    bind "*:\${WEB}"\r
    bind :20300-20302\r
    #bind :2\r
listen old 127.0.0.1:20206\r
backend shop\r
    server a 127.0.0.1:20999 check\r
    server b far.example:1\r
peers all\r
    bind 127.0.0.1:20208\r
.if feature(OPENSSL)\r
listen tls\r
    bind *:20210\r
.endif\r
`,
      'latin1',
    ),
  });
  const rows = await files.expectRows('HAProxy', [
    ['stats socket', 'ipv4@127.0.0.1:20209', 20_209, 'haproxy.cfg:5'],
    ['bind', ':20201', 20_201, 'haproxy.cfg:10'],
    ['bind', '127.0.0.1:20202', 20_202, 'haproxy.cfg:10'],
    ['bind', 'ipv6@[::1]:20203', 20_203, 'haproxy.cfg:11'],
    ['bind', ':::20204', 20_204, 'haproxy.cfg:12'],
    ['bind', 'quic4@:20201', 20_201, 'haproxy.cfg:14'],
    ['bind', 'localhost:20205', 20_205, 'haproxy.cfg:15'],
    ['bind', '*:${WEB}', 20_207, 'haproxy.cfg:16'],
    ['bind', ':20300-20302', 20_300, 'haproxy.cfg:17'],
    ['bind', ':20300-20302', 20_301, 'haproxy.cfg:17'],
    ['bind', ':20300-20302', 20_302, 'haproxy.cfg:17'],
    ['listen', '127.0.0.1:20206', 20_206, 'haproxy.cfg:19'],
    ['bind', '127.0.0.1:20208', 20_208, 'haproxy.cfg:24'],
    ['bind', '*:20210', 20_210, 'haproxy.cfg:27'],
  ]);
  assert.equal(rows.map(({ Address, Protocol }) => `${Protocol} ${Address ?? '*'}`).slice(0, 7), [
    'TCP 127.0.0.1',
    'TCP *',
    'TCP 127.0.0.1',
    'TCP ::1',
    'TCP ::',
    'UDP *',
    'TCP localhost',
  ]);
  assert.match(rows.at(-1)!.Reason!.join(), '.if');
  for (const [from, before] of [
    [20_209, 'ipv4@127.0.0.1:'],
    [20_202, ',127.0.0.1:'],
    [20_203, '[::1]:'],
    [20_204, ':::'],
    [20_205, "'localhost:"],
    [20_206, 'old 127.0.0.1:'],
  ] as const)
    await files.expectMove('HAProxy', [from, 20_400], { 'haproxy.cfg': [[`${before}${from}`, `${before}20400`]] });
  await files.expectMove('HAProxy', [20_201, 20_400], {
    'haproxy.cfg': [
      ['bind :20201,', 'bind :20400,'],
      ['quic4@:20201', 'quic4@:20400'],
    ],
  });
});

test('a running server: files and folders after -f, and the environment', async () => {
  const files = {
    '/x/a.cfg': 'global\n',
    '/x/d/2.cfg': 'frontend b\nbind "${HOST-::1}:$P"\n',
    '/x/d/1.cfg': 'frontend a\nbind :81\n',
    '/x/d/3.txt': 'bind :9\n',
    '/y.cfg': 'listen c\nbind :83\n',
  };
  const { rows } = await seen(files, { arguments: ['/usr/sbin/haproxy', '-Ws', '-f', '/x/a.cfg', '-C', '/x', '-f', 'd', '--', '/y.cfg'], environment: new Map([['P', '82']]) });
  assert.equal(rows, ['bind :81 -> 81 (/x/d/1.cfg:2)', 'bind ${HOST-::1}:$P -> ::1:82 (/x/d/2.cfg:2): the value contains a variable', 'bind :83 -> 83 (/y.cfg:2)']);
});

test.run();
