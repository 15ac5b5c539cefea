// Apache: https://httpd.apache.org/docs/2.4/bind.html, https://httpd.apache.org/docs/2.4/vhosts/, and the files of
// Debian's package apache2 (ports.conf, sites-enabled/000-default.conf, envvars).
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ConfigurationFiles } from '../../support/configuration-files.ts';
import { seen } from '../../support/configurations.ts';

const test = suite('Apache');

const ports = `# If you just change the port or add more ports here, you will likely also
# have to change the VirtualHost statement in
# /etc/apache2/sites-enabled/000-default.conf

Listen 20080

<IfModule ssl_module>
\tListen 20443
</IfModule>

<IfModule mod_gnutls.c>
\tListen 20444
</IfModule>
`;

test('Debian: ports.conf, its modules, and the VirtualHost of every site change together', async () => {
  const files = new ConfigurationFiles({
    'apache2.conf': `ServerRoot "@"\n# Listen 1\nIncludeOptional mods-enabled/*.load\nInclude ports.conf\nIncludeOptional sites-enabled/*.conf\nIncludeOptional none/*.conf\n`,
    'mods-enabled/ssl.load': 'LoadModule ssl_module /usr/lib/apache2/modules/mod_ssl.so\n',
    'ports.conf': ports,
    'sites-enabled/000-default.conf': '<VirtualHost *:20080>\r\n\t# The ServerName directive sets the request scheme\r\n\tServerName a:20080\r\n</VirtualHost>\r\n',
    'sites-enabled/shop.conf':
      '<virtualhost "127.0.0.1:20080" [::1]:20080 _default_:20443>\n  ProxyPass /api http://localhost:20999/\n</virtualhost>\n<VirtualHost *:1>\n</VirtualHost>\n',
  });
  await files.expectRows('Apache', [
    ['Listen', '20080', 20_080, 'ports.conf:5'],
    ['Listen', '20443', 20_443, 'ports.conf:8'],
    ['VirtualHost', '*:20080', 20_080, 'sites-enabled/000-default.conf:1'],
    ['virtualhost', '127.0.0.1:20080', 20_080, 'sites-enabled/shop.conf:1'],
    ['virtualhost', '[::1]:20080', 20_080, 'sites-enabled/shop.conf:1'],
    ['virtualhost', '_default_:20443', 20_443, 'sites-enabled/shop.conf:1'],
    ['VirtualHost', '*:1', null, 'sites-enabled/shop.conf:4'],
  ]);
  const moved = await files.expectMove('Apache', [20_080, 20_081], {
    'ports.conf': [['Listen 20080', 'Listen 20081']],
    'sites-enabled/000-default.conf': [['*:20080', '*:20081']],
    'sites-enabled/shop.conf': [
      ['127.0.0.1:20080', '127.0.0.1:20081'],
      ['[::1]:20080', '[::1]:20081'],
    ],
  });
  assert.match(moved.SideEffects!.join(), 'ServerName settings that name port 20080');
});

test('every form of Listen, also continued on the next line, with CRLF and a byte order mark', async () => {
  const files = new ConfigurationFiles({
    'httpd.conf': Buffer.from(
      '\ufeff# \u00e4 \\\r\nListen 20001\r\nlisten\t 0.0.0.0:20002   https\r\nListen [2001:db8::a00:20ff:fea7:ccea]:20003\r\nListen \\\r\n  localhost:20004 http\r\nListen "*:20005"\r\n',
    ),
  });
  const rows = await files.expectRows('Apache', [
    ['Listen', '0.0.0.0:20002', 20_002, 'httpd.conf:3'],
    ['Listen', '[2001:db8::a00:20ff:fea7:ccea]:20003', 20_003, 'httpd.conf:4'],
    ['Listen', 'localhost:20004', 20_004, 'httpd.conf:6'],
    ['Listen', '*:20005', 20_005, 'httpd.conf:7'],
  ]);
  assert.equal(
    rows.map(({ Address }) => Address),
    ['0.0.0.0', '2001:db8::a00:20ff:fea7:ccea', 'localhost', null],
  );
  for (const [from, text] of [
    [20_002, '0.0.0.0:'],
    [20_003, 'ccea]:'],
    [20_004, 'localhost:'],
    [20_005, '"*:'],
  ] as const)
    await files.expectMove('Apache', [from, 20_100], { 'httpd.conf': [[`${text}${from}`, `${text}20100`]] });
});

