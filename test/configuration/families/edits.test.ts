// Whatever is in the file of a server, a move changes its port and nothing else that it reads.
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isRegistryPath, registryData, registryText } from '../../../src/system/registry.ts';
import { families, familiesOfFile } from '../../../src/configuration/families.ts';
import { seen, type SeenServer } from '../../support/configurations.ts';

const test = suite('edits of the families');

/** Characters that have a meaning for a reader. */
const noise = [' ', '\t', '\n', '\r\n', '=', ':', '#', ';', '\\', '"', "'", ',', '8080', '$', '{', '}', '-', '<', '\u00e4'];

/** The parts of which the files consist, by the paths of the files. */
const parts: Readonly<Record<string, readonly string[]>> = {
  '/etc/nginx/nginx.conf': [
    'http { server { listen 8080; } }\n',
    'http { server {\r\n listen 127.0.0.1:8081 ssl ;\r\nlisten [::]:8080 # x\n; } }',
    'stream { server { listen "8081" udp; listen \'8080\'; } }',
    'http { server {\n',
    '}}\n',
    'listen 8080;',
    'listen $p;',
    'proxy_pass http://localhost:8080;',
    'include /x;',
    'stream {',
  ],
  '/etc/postgresql/16/main/postgresql.conf': [
    'port = 8080\n',
    "PORT '8081' # x\n",
    'port=8080\r\n',
    "port = '80''81'\n",
    "listen_addresses = 'a, b'\n",
    "include 'x'\n",
    '#port = 8081\n',
  ],
  '/etc/redis/redis.conf': ['port 8080\n', 'PORT  "8081"\r\n', 'tls-port 8080\n', 'bind a ::1\n', 'include x\n', "port '8081' # x\n", 'port 0\n'],
  '/etc/logstash/logstash.yml': ['api.http.port: 8080\n', 'api:\n  http:\n    port: 8081\n', 'http.port: 8080-8090\n', 'api: {http: {port: "8081"}}\r\n', 'api.enabled: false\n'],
  '/etc/opensearch/opensearch.yml': ['http.port: 8080\n', 'http: {port: 8081}\r\n', 'transport.port: "8081" # x\n', 'network.host: a\n'],
  '/x/compose.yaml': [
    'services:\n  a:\n    ports:\n',
    'services: {a: {ports: ["8080:80", 127.0.0.1:8081:1]}}\n',
    '  b:\n    ports:\n',
    '      - "8080:80"\n',
    '      - "8081:80"\n',
    '      - 127.0.0.1:8081:80/udp\r\n',
    "      - '8080-8081:80-81'\n",
    '      - {target: 80, published: 8080}\n',
    '      - target: 80\n        published: "8081"\n',
    '      - ${P:-8080}:80\n',
    '    network_mode: host\n',
    '      - 80\n',
  ],
  '/etc/systemd/system/shop.socket': [
    '[Socket]\n',
    'ListenStream=8080\n',
    'ListenStream = [::1]:8081\r\n',
    'ListenDatagram=127.0.0.1:8080\n',
    'ListenStream=\n',
    '[Unit]\n',
    'ListenStream=/x\n',
    '; x\n',
  ],
  '/etc/systemd/system/shop.service': [
    '[Service]\n',
    'Environment=PORT=8080\n',
    'Environment="A=b" "PORT=8081"\r\n',
    'Environment=ARGS="--port 8080"\n',
    'ExecStart=/x --port 8080\n',
    'ExecStart=/x "--port=8081" $ARGS \\\n # x\n -p 8080\n',
    'ExecStart=\n',
    'Environment=\n',
  ],
  '/etc/supervisor/supervisord.conf': [
    '[inet_http_server]\n',
    '[program:a]\n',
    'port = 127.0.0.1:8080 ; x\n',
    'port=*:8081\r\n',
    'command = x --port 8080 -b [::]:8081\n',
    'environment = PORT="8080",A=1\n',
    'environment=APORT=8081\n',
    'command=x "--port" \'8081\'\n',
  ],
  '/x/gunicorn.conf.py': [
    'bind = "127.0.0.1:8080"\n',
    "bind = ['a:8080', '[::1]:8081']\r\n",
    'bind = ":8081" # x\n',
    'bind = f(8080)\n',
    'if x:\n    bind = "8080"\n',
    'workers = 2\n',
  ],
  '/x/.flaskenv': ['FLASK_RUN_PORT=8080\n', 'export FLASK_RUN_PORT="8081" # x\r\n', "FLASK_RUN_PORT = '8080'\n", 'FLASK_APP=a\n'],
  '/x/.env': ['PORT=8080\n', 'export PORT="8081" # x\r\n', "PORT = '8080'\n", 'A=$PORT\n', '# PORT=8081\n'],
  '/x/package.json': [
    '{"scripts": {"start": "node a --port 8080"}}',
    '{\n  "scripts": {\r\n    "dev": "PORT=8081 node a", "x": "vite -p 8080"\n  }\n}',
    '{"scripts": {"start": "node a --port=\\"8080\\""}}',
    '// x\n',
  ],
  '/x/angular.json': [
    '{"projects": {"a": {"architect": {"serve": {"options": {"port": 8080}}}}}}',
    '{"projects": {"a": {"targets": {"serve": {"options": {"port": 8081, "host": "a"}, "configurations": {"x": {"port": 8080}}}}}}}',
  ],
  '/x/vite.config.ts': [
    'export default {\n',
    'export default {\n server: { port: 8080 } }\n',
    "export default defineConfig({ server: { host: 'a', port: 8081 }, preview: { port: 8080 } })\r\n",
    'server: { port: 8080 },\n',
    'server: {\n port: 8081, // x\n host: "a" },\r\n',
    'preview: { port: +8080 },\n',
    '}\n',
    'server: { port: f(8080) },\n',
  ],
  '/x/appsettings.json': [
    '{"Urls": "http://localhost:8080;https://[::1]:8081"}',
    '{\r\n  // x\n  "Kestrel": {"Endpoints": {"A": {"Url": "http://*:8080"}, "B": {"Url": "https://a:8081/x"}}}\n}',
    '{"urls": "http://+:8081", "Kestrel": {"Endpoints": {}}}',
  ],
  '/x/conf/server.xml': [
    '<Server port="8080">',
    '</Server>',
    '<Connector port="8080"/>',
    '<Connector port=\'8081\' redirectPort="8080"/>',
    '<Connector port="${a:-8080}"/>',
    '<!--',
    '-->',
  ],
  '/etc/default/jenkins': [
    'HTTP_PORT=8080\n',
    'HTTP_PORT="8081" # x\n',
    "JENKINS_PORT='8080'\n",
    'JENKINS_ARGS="--httpPort=$HTTP_PORT"\n',
    'JENKINS_ARGS="-x \\\n --httpPort=8081"\n',
  ],
  '/etc/systemd/system/jenkins.service.d/override.conf': [
    '[Service]\n',
    'Environment=JENKINS_PORT=8080\n',
    'Environment="A=b" "JENKINS_PORT=8081"\n',
    'ExecStart=\n',
    'ExecStart=jenkins --httpPort=8080 \\\n',
  ],
  '/etc/default/prometheus': [
    'ARGS="--web.listen-address=:8080"\n',
    "ARGS='--x --web.listen-address=127.0.0.1:8081'\n",
    'ARGS="\\\n --web.listen-address=\\"[::1]:8080\\""\n',
    'X="--web.listen-address=:8081 "\n',
  ],
  '/etc/grafana/grafana.ini': ['[server]\n', '[x]\n', 'http_port = 8080\r\n', 'http_port="8081"\n', 'http_port = ${P}\n', 'http_addr=::1\n', 'protocol=socket\n'],
  '/opt/kafka/config/server.properties': [
    'listeners=A://:8080\n',
    'listeners : A://[::1]:8080,B://x:8081\r\n',
    'advertised.listeners=A://h:8080,C://h:8081\n',
    'node.id=1\n',
    'controller.quorum.voters=1@a:8080,2@b:8080\n',
    'port=8081\n',
  ],
  '/etc/zookeeper/conf/zoo.cfg': [
    'clientPort=8080\n',
    'clientPort : 8081\r\n',
    'admin.serverPort=8080\n',
    'secureClientPort 8081\n',
    'server.1=a:8080:8081;8080\n',
    'admin.enableServer=false\n',
  ],
  '/etc/elasticsearch/elasticsearch.yml': [
    'http.port: 8080\n',
    'http:\n  port: "8081"\n',
    'transport: {port: 8080}\n',
    'http.port: 8080-8090\r\n',
    'http.port: ${P:8080}\n',
    'transport.port: 8081 # x\n',
  ],
  '/etc/kibana/kibana.yml': ['server.port: 8080\n', 'server:\n  port: "8081"\n', 'server: {port: 8080, host: "::1"}\r\n', 'server.port: ${P:8080}\n'],
  '/etc/cassandra/cassandra.yaml': ['native_transport_port: 8080\n', 'storage_port:   8081 # x\r\n', 'native_transport_port: "8081"\n', 'rpc_address: a\n'],
  '/x/application.properties': [
    'server.port=8080\n',
    'server.port : 8081\r\n',
    'management.server.port 8080\n',
    'server.port=${P:8081}\n',
    'a=8080\nserver.port=${a}\n',
    '#---\n',
    'spring.config.activate.on-profile=a\n',
    'x=y\\\n',
  ],
  '/x/application.yml': [
    'server.port: 8080\n',
    'server:\n  port: 8081\n',
    '---\n',
    'management: {server: {port: "8080"}}\r\n',
    'server.port: ${P:8081}\n',
    'a: 8080\nserver.port: ${a}\n',
    'spring.profiles: a\n',
    'spring:\n  profiles:\n    active: a\n',
  ],
  '/etc/apache2/apache2.conf': [
    'Listen 8080\n',
    'listen [::1]:8081 https\r\n',
    'Listen \\\n 8081\n',
    'Define P 8080\n',
    'Listen ${P}\n',
    '<VirtualHost *:8080 "a:8081">\n',
    '</VirtualHost>\n',
    '<VirtualHost _default_:${P}>\n',
    '<IfModule a_module>\n',
    '</IfModule>\n',
    'LoadModule a_module x\n',
  ],
  '/etc/ssh/sshd_config': ['Port 8080\n', 'port="8081"\r\n', 'Port = 8081 # x\n', 'ListenAddress [::1]:8080\n', 'ListenAddress=a:8081\n', 'ListenAddress ::8080\n', 'Match all\n'],
  '/etc/haproxy/haproxy.cfg': [
    'frontend a\n',
    'bind :8080,[::1]:8081 ssl\r\n',
    'bind "*:8080"\n',
    'bind ipv4@a:8081\n',
    'bind :8081-8082\n',
    'listen a :8081\n',
    'global\n',
    'setenv P 8080\n',
    'bind ":$P"\n',
    'stats socket a:8081\n',
  ],
  '/etc/mysql/my.cnf': ['[mysqld]\n', '[client]\n', '[mysqld-8.0]\r\n', 'port=8080\n', 'port = "8081" # x\r\n', 'loose-mysqlx-port=8080\n', '!include /x\n', 'skip-networking\n'],
  '/etc/memcached.conf': ['-p 8080\n', '-p8081\r\n', '--port=8080\n', '-U 8081\n', '-l ::1\n', '-p "8080"\n', 'PORT="8081"\n'],
  '/etc/caddy/Caddyfile': [
    ':8080 {\n',
    'http://a:8081/x, [::1]:8080 {\n',
    'a:8080,\n',
    '"b:8081" {\n',
    '}\n',
    '{\n',
    'http_port 8080\n',
    'servers :8080 {\n',
    'admin localhost:8081\n',
    ':{$P:8080} {\n',
    'c\n',
  ],
  '/etc/mongod.conf': ['net:\n  port: 8080\n', 'net: {port: "8081"}\r\n', 'net.port: 8081\n', 'port = 8080\n', 'net:\n  port:  8081 # x\n', 'bindIp: a\n'],
  '/etc/rabbitmq/rabbitmq.conf': [
    'listeners.tcp.default = 8080\n',
    'listeners.tcp.a=::1:8081\r\n',
    'listeners.ssl.1 = [::]:8080 # x\n',
    'management.tcp.port=8081\n',
    'listeners.tcp = none\n',
    'management.tcp.ip = a\n',
  ],
  'C:\\x\\applicationHost.config': [
    '</bindings></site><site name="b"><bindings>',
    '<binding protocol="http" bindingInformation="*:8080:" />',
    "<binding bindingInformation = '[::1]:8081:b' protocol='https'/>\r\n",
    '<binding protocol="net.tcp" bindingInformation="8080:*"/>',
    '<binding protocol="http" bindingInformation="*:&#56;081:"/>',
    '<!--',
    '-->',
  ],
  'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Terminal Server\\WinStations\\RDP-Tcp\\PortNumber': ['8080', '8081', '0'],
  'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\WSMAN\\Listener\\*+HTTP\\Port': ['8080', '8081', '0'],
  'HKLM\\SYSTEM\\CurrentControlSet\\Services\\A\\ImagePath': [
    'C:\\x\\a.exe ',
    '"C:\\a b\\x.exe" ',
    '--port=8080 ',
    '--port 8081 ',
    '--listen "0.0.0.0:8080" ',
    '-port ',
    '8081 ',
    '--urls http://*:8080/ ',
    '"--port=8081" ',
  ],
  'HKLM\\SOFTWARE\\Microsoft\\Microsoft SQL Server\\A\\MSSQLServer\\SuperSocketNetLib\\Tcp\\IPAll\\TcpPort': ['8080', ',', ' 8081', '8081 ,', 'x', '0'],
};

