// Tomcat of Debian's package, which has the port that a site of nginx is to get: the conflict is found, Tomcat is moved,
// and both answer.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Configuration } from '../../../src/schema/configuration.ts';
import type { Conflict } from '../../../src/schema/conflict.ts';
import type { MoveResult } from '../../../src/schema/move.ts';
import { freePort } from '../../support/free-port.ts';
import { temporaryFolder } from '../../support/harness.ts';
import { answersTo, targetPort } from '../../support/moved-server.ts';
import { hasNginx, onThisMachine, serverFolder, startNginx, until } from '../../support/servers.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const test = suite('moving Tomcat');
const home = '/usr/share/tomcat10';
const java = '/usr/bin/java';

/** A server without applications, which starts fast: it answers with an error page of its own. */
function makeTomcat(port: number, shutdown: number): string {
  const folder = serverFolder();
  for (const name of ['conf', 'bin', 'logs', 'temp', 'webapps', 'work']) mkdirSync(join(folder, name));
  writeFileSync(
    join(folder, 'conf', 'server.xml'),
    `<?xml version="1.0" encoding="UTF-8"?>\r\n<!-- <Connector port="1"/> -->\r\n<Server port="${shutdown}" shutdown="STOP">\r\n  <Service name="Catalina">\r\n    <Connector address="127.0.0.1" port='\${shop.port}'  redirectPort="${shutdown + 1}"/>\r\n    <Engine name="Catalina" defaultHost="localhost"><Host name="localhost" appBase="webapps" autoDeploy="false" deployOnStartup="false"/></Engine>\r\n  </Service>\r\n</Server>\r\n`,
  );
  writeFileSync(join(folder, 'conf', 'catalina.properties'), `common.loader="${home}/lib/*.jar"\nserver.loader=\nshared.loader=\n# the shop\nshop.port = ${port}\n`);
  return folder;
}

function startTomcat(folder: string): ChildProcess {
  const properties = [`-Dcatalina.base=${folder}`, `-Dcatalina.home=${home}`, `-Djava.io.tmpdir=${join(folder, 'temp')}`, '-Xshare:auto', '-XX:TieredStopAtLevel=1'];
  return spawn(java, ['-classpath', `${home}/bin/bootstrap.jar:${home}/bin/tomcat-juli.jar`, ...properties, 'org.apache.catalina.startup.Bootstrap', 'start'], { stdio: 'ignore' });
}

const answers = (port: number): boolean => answersTo(port, 'GET /none HTTP/1.0\r\n\r\n', 'Apache Tomcat');

async function stop(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

test('its port comes from catalina.properties, nginx wants the same one, and Tomcat moves', async (context) => {
  if (!existsSync(home) || !existsSync(java)) return skip('Tomcat is not installed', context as TestContext);
  if (!hasNginx) return skip('nginx is not installed', context as TestContext);
  const [port, shutdown, site, to, state] = [await targetPort(), await freePort(), await freePort(), await targetPort(), temporaryFolder()];
  const folder = makeTomcat(port, shutdown);
  const file = join(folder, 'conf', 'catalina.properties');
  const nginx = startNginx(site);
  let tomcat = startTomcat(folder);
  try {
    until(() => answers(port));
    // Another site of nginx, which it cannot serve.
    writeFileSync(join(nginx.folder, 'conf.d', 'api.conf'), `server { listen 127.0.0.1:${port}; location / { return 200 "shop"; } }\n`);
    const rows = JSON.parse((await onThisMachine(['config', String(port), '--app', 'Tomcat', '--json'], state)).out) as Configuration[];
    assert.equal(
      rows.map(({ Application, File, Line, Port, Address, Confidence }) => [Application, File, Line, Port, Address, Confidence]),
      [['Tomcat', file, 5, port, '127.0.0.1', 'Confirmed']],
    );
    const conflicts = JSON.parse((await onThisMachine(['conflicts', '--json'], state)).out) as Conflict[];
    const found = conflicts.find(({ Kind, Port }) => Kind === 'ConfiguredTwice' && Port === port);
    assert.match(found?.Owners?.join('\n') ?? '', 'Tomcat, which listens there: ');
    assert.match(found?.Owners?.join('\n') ?? '', `nginx: listen 127.0.0.1:${port} (${join(nginx.folder, 'conf.d', 'api.conf')}:1)`);
    // Which of them is to move has to be said; the one that listens there is meant otherwise.
    const before = readFileSync(file, 'latin1');
    const moved = await onThisMachine(['move', String(port), '--app', 'Tomcat', '--to', String(to), '--yes', '--json'], state);
    assert.is(moved.code, 0, moved.err + moved.out);
    const [row] = JSON.parse(moved.out) as MoveResult[];
    assert.equal([row!.Result, row!.Files, row!.Restart], ['Moved', [file], 'not restarted']);
    assert.match(row!.SideEffects!.join('\n'), `nginx is configured for port ${port}, too`);
    assert.is(readFileSync(file, 'latin1'), before.replace(String(port), String(to)));
    await stop(tomcat);
    tomcat = startTomcat(folder);
    until(() => answers(to));
    assert.is(spawnSync('/usr/sbin/nginx', ['-p', nginx.folder, '-c', join(nginx.folder, 'nginx.conf'), '-s', 'reload']).status, 0);
    until(() => nginx.answers(port));
    const after = JSON.parse((await onThisMachine(['conflicts', '--json'], state)).out) as Conflict[];
    assert.not.ok(after.some(({ Kind, Port }) => Kind === 'ConfiguredTwice' && Port === port));
    assert.is((await onThisMachine(['move', '--undo', '--yes'], state)).code, 0);
    assert.is(readFileSync(file, 'latin1'), before);
  } finally {
    await stop(tomcat);
    nginx.stop();
  }
});

test.run();
