// The server.xml of Tomcat 10.1, shortened: https://github.com/apache/tomcat/blob/10.1.x/conf/server.xml
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { seen } from '../../support/configurations.ts';

const test = suite('Tomcat');

const server = `<?xml version="1.0" encoding="UTF-8"?>\r
<!-- Note: <Connector port="1"/> is a comment. -->\r
<Server port="8005" shutdown="SHUTDOWN">\r
  <Service name="Catalina">\r
    <Connector port = '8080' protocol="HTTP/1.1"\r
               connectionTimeout="20000" redirectPort="8443"  />\r
    <!--\r
    <Connector protocol="AJP/1.3" address="::1" port="8009" redirectPort="8443" />\r
    -->\r
    <Connector port="8443" address="127.0.0.1" SSLEnabled="true"><!-- ä --><SSLHostConfig/></Connector>\r
    <Engine name="Catalina" defaultHost="localhost"/>\r
  </Service>\r
</Server>\r
`;
const path = '/srv/tomcat/conf/server.xml';

test('connectors, the shutdown port, and redirects', async () => {
  const { rows, move } = await seen({ [path]: server }, { path });
  assert.equal(rows, [
    `Server port 8005 -> 8005 (${path}:3)`,
    `Connector port 8080 -> 8080 (${path}:5)`,
    `Connector redirectPort 8443 -> 8443 (${path}:6)`,
    `Connector port 8443 -> 127.0.0.1:8443 (${path}:10)`,
  ]);
  assert.equal(move(8080, 18_080).files, { [path]: Buffer.from(server.replace("'8080'", "'18080'")).toString('latin1') });
  // The redirect follows its connector.
  const followed = server.replace('redirectPort="8443"  />', 'redirectPort="9443"  />').replace('port="8443" address', 'port="9443" address');
  assert.equal(move(8443, 9443).files, { [path]: Buffer.from(followed).toString('latin1') });
  assert.match(move(8005, 9005).sideEffects.join(), 'shutdown port 8005');
});

test('UTF-16, and a redirect to a port that this server does not have', async () => {
  const text = '\ufeff<Server port="-1"><Service><Connector port="8080" redirectPort="443"/></Service></Server>';
  const bytes = Buffer.from(text, 'utf16le');
  const { rows, move } = await seen({ [path]: bytes }, { path });
  assert.equal(rows, [
    `Server port -1 -> ? (${path}:1): -1 switches it off`,
    `Connector port 8080 -> 8080 (${path}:1)`,
    `reference: Connector redirectPort 443 -> 443 (${path}:1)`,
  ]);
  assert.equal(move(8080, 81).files[path], Buffer.from(text.replace('8080', '81'), 'utf16le').toString('latin1'));
});

test('variables: catalina.properties wins over the command line, which comes from bin/setenv.sh', async () => {
  const files = {
    [path]: '<Server port="${stop:-8005}"><Service><Connector port="${http}"/><Connector port="${ajp}"/><Connector port="${x}"/></Service></Server>',
    '/srv/tomcat/conf/catalina.properties': '# ports\n  http : 8081\n',
    '/srv/tomcat/bin/setenv.sh': 'CATALINA_OPTS="$CATALINA_OPTS -Dajp=8010 -Dhttp=1"\n',
  };
  const args = ['/usr/bin/java', '-Dcatalina.base=/srv/tomcat', '-Dajp=8010', '-Dhttp=1', 'org.apache.catalina.startup.Bootstrap', 'start'];
  const { rows, move } = await seen(files, { arguments: args });
  assert.equal(rows, [
    `Server port \${stop:-8005} -> 8005 (${path}:1)`,
    'Connector port ${http} -> 8081 (/srv/tomcat/conf/catalina.properties:2): the value 8081 comes from http',
    'Connector port ${ajp} -> 8010 (/srv/tomcat/bin/setenv.sh:1): the value 8010 comes from ajp',
    `Connector port \${x} -> ? (${path}:1): x is not set`,
  ]);
  assert.equal(move(8081, 81).files, { '/srv/tomcat/conf/catalina.properties': '# ports\n  http : 81\n' });
  assert.equal(move(8010, 81).files, { '/srv/tomcat/bin/setenv.sh': 'CATALINA_OPTS="$CATALINA_OPTS -Dajp=81 -Dhttp=1"\n' });
  assert.equal(move(8005, 81).files, { [path]: files[path]!.replace(':-8005', ':-81') });
  const other = await seen({ [path]: files[path]! }, { arguments: [...args.slice(0, 2), '-Dajp=7', ...args.slice(4)] });
  assert.match(other.rows.join('\n'), 'Connector port ${ajp} -> 7 (the command line)');
  assert.throws(() => other.move(7, 81), /command line/);
});

test('an offset is added to every port, and subtracted from a new one', async () => {
  const text = '<Server port="8005" portOffset="100"><Service><Connector port="8080" portOffset="7"/></Service></Server>';
  const { rows, move } = await seen({ [path]: text }, { path });
  assert.equal(rows, [`Server port 8005 -> 8105 (${path}:1): portOffset adds 100`, `Connector port 8080 -> 8180 (${path}:1): portOffset adds 100`]);
  assert.equal(move(8180, 9180).files, { [path]: text.replace('8080', '9080') });
});

test('a server.xml that does not parse, or includes others, is a gap', async () => {
  for (const text of ['<Server port="8005">', '<!DOCTYPE Server [<!ENTITY a SYSTEM "a.xml">]><Server port="8005">&a;</Server>']) {
    const { rows, gaps } = await seen({ [path]: text }, { path });
    assert.equal(rows, []);
    assert.match(gaps.join(), 'cannot be parsed');
  }
});

test('a Windows service has its folder above its program', async () => {
  const { rows } = await seen({ [path]: '<Server port="8005"/>' }, { arguments: ['/srv/tomcat/bin/Tomcat9.exe', '//RS//Tomcat9'] });
  assert.equal(rows, [`Server port 8005 -> 8005 (${path}:1)`]);
  const { gaps } = await seen({}, { arguments: ['/usr/bin/java', 'org.apache.catalina.startup.Bootstrap', 'start'] });
  assert.match(gaps.join(), 'name its server.xml with --path');
});

test.run();