const siteFrame = ['<configuration><system.applicationHost><sites><site name="a"><bindings>', '</bindings></site></sites></system.applicationHost></configuration>'];

/** A file, or a value of the registry, with this content. */
function bytesOf(path: string, content: string, encoding: string): Buffer {
  if (isRegistryPath(path)) return registryText({ kind: 2, data: Buffer.from(`${content.replaceAll('\n', '')}\0`, 'utf16le') })!;
  const [before, after] = path.endsWith('applicationHost.config') ? siteFrame : ['', ''];
  const whole = `${before}${content}${after}`;
  return Buffer.from(encoding === 'utf8' ? whole : `\ufeff${whole}`, encoding as BufferEncoding);
}

test('every family is here', () => {
  const own = new Set(Object.keys(parts).map((path) => familiesOfFile(path)[0]?.name));
  assert.equal(
    families.map(({ name }) => name).filter((name) => !own.has(name)),
    // It is only shown.
    ['HTTP.sys'],
  );
});

const listening = ({ places }: SeenServer, port: number): number => places.filter((place) => place.role === 'listen' && place.isEffective && place.port === port).length;

for (const [path, own] of Object.entries(parts))
  test(`${path}: a port that is changed reads back, and is in no other place`, async () => {
    let moves = 0;
    const text = fc
      .array(fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...own) }, { weight: 1, arbitrary: fc.constantFrom(...noise) }), { maxLength: 8 })
      .map((all) => all.join(''));
    await fc.assert(
      fc.asyncProperty(text, fc.constantFrom('utf8', 'utf16le'), async (content, encoding) => {
        const bytes = bytesOf(path, content, encoding);
        const before = await seen({ [path]: bytes }, { path });
        for (const port of [8080, 8081]) {
          if (listening(before, port) === 0) continue;
          let files: Readonly<Record<string, string>>;
          try {
            ({ files } = before.move(port, 40_001));
          } catch {
            // A default, a variable, or another value that is not changed.
            continue;
          }
          moves++;
          if (isRegistryPath(path)) assert.is(registryData(Buffer.from(files[path]!, 'latin1')).kind, 2);
          const after = await seen({ [path]: Buffer.from(files[path]!, 'latin1') }, { path });
          assert.is(listening(after, port), 0, JSON.stringify(content));
          assert.is(listening(after, 40_001), listening(before, port), JSON.stringify(content));
          assert.is(after.places.length, before.places.length);
        }
      }),
      { numRuns: 400 },
    );
    assert.ok(moves > 8, `only ${moves} moves`);
  });

test.run();
