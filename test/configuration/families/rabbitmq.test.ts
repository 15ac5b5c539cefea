// RabbitMQ: https://www.rabbitmq.com/docs/configure, https://www.rabbitmq.com/docs/networking, and rabbitmq.conf.example.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ConfigurationFiles } from '../../support/configuration-files.ts';
import { seen } from '../../support/configurations.ts';

const test = suite('RabbitMQ');

test('listeners of every kind, duplicates, conf.d, and the defaults of plugins', async () => {
  const files = new ConfigurationFiles({
    'rabbitmq.conf':
      '# listeners.tcp.default = 1\r\nlisteners.tcp.default = 20801\r\nlisteners.tcp.local   =  127.0.0.1:20802\r\nlisteners.tcp.other = ::1:20803\r\nlisteners.ssl.1 = [::]:20804\r\nmanagement.tcp.port = 20805 # here\r\nmanagement.tcp.ip = 127.0.0.1\r\nlisteners.tcp.default=20806\r\n',
    'conf.d/20.conf': 'mqtt.listeners.tcp.default = 20807\nlog.file.level = info\n',
    enabled_plugins: '[rabbitmq_management,rabbitmq_mqtt,rabbitmq_prometheus].\n',
    'rabbitmq-env.conf': 'NODE_PORT=20899\n',
  });
  const rows = await files.expectRows('RabbitMQ', [
    ['listeners.tcp.default', '20801', 20_801, 'rabbitmq.conf:2'],
    ['listeners.tcp.local', '127.0.0.1:20802', 20_802, 'rabbitmq.conf:3'],
    ['listeners.tcp.other', '::1:20803', 20_803, 'rabbitmq.conf:4'],
    ['listeners.ssl.1', '[::]:20804', 20_804, 'rabbitmq.conf:5'],
    ['management.tcp.port', '20805', 20_805, 'rabbitmq.conf:6'],
    ['listeners.tcp.default', '20806', 20_806, 'rabbitmq.conf:8'],
    ['mqtt.listeners.tcp.default', '20807', 20_807, 'conf.d/20.conf:1'],
    ['prometheus.tcp.port', '15692', 15_692, null],
  ]);
  assert.equal(
    rows.slice(0, 6).map(({ Address, IsEffective }) => [Address, IsEffective]),
    [
      [null, false],
      ['127.0.0.1', true],
      ['::1', true],
      ['::', true],
      ['127.0.0.1', true],
      [null, true],
    ],
  );
  for (const [from, before] of [
    [20_802, '127.0.0.1:'],
    [20_803, '::1:'],
    [20_804, '[::]:'],
    [20_805, '= '],
    [20_806, 'default='],
  ] as const)
    await files.expectMove('RabbitMQ', [from, 20_810], { 'rabbitmq.conf': [[`${before}${from}`, `${before}20810`]] });
});

test('rabbitmq-env.conf counts without a listener, and advanced.config is said', async () => {
  const files = new ConfigurationFiles({ 'rabbitmq.conf': 'listeners.ssl = none\n', 'rabbitmq-env.conf': '# NODE_PORT=1\nexport RABBITMQ_NODE_PORT="20811"\n' });
  await files.expectRows('RabbitMQ', [['RABBITMQ_NODE_PORT', '20811', 20_811, 'rabbitmq-env.conf:2']]);
  const { SideEffects } = await files.expectMove('RabbitMQ', [20_811, 20_812], { 'rabbitmq-env.conf': [['20811', '20812']] });
  assert.match(SideEffects!.join(), 'changes from 40811 to 40812');
  const advanced = new ConfigurationFiles({ 'rabbitmq.conf': 'listeners.tcp.1 = 20813\n', 'advanced.config': '[{rabbit, [{tcp_listeners, [5673]}]}].\n' });
  const rejected = await advanced.move('RabbitMQ', [20_813, 20_814]);
  assert.is(rejected.code, 1);
  assert.match(rejected.err, 'advanced.config sets tcp_listeners, which PortOwner does not read');
});

test('a running server: its listeners in the file win over RABBITMQ_NODE_PORT, and the arguments of Erlang over both', async () => {
  const files = { '/x/a.conf': 'listeners.tcp.default = 5601\n', '/x/b.conf': '# empty\n' };
  const environment = (name: string) =>
    new Map([
      ['RABBITMQ_CONFIG_FILE', `/x/${name}`],
      ['RABBITMQ_NODE_PORT', '5602'],
    ]);
  const args = ['/usr/lib/erlang/erts-13.1.5/bin/beam.smp', '--', '-s', 'rabbit', 'boot'];
  assert.equal((await seen(files, { arguments: args, environment: environment('a.conf') })).rows, ['listeners.tcp.default 5601 -> 5601 (/x/a.conf:1)']);
  assert.equal((await seen(files, { arguments: args, environment: environment('b') })).rows, ['RABBITMQ_NODE_PORT 5602 -> 5602 (the environment variable RABBITMQ_NODE_PORT)']);
  const old = await seen(files, { arguments: [...args, '-rabbit', 'tcp_listeners', '[{"auto",5603}]'], environment: environment('a') });
  assert.equal(old.rows, ['loser: listeners.tcp.default 5601 -> 5601 (/x/a.conf:1)', '-rabbit tcp_listeners [{"auto",5603}] -> 5603 (the command line)']);
});

test.run();
