// https://github.com/apache/kafka/blob/3.7/config/kraft/server.properties and config/server.properties
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { seen } from '../../support/configurations.ts';

const test = suite('Kafka');

const path = '/opt/kafka/config/kraft/server.properties';
const text = `# The id of this node: \u00e4\r
node.id=1\r
controller.quorum.voters=1@kafka1:9093,2@kafka2:9093\r
#listeners=PLAINTEXT://:1\r
  listeners : PLAINTEXT://:9092, CONTROLLER://[::1]:9093\r
advertised.listeners=PLAINTEXT://kafka1.example.com:9092\r
log.dirs=/x,\\\r
  listeners=PLAINTEXT://:2\r
`;

test('listeners, and what has to follow', async () => {
  const { rows, move } = await seen({ [path]: text }, { path });
  assert.equal(rows, [
    `listeners PLAINTEXT://:9092, CONTROLLER://[::1]:9093 -> 9092 (${path}:5)`,
    `listeners PLAINTEXT://:9092, CONTROLLER://[::1]:9093 -> ::1:9093 (${path}:5)`,
    `advertised.listeners PLAINTEXT://kafka1.example.com:9092 -> kafka1.example.com:9092 (${path}:6)`,
    `controller.quorum.voters 1@kafka1:9093,2@kafka2:9093 -> kafka1:9093 (${path}:3)`,
    `reference: controller.quorum.voters 1@kafka1:9093,2@kafka2:9093 -> kafka2:9093 (${path}:3)`,
  ]);
  const client = move(9092, 19_092);
  assert.equal(client.files, { [path]: Buffer.from(text.replaceAll('9092', '19092')).toString('latin1') });
  assert.match(client.sideEffects.join(), 'bootstrap.servers');
  const controller = move(9093, 19_093);
  assert.equal(controller.files, { [path]: Buffer.from(text.replace('kafka1:9093', 'kafka1:19093').replace(']:9093', ']:19093')).toString('latin1') });
  assert.match(controller.sideEffects.join(), 'Kafka connects to port 9093: controller.quorum.voters');
});

test('the last line wins as a whole; another port that is advertised does not follow', async () => {
  const twice = 'listeners=A://:1,B://:2\nlisteners=A://:3\nadvertised.listeners=A://nat:4\n';
  const { rows } = await seen({ [path]: twice }, { path });
  assert.equal(rows, [
    `loser: listeners A://:1,B://:2 -> 1 (${path}:1)`,
    `loser: listeners A://:1,B://:2 -> 2 (${path}:1)`,
    `listeners A://:3 -> 3 (${path}:2)`,
    `reference: advertised.listeners A://nat:4 -> nat:4 (${path}:3)`,
  ]);
});

test('--override wins over the file, which is the argument after the main class', async () => {
  const args = ['/usr/bin/java', '-cp', '/opt/kafka/libs/zookeeper-3.8.jar', 'kafka.Kafka', 'config/server.properties', '--override', 'listeners=PLAINTEXT://:9192'];
  const file = '/opt/kafka/config/server.properties';
  const { rows, move } = await seen({ [file]: 'listeners=PLAINTEXT://:9092\n' }, { arguments: args, workingDirectory: '/opt/kafka' });
  assert.equal(rows, [`loser: listeners PLAINTEXT://:9092 -> 9092 (${file}:1)`, 'listeners PLAINTEXT://:9192 -> 9192 (the command line)']);
  assert.throws(() => move(9192, 81), /command line/);
});

test('no listener, an old setting, and a variable', async () => {
  for (const [lines, row] of [
    ['broker.id=0\n', 'listeners PLAINTEXT://:9092 -> 9092 (the default)'],
    ['port=9095\n', `port 9095 -> 9095 (${path}:1)`],
    ['listeners=${file:/x:l}\n', `listeners \${file:/x:l} -> ? (${path}:1): the value contains a variable`],
  ] as const)
    assert.equal((await seen({ [path]: lines }, { path })).rows, [row]);
});

test.run();
