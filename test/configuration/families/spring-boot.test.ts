// The order and the syntax of https://docs.spring.io/spring-boot/reference/features/external-config.html
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { seen } from '../../support/configurations.ts';

const test = suite('Spring Boot');

const folder = '/srv/shop';
const base = `${folder}/application.properties`;
const jar = ['/usr/bin/java', '-Xmx1g', '-jar', 'shop.jar'];
const running = { arguments: jar, workingDirectory: folder };
const effective = (rows: readonly string[]): string[] => rows.filter((row) => !row.startsWith('loser'));

test('properties: comments, spacing, duplicates, CRLF, and a byte order mark', async () => {
  const text = '\ufeff# shop \u00e4\r\n!server.port=1\r\nserver.port = 8080\r\n  server.port:8081  \r\nmanagement.server.port 9001\r\n';
  const { rows, move } = await seen({ [base]: text }, { path: base });
  assert.equal(rows, [`loser: server.port 8080 -> 8080 (${base}:3)`, `server.port 8081 -> 8081 (${base}:4)`, `management.server.port 9001 -> 9001 (${base}:5)`]);
  assert.equal(move(8081, 18_081).files, { [base]: Buffer.from(text.replace('8081', '18081')).toString('latin1') });
  assert.match(move(9001, 81).sideEffects.join(), 'health checks');
});

test('YAML with several documents, some of which need a profile', async () => {
  const path = `${folder}/application.yml`;
  const text =
    'server:\n  port: 8080 # all\n---\nspring:\n  config:\n    activate:\n      on-profile: "prod & !eu | dev"\nserver.port: 8081\n---\nspring.profiles: test\nserver: {port: 8082}\n';
  const unknown = await seen({ [path]: text }, { path });
  assert.equal(unknown.rows, [
    `server.port 8080 -> 8080 (${path}:2)`,
    `server.port 8081 -> 8081 (${path}:8): only if the profile prod & !eu | dev is active`,
    `server.port 8082 -> 8082 (${path}:11): only if the profile test is active`,
  ]);
  assert.equal(unknown.move(8081, 81).files, { [path]: text.replace('8081', '81') });
  for (const [profiles, port] of [
    ['prod', 8081],
    ['prod,eu', 8080],
    ['dev', 8081],
    ['test', 8082],
  ] as const) {
    const { rows } = await seen({ [path]: text }, { ...running, arguments: [...jar, `--spring.profiles.active=${profiles}`] });
    assert.match(effective(rows).join(), `server.port ${port} -> ${port}`);
    assert.is(effective(rows).length, 1, profiles);
  }
});

test('properties with several documents', async () => {
  const text = 'server.port=8080\n#---\nspring.config.activate.on-profile=prod\nserver.port=8081\n';
  const { rows } = await seen({ [base]: text }, { ...running, environment: new Map([['SPRING_PROFILES_ACTIVE', 'prod']]) });
  assert.equal(rows, [`loser: server.port 8080 -> 8080 (${base}:1)`, `server.port 8081 -> 8081 (${base}:4)`]);
});

test('files: YAML before properties, the folder before config, then those of a profile', async () => {
  const all = [
    'application.yaml',
    'application.yml',
    'application.properties',
    'config/application.yml',
    'config/a/application.properties',
    'application-dev.yml',
    'application-prod.properties',
  ];
  const files: Record<string, string> = {};
  for (const [index, name] of all.entries()) {
    const path = `${folder}/${name}`;
    files[path] = name.endsWith('properties') ? `server.port=${8001 + index}\n` : `server:\n  port: ${8001 + index}\n`;
    if (index === 0) files[path] += 'spring:\n  profiles:\n    active: dev\n';
    const { rows } = await seen(files, running);
    // The file of the profile prod is not used.
    assert.match(effective(rows).join(), `(${folder}/${index === 6 ? all[5] : name}:`);
    assert.is(effective(rows).length, 1);
  }
  const both = await seen(files, { ...running, arguments: [...jar, '--spring.profiles.active=prod,dev'] });
  assert.match(effective(both.rows).join(), 'application-dev.yml');
});

test('the environment, system properties, and arguments, each over the one before', async () => {
  const files = { [base]: 'server.port=8080\n' };
  const environment = new Map([
    ['SERVER_PORT', '8081'],
    ['MANAGEMENT_SERVER_PORT', '9001'],
  ]);
  const first = await seen(files, { ...running, environment });
  assert.equal(first.rows, [
    `loser: server.port 8080 -> 8080 (${base}:1)`,
    'SERVER_PORT 8081 -> 8081 (the environment variable SERVER_PORT)',
    'MANAGEMENT_SERVER_PORT 9001 -> 9001 (the environment variable MANAGEMENT_SERVER_PORT)',
  ]);
  assert.throws(() => first.move(8081, 81), /environment variable SERVER_PORT/);
  const system = await seen(files, { ...running, environment, arguments: ['java', '-Dserver.port=8082', '-jar', 'shop.jar'] });
  assert.is(effective(system.rows)[0], '-Dserver.port 8082 -> 8082 (the command line)');
  const option = await seen(files, { ...running, environment, arguments: ['java', '-Dserver.port=8082', '-jar', 'shop.jar', '--server.port=8083'] });
  assert.ok(effective(option.rows).includes('--server.port 8083 -> 8083 (the command line)'));
  assert.throws(() => option.move(8083, 81), /command line/);
});

