// Caddy: https://caddyserver.com/docs/caddyfile/concepts#addresses, https://caddyserver.com/docs/caddyfile/options,
// and https://caddyserver.com/docs/json/.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ConfigurationFiles } from '../../support/configuration-files.ts';
import { seen } from '../../support/configurations.ts';

const test = suite('Caddy');

test('addresses of sites, in lists and imported files, and the global options', async () => {
  const files = new ConfigurationFiles({
    Caddyfile: `# :1
{
\thttps_port 20443
\tadmin "127.0.0.1:20019"
\tservers :20501 {
\t\ttrusted_proxies static private_ranges
\t}
}
(common) {
\tencode gzip
}
:20501, http://localhost:20502/x {
\timport common
\treverse_proxy localhost:20999 [::1]:20998
}
https://a.example:20503,
[::1]:20504 {
}
example.com {
\trespond "{$X} :2"
}
:{$PORT:20505} {
}
import sites/*.caddy
import none/*
`,
    'sites/a.caddy': '# :3\r\n:20506\r\n\r\nroot * /srv\r\nfile_server\r\n',
  });
  await files.expectRows('Caddy', [
    ['site address', ':20501', 20_501, 'Caddyfile:12'],
    ['site address', 'http://localhost:20502/x', 20_502, 'Caddyfile:12'],
    ['site address', 'https://a.example:20503', 20_503, 'Caddyfile:16'],
    ['site address', '[::1]:20504', 20_504, 'Caddyfile:17'],
    ['site address', ':{$PORT:20505}', null, 'Caddyfile:22'],
    ['site address', ':20506', 20_506, 'sites/a.caddy:2'],
    ['http_port', '80', 80, null],
    ['https_port', '20443', 20_443, 'Caddyfile:3'],
    ['servers', ':20501', 20_501, 'Caddyfile:5'],
    ['admin', '127.0.0.1:20019', 20_019, 'Caddyfile:4'],
  ]);
  const both = await files.expectMove('Caddy', [20_501, 20_601], {
    Caddyfile: [
      ['servers :20501', 'servers :20601'],
      [':20501, http', ':20601, http'],
    ],
  });
  assert.match(both.SideEffects!.join(), 'clients, links, and redirects');
  for (const [from, before] of [
    [20_502, 'localhost:'],
    [20_503, 'a.example:'],
    [20_504, '[::1]:'],
    [20_443, 'https_port '],
    [20_019, '"127.0.0.1:'],
  ] as const)
    await files.expectMove('Caddy', [from, 20_602], { Caddyfile: [[`${before}${from}`, `${before}20602`]] });
  await files.expectMove('Caddy', [20_506, 20_602], { 'sites/a.caddy': [[':20506', ':20602']] });
});

test('JSON', async () => {
  const files = new ConfigurationFiles({
    'caddy.json':
      '{\n  "admin": {"listen": "localhost:20019"},\n  "apps": {"http": {"http_port": 20080, "servers": {"srv0": {"listen": [":20511", "unix//run/x", "udp/127.0.0.1:20512"]}}}}\n}\n',
  });
  await files.expectRows('Caddy', [
    ['admin.listen', 'localhost:20019', 20_019, 'caddy.json:2'],
    ['apps.http.http_port', '20080', 20_080, 'caddy.json:3'],
    ['apps.http.servers.srv0.listen[0]', ':20511', 20_511, 'caddy.json:3'],
    ['apps.http.servers.srv0.listen[2]', 'udp/127.0.0.1:20512', 20_512, 'caddy.json:3'],
  ]);
  await files.expectMove('Caddy', [20_511, 20_513], { 'caddy.json': [['":20511"', '":20513"']] });
});

test('a running server: its environment, its folder, and commands without a file', async () => {
  const files = { '/x/Caddyfile': 'http://:{$A:81} :{$B:82} {\n}\n{\n admin off\n}\n' };
  const { rows } = await seen(files, { arguments: ['/usr/bin/caddy', 'run'], workingDirectory: '/x', environment: new Map([['A', '8081']]) });
  assert.equal(rows, [
    'site address http://:{$A:81} -> 8081 (/x/Caddyfile:1): it is set by the variable A',
    'site address :{$B:82} -> 82 (/x/Caddyfile:1): it is set by the variable B',
  ]);
  const command = await seen({}, { arguments: ['/usr/bin/caddy', 'file-server', '--listen', ':8082'] });
  assert.equal(command.rows, ['--listen :8082 -> 8082 (the command line)']);
});

test.run();
