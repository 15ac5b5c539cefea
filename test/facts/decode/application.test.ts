import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { splitCommandLine } from '../../../src/facts/decode/relays.ts';
import { applicationOf, argumentsOfLine, namesOf, needsArguments } from '../../../src/facts/decode/application/application.ts';

const test = suite('application');

/** A file name, arguments as /proc has them with | between them, or a title alone. */
const cases: [imageName: string, args: string, application: string][] = [
  ['node', 'node|server.js', 'node server.js'],
  ['node', 'node|--require|x|--inspect=9229|/srv/shop/dist/index.js', 'node index.js'],
  ['node', 'node|/home/ann/shop/node_modules/.bin/vite', 'vite'],
  ['node', 'node|/home/ann/shop/node_modules/vite/bin/vite.js|--port|3000', 'vite'],
  ['node', 'node|node_modules/vite/bin/vite.js', 'vite'],
  ['node', 'node|/home/ann/shop/node_modules/.pnpm/next@14.1.0/node_modules/next/dist/bin/next|dev', 'next'],
  ['node', 'node|/usr/lib/node_modules/npm/bin/npm-cli.js|run|dev', 'npm run dev'],
  ['node', 'npm run dev', 'npm run dev'],
  ['node', 'npm start --token=hunter2', 'npm start'],
  ['node', 'next-server (v14.1.0)', 'next-server'],
  ['node', 'node|/x/node_modules/@angular/cli/bin/ng.js|serve', 'ng serve'],
  ['node', 'node|--import|file:///x/tsx/loader.mjs|server.ts', 'node server.ts'],
  ['node', 'node|/x/node_modules/tsx/dist/cli.mjs|watch.ts', 'tsx watch.ts'],
  ['node', 'node|-e|require("http")', 'node -e'],
  ['node', 'node|--import|x|--eval|require("http")', 'node -e'],
  ['node', 'node|-pe|1', 'node -p'],
  ['node', 'node|-i', 'node'],
  ['bun', 'bun|-e|1', 'bun -e'],
  ['deno', 'deno|eval|1', 'deno eval'],
  ['node', 'node|.', 'node .'],
  ['node', 'node', 'node'],
  ['node', '/usr/bin/node', 'node'],
  ['bun', 'bun|run|dev', 'bun run dev'],
  ['bun', 'bun|server.ts', 'bun server.ts'],
  ['deno', 'deno|run|-A|main.ts', 'deno run main.ts'],
  ['python3.11', 'python3|-m|http.server|8000', 'python -m http.server'],
  ['python3.11', 'python3|-m|uvicorn|main:app|--port|8000', 'uvicorn'],
  ['python3.11', '/usr/bin/python3|/usr/bin/gunicorn|app:app', 'gunicorn'],
  ['python3.11', 'gunicorn: worker [app:app]', 'gunicorn: worker'],
  ['python3.11', 'python|-u|-X|dev|manage.py|runserver', 'python manage.py'],
  ['python3', 'python3|-c|import socket', 'python -c'],
  ['python3.11', 'python3|-u|-c|import socket|token=hunter2', 'python -c'],
  ['python3.11', 'python3|-Iuc|import socket', 'python -c'],
  ['python3.11', 'python3|-cimport socket', 'python -c'],
  ['python3.11', 'python3|-um|http.server|8000', 'python -m http.server'],
  ['python3.11', 'python3|-mhttp.server|8000', 'python -m http.server'],
  ['python3.11', 'python3|-Wignore|-X|dev|app.py', 'python app.py'],
  ['python3.11', 'python3|-m', 'python'],
  // A script from standard input has no name, and its arguments may be secrets.
  ['python3.11', 'python3|-u|-|hunter2|4470', 'python script from stdin'],
  ['node', 'node|--no-warnings|-|hunter2', 'node script from stdin'],
  ['perl', 'perl|-|hunter2', 'perl script from stdin'],
  ['bash', 'bash|-s|hunter2', 'bash script from stdin'],
  ['bash', 'bash|-es|--|hunter2', 'bash script from stdin'],
  ['sh', 'sh|-s|hunter2', 'sh script from stdin'],
  ['php8.2', 'php|--|hunter2', 'php script from stdin'],
  ['node', 'node|--eval=x()|hunter2', 'node -e'],
  ['node', 'node|--print=x()|hunter2', 'node -p'],
  // The value of an option is no script, even if the option is not known.
  ['node', 'node|--unhandled-rejections|none|server.js', 'node server.js'],
  ['node', 'node|--secure-heap|65536|server.js', 'node server.js'],
  ['node', 'node|--option-of-tomorrow|hunter2', 'node'],
  ['node', 'node|4388', 'node'],
  ['node', 'node|--inspect|server', 'node server'],
  ['java', 'java|--source|17|S.java', 'java S.java'],
  ['bash', 'bash|run.sh', 'bash run.sh'],
  ['bash', 'bash|--norc|run', 'bash run'],
  ['ruby3.1', 'ruby|-rsocket|-e|TCPServer.new 3000', 'ruby -e'],
  ['ruby3.1', 'ruby|-run|-e|httpd', 'ruby -e'],
  ['ruby3.1', 'ruby|-w|app.rb', 'ruby app.rb'],
  ['php8.2', 'php|-r|sleep(9);', 'php -r'],
  ['perl', 'perl|-MIO::Socket|-we|sleep 9', 'perl -e'],
  ['perl', 'perl|-MIO::Socket|-E|sleep 9', 'perl -e'],
  ['perl', 'perl|-i.bak|-wT|daemon.pl', 'perl daemon.pl'],
  ['lua5.4', 'lua|-l|socket|-e|x()', 'lua -e'],
  ['julia', 'julia|-e|x()', 'julia -e'],
  ['R', 'R|-e|shiny::runApp()', 'Rscript -e'],
  ['uv', 'uv|run|app.py', 'uv run app.py'],
  ['java', 'java|-Xmx2g|-cp|a:b|-jar|/opt/shop-1.4.2-SNAPSHOT.jar|--server.port=8081', 'java -jar shop.jar'],
  ['java', 'java|-Djava.util.logging=x|-cp|a|org.apache.catalina.startup.Bootstrap|start', 'tomcat'],
  ['java', 'java|com.example.Shop', 'java com.example.Shop'],
  ['dotnet', 'dotnet|Orders.dll', 'dotnet Orders.dll'],
  ['dotnet', 'dotnet|exec|--runtimeconfig|x.json|/srv/Orders.dll', 'dotnet Orders.dll'],
  ['dotnet', '/usr/bin/dotnet|/opt/powershell/pwsh.dll|-NoLogo', 'pwsh'],
  ['dotnet', 'dotnet|/opt/powershell/pwsh.dll|-NoProfile|-File|a/server.ps1', 'pwsh server.ps1'],
  ['dotnet', 'dotnet|/opt/powershell/pwsh.dll|-c|Start-Something', 'pwsh -Command'],
  ['dotnet', 'dotnet|run|--project|src/Orders', 'dotnet run'],
  ['ruby', 'puma 6.4.0 (tcp://0.0.0.0:3000) [shop]', 'puma'],
  ['ruby3.1', 'ruby|bin/rails|server', 'rails server'],
  ['php8.2', 'php|-S|localhost:8000|router.php', 'php -S'],
  ['php8.2', 'php|artisan|serve', 'php artisan'],
  ['php-fpm8.2', 'php-fpm: pool www', 'php-fpm: pool www'],
  ['php-fpm8.2', 'php-fpm: master process (/etc/php/8.2/fpm/php-fpm.conf)', 'php-fpm: master process'],
  ['perl', '/usr/bin/perl|-w|daemon.pl', 'perl daemon.pl'],
  ['beam.smp', '/usr/lib/erlang/bin/beam.smp|-W|w|--|-root|/usr/lib/erlang|-s|rabbit|boot', 'rabbitmq'],
  ['pwsh', 'pwsh|-NoProfile|-File|a/server.ps1', 'pwsh server.ps1'],
  ['node', 'PM2 v5.3.0: God Daemon (/home/ann/.pm2)', 'PM2'],
  ['node', 'node|/x/node_modules/.bin/nodemon|server.js', 'nodemon server.js'],
  ['python3.11', '/usr/bin/python3|/usr/bin/supervisord|-n', 'supervisord'],
  ['python3.11', 'python3|-m|flask|run|--port|5000', 'flask'],
  ['pwsh', 'pwsh|-NoProfile|-Command|Start-Something', 'pwsh -Command'],
  ['pwsh', 'pwsh|-nop|-C|Start-Something', 'pwsh -Command'],
  ['powershell.exe', 'powershell.exe|-enc|AAAA', 'powershell -EncodedCommand'],
  ['bash', '/bin/bash|./run.sh', 'bash run.sh'],
  ['bash', 'bash|-c|nc -l 3000', 'bash -c'],
  ['bash', 'bash|-euxo|pipefail|-c|nc -l 3000', 'bash -c'],
  ['bash', 'bash|-euo|pipefail|run.sh', 'bash run.sh'],
  ['bash', 'bash|-li', 'bash'],
  ['bash', 'bash|/dev/fd/63', 'bash'],
  ['bash', 'bash|/proc/self/fd/3|x', 'bash'],
  ['python3.11', 'python3|/dev/stdin', 'python script from stdin'],
  ['python3.11', 'python3|-', 'python script from stdin'],
  ['python3.11', 'python3|-u|-|--token|hunter2', 'python script from stdin'],
  ['python3.11', 'python3', 'python'],
  ['bash', 'bash|-', 'bash script from stdin'],
  ['bash', 'bash|-|run.sh', 'bash run.sh'],
  ['pwsh', 'pwsh|-File|-', 'pwsh script from stdin'],
  ['php8.2', 'php|--', 'php script from stdin'],
  ['dash', 'sh|-ec|nc -l 3000', 'sh -c'],
  ['dash', 'sh|run.sh', 'sh run.sh'],
  ['zsh', 'zsh|-c|nc -l 3000', 'zsh -c'],
  ['zsh', '-zsh', 'zsh'],
  ['fish', 'fish|--command|nc -l 3000', 'fish -c'],
  ['redis-check-rdb', '/usr/bin/redis-server 127.0.0.1:6379', 'redis-server'],
  ['redis-check-rdb', 'redis-check-rdb|dump.rdb', 'redis-check-rdb'],
  ['busybox', 'httpd|-f', 'httpd'],
  ['busybox', 'busybox|nc|-l', 'nc'],
  ['nginx', 'nginx: master process /usr/sbin/nginx', 'nginx'],
];

