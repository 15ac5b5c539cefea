// Memcached: https://github.com/memcached/memcached/wiki/ConfiguringServer, and the file of Debian's package.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ConfigurationFiles } from '../../support/configuration-files.ts';
import { seen } from '../../support/configurations.ts';

const test = suite('Memcached');

test('the lines of memcached.conf', async () => {
  const text = '# memcached default config file\r\n-d\r\n# -p 1\r\n-m 64\r\n\r\n-p 20111\r\n  -p\t20112\r\n-U 20113\r\n-l 127.0.0.1\r\n-P /run/x.pid\r\n';
  const files = new ConfigurationFiles({ 'memcached.conf': text });
  const rows = await files.expectRows('Memcached', [
    ['-p', '20111', 20_111, 'memcached.conf:6'],
    ['-p', '20112', 20_112, 'memcached.conf:7'],
    ['-U', '20113', 20_113, 'memcached.conf:8'],
  ]);
  assert.equal(
    rows.map(({ IsEffective, Protocol, Address }) => [IsEffective, Protocol, Address]),
    [
      [false, 'TCP', '127.0.0.1'],
      [true, 'TCP', '127.0.0.1'],
      [true, 'UDP', '127.0.0.1'],
    ],
  );
  await files.expectMove('Memcached', [20_112, 20_114], { 'memcached.conf': [['-p\t20112', '-p\t20114']] });
});

test('the environment file of Fedora, and options without a blank', async () => {
  const fedora = new ConfigurationFiles({ 'sysconfig/memcached': 'PORT="20121"\nUSER="memcached"\nOPTIONS="-l 127.0.0.1,::1"\n' });
  await fedora.expectMove('Memcached', [20_121, 20_122], { 'sysconfig/memcached': [['"20121"', '"20122"']] });
  const short = new ConfigurationFiles({ 'memcached_a.conf': '-p20131\n' });
  await short.expectMove('Memcached', [20_131, 20_132], { 'memcached_a.conf': [['-p20131', '-p20132']] });
});

test('a running server: its command line was made from the file with its port', async () => {
  const files = { '/etc/memcached.conf': '-p 11211\n', '/etc/memcached_b.conf': '-p 11300\n-l ::1\n' };
  const made = await seen(files, { arguments: ['/usr/bin/memcached', '-m', '64', '-p', '11300', '-l', '::1'] });
  assert.equal(made.rows, ['-p 11300 -> 11300 (/etc/memcached_b.conf:1)', 'loser: -p 11300 -> 11300 (the command line)']);
  const alone = await seen(files, { arguments: ['/usr/bin/memcached', '-p11400'] });
  assert.equal(alone.rows, ['-p 11400 -> 11400 (the command line)']);
});

test.run();
