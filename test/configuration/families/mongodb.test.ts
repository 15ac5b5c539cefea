// MongoDB: https://www.mongodb.com/docs/manual/reference/configuration-options/, and the files of its packages.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ConfigurationFiles } from '../../support/configuration-files.ts';
import { seen } from '../../support/configurations.ts';

const test = suite('MongoDB');

test('YAML with comments and CRLF', async () => {
  const text = '# mongod.conf\r\nstorage:\r\n  dbPath: /var/lib/mongodb\r\n# network interfaces\r\nnet:\r\n  port:   20701 # 20701\r\n  bindIp: 127.0.0.1\r\n';
  const files = new ConfigurationFiles({ 'mongod.conf': text });
  const [row] = await files.expectRows('MongoDB', [['net.port', '20701', 20_701, 'mongod.conf:6']]);
  assert.is(row!.Address, '127.0.0.1');
  const { SideEffects } = await files.expectMove('MongoDB', [20_701, 20_702], { 'mongod.conf': [['  20701', '  20702']] });
  assert.match(SideEffects!.join(), 'rs.reconfig');
});

test('the old syntax, flow style, defaults, and values that a program returns', async () => {
  const old = new ConfigurationFiles({ 'mongodb.conf': '# mongodb.conf\ndbpath=/var/lib/mongodb\nbind_ip = 127.0.0.1\n#port = 1\nport = 20703\n' });
  await old.expectMove('MongoDB', [20_703, 20_704], { 'mongodb.conf': [['20703', '20704']] });
  const flow = new ConfigurationFiles({ 'mongod.cfg': '{net: {port: "20705", bindIp: "0.0.0.0,::"}}\n' });
  await flow.expectMove('MongoDB', [20_705, 20_706], { 'mongod.cfg': [['20705', '20706']] });
  const [shard] = await new ConfigurationFiles({ 'mongod.conf': 'sharding:\n  clusterRole: shardsvr\n' }).rows('MongoDB');
  assert.equal([shard!.Port, shard!.Source], [27_018, 'Default']);
  const [expanded] = await new ConfigurationFiles({ 'mongod.conf': 'net:\n  port: {__exec: "a"}\n' }).rows('MongoDB');
  assert.is(expanded!.Source, 'Default');
});

test('a running server: the command line wins, and no file is read that it does not name', async () => {
  const files = { '/etc/mongod.conf': 'net:\n  port: 27001\n' };
  const both = await seen(files, { arguments: ['/usr/bin/mongod', '--config', '/etc/mongod.conf', '--port', '27002'] });
  assert.equal(both.rows, ['loser: net.port 27001 -> 27001 (/etc/mongod.conf:2)', '--port 27002 -> 27002 (the command line)']);
  const alone = await seen(files, { arguments: ['/usr/bin/mongod', '--configsvr'] });
  assert.equal(alone.rows, ['net.port 27019 -> 27019 (the default)']);
});

test.run();
