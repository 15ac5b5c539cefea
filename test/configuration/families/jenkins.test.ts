// https://www.jenkins.io/doc/book/system-administration/systemd-services/ and the files of the packages:
// https://github.com/jenkinsci/packaging
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { seen } from '../../support/configurations.ts';

const test = suite('Jenkins');

const unit = '/lib/systemd/system/jenkins.service';
const override = '/etc/systemd/system/jenkins.service.d/override.conf';
const files = {
  [unit]: '[Service]\nEnvironment="JENKINS_HOME=/var/lib/jenkins"\n# Environment="JENKINS_PORT=1"\nEnvironment="JENKINS_PORT=8080"\nExecStart=/usr/bin/jenkins\n',
  [override]: '[Service]\r\n# port\r\nEnvironment="JAVA_OPTS=-Xmx1g -Dx=\'y\'"  "JENKINS_PORT=8081" \r\n',
};
const running = (port: string) => ({
  arguments: ['/usr/bin/java', '-jar', '/usr/share/java/jenkins.war', '--webroot=/var/cache/jenkins/war', `--httpPort=${port}`],
  service: 'jenkins.service',
});

test('a running service: the port comes from a drop-in of its unit', async () => {
  const { rows, move } = await seen(files, running('8081'));
  assert.equal(rows, [`JENKINS_PORT 8081 -> 8081 (${override}:3)`]);
  const moved = move(8081, 18_080);
  assert.equal(moved.files, { [override]: files[override]!.replace('8081', '18080') });
  assert.match(moved.sideEffects.join(), 'systemctl daemon-reload');
});

test('the unit of the package is not changed', async () => {
  const { rows, move } = await seen({ [unit]: files[unit]! }, running('8080'));
  assert.equal(rows, [`JENKINS_PORT 8080 -> 8080 (${unit}:4): it belongs to a package, whose update would undo a change; use systemctl edit instead`]);
  assert.throws(() => move(8080, 81), /systemctl edit/);
});

test('what it was not started with loses against the command line', async () => {
  const { rows, move } = await seen(files, running('9999'));
  assert.equal(rows, [`loser: JENKINS_PORT 8081 -> 8081 (${override}:3): Jenkins was not started with it`, '--httpPort 9999 -> 9999 (the command line)']);
  assert.throws(() => move(9999, 81), /set in the command line/);
});

test('by hand, the last option wins, and without one it is the default', async () => {
  const { rows } = await seen({}, { arguments: ['/usr/bin/java', '-jar', 'jenkins.war', '--httpPort=1', '--httpPort=2', '--httpsPort=-1'] });
  assert.equal(rows, ['loser: --httpPort 1 -> 1 (the command line)', '--httpPort 2 -> 2 (the command line)', '--httpsPort -1 -> ? (the command line): -1 or 0 switches it off']);
  const without = await seen({}, { arguments: ['/usr/bin/java', '-jar', 'jenkins.war'] });
  assert.equal(without.rows, ['--httpPort 8080 -> 8080 (the default)']);
});

test('/etc/default/jenkins of the older packages', async () => {
  const path = '/etc/default/jenkins';
  const text = '# port for HTTP connector (default 8080; disable with -1)\nHTTP_PORT=8080\nJENKINS_ARGS="--webroot=/var/cache/$NAME/war --httpPort=$HTTP_PORT"\n';
  for (const given of [{ path }, { application: 'Jenkins' }]) {
    const { rows, move } = await seen({ [path]: text }, given);
    assert.equal(rows, [`HTTP_PORT 8080 -> 8080 (${path}:2)`]);
    assert.equal(move(8080, 81).files, { [path]: text.replace('=8080', '=81') });
  }
});

test('jenkins.xml of Windows', async () => {
  const path = '/x/jenkins.xml';
  const text =
    '<service>\r\n  <id>jenkins</id>\r\n  <!-- --httpPort=1 -->\r\n  <arguments>-Xrs -jar "C:\\Jenkins\\jenkins.war" --httpPort=8080 --webroot="x"</arguments>\r\n</service>\r\n';
  const { rows, move } = await seen({ [path]: text }, { path });
  assert.equal(rows, [`--httpPort 8080 -> 8080 (${path}:4)`]);
  assert.equal(move(8080, 81).files, { [path]: text.replace('=8080', '=81') });
  const live = await seen({ [path]: text }, { arguments: ['/jdk/bin/java.exe', '-jar', '/x/jenkins.war', '--httpPort=8080'] });
  assert.equal(live.rows, rows);
});

test.run();