const windowsCases: [imageName: string, line: string, application: string][] = [
  ['node.exe', '"C:\\Program Files\\nodejs\\node.exe" "C:\\Program Files\\nodejs\\node_modules\\npm\\bin\\npx-cli.js" vite', 'npx vite'],
  ['node.exe', 'node  C:\\shop\\server.js', 'node server.js'],
  ['python.exe', 'C:\\v\\Scripts\\python.exe C:\\v\\Scripts\\uvicorn.exe\\__main__.py main:app', 'uvicorn'],
  ['pythonw.exe', 'pythonw.exe -m http.server', 'python -m http.server'],
  ['javaw.exe', '"C:\\jdk\\bin\\javaw.exe" -jar "C:\\My Apps\\orders.jar"', 'java -jar orders.jar'],
  ['dotnet.exe', '"C:\\Program Files\\dotnet\\dotnet.exe" .\\Orders.dll --urls http://*:5000', 'dotnet Orders.dll'],
  ['powershell.exe', 'powershell -nop -ep bypass -file C:\\x\\Serve.ps1', 'powershell Serve.ps1'],
  ['w3wp.exe', 'c:\\windows\\system32\\inetsrv\\w3wp.exe -ap "DefaultAppPool" -v "v4.0" -l x.dll -a \\\\.\\pipe\\iisipm1 -h x.config', 'w3wp DefaultAppPool'],
  ['node.exe', 'C:\\Program Files\\nodejs\\node.exe server.js', 'node server.js'],
  ['cmd.exe', 'C:\\Windows\\system32\\cmd.exe /c "C:\\x\\start.bat" 3000', 'cmd start.bat'],
  ['cmd.exe', 'cmd /c dir', 'cmd /c'],
  ['svchost.exe', 'svchost.exe -k LocalService', 'svchost'],
  ['sqlservr.exe', '"C:\\sql\\sqlservr.exe" -sMSSQLSERVER', 'sqlservr'],
];

