// https://github.com/grafana/grafana/blob/main/conf/sample.ini and packaging/deb/default/grafana-server
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { seen } from '../../support/configurations.ts';

const test = suite('Grafana');

const ini = '/etc/grafana/grafana.ini';
const defaults = '/usr/share/grafana/conf/defaults.ini';
const files = {
  [ini]:
    '\ufeff##### Grafana #####\r\n[paths]\r\nhttp_port = 1\r\n\r\n [server]\r\n;http_port = 3000\r\nhttp_addr = 127.0.0.1\r\nhttp_port   =\t3001\r\n; \u00e4\r\nroot_url = %(protocol)s://%(domain)s:%(http_port)s/\r\n',
  [defaults]: '[server]\nprotocol = http\nhttp_port = 3000\n',
};
const args = ['/usr/share/grafana/bin/grafana', 'server', `--config=${ini}`, '--homepath=/usr/share/grafana', 'cfg:default.paths.logs=/x'];

test('grafana.ini wins over defaults.ini', async () => {
  const { rows, move } = await seen(files, { arguments: args });
  assert.equal(rows, [
    `[server] http_port 3001 -> 127.0.0.1:3001 (${ini}:8)`,
    `loser: [server] http_port 3000 -> 3000 (${defaults}:3): an update replaces defaults.ini: set http_port under [server] in grafana.ini or custom.ini`,
  ]);
  assert.equal(move(3001, 13_000).files, { [ini]: Buffer.from(files[ini]!.replace('3001', '13000')).toString('latin1') });
});

test('defaults.ini is not changed', async () => {
  const { move } = await seen({ ...files, [ini]: '[server]\n;http_port = 3000\nhttp_port =\n' }, { arguments: args });
  assert.throws(() => move(3000, 81), /set http_port under \[server\] in grafana.ini/);
});

test('the environment wins over files, and comes from the file of the service; arguments win over all', async () => {
  const environment = new Map([['GF_SERVER_HTTP_PORT', '3002']]);
  const set = '/etc/default/grafana-server';
  const unit = {
    '/usr/lib/systemd/system/grafana-server.service': '[Service]\nEnvironmentFile=/etc/default/grafana-server\n',
    [set]: 'CONF_DIR=/etc/grafana\nGF_SERVER_HTTP_PORT="3002"\n',
  };
  const service = 'grafana-server.service';
  const { rows, move } = await seen({ ...files, ...unit }, { arguments: args, environment, service });
  assert.equal(rows.at(-1), `GF_SERVER_HTTP_PORT 3002 -> 3002 (${set}:2)`);
  assert.match(rows[0]!, 'loser: [server] http_port 3001');
  assert.equal(move(3002, 81).files, { [set]: 'CONF_DIR=/etc/grafana\nGF_SERVER_HTTP_PORT="81"\n' });
  const bare = await seen(files, { arguments: args, environment });
  assert.is(bare.rows.at(-1), 'GF_SERVER_HTTP_PORT 3002 -> 3002 (the environment variable GF_SERVER_HTTP_PORT)');
  assert.throws(() => bare.move(3002, 81), /environment variable GF_SERVER_HTTP_PORT, which PortOwner does not change/);
  const told = await seen(files, { arguments: [...args, 'cfg:server.http_port=3003', 'cfg:default.server.http_port=3004'], environment });
  assert.equal(
    told.rows.filter((row) => !row.startsWith('loser')),
    ['cfg:server.http_port 3003 -> 3003 (the command line)'],
  );
});

test('a socket, a variable, and no setting', async () => {
  for (const [text, row] of [
    ['[server]\nprotocol = socket\nhttp_port = 3000\n', `[server] http_port 3000 -> ? (${ini}:3): protocol = socket: it listens on no port`],
    ['[server]\nhttp_port = $__env{PORT}\n', `[server] http_port $__env{PORT} -> ? (${ini}:2): the value contains a variable`],
    ['[server]\n', '[server] http_port 3000 -> 3000 (the default)'],
  ] as const)
    assert.equal((await seen({ [ini]: text }, { path: ini })).rows, [row]);
});

test.run();
