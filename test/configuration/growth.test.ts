// Large files that make a reader slow if it looks through them again for each setting: each within seconds of the CPU.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { families } from '../../src/configuration/families.ts';
import type { Instance } from '../../src/configuration/configured-port.ts';
import { idleInstance } from '../../src/configuration/instances.ts';
import { Reading } from '../../src/configuration/reading.ts';
import { lineAt } from '../../src/configuration/text-file.ts';
import { machineWith, type Files } from '../support/configurations.ts';
import { cpuMs } from '../support/cpu.ts';

const test = suite('large configurations');

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const lines = (count: number, line: (index: number) => string): string => numbers(count).map(line).join('\n');

interface Case {
  readonly name: string;
  readonly application: string;
  /** Takes a few hundred milliseconds; what grows with the square takes minutes. */
  readonly size: number;
  readonly given: (size: number) => { readonly files: Files } & Partial<Instance>;
  readonly places: number;
}

const cases: readonly Case[] = [
  {
    name: 'documents of a properties file',
    application: 'Spring Boot',
    size: 100_000,
    given: (size) => ({ files: { '/x/application.properties': lines(size, (index) => `#---\nserver.port=${index % 60_000}`) }, path: '/x/application.properties' }),
    places: 20_000,
  },
  {
    name: 'placeholders without a value',
    application: 'Spring Boot',
    size: 50_000,
    given: (size) => ({ files: { '/x/application.properties': lines(size, (index) => `server.port=\${a${index}}`) }, path: '/x/application.properties' }),
    places: 20_000,
  },
  {
    name: 'a long expression for profiles',
    application: 'Spring Boot',
    size: 30_000,
    given: (size) => ({
      files: {
        '/x/application.properties': `spring.config.activate.on-profile=${numbers(size)
          .map((index) => `p${index}`)
          .join('|')}\n${lines(size, () => 'server.port=4711')}`,
      },
      path: '/x/application.properties',
      pid: 1,
      environment: new Map([['SPRING_PROFILES_ACTIVE', 'prod']]),
    }),
    places: 20_000,
  },
  {
    name: 'endpoints in a file',
    application: 'ASP.NET Core',
    size: 50_000,
    given: (size) => ({
      files: {
        '/x/appsettings.json': `{"Kestrel": {"Endpoints": {${numbers(size)
          .map((index) => `"e${index}": {"Url": "http://*:4711"}`)
          .join(',')}}}}`,
      },
      path: '/x/appsettings.json',
    }),
    places: 20_000,
  },
  {
    name: 'endpoints in arguments, of a service with a unit',
    application: 'ASP.NET Core',
    size: 20_000,
    given: (size) => ({
      files: { '/etc/systemd/system/shop.service': `[Service]\n${lines(20, (index) => `Environment=A${index}=1`)}\nExecStart=/usr/bin/shop\n` },
      arguments: ['/usr/bin/shop', ...numbers(size).map((index) => `--Kestrel:Endpoints:e${index}:Url=http://*:4711`)],
      environment: new Map(),
      pid: 1,
      workingDirectory: '/x',
      service: 'shop.service',
    }),
    places: 20_000,
  },
  {
    name: 'lines without a block',
    application: 'Caddy',
    size: 100_000,
    given: (size) => ({ files: { '/x/Caddyfile': `${lines(10_000, () => 'import none*')}\n:4711,\n:4712\n${lines(size, () => 'respond x')}` }, path: '/x/Caddyfile' }),
    places: 3,
  },
  {
    name: 'imports of parts',
    application: 'Caddy',
    size: 300_000,
    given: (size) => ({ files: { '/x/Caddyfile': `:4711 {\n}\n${lines(size, (index) => `import ${index % 2 === 0 ? 'a' : 'b'}`)}\n(a) {\n}\n(b) {\n}\n` }, path: '/x/Caddyfile' }),
    places: 2,
  },
  {
    name: 'addresses in one line',
    application: 'Caddy',
    size: 300_000,
    given: (size) => ({ files: { '/x/Caddyfile': `${':4711 '.repeat(size)}{\n}\n` }, path: '/x/Caddyfile' }),
    places: 20_000,
  },
  {
    name: 'ports from variables of .env',
    application: 'Docker Compose',
    size: 10_000,
    given: (size) => ({
      files: { '/x/compose.yaml': `services:\n  web:\n    ports:\n${lines(size, (index) => `      - "\${A${index}}:80"`)}\n`, '/x/.env': lines(size, (index) => `A${index}=4711`) },
      path: '/x/compose.yaml',
    }),
    places: 10_000,
  },
  {
    name: 'ports',
    application: 'Apache',
    size: 100_000,
    given: (size) => ({ files: { '/x/apache2.conf': lines(size, (index) => `Listen ${index % 60_000}`) }, path: '/x/apache2.conf' }),
    places: 20_000,
  },
];

for (const { name, application, size, given, places } of cases)
  test(`${application}: ${size} ${name}`, async () => {
    const family = await families.find((one) => one.name === application)!.load();
    const { files, ...more } = given(size);
    const reading = new Reading(machineWith(files));
    const instance = { ...idleInstance(null), ...more };
    const time = cpuMs(() => family.read(instance, reading));
    assert.ok(time < 3000, `${time} ms`);
    assert.is(reading.places.length, places);
  });

test('lines of 20,000 places', () => {
  const text = 'port 80\n'.repeat(500_000);
  let sum = 0;
  const time = cpuMs(() => {
    for (let index = 0; index < 20_000; index++) sum += lineAt(text, 200 * index);
  });
  assert.is(sum, 20_000 + (19_999 * 20_000 * 25) / 2);
  assert.ok(time < 1000, `${time} ms`);
});

test('lines in any order, and in texts that change', () => {
  const text = 'a\n\nb\r\nc';
  const expected = [1, 1, 2, 3, 3, 3, 4, 4];
  for (const order of [
    [0, 1, 2, 3, 4, 5, 6, 7],
    [7, 0, 3, 2, 6, 1, 5, 4],
    [2, 2, 1, 1],
  ])
    for (const at of order) {
      assert.is(lineAt(text, at), expected[at], String(at));
      assert.is(lineAt('\n\n\n', 3), 4);
    }
});

test.run();
