import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { restartsBy } from '../../../src/facts/decode/application/restarts.ts';
import { cpuMs } from '../../support/cpu.ts';

const test = suite('what starts again what it has started');

/** A file name, and arguments with ¦ between them. */
const cases: [imageName: string, args: string, by: string | null][] = [
  ['node', 'node¦--watch¦server.js', '--watch'],
  ['node', 'node¦--require¦x¦--watch-path=src¦server.js', '--watch-path'],
  ['node.exe', 'node.exe¦--watch¦server.js', '--watch'],
  ['node', 'node¦server.js¦--watch', null],
  ['node', 'node¦--require¦--watch¦server.js', null],
  ['node', 'node¦server.js', null],
  ['node', 'node --watch server.js', null],
  ['bun', 'bun¦--watch¦server.ts', null],
  ['python3.11', '/usr/bin/python3¦/usr/bin/uvicorn¦app:app¦--reload', '--reload'],
  ['python3.11', 'python3¦-m¦uvicorn¦app:app¦--reload', '--reload'],
  ['python3.11', 'python3¦/srv/bin/uvicorn¦app:app', null],
  ['python3.11', 'python3¦/srv/bin/hypercorn¦--reload¦app:app', '--reload'],
  ['python3.11', 'python3¦/srv/bin/fastapi¦dev¦main.py', 'dev'],
  ['python3.11', 'python3¦/srv/bin/fastapi¦dev¦--no-reload¦main.py', null],
  ['python3.11', 'python3¦/srv/bin/fastapi¦run¦main.py', null],
  ['python3.11', 'python3¦/srv/bin/flask¦--app¦shop¦run¦--debug', '--debug'],
  ['python3.11', 'python3¦-m¦flask¦run', null],
  ['python3.11', 'python3¦manage.py¦runserver¦8000', 'runserver'],
  ['python3.11', 'python3¦manage.py¦runserver¦--noreload', null],
  ['python3.11', 'python3¦-c¦import uvicorn', null],
  ['bash', 'bash¦-c¦while true; do node server.js; done', 'a loop'],
  ['dash', 'sh¦-c¦until node server.js; do sleep 1; done', 'a loop'],
  ['bash', 'bash¦-lc¦cd /srv && for i in 1 2 3; do node server.js; done', 'a loop'],
  ['bash', 'bash¦-c¦node server.js --while do', null],
  ['bash', 'bash¦-c¦node meanwhile.js; echo do it', null],
  ['bash', 'bash¦run.sh¦while true; do x; done', null],
  ['bash', '-bash', null],
  ['zsh', 'zsh¦-c¦while :; do httpd -f; done', 'a loop'],
  ['fish', 'fish¦-c¦while true; node server.js; end', 'a loop'],
  ['fish', 'fish¦-c¦node server.js --while end', null],
  ['busybox', 'sh¦-c¦while :; do httpd -f; done', 'a loop'],
  ['pwsh', 'pwsh¦-NoProfile¦-Command¦while ($true) { node server.js }', 'a loop'],
  ['dotnet', 'dotnet¦/opt/powershell/pwsh.dll¦-c¦while ($true) { node server.js }', 'a loop'],
  ['powershell.exe', 'powershell.exe¦-c¦do { node server.js } while (1)', 'a loop'],
  ['powershell.exe', 'powershell.exe¦-File¦run.ps1', null],
  ['cmd.exe', 'cmd.exe¦/c¦for /l %i in (0,0,1) do node server.js', 'a loop'],
  ['cmd.exe', 'cmd.exe¦/c¦for %i in (a b) do node %i', null],
  ['nginx', 'nginx¦--watch', null],
];
for (const [imageName, args, by] of cases) test(`${imageName}: ${args}`, () => assert.is(restartsBy({ imageName, arguments: args.split('¦') }), by));

test('arguments that cannot be had', () => assert.is(restartsBy({ imageName: 'node', arguments: null }), null));

test('long code takes no time', () => {
  const code = ' while'.repeat(50_000);
  const time = cpuMs(() => assert.is(restartsBy({ imageName: 'bash', arguments: ['bash', '-c', code] }), null));
  assert.ok(time < 1000, `${time} ms`);
});

test.run();
