// Files that include each other again and again: what that makes grow without end is cut, and said.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { families } from '../../src/configuration/families.ts';
import { Reading } from '../../src/configuration/reading.ts';
import { seen, machineWith } from '../support/configurations.ts';
import { cpuMs } from '../support/cpu.ts';

const test = suite('includes');

interface Syntax {
  readonly application: string;
  readonly include: (path: string) => string;
  readonly port: string;
  /** Around the lines of a file. */
  readonly start?: string;
  /** How often the ordinary file below sets a port, whose settings replace or repeat each other. */
  readonly rows: number;
}

const syntaxes: readonly Syntax[] = [
  { application: 'nginx', include: (path) => `include ${path};`, port: 'server { listen 4711; }', rows: 3 },
  { application: 'Apache', include: (path) => `Include ${path}`, port: 'Listen 4711', rows: 3 },
  { application: 'Redis', include: (path) => `include ${path}`, port: 'port 4711', rows: 3 },
  { application: 'PostgreSQL', include: (path) => `include '${path}'`, port: 'port = 4711', rows: 3 },
  { application: 'OpenSSH', include: (path) => `Include ${path}`, port: 'Port 4711', rows: 3 },
  { application: 'MySQL', include: (path) => `!include ${path}`, port: 'port = 4711', start: '[mysqld]', rows: 3 },
  { application: 'Caddy', include: (path) => `import ${path}`, port: ':4711 {\n}', rows: 3 },
  { application: 'Docker Compose', include: (path) => `  - ${path}`, port: 'services:\n  web:\n    ports: ["4711:80"]', start: 'include:', rows: 3 },
];

const text = ({ start, include, port }: Syntax, next: readonly string[]): string =>
  [...(next.length > 0 && start !== undefined ? [start] : []), ...next.map(include), ...(start === '[mysqld]' ? [start] : []), port, ''].join('\n');

for (const syntax of syntaxes) {
  const { application } = syntax;
  for (const times of [2, 16])
    test(`${application}: 30 files, each of which includes the next one ${times} times`, async () => {
      const entry = families.find(({ name }) => name === application)!;
      const family = await entry.load();
      const path = (index: number) => `/x/f${index}.conf`;
      const files = Object.fromEntries(
        Array.from({ length: 30 }, (_, index) => [path(index), text(syntax, index === 29 ? [] : Array.from({ length: times }, () => path(index + 1)))]),
      );
      const reading = new Reading(machineWith(files));
      const instance = { pid: null, executable: null, arguments: [], environment: null, workingDirectory: null, account: null, service: null, serviceUser: null, path: path(0) };
      const time = cpuMs(() => family.read(instance, reading));
      assert.ok(time < 1000, `${time} ms`);
      assert.match(reading.gaps.join('\n'), /includes more than 20000 files|more than \d+ deep|in circles/);
      assert.ok(reading.gaps.length <= 1001, String(reading.gaps.length));
      if (times === 16) assert.match(reading.gaps.join('\n'), 'the configuration includes more than 20000 files, some of them several times; the rest was not read');
    });

  test(`${application}: a file that is included three times`, async () => {
    const { rows, gaps } = await seen(
      {
        '/x/main.conf': text(
          { ...syntax, port: '' },
          Array.from({ length: 3 }, () => '/x/one.conf'),
        ),
        '/x/one.conf': text(syntax, []),
      },
      { application, path: '/x/main.conf' },
    );
    assert.equal(gaps, []);
    assert.is(rows.filter((row) => row.includes('4711')).length, syntax.rows, rows.join('\n'));
  });
}

test('more text than a configuration has, in files that are included again and again', async () => {
  const padding = `#${'x'.repeat(3 * 1024 * 1024)}\n`;
  const lines = Array.from({ length: 30 }, () => 'include /x/one.conf').join('\n');
  const { gaps } = await seen({ '/x/main.conf': lines, '/x/one.conf': `${padding}port 4711\n` }, { application: 'Redis', path: '/x/main.conf' });
  assert.equal(gaps, ['the configuration has more than 64 MB with what it includes, of which the rest was not read']);
});

test('100,000 different gaps', () => {
  const reading = new Reading(machineWith({}));
  const time = cpuMs(() => {
    for (let index = 0; index < 100_000; index++) reading.gap(`gap ${index}`);
  });
  assert.ok(time < 1000, `${time} ms`);
  assert.is(reading.gaps.length, 1001);
  assert.is(reading.gaps.at(-1), 'there is more that was not read');
});

test.run();
