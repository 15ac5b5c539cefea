import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { quote } from '../../../src/diagnosis/quote.ts';
import { noPowerShell, plain, pwsh } from '../../support/powershell.ts';
import { skip, type TestContext } from '../../support/skip.ts';
import { linux, solve, windows } from '../../support/world.ts';

const test = suite('names in commands');

const hostile = [
  'nginx.service',
  'a b',
  "it's",
  '"',
  '$(reboot)',
  '`reboot`',
  '; reboot',
  '&& reboot',
  '| reboot',
  '> x',
  '# x',
  '-n',
  '--help',
  '!x',
  '~',
  '*',
  '$env:PATH',
  '%PATH%',
  '\\',
  "\\'",
  'é',
  '漢字',
  '\u2018x\u2019',
  '\u201ax\u201b',
  '@(1)',
  '{x}',
  '%',
  '^',
  "''",
  'x@y',
  '.',
  '..',
];

test('sh reads back what was quoted', (context) => {
  if (process.platform === 'win32') return skip('it needs a Unix shell', context as TestContext);
  for (const name of hostile) {
    const { stdout } = spawnSync('sh', ['-c', `printf '<%s>' ${quote(name, 'linux')}`], { encoding: 'utf8' });
    assert.is(stdout, `<${name}>`);
  }
});

test('PowerShell reads back what was quoted', (context) => {
  if (pwsh === null) return skip(noPowerShell, context as TestContext);
  const script = hostile.map((name) => `[System.Convert]::ToBase64String([System.Text.Encoding]::UTF8.GetBytes(${quote(name, 'win32')!.replace(/^[^']+$/, "'$&'")}))`).join('\n');
  // As in a file: characters of an argument may be lost on the way.
  const encoded = Buffer.from(script, 'utf16le').toString('base64');
  const { stdout } = spawnSync(pwsh, [...plain, '-EncodedCommand', encoded], { encoding: 'utf8' });
  assert.equal(
    stdout
      .trim()
      .split(/\r?\n/)
      .map((line) => Buffer.from(line, 'base64').toString('utf8')),
    hostile,
  );
});

test('what no quoting makes safe is no argument', () => {
  for (const name of ['', 'a\nb', 'a\rb', 'a\0b', '\x1b[31m', '\u202etxt', '\u2028', '\ud800', 'x'.repeat(256)]) {
    assert.is(quote(name, 'linux'), null);
    assert.is(quote(name, 'win32'), null);
  }
});

test('whatever things are called, a remedy is one line, and no name stands in it unquoted', () => {
  const name = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.constantFrom(...hostile, 'a\nreboot #', 'x\r\ny'));
  fc.assert(
    fc.property(name, name, fc.boolean(), (image, service, container) => {
      const marked = `zz;${service}`;
      const one = { localPort: 8080, pid: 200 };
      const onLinux = solve({
        facts: linux([one], { processes: [{ pid: 200, imageName: image, unit: marked, container: container ? { runtime: 'docker', id: marked } : null }] }),
        ask: 'TCP 0.0.0.0 8080',
        tried: 'EADDRINUSE',
      });
      const onWindows = solve({
        facts: windows([one], { processes: [{ pid: 200, imageName: image }], services: [{ pid: 200, name: marked }] }),
        ask: 'TCP 0.0.0.0 8080',
        tried: 'WSAEADDRINUSE',
      });
      for (const { row } of [onLinux, onWindows]) {
        for (const line of row.Remedy!) {
          assert.not.match(line, /[\p{Cc}\p{Zl}\p{Zp}]/u);
          assert.not.match(line, /(?<!')zz;/);
        }
      }
    }),
    { numRuns: 500 },
  );
});

test.run();