test('a port in a variable is changed where the variable is set', async () => {
  const files = new ConfigurationFiles({
    'apache2.conf':
      'Define WEB 20010\nListen ${WEB}\nListen 127.0.0.1:${OTHER}\nListen ${SHELL_MADE}\nListen ${NONE}\n<VirtualHost *:${WEB}>\n</VirtualHost>\n<VirtualHost *:20011>\n</VirtualHost>\n',
    envvars: '# envvars\nunset HOME\nexport OTHER=20011\nexport SHELL_MADE=$((1+1))\n',
  });
  const rows = await files.expectRows('Apache', [
    ['Listen ${WEB}, WEB', '20010', 20_010, 'apache2.conf:1'],
    ['Listen 127.0.0.1:${OTHER}, OTHER', '20011', 20_011, 'envvars:3'],
    ['Listen', '${SHELL_MADE}', null, 'apache2.conf:4'],
    ['Listen', '${NONE}', null, 'apache2.conf:5'],
    ['VirtualHost', '*:20011', 20_011, 'apache2.conf:8'],
  ]);
  assert.match(rows[3]!.Reason!.join(), 'the variable NONE is not known');
  assert.is(rows[0]!.NeedsRestart, false);
  assert.is(rows[1]!.NeedsRestart, true);
  await files.expectMove('Apache', [20_010, 20_012], { 'apache2.conf': [['WEB 20010', 'WEB 20012']] });
  await files.expectMove('Apache', [20_011, 20_012], { 'apache2.conf': [['*:20011', '*:20012']], envvars: [['OTHER=20011', 'OTHER=20012']] });
});

test('sections that do not count are left out, and those that may count say so', async () => {
  const files = new ConfigurationFiles({
    'httpd.conf':
      'Define A\n<IfDefine A>\nListen 20021\n<IfDefine !A>\nListen 1\n</IfDefine>\n</IfDefine>\n<IfDefine B>\nListen 2\n</IfDefine>\n<IfModule mod_x.c>\nListen 20022\n</IfModule>\n<IfVersion >= 2.4>\nInclude @/more\n</IfVersion>\nInclude @/missing.conf\n',
    'more/a.conf': 'Listen 20023\nInclude @/httpd.conf\n',
  });
  const rows = await files.expectRows('Apache', [
    ['Listen', '20021', 20_021, 'httpd.conf:3'],
    ['Listen', '20022', 20_022, 'httpd.conf:12'],
    ['Listen', '20023', 20_023, 'more/a.conf:1'],
  ]);
  assert.equal(
    rows.map(({ Reason }) => Reason?.[0] ?? null),
    [null, 'it counts only if mod_x.c is a part of the program', 'it counts only for some versions'],
  );
});

test('a running server: -d, -f, -D, and its environment', async () => {
  const files = {
    '/srv/web/site.conf': 'Listen ${A}\n<IfDefine TLS>\nListen ${B}\n</IfDefine>\nListen 80\n',
    '/srv/web/envvars': 'export A=8001\nexport B=8002\n',
  };
  const environment = new Map([
    ['A', '8001'],
    // Started with something else than what envvars says.
    ['B', '9002'],
  ]);
  const { rows } = await seen(files, { arguments: ['/usr/sbin/apache2', '-d', '/srv/web', '-f', 'site.conf', '-D', 'TLS', '-k', 'start'], environment });
  assert.equal(rows, [
    'Listen ${A}, A 8001 -> 8001 (/srv/web/envvars:1)',
    'Listen ${B} -> 9002 (/srv/web/site.conf:3): the variable B is not set to a port in a file',
    'Listen 80 -> 80 (/srv/web/site.conf:5)',
  ]);
});

test.run();
