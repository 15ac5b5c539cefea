// MySQL and MariaDB: https://dev.mysql.com/doc/refman/8.4/en/option-files.html,
// https://mariadb.com/kb/en/configuring-mariadb-with-option-files/, and Debian's /etc/mysql/mariadb.cnf.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ConfigurationFiles } from '../../support/configuration-files.ts';
import { seen } from '../../support/configurations.ts';

const test = suite('MySQL');

test('the last setting of any group of the server wins, in files that are included, too', async () => {
  const files = new ConfigurationFiles({
    'my.cnf': '# The MariaDB configuration file\r\n[client]\r\nport = 20306\r\n[mysqld_safe]\r\nport=9\r\n[mysqld]\r\nPort=9\r\nport=20301\r\n!includedir @/conf.d/\r\n',
    'conf.d/50-server.cnf': '[server]\n;port = 8\n#port = 7\n  port\t =\t"20302"  # here\nbind-address = 127.0.0.1\n!include @/last.cnf\n',
    'conf.d/60.cnf.off': '[mysqld]\nport=6\n',
    'last.cnf': "[mariadb]\nloose-mysqlx-port='20333'\nport =20306\n!include @/missing.cnf\n[mysql]\nprompt=x\n",
  });
  const rows = await files.expectRows('MySQL', [
    ['port', '20301', 20_301, 'my.cnf:8'],
    ['port', '20302', 20_302, 'conf.d/50-server.cnf:4'],
    ['loose-mysqlx-port', '20333', 20_333, 'last.cnf:2'],
    ['port', '20306', 20_306, 'last.cnf:3'],
  ]);
  assert.equal(
    rows.map(({ IsEffective, Address }) => [IsEffective, Address]),
    [
      [false, '127.0.0.1'],
      [false, '127.0.0.1'],
      [true, null],
      [true, '127.0.0.1'],
    ],
  );
});

test('the bytes around the value stay, also in UTF-8 with a byte order mark', async () => {
  const files = new ConfigurationFiles({
    'my.ini': Buffer.from('\ufeff# \u00e4\r\n[mysqld]\r\n  port\t =\t"20302"  # here: 20302.\r\nmysqlx_port=20303#x\r\n[client]\r\nport=20302\r\n'),
  });
  const { SideEffects } = await files.expectMove('MySQL', [20_302, 20_312], { 'my.ini': [['"20302"', '"20312"']] });
  assert.match(SideEffects!.join('\n'), 'MySQL connects to port 20302: port 20302');
  assert.match(SideEffects!.join('\n'), 'CHANGE REPLICATION SOURCE');
});

test('a group of one version, port 0, skip-networking, and the default say so', async () => {
  const files = new ConfigurationFiles({ 'my.cnf': '[mysqld-8.0]\nport=20310\n[mysqld]\nskip_networking\nadmin-port=0\n' });
  const rows = await files.rows('MySQL');
  assert.equal(
    rows.map(({ Setting, Port, Reason }) => [Setting, Port, Reason![0]]),
    [
      ['port', 20_310, 'skip-networking switches TCP off'],
      ['admin-port', null, 'skip-networking switches TCP off'],
    ],
  );
  const plain = await new ConfigurationFiles({ 'my.cnf': '[mysqld-8.0]\nport=20310\n' }).rows('MySQL');
  assert.match(plain[0]!.Reason!.join(), 'it counts only for version 8.0');
  const none = await new ConfigurationFiles({ 'my.cnf': '[client]\nport=1\n' }).rows('MySQL');
  assert.equal(
    none.map(({ Port, Source }) => [Port, Source]),
    [[3306, 'Default']],
  );
});

test('what SET PERSIST wrote wins over the files', async () => {
  const persisted = '{"Version": 2, "mysql_static_variables": {"port": {"Value": "20322", "Metadata": {"Host": ""}}}}';
  const files = new ConfigurationFiles({ 'my.cnf': '[mysqld]\ndatadir=@/data\nport=20321\n', 'data/mysqld-auto.cnf': persisted });
  await files.expectMove('MySQL', [20_322, 20_323], { 'data/mysqld-auto.cnf': [['"20322"', '"20323"']] });
});

test('a running server: the command line wins over the file, and that over the environment', async () => {
  const files = { '/etc/my.cnf': '[mysqld]\nport=3001\n[mysqld_b]\nport=3002\n', '/x/extra.cnf': '[server]\nmysqlx-port=3003\n' };
  const environment = new Map([['MYSQL_TCP_PORT', '3009']]);
  const all = await seen(files, {
    arguments: ['/usr/sbin/mysqld', '--defaults-extra-file=/x/extra.cnf', '--defaults-group-suffix=_b', '--port=3004', '--bind-address=::1'],
    environment,
  });
  assert.equal(all.rows, [
    'loser: port 3001 -> ::1:3001 (/etc/my.cnf:2)',
    'loser: port 3002 -> ::1:3002 (/etc/my.cnf:4)',
    'mysqlx-port 3003 -> 3003 (/x/extra.cnf:2)',
    '--port 3004 -> ::1:3004 (the command line)',
    'loser: MYSQL_TCP_PORT 3009 -> ::1:3009 (the environment variable MYSQL_TCP_PORT)',
  ]);
  const none = await seen(files, { arguments: ['/usr/sbin/mariadbd', '--no-defaults'], environment });
  assert.equal(none.rows, ['MYSQL_TCP_PORT 3009 -> 3009 (the environment variable MYSQL_TCP_PORT)']);
});

test.run();
