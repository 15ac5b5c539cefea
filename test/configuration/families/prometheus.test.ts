// /etc/default/prometheus and the unit of Debian's package: https://salsa.debian.org/go-team/packages/prometheus
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { seen } from '../../support/configurations.ts';

const test = suite('Prometheus');

const unit = '/usr/lib/systemd/system/prometheus.service';
const defaults = '/etc/default/prometheus';
const files = {
  [unit]: '[Service]\nEnvironmentFile=-/etc/default/prometheus\nExecStart=/usr/bin/prometheus $ARGS\n',
  [defaults]:
    '# Set the command-line arguments to pass to the server.\r\n# ARGS="--web.listen-address=:1"\r\nARGS="--storage.tsdb.path=/x \\\r\n  --web.listen-address=\\"127.0.0.1:9091\\"  --web.enable-lifecycle"\r\n',
};

test('a running service: the option comes from /etc/default', async () => {
  const { rows, move } = await seen(files, { arguments: ['/usr/bin/prometheus', '--web.listen-address=127.0.0.1:9091'], service: 'prometheus.service' });
  assert.equal(rows, [`--web.listen-address 127.0.0.1:9091 -> 127.0.0.1:9091 (${defaults}:4)`]);
  const moved = move(9091, 19_091);
  assert.equal(moved.files, { [defaults]: files[defaults]!.replace(':9091', ':19091') });
  assert.match(moved.sideEffects.join(), 'scrape_configs');
});

test('without a service, the option is only on the command line', async () => {
  const { rows, move } = await seen(files, { arguments: ['/usr/bin/prometheus-node-exporter', '--web.listen-address', ':9101', '-web.listen-address=[::1]:9102'] });
  assert.equal(rows, ['--web.listen-address :9101 -> 9101 (the command line)', '--web.listen-address [::1]:9102 -> ::1:9102 (the command line)']);
  assert.throws(() => move(9101, 81), /port 9101 is set in the command line, which PortOwner does not change/);
});

test('an Alertmanager uses TCP and UDP among its nodes', async () => {
  const path = '/etc/systemd/system/alertmanager.service';
  const text = '[Unit]\nDescription=x\n[Service]\nExecStart=/usr/bin/alertmanager \\\n  --cluster.listen-address=0.0.0.0:9094 \\\n  --web.listen-address="$X:9093"\n';
  const { rows, move } = await seen({ [path]: text }, { path });
  assert.equal(rows, [
    `--web.listen-address $X:9093 -> 9093 (${path}:6)`,
    `--cluster.listen-address 0.0.0.0:9094 -> 0.0.0.0:9094 (${path}:5)`,
    `--cluster.listen-address 0.0.0.0:9094 -> 0.0.0.0:9094/UDP (${path}:5)`,
  ]);
  assert.equal(move(9094, 9999).files, { [path]: text.replace('9094', '9999') });
});

test('defaults, by the program or the file', async () => {
  for (const [path, port] of [
    ['/etc/default/prometheus', 9090],
    ['/etc/default/prometheus-node-exporter', 9100],
    ['/etc/default/prometheus-alertmanager', 9093],
  ] as const) {
    const { rows } = await seen({ [path]: 'ARGS=""\n' }, { path });
    assert.equal(rows, [`--web.listen-address :${port} -> ${port} (the default)`]);
  }
});

test('a file that the package manager kept is not used', async () => {
  const path = '/etc/default/prometheus.dpkg-old';
  assert.equal((await seen({ [path]: 'ARGS="--web.listen-address=:9091"' }, { path })).rows, []);
});

test.run();
