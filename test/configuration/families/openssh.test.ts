// OpenSSH: https://man.openbsd.org/sshd_config, and the file of Debian's package openssh-server.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ConfigurationFiles } from '../../support/configuration-files.ts';
import { seen } from '../../support/configurations.ts';

const test = suite('OpenSSH');

test('every Port counts, those of includes first where they are included, and none after Match', async () => {
  const files = new ConfigurationFiles({
    sshd_config:
      '# This is the sshd server system-wide configuration file.\r\nInclude @/sshd_config.d/*.conf\r\n\r\n#Port 22\r\nport=20022 # the first\r\n  Port\t20023\r\nPort = "20024"\r\nPermitRootLogin no\r\nMatch User ann\r\nPort 1\r\n',
    'sshd_config.d/10-a.conf': 'Match all\nPort 2\n',
    'sshd_config.d/20-b.conf': 'Port "20025"\nInclude @/sshd_config\n',
    'sshd_config.d/30-c.conf.off': 'Port 3\n',
  });
  await files.expectRows('OpenSSH', [
    ['Port', '20025', 20_025, 'sshd_config.d/20-b.conf:1'],
    ['Port', '20022', 20_022, 'sshd_config:5'],
    ['Port', '20023', 20_023, 'sshd_config:6'],
    ['Port', '20024', 20_024, 'sshd_config:7'],
  ]);
});

test('the bytes around each notation stay', async () => {
  const files = new ConfigurationFiles({
    sshd_config: Buffer.from('# \xe4\r\nport=20022 # the first\r\n  Port\t20023\r\nPort = "20024"\r\nPort ="20025"\r\n', 'latin1'),
  });
  for (const [from, text] of [
    [20_022, 'port='],
    [20_023, 'Port\t'],
    [20_024, '= "'],
    [20_025, '="'],
  ] as const) {
    const { SideEffects } = await files.expectMove('OpenSSH', [from, 20_122], { sshd_config: [[`${text}${from}`, `${text}20122`]] });
    assert.match(SideEffects!.join(), 'known_hosts');
  }
});

test('addresses with a port replace Port; one without uses it', async () => {
  const files = new ConfigurationFiles({
    sshd_config: 'Port 20031\nListenAddress 127.0.0.1:20032\nListenAddress [::1]:20033\n',
  });
  await files.expectRows('OpenSSH', [
    ['ListenAddress', '127.0.0.1:20032', 20_032, 'sshd_config:2'],
    ['ListenAddress', '[::1]:20033', 20_033, 'sshd_config:3'],
  ]);
  await files.expectMove('OpenSSH', [20_033, 20_034], { sshd_config: [[']:20033', ']:20034']] });
  const plain = new ConfigurationFiles({ sshd_config: 'Port 20031\nListenAddress ::1\nListenAddress localhost:20032 rdomain blue\n' });
  const rows = await plain.expectRows('OpenSSH', [
    ['ListenAddress', 'localhost:20032', 20_032, 'sshd_config:3'],
    ['Port', '20031', 20_031, 'sshd_config:1'],
  ]);
  assert.is(rows[1]!.Address, '::1');
  const none = new ConfigurationFiles({ sshd_config: '#Port 20031\nListenAddress 0.0.0.0\n' });
  await none.expectRows('OpenSSH', [['Port', '22', 22, null]]);
});

test('a running server: -p is instead of every Port, -o adds one, and its title has its arguments', async () => {
  const files = { '/etc/ssh/sshd_config': 'Port 1001\nPort 1002\n', '/x/sshd': 'Port 2001\n' };
  const replaced = await seen(files, { arguments: ['sshd: /usr/sbin/sshd -D -p 3001 -p 3002 [listener] 0 of 10-100 startups'] });
  assert.equal(replaced.rows, [
    'loser: Port 1001 -> 1001 (/etc/ssh/sshd_config:1)',
    'loser: Port 1002 -> 1002 (/etc/ssh/sshd_config:2)',
    '-p 3001 -> 3001 (the command line)',
    '-p 3002 -> 3002 (the command line)',
  ]);
  const added = await seen(files, { arguments: ['/usr/sbin/sshd', '-D', '-f', '/x/sshd', '-o', 'Port=3003'] });
  assert.equal(added.rows, ['Port 2001 -> 2001 (/x/sshd:1)', '-o Port 3003 -> 3003 (the command line)']);
});

test.run();