for (const [imageName, args, application] of cases)
  test(`${imageName}: ${args}`, () => {
    assert.is(applicationOf({ imageName, arguments: args.split('|') }), application);
  });

for (const [imageName, line, application] of windowsCases)
  test(`Windows, ${imageName}: ${line}`, () => {
    assert.is(applicationOf({ imageName, arguments: argumentsOfLine(line, imageName) }), application);
  });

test('without arguments the file name is what is known', () => {
  assert.is(applicationOf({ imageName: 'python3.11', arguments: null }), 'python');
  assert.is(applicationOf({ imageName: 'node-v22.1.0-win-x64.exe', arguments: null }), 'node');
  assert.is(applicationOf({ imageName: 'nginx.exe', arguments: [] }), 'nginx');
});

test('a program that is neither an interpreter nor several in one cannot choose its name', () => {
  assert.is(applicationOf({ imageName: 'miner', arguments: ['sshd'] }), 'miner');
  assert.is(applicationOf({ imageName: 'redis-check-rdb', arguments: ['sshd'] }), 'redis-check-rdb');
});

test('only interpreters and programs of several in one need their arguments', () => {
  assert.ok(needsArguments('python3.11') && needsArguments('NODE.EXE') && needsArguments('busybox'));
  assert.not.ok(needsArguments('nginx') || needsArguments('svchost.exe') || needsArguments(''));
});

