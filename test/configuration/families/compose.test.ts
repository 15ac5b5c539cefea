// Docker Compose: https://docs.docker.com/reference/compose-file/services/#ports (the forms of its examples),
// https://docs.docker.com/reference/compose-file/merge/, https://docs.docker.com/reference/compose-file/interpolation/
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ConfigurationFiles } from '../../support/configuration-files.ts';

const test = suite('Docker Compose');
const app = 'Docker Compose';

const forms = `# ports: "1:1"\r
services:\r
  web:\r
    ports:\r
      - "3000"            # Docker chooses the port of the host
      - "3000-3005"
      - "20080:8000"
      - 20022:22          # a number in base 60
      - '127.0.0.1:20081:80/udp'
      - "[::1]:20082:80"
      - "::1:20083:80"
      - "127.0.0.1::5000"
      - "20090-20091:8080-8081"
      - \${WEB_PORT:-20084}:80
      - "127.0.0.1:\${OTHER}:80"
      - "\${FALLBACK-20085}:80/tcp"
    expose: ["20099"]
  "api.v1":
    ports:
    - name: web
      target: 80
      published:   "20086"   # here
      host_ip: 127.0.0.1
      protocol: UDP
      mode: host
    - {target: 443, published: 20087}
    - target: 90
`;

test('every notation, with the side of the host', async () => {
  const files = new ConfigurationFiles({ 'compose.yaml': Buffer.from(`\ufeff${forms}`), '.env': 'WEB_PORT=1\nexport WEB_PORT="20088" # ours\n' });
  const rows = await files.expectRows(app, [
    ['web.ports', '20080:8000', 20_080, 'compose.yaml:7'],
    ['web.ports', '20022:22', 20_022, 'compose.yaml:8'],
    ['web.ports', '127.0.0.1:20081:80/udp', 20_081, 'compose.yaml:9'],
    ['web.ports', '[::1]:20082:80', 20_082, 'compose.yaml:10'],
    ['web.ports', '::1:20083:80', 20_083, 'compose.yaml:11'],
    ['web.ports', '20090-20091:8080-8081', 20_090, 'compose.yaml:13'],
    ['web.ports', '20090-20091:8080-8081', 20_091, 'compose.yaml:13'],
    ['web.ports', '${WEB_PORT:-20084}:80', 20_084, 'compose.yaml:14'],
    ['WEB_PORT', '20088', 20_088, '.env:2'],
    ['web.ports', '127.0.0.1:${OTHER}:80', null, 'compose.yaml:15'],
    ['web.ports', '${FALLBACK-20085}:80/tcp', 20_085, 'compose.yaml:16'],
    ['api.v1.ports.published', '20086', 20_086, 'compose.yaml:22'],
    ['api.v1.ports.published', '20087', 20_087, 'compose.yaml:26'],
  ]);
  const by = (port: number) => rows.find(({ Port }) => Port === port)!;
  assert.equal(
    [20_081, 20_082, 20_083, 20_086, 20_080].map((port) => [by(port).Protocol, by(port).Address]),
    [
      ['UDP', '127.0.0.1'],
      ['TCP', '::1'],
      ['TCP', '::1'],
      ['UDP', '127.0.0.1'],
      ['TCP', null],
    ],
  );
  assert.match(by(20_022).Reason!.join(), 'base 60');
  assert.is(by(20_084).IsEffective, false);
  assert.match(by(20_088).Reason!.join(), 'WEB_PORT of the shell overrides it');
  assert.match(rows.find(({ Port }) => Port === null)!.Reason!.join(), 'OTHER is not set in .env');
  for (const [from, to, name, old, young] of [
    [20_080, 40_000, 'compose.yaml', '"20080:', '"40000:'],
    [20_022, 40_000, 'compose.yaml', '20022:22', '40000:22'],
    [20_081, 40_000, 'compose.yaml', '20081:80/udp', '40000:80/udp'],
    [20_083, 40_000, 'compose.yaml', '1:20083:80', '1:40000:80'],
    [20_085, 40_000, 'compose.yaml', '-20085}', '-40000}'],
    [20_086, 40_000, 'compose.yaml', '"20086"', '"40000"'],
    [20_087, 40_000, 'compose.yaml', '20087}', '40000}'],
    [20_088, 40_000, '.env', '"20088" #', '"40000" #'],
  ] as const)
    assert.match((await files.expectMove(app, [from, to - 9000], { [name]: [[old, young.replace('40000', '31000')]] })).SideEffects!.join(), 'docker compose up -d');
});

test('an override file adds to the first one, and includes are followed', async () => {
  const files = new ConfigurationFiles({
    'docker-compose.override.yml': 'services:\n  web:\n    ports: ["20101:80"]\n',
    'docker-compose.yml': 'include:\n  - db/compose.yml\n  - path: [cache.yml]\nservices:\n  web:\n    ports:\n      - 20100:80\n',
    'db/compose.yml': 'services: {db: {ports: ["${P:-1}:5432"]}}\n',
    'db/.env': "P='20102'\n",
    'cache.yml': 'services:\n  cache:\n    ports: [20103:6379]\n',
  });
  await files.expectRows(app, [
    ['web.ports', '20100:80', 20_100, 'docker-compose.yml:7'],
    ['db.ports', '${P:-1}:5432', 1, 'db/compose.yml:1'],
    ['P', '20102', 20_102, 'db/.env:1'],
    ['cache.ports', '20103:6379', 20_103, 'cache.yml:3'],
    ['web.ports', '20101:80', 20_101, 'docker-compose.override.yml:3'],
  ]);
  await files.expectMove(app, [20_102, 31_001], { 'db/.env': [["'20102'", "'31001'"]] });
});

test('what is not followed is said', async () => {
  for (const [text, said] of [
    ['x-p: &p ["20110:1"]\nservices:\n  b: {ports: ["20111:1"]}\n  a:\n    ports: *p\n', 'alias'],
    ['x-p: &p\n  ports: ["20110:1"]\nservices:\n  b: {ports: ["20111:1"]}\n  a:\n    <<: *p\n', 'extension'],
    ['services:\n  a:\n    ports: !override\n      - "20110:80"\n', '!override'],
    ['services:\n  a:\n    ports: ["20110:80"]\n    extends: {file: other.yml, service: b}\n', 'extends'],
    ['include: ["${X}/compose.yml"]\nservices: {a: {ports: ["20110:80"]}}\n', 'was not read'],
  ] as const)
    assert.match(await new ConfigurationFiles({ 'compose.yml': text }).unread(app), said);
});

test.run();
