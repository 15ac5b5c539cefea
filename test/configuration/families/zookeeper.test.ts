// https://github.com/apache/zookeeper/blob/master/conf/zoo_sample.cfg, with the settings of a replicated server
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { seen } from '../../support/configurations.ts';

const test = suite('ZooKeeper');

const path = '/etc/zookeeper/conf/zoo.cfg';
const text = `# the port at which the clients will connect\r
tickTime=2000\r
dataDir=/var/lib/zookeeper\r
clientPort = 2180\r
clientPort=2181\r
clientPortAddress=127.0.0.1\r
admin.serverPort=8081\r
server.1=zoo1:2888:3888\r
server.2=zoo2:2888:3888:participant;0.0.0.0:2181\r
`;
const files = { [path]: text, '/var/lib/zookeeper/myid': '2\n' };

test('the ports of clients, and those of the servers of an ensemble', async () => {
  const { rows, move } = await seen(files, { application: 'ZooKeeper' });
  assert.equal(rows, [
    `loser: clientPort 2180 -> 127.0.0.1:2180 (${path}:4)`,
    `clientPort 2181 -> 127.0.0.1:2181 (${path}:5)`,
    `admin.serverPort 8081 -> 8081 (${path}:7)`,
    `reference: server.1 zoo1:2888:3888 -> zoo1:2888 (${path}:8)`,
    `reference: server.1 zoo1:2888:3888 -> zoo1:3888 (${path}:8)`,
    `server.2 zoo2:2888:3888:participant;0.0.0.0:2181 -> zoo2:2888 (${path}:9)`,
    `server.2 zoo2:2888:3888:participant;0.0.0.0:2181 -> zoo2:3888 (${path}:9)`,
    `server.2 zoo2:2888:3888:participant;0.0.0.0:2181 -> 0.0.0.0:2181 (${path}:9)`,
  ]);
  assert.equal(move(2181, 12_181).files, { [path]: text.replaceAll('2181', '12181') });
  const peer = move(3888, 4888);
  assert.equal(peer.files, { [path]: text.replace('zoo2:2888:3888', 'zoo2:2888:4888') });
  assert.match(peer.sideEffects.join(), 'every other server of the ensemble');
});

test('arguments: a file, or a port; a system property stands for what the file does not set', async () => {
  const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
  const withFile = await seen({ [path]: 'clientPort=2181\n' }, { arguments: ['/usr/bin/java', '-Dzookeeper.admin.serverPort=8085', main, path] });
  assert.equal(withFile.rows, [`clientPort 2181 -> 2181 (${path}:1)`, '-Dzookeeper.admin.serverPort 8085 -> 8085 (the command line)']);
  const withPort = await seen({}, { arguments: ['/usr/bin/java', main, '2182', '/data'] });
  assert.equal(withPort.rows, ['clientPort 2182 -> 2182 (the command line)']);
});

test('the server of the administrator can be off', async () => {
  const { rows } = await seen({ [path]: 'clientPort=2181\nadmin.enableServer=false\n' }, { path });
  assert.equal(rows, [`clientPort 2181 -> 2181 (${path}:1)`]);
});

test('metrics only with a provider', async () => {
  const { rows } = await seen({ [path]: 'admin.enableServer=false\nmetricsProvider.httpPort=7000\n' }, { path });
  assert.equal(rows, [`metricsProvider.httpPort 7000 -> ? (${path}:2): it is not used without metricsProvider.className`]);
});

test.run();
