// https://github.com/apache/cassandra/blob/trunk/conf/cassandra.yaml and conf/cassandra-env.sh
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { seen } from '../../support/configurations.ts';

const test = suite('Cassandra');

const path = '/etc/cassandra/cassandra.yaml';
const script = '/etc/cassandra/cassandra-env.sh';
const files = {
  [path]: "cluster_name: 'T\u00e9st'\n# native_transport_port: 1\nnative_transport_port:   9043 # CQL\nrpc_address: localhost\nstorage_port: 7000\nlisten_address: 127.0.0.1\n",
  [script]: '# jmx\nJMX_PORT="7199"\nif [ "$LOCAL_JMX" = "yes" ]; then\n  JVM_OPTS="$JVM_OPTS -Dcassandra.jmx.local.port=$JMX_PORT"\nfi\n',
};

test('cassandra.yaml, and the port of nodetool', async () => {
  const { rows, move } = await seen(files, { path });
  assert.equal(rows, [`native_transport_port 9043 -> localhost:9043 (${path}:3)`, `storage_port 7000 -> 127.0.0.1:7000 (${path}:5)`, `JMX_PORT 7199 -> 7199 (${script}:2)`]);
  assert.equal(move(9043, 19_042).files, { [path]: Buffer.from(files[path]!.replace('9043', '19042')).toString('latin1') });
  assert.equal(move(7199, 17_199).files, { [script]: files[script]!.replace('7199', '17199') });
});

test('a system property wins', async () => {
  const { rows, move } = await seen(files, {
    arguments: [
      '/usr/bin/java',
      '-Dcassandra.native_transport_port=9044',
      '-Dcassandra.jmx.local.port=7200',
      '-cp',
      '/etc/cassandra:/x.jar',
      'org.apache.cassandra.service.CassandraDaemon',
    ],
  });
  assert.equal(rows, [
    `loser: native_transport_port 9043 -> localhost:9043 (${path}:3)`,
    '-Dcassandra.native_transport_port 9044 -> localhost:9044 (the command line)',
    `storage_port 7000 -> 127.0.0.1:7000 (${path}:5)`,
    '-Dcassandra.jmx.local.port 7200 -> 7200 (the command line)',
  ]);
  assert.throws(() => move(9044, 81), /command line/);
});

test.run();
