// systemd: https://www.freedesktop.org/software/systemd/man/latest/systemd.socket.html,
// https://www.freedesktop.org/software/systemd/man/latest/systemd.syntax.html, and cockpit.socket of Debian.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ConfigurationFiles } from '../../support/configuration-files.ts';

const test = suite('systemd');

test('sockets: every address counts until an empty one resets them, also in drop-ins', async () => {
  const files = new ConfigurationFiles({
    'cockpit.socket': Buffer.from(
      '\ufeff[Unit]\r\n; ListenStream=1\r\n[Socket]\r\nListenStream = 9090\r\nListenStream=\r\nListenStream=20090\r\nListenDatagram=127.0.0.1:20091\r\nListenStream=[::1]:20092\r\nListenStream=/run/c.sock\r\nListenStream=@abstract\r\nListenStream=vsock:2:1234\r\nListenStream=%i\r\n',
    ),
    'cockpit.socket.d/20-more.conf': '[Socket]\nListenStream=0.0.0.0:20093 \n',
    'cockpit.socket.d/10-less.conf': '# first\n[Socket]\n',
  });
  const rows = await files.expectRows('systemd', [
    ['ListenStream', '20090', 20_090, 'cockpit.socket:6'],
    ['ListenDatagram', '127.0.0.1:20091', 20_091, 'cockpit.socket:7'],
    ['ListenStream', '[::1]:20092', 20_092, 'cockpit.socket:8'],
    ['ListenStream', '%i', null, 'cockpit.socket:12'],
    ['ListenStream', '0.0.0.0:20093', 20_093, 'cockpit.socket.d/20-more.conf:2'],
  ]);
  assert.equal(
    rows.map(({ Protocol, Address }) => [Protocol, Address]),
    [
      ['TCP', null],
      ['UDP', '127.0.0.1'],
      ['TCP', '::1'],
      ['TCP', null],
      ['TCP', '0.0.0.0'],
    ],
  );
  const moved = await files.expectMove('systemd', [20_093, 31_000], { 'cockpit.socket.d/20-more.conf': [['20093 ', '31000 ']] });
  assert.match(moved.SideEffects!.join(), 'systemctl restart cockpit.socket');
  await files.expectMove('systemd', [20_092, 31_000], { 'cockpit.socket': [[']:20092', ']:31000']] });
});

test('services: literal ports of the environment and of commands in several lines', async () => {
  const files = new ConfigurationFiles({
    'shop.service':
      '[Service]\nEnvironment=PORT=1\nEnvironment=\nEnvironment="PORT=20100" NAME=x "A=PORT=2"\nExecStart=/usr/bin/old --port 3\nExecStart=\nExecStart=/usr/bin/shop \\\n# --port 4\n  --port \\\n  20101 --listen=127.0.0.1:20102 -p $PORT --http-port="20103" \'--bind\' [::]:20104\n',
  });
  await files.expectRows('systemd', [
    ['PORT', '20100', 20_100, 'shop.service:4'],
    ['--port', '20101', 20_101, 'shop.service:10'],
    ['--listen', '127.0.0.1:20102', 20_102, 'shop.service:10'],
    ['--http-port', '20103', 20_103, 'shop.service:10'],
    ['--bind', '[::]:20104', 20_104, 'shop.service:10'],
  ]);
  await files.expectMove('systemd', [20_100, 31_000], { 'shop.service': [['"PORT=20100"', '"PORT=31000"']] });
  await files.expectMove('systemd', [20_101, 31_000], { 'shop.service': [['20101 ', '31000 ']] });
  await files.expectMove('systemd', [20_102, 31_000], { 'shop.service': [[':20102', ':31000']] });
});

test('services: options in variables that a command mentions, drop-ins, and files by a pattern', async () => {
  const files = new ConfigurationFiles({
    'shop.service': '[Service]\nEnvironmentFile=@/env.d/*.env\nEnvironmentFile=@/%i.env\nExecStart=/usr/bin/shop $ARGS ${MORE}\n',
    'shop.service.d/more.conf': '[Service]\nEnvironment="MORE=--listen 127.0.0.1:20121"\n',
    'env.d/a.env': 'ARGS="-x \\\n --port=\\"20120\\""\n',
    'env.d/b.env': 'OTHER="--port 20122"\n',
  });
  await files.expectRows('systemd', [
    ['--listen', '127.0.0.1:20121', 20_121, 'shop.service.d/more.conf:2'],
    ['--port', '20120', 20_120, 'env.d/a.env:2'],
  ]);
  assert.match(await files.unread('systemd'), '%i.env is not followed: its name has a specifier');
});

test('services: the files with their environment win over Environment', async () => {
  const files = new ConfigurationFiles({
    'shop.service': '[Service]\nEnvironmentFile=-@/shop.env\nEnvironmentFile=-@/none.env\nEnvironment=PORT=20110\n',
    'shop.env': '# PORT=1\nPORT="20111"\n',
  });
  const rows = await files.expectRows('systemd', [
    ['PORT', '20110', 20_110, 'shop.service:4'],
    ['PORT', '20111', 20_111, 'shop.env:2'],
  ]);
  assert.equal(
    rows.map(({ IsEffective }) => IsEffective),
    [false, true],
  );
  await files.expectMove('systemd', [20_111, 31_000], { 'shop.env': [['20111', '31000']] });
  const missing = new ConfigurationFiles({ 'shop.service': '[Service]\nEnvironmentFile=@/none.env\nEnvironment=PORT=20110\n' });
  assert.match(await missing.unread('systemd'), 'none.env cannot be read');
});

test.run();