test('a process is found by any of its names', () => {
  assert.equal(namesOf('python3.11', 'python -m http.server'), ['python3.11', 'python3', 'python', 'python -m http.server', 'http.server']);
  assert.equal(namesOf('node', 'node server.js'), ['node', 'node server.js', 'server.js']);
  assert.equal(namesOf('java', 'java -jar shop.jar'), ['java', 'java -jar shop.jar', 'shop.jar']);
  assert.equal(namesOf('node', 'node .'), ['node', 'node .']);
  assert.equal(namesOf('redis-check-rdb', 'redis-server'), ['redis-check-rdb', 'redis-server']);
  assert.equal(namesOf('node.exe', 'vite'), ['node.exe', 'node', 'vite']);
});

test('versions are no part of a name', () => {
  const jar = (file: string) => applicationOf({ imageName: 'java', arguments: ['java', '-jar', `/opt/${file}`] });
  for (const file of ['shop-1.4.2.jar', 'shop_v2.jar', 'shop-1.0.0-RELEASE.jar', 'shop-3.1-rc2.jar', 'shop.1.2.jar']) assert.is(jar(file), 'java -jar shop.jar', file);
  for (const file of ['shop256.jar', '1.2.jar', '2048.jar']) assert.is(jar(file), `java -jar ${file}`);
  assert.is(applicationOf({ imageName: 'postgres-16.2', arguments: null }), 'postgres');
  assert.is(applicationOf({ imageName: 'sqlservr2', arguments: null }), 'sqlservr2');
  assert.is(applicationOf({ imageName: 'cmd.exe', arguments: splitCommandLine(`cmd /c ""C:\\my\\start.bat" 3000"`) }), 'cmd start.bat');
});

test('whatever the arguments are, the name is one short line without what follows options', () => {
  const image = fc.constantFrom('node', 'python3.11', 'java.exe', 'dotnet', 'cmd.exe', 'pwsh', 'busybox', 'php-fpm8.2', 'beam.smp', 'uv', 'x');
  fc.assert(
    fc.property(image, fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { maxLength: 8 }), (imageName, args) => {
      const name = applicationOf({ imageName, arguments: args });
      assert.ok(name !== '' && name.length <= 64, name);
      assert.not.match(name, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }),
  );
  for (const secret of ['--password=hunter2', '-phunter2', '--token', 'hunter2'])
    for (const imageName of ['node', 'python3.11', 'java', 'dotnet', 'ruby', 'php', 'perl', 'deno', 'uv'])
      assert.not.match(applicationOf({ imageName, arguments: [imageName, 'app.x', secret, 'hunter2'] }), /hunter2/);
});

test.run();