test('placeholders: from the environment, from another property, or the default value', async () => {
  const text = 'server.port=${PORT:8080}\nmanagement.server.port=${shop.port}\nshop.port=9090\n';
  const { rows, move } = await seen({ [base]: text }, running);
  assert.equal(rows, [`server.port \${PORT:8080} -> 8080 (${base}:1)`, `management.server.port \${shop.port} -> 9090 (${base}:3): the value 9090 comes from shop.port`]);
  assert.equal(move(8080, 81).files, { [base]: text.replace(':8080', ':81') });
  assert.equal(move(9090, 81).files, { [base]: text.replace('=9090', '=81') });
  const set = await seen({ [base]: text }, { ...running, environment: new Map([['PORT', '8088']]) });
  assert.is(set.rows[0], 'PORT ${PORT:8080} -> 8088 (the environment variable PORT): the value 8088 comes from PORT');
  assert.throws(() => set.move(8088, 81), /environment/);
  const unknown = await seen({ [base]: 'server.port=${PORT}\nmanagement.server.port=${A}${B}\n' }, { path: base });
  assert.equal(unknown.rows, [
    `server.port \${PORT} -> ? (${base}:1): the value contains the variable PORT`,
    `management.server.port \${A}\${B} -> ? (${base}:2): the value contains a variable`,
  ]);
});

test('port 0 is chosen by the operating system, and -1 switches off', async () => {
  const { rows } = await seen({ [base]: 'server.port=0\nmanagement.server.port=-1\n' }, { path: base });
  assert.equal(rows, [`server.port 0 -> ? (${base}:1): with port 0, the operating system chooses a port`, `management.server.port -1 -> ? (${base}:2): -1 switches it off`]);
});

test('other places, and other names', async () => {
  const files = { '/etc/shop/web.yml': 'server: {port: 8090}\n', '/more/web.properties': 'server.port=8091\n', [base]: 'server.port=1\n' };
  const args = [...jar, '--spring.config.name=web', '--spring.config.location=optional:classpath:/,file:/etc/shop/'];
  const { rows } = await seen(files, { ...running, arguments: args });
  assert.equal(rows, ['server.port 8090 -> 8090 (/etc/shop/web.yml:1)']);
  const more = await seen(files, { ...running, arguments: [...args, '--spring.config.additional-location=/more/'] });
  assert.equal(effective(more.rows), ['server.port 8091 -> 8091 (/more/web.properties:1)']);
});

test('from a build: the sources are read, not their copies', async () => {
  const files = { '/p/src/main/resources/application.yml': 'server:\n  port: 8090\n', '/p/target/classes/application.yml': 'server:\n  port: 8090\n' };
  const { rows } = await seen(files, { arguments: ['/usr/bin/java', '-cp', '/p/target/classes:/m2/spring-boot-3.2.0.jar', 'com.example.Shop'], workingDirectory: '/' });
  assert.equal(rows, ['server.port 8090 -> 8090 (/p/src/main/resources/application.yml:2)']);
});

test('what is in the JAR file is unknown, and any other program in Java is left alone', async () => {
  const { rows } = await seen({}, { ...running, arguments: [...jar, '--spring.profiles.active=dev'] });
  assert.equal(rows, ['server.port 8080 -> ? (the default): it is not set outside of the JAR file, which is not read; without it, the port is 8080']);
  assert.equal((await seen({}, running)).rows, []);
});

test('what is not read is a gap', async () => {
  const { gaps } = await seen({ [base]: 'spring.config.import=file:more.yml\n' }, { ...running, environment: new Map([['SPRING_APPLICATION_JSON', '{"server":{"port":1}}']]) });
  assert.equal(gaps, [`${base} imports file:more.yml, which is not read`, 'SPRING_APPLICATION_JSON can set the port, too']);
});

test('a service: the argument or the variable comes from its unit', async () => {
  const unit = '/etc/systemd/system/shop@.service';
  const text = '[Service]\n# --server.port=1\nEnvironment=MANAGEMENT_SERVER_PORT=9001 X=1\nExecStart=/usr/bin/java -jar shop.jar \\\n  --server.port=8083\n';
  const environment = new Map([['MANAGEMENT_SERVER_PORT', '9001']]);
  const { rows, move } = await seen({ [unit]: text }, { ...running, environment, arguments: [...jar, '--server.port=8083'], service: 'shop@eu.service' });
  assert.equal(rows, [`--server.port 8083 -> 8083 (${unit}:5)`, `MANAGEMENT_SERVER_PORT 9001 -> 9001 (${unit}:3)`]);
  const moved = move(8083, 81);
  assert.equal(moved.files, { [unit]: text.replace('=8083', '=81') });
  assert.match(moved.sideEffects.join(), 'systemctl daemon-reload');
  assert.equal(move(9001, 82).files, { [unit]: text.replace('=9001', '=82') });
});

test('profiles as a list in YAML, those that are included, and those that a build sets', async () => {
  const files = (profiles: string) => ({
    [`${folder}/application.yml`]: profiles,
    [`${folder}/application-a.yml`]: 'server.port: 8001\n',
    [`${folder}/application-b.yml`]: 'server.port: 8002\n',
  });
  for (const [profiles, port] of [
    ['spring:\n  profiles:\n    active: [b, a]\n', 8001],
    ['spring.profiles.active: a,b\n', 8002],
    ['spring.profiles.include: b\nspring.profiles.active: a\n', 8001],
  ] as const)
    assert.match(effective((await seen(files(profiles), running)).rows).join(), `server.port ${port} ->`);
  const built = await seen(files('spring.profiles.active: "@profiles@"\n'), running);
  assert.match(built.rows.join('\n'), 'only if the profile a is active');
});

test.run();
