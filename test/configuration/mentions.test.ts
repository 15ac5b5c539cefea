// What names a port in files that no family reads: which forms are found, and how much of it is listed and searched.
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { mentions } from '../../src/configuration/mentions.ts';
import { facts, process as owner } from '../support/example.ts';
import { machineWith, type Files } from '../support/configurations.ts';
import { cpuMs } from '../support/cpu.ts';

const test = suite('mentions of a port');

const section = { status: 'ok', reason: null, needs: null, at: '2026-01-02T03:04:06Z' } as const;
const addresses = ['192.0.2.10', '2001:db8::10', 'fe80::1%eth0'].map((address) => ({ address, interface: 'eth0' }));

const found = (files: Files, port = 3000, processes = [owner()]): string[] =>
  mentions(
    {
      machine: machineWith({ ...files, '/var/spool/cron/root': '' }),
      facts: facts([], { processes, sections: { addresses: { ...section, data: addresses } } }),
      pid: null,
      known: new Set(),
    },
    port,
  );

test('addresses of this machine, also in brackets', () => {
  const forms: readonly (readonly [text: string, words: string | null])[] = [
    ['http://192.0.2.10:3000/', '192.0.2.10:3000'],
    ['http://[2001:db8::10]:3000/', '[2001:db8::10]:3000'],
    ['http://[2001:DB8::10]:3000/', '[2001:DB8::10]:3000'],
    ['2001:db8::10:3000', '2001:db8::10:3000'],
    ['http://[fe80::1%25eth0]:3000/', '[fe80::1%25eth0]:3000'],
    ['http://[fe80::1]:3000/', '[fe80::1]:3000'],
    ['http://[::1]:3000/', '[::1]:3000'],
    ['http://box:3000/', 'box:3000'],
    ['http://[2001:db8::11]:3000/', null],
    ['http://[2001:db8::10]:30001/', null],
    ['http://[fe80::12]:3000/', null],
    ['http://192.0.2.100:3000/', null],
  ];
  for (const [text, words] of forms) assert.equal(found({ '/etc/shop': text }), words === null ? [] : [`/etc/shop:1 names port 3000: ${words}`], text);
});

test('lines are counted, and comments are left out', () => {
  const text = '# -p 3000\nA=1\r\n\n -p 3000 # -p 3000\n\t# x\n// port=3000 port=3000\nrem-port=3000 web-port=3000\nserver-port: 3000, localhost:3000\n';
  assert.equal(found({ '/etc/shop': text }), [
    '/etc/shop:4 names port 3000: -p 3000',
    '/etc/shop:7 names port 3000: rem-port=3000',
    '/etc/shop:7 names port 3000: web-port=3000',
    '/etc/shop:8 names port 3000: server-port: 3000',
    '/etc/shop:8 names port 3000: localhost:3000',
  ]);
});

const size = 250 * 1024;
const repeated = (text: string, length: number): string => text.repeat(length / text.length);
const hostile: readonly (readonly [name: string, text: (length: number) => string, last: string])[] = [
  ['a line for each', (length) => repeated('-p 3000\n', length), '/etc/shop:50 names port 3000: -p 3000'],
  ['all of them in one line, after blanks', (length) => ' '.repeat(length / 2) + repeated(' -p 3000', length / 2), '/etc/shop:1 names port 3000: -p 3000'],
  ['all of them in one comment, after blanks', (length) => `${' '.repeat(length / 2)}#${repeated(' -p 3000', length / 2)}`, ''],
  ['a comment for each', (length) => repeated('# -p 3000\n', length), ''],
  ['different ones in one line', (length) => Array.from({ length: length / 16 }, (_, index) => `a${index}port=3000`).join(' '), '/etc/shop:1 names port 3000: a49port=3000'],
];
for (const [name, textOf, last] of hostile)
  test(`a file full of the port: ${name}`, () => {
    const texts = found({ '/etc/shop': textOf(size) });
    assert.is(texts.findLast((one) => one.startsWith('/etc/')) ?? '', last);
    const time = cpuMs(() => found({ '/etc/shop': textOf(size) }));
    assert.ok(time < 300, `${time} ms`);
  });

test('of one file, and of all together, only so many places are looked for', () => {
  const many = Array.from({ length: 300 }, (_, index) => `a${index}port=3000`).join('\n');
  const one = found({ '/etc/shop': many, '/etc/web': 'port=3000\n' });
  assert.is(one.length, 51);
  assert.is(one.at(-1), 'more than 151 more places name port 3000');
  const files = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`/etc/shop${index}`, many]));
  assert.is(found(files).at(-1), 'more than 950 more places name port 3000');
  assert.is(found({ '/etc/shop': Array.from({ length: 60 }, (_, index) => `a${index}port=3000`).join('\n') }).at(-1), '10 more places name port 3000');
});

/** Searches folders in which all files are the same; returns how many were read, too. */
function searched(list: (folder: string) => readonly string[] | null, bytes: Buffer, processes = [owner()]): { read: number; text: string } {
  let read = 0;
  const machine = {
    ...machineWith({}),
    list,
    read: () => {
      read++;
      return { bytes, refusal: null };
    },
  };
  const text = mentions({ machine, facts: facts([], { processes }), pid: null, known: new Set() }, 3000).join('\n');
  return { read, text };
}

test('folders of many programs with many files', () => {
  const processes = Array.from({ length: 30 }, (_, index) => owner({ pid: 100 + index, workingDirectory: `/srv/${index}` }));
  const names = Array.from({ length: 1000 }, (_, index) => `${index}.conf`);
  const { read, text } = searched((folder) => (folder.startsWith('/srv/') ? names : null), Buffer.from('x'), processes);
  assert.is(read, 20_000);
  assert.match(text, 'only 20000 files and folders were searched for port 3000');
});

test('files with more than is searched', () => {
  const names = Array.from({ length: 100 }, (_, index) => `${index}.conf`);
  const { read, text } = searched((folder) => (folder === '/etc' ? names : null), Buffer.alloc(4 * 1024 * 1024));
  assert.is(read, 65);
  assert.match(text, 'only 256 MB of files were searched for port 3000');
});

test('what is too large or too deep is said, and files of other kinds take no place', () => {
  const logs = Object.fromEntries(Array.from({ length: 1500 }, (_, index) => [`/srv/shop/access-${String(index).padStart(4, '0')}.log`, 'localhost:3000']));
  const working = [owner({ workingDirectory: '/srv/shop' })];
  assert.equal(found({ ...logs, '/etc/x': '', '/srv/shop/server.yaml': 'url: http://localhost:3000/\n' }, 3000, working), [
    '/srv/shop/server.yaml:1 names port 3000: localhost:3000',
  ]);
  const large = ' '.repeat(257 * 1024);
  assert.equal(found({ '/etc/a.yml': `${large}localhost:3000`, '/etc/b.yml': large }), ['not searched for port 3000: /etc/a.yml, which is larger than 256 KB']);
  assert.equal(found({ '/etc/1/2/3/4/5/6/7/shop': '-p 3000' }), ['only 7 levels of folders were searched for port 3000']);
  assert.equal(found({ '/etc/1/2/3/4/5/6/shop': '-p 3000' }), ['/etc/1/2/3/4/5/6/shop:1 names port 3000: -p 3000']);
});

test.run();
