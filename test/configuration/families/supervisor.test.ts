// supervisord: https://supervisord.org/configuration.html
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ConfigurationFiles } from '../../support/configuration-files.ts';

const test = suite('supervisord');

test('its own server, and the commands and the environment of its programs', async () => {
  const files = new ConfigurationFiles({
    'supervisord.conf': Buffer.from(
      '\ufeff; supervisord\r\n[inet_http_server]\r\nport = 127.0.0.1:20100 ; port=1\r\n[supervisord]\r\nport=2\r\n[include]\r\nfiles = conf.d/*.conf none/*.ini\r\n',
    ),
    'conf.d/shop.conf':
      '[program:shop]\ncommand=gunicorn -b 0.0.0.0:20101 a:b ; --port 3\nenvironment=HOME="/x",PORT="1"\n[program:web]\ncommand=node . --port=20102\nenvironment=PORT="20103"\nnumprocs=1\n',
  });
  await files.expectRows('supervisord', [
    ['inet_http_server.port', '127.0.0.1:20100', 20_100, 'supervisord.conf:3'],
    ['program:shop -b', '0.0.0.0:20101', 20_101, 'conf.d/shop.conf:2'],
    ['program:shop PORT', '1', 1, 'conf.d/shop.conf:3'],
    ['program:web --port', '20102', 20_102, 'conf.d/shop.conf:5'],
    ['program:web PORT', '20103', 20_103, 'conf.d/shop.conf:6'],
  ]);
  await files.expectMove('supervisord', [20_100, 31_000], { 'supervisord.conf': [[':20100 ;', ':31000 ;']] });
  const moved = await files.expectMove('supervisord', [20_101, 31_000], { 'conf.d/shop.conf': [[':20101 a', ':31000 a']] });
  assert.match(moved.SideEffects!.join(), 'supervisorctl update');
  await files.expectMove('supervisord', [20_102, 31_000], { 'conf.d/shop.conf': [['=20102', '=31000']] });
  await files.expectMove('supervisord', [20_103, 31_000], { 'conf.d/shop.conf': [['"20103"', '"31000"']] });
});

test.run();
