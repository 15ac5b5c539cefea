import { linkSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checkFiles, named } from '../../src/cli/files.ts';
import type { PortOwnerError } from '../../src/schema/problems.ts';
import { facts, socket } from '../support/example.ts';
import { run, snapshotFile, temporaryFolder } from '../support/harness.ts';

const test = suite('files of a command line');

const snapshot = { ...facts([socket({ localPort: 22 })]), at: '2026-01-02T02:00:00Z' };

/** A folder with a snapshot, a baseline, a policy and a store, and what is in them. */
async function place(): Promise<{ folder: string; at: (name: string) => string; contents: () => string }> {
  const folder = temporaryFolder();
  const at = (name: string): string => join(folder, name);
  writeFileSync(at('s.json'), JSON.stringify(snapshot));
  await run(['baseline', 'create', at('b.yaml'), '--from', at('s.json')]);
  writeFileSync(at('p.csv'), 'kind: PortOwner.Policy\nversion: 1\nrules: []\n');
  assert.is((await run(['audit', '--store', at('a.csv'), '--from', at('s.json')])).code, 0);
  return {
    folder,
    at,
    contents: () =>
      readdirSync(folder)
        .sort()
        .map((name) => `${name} ${readFileSync(at(name)).toString('hex')}`)
        .join('\n'),
  };
}

type Line = (at: (name: string) => string) => string[];
const same: [what: string, line: Line][] = [
  ['store and report', (at) => ['audit', '--store', at('a.csv'), '--report', at('a.csv'), '--from', at('s.json')]],
  ['store and report that do not exist', (at) => ['audit', '--store', at('x.csv'), '--report', `${at('.')}/./x.csv`, '--from', at('s.json')]],
  ['store and output', (at) => ['audit', '--store', at('a.csv'), '-o', at('a.csv'), '--from', at('s.json')]],
  ['baseline and output', (at) => ['audit', '--baseline', at('b.yaml'), '-o', at('b.yaml'), '--from', at('s.json')]],
  ['baseline and store', (at) => ['audit', '--baseline', at('b.yaml'), '--store', at('b.yaml'), '--from', at('s.json')]],
  ['policy and report', (at) => ['audit', '--policy', at('p.csv'), '--report', at('p.csv'), '--from', at('s.json')]],
  ['snapshot and report', (at) => ['audit', '--baseline', at('b.yaml'), '--report', at('s.json'), '--from', at('s.json')]],
  ['two reports', (at) => ['audit', '--baseline', at('b.yaml'), '--report', at('r.csv'), '--report', at('r.csv'), '--from', at('s.json')]],
  ['history', (at) => ['history', '--store', at('a.csv'), '-o', at('a.csv')]],
  ['diff', (at) => ['diff', at('s.json'), at('s.json'), '-o', at('s.json')]],
  ['baseline create', (at) => ['baseline', 'create', at('new.yaml'), '-o', at('new.yaml'), '--from', at('s.json')]],
  ['baseline create over its snapshot', (at) => ['baseline', 'create', at('s.json'), '--force', '--from', at('s.json')]],
  ['baseline update', (at) => ['baseline', 'update', at('b.yaml'), '-o', at('b.yaml'), '--from', at('s.json')]],
  ['baseline show', (at) => ['baseline', 'show', at('b.yaml'), '-o', at('b.yaml')]],
  ['the main question', (at) => ['--from', at('s.json'), '-o', at('s.json')]],
];
for (const [what, line] of same) {
  test(`no output over an input: ${what}`, async () => {
    const { at, contents } = await place();
    const before = contents();
    const { code, out, err } = await run(line(at));
    assert.equal([code, out], [64, '']);
    assert.match(err, /^portowner: PO1005: .* are the same file\n/);
    assert.is(contents(), before);
  });
}

const refuses = (work: () => void): boolean => {
  try {
    work();
    return false;
  } catch (error) {
    assert.is((error as PortOwnerError).code, 'PO1005');
    return true;
  }
};

test('links, other ways to a file, and names that only begin alike', () => {
  const folder = temporaryFolder();
  const at = (name: string): string => join(folder, name);
  mkdirSync(at('f'));
  writeFileSync(at('f/one'), 'x');
  symlinkSync(at('f'), at('g'), 'junction');
  linkSync(at('f/one'), at('hard'));
  const alike = (one: string, other: string): boolean => refuses(() => checkFiles(named('--from', one), named('--output', other)));
  assert.ok(alike(at('f/one'), at('g/one')));
  assert.ok(alike(at('f/one'), at('hard')));
  assert.ok(alike(at('f/new/two'), at('g/new/two')));
  assert.ok(alike(at('f/one'), `${folder}/f/../f/one`));
  assert.not.ok(alike(at('f/one'), at('f/on')));
  assert.is(alike(at('f/new'), at('f/NEW')), process.platform === 'win32');
  assert.not.ok(alike('-', at('f/one')), 'standard input is no file');
  assert.not.ok(
    refuses(() => checkFiles(named('A', [at('hard'), at('hard')]), [])),
    'two inputs may be one',
  );
  if (process.platform !== 'win32') assert.not.ok(alike('/dev/null', '/dev/null'));
});

const empty: [what: string, line: string[]][] = [
  ['--store', ['audit', '--store', '']],
  ['--baseline', ['audit', '--baseline', '']],
  ['--policy', ['audit', '--policy', '']],
  ['--report', ['audit', '--policy', 'x.yaml', '--report', '']],
  ['--from', ['audit', '--store', 'x.db', '--from', '']],
  ['--output', ['--output', '']],
  ['--store', ['history', '--store', '']],
  ['FILE', ['baseline', 'create', '']],
  ['FILE', ['baseline', 'update', '']],
  ['FILE', ['baseline', 'show', '']],
  ['A', ['diff', '']],
  ['B', ['diff', snapshotFile(snapshot), '']],
  ['--baseline', ['free', '--format', 'json', '--baseline', '']],
  ['--policy', ['free', '--policy', '']],
  ['--bundle', ['doctor', '--bundle', '']],
  ['--output', ['snapshot', '--output', '']],
  ['--raw', ['snapshot', '--raw', '']],
];
for (const [what, line] of empty) {
  test(`no name for a file: ${line.filter((word) => !word.startsWith('/')).join(' ')}`, async () => {
    const { code, out, err } = await run(line);
    assert.equal([code, out], [64, '']);
    assert.match(err, new RegExp(`^portowner: PO1001: missing value for ${what}; expected the path of a file(?:, or - for standard input)?\n$`));
  });
}

const rows = join(temporaryFolder(), 'rows.clixml');
await run(['--from', snapshotFile(snapshot), '--format', 'clixml', '--output', rows]);
const standard: [what: string, line: string[], says: RegExp][] = [
  ['rows', ['--from', snapshotFile(snapshot), '-o', '-'], /LocalPort|PORT/i],
  ['CSV without a byte order mark', ['--from', snapshotFile(snapshot), '--format', 'csv', '-o', '-'], /^Protocol,/],
  ['a page', ['--from', snapshotFile(snapshot), '--format', 'html', '-o', '-'], /^<!doctype html>/],
  ['a baseline as rows', ['baseline', 'create', join(temporaryFolder(), 'b.yaml'), '--from', snapshotFile(snapshot), '-o', '-'], /22/],
  ['saved rows', ['report', rows, '-o', '-', '--format', 'md'], /^## Ports/],
  ['a snapshot', ['snapshot', '--from', snapshotFile(snapshot), '-o', '-'], /^\{/],
  ['a snapshot as an operand', ['snapshot', '--from', snapshotFile(snapshot), '-'], /^\{/],
];
for (const [what, line, says] of standard) {
  test(`- is standard output: ${what}`, async () => {
    const { code, out, err } = await run(line);
    assert.is(code, 0, err);
    assert.match(out, says);
    assert.not.ok(readdirSync('.').includes('-'));
  });
}

test('- is the same as no --output', async () => {
  const line = ['--from', snapshotFile(snapshot), '--format', 'csv'];
  assert.equal(await run([...line, '-o', '-']), await run(line));
});

const needsFile: [what: string, line: string[], says: RegExp][] = [
  ['a workbook', ['--from', snapshotFile(snapshot), '--format', 'xlsx', '-o', '-'], /^portowner: PO1005: --format xlsx writes a binary file: it needs --output FILE\n/],
  ['a workbook of saved rows', ['report', rows, '--format', 'xlsx', '-o', '-'], /^portowner: PO1005: --format xlsx writes a binary file: it needs --output FILE\n/],
  ['saved rows without a format', ['report', rows, '-o', '-'], /^portowner: PO1001: missing --format: standard output has no file name extension\n/],
  [
    'a report of an audit',
    ['audit', '--store', join(temporaryFolder(), 'a.db'), '--report', '-', '--from', snapshotFile(snapshot)],
    /^portowner: PO1001: --report needs a path; - is standard output\n/,
  ],
  ['a store', ['audit', '--store', '-', '--from', snapshotFile(snapshot)], /^portowner: PO1001: --store needs a path; - is standard output\n/],
  ['a baseline', ['baseline', 'create', '-', '--from', snapshotFile(snapshot)], /^portowner: PO1001: FILE needs a path; - is standard output\n/],
  ['raw answers', ['snapshot', '--raw', '-'], /^portowner: PO1001: --raw needs a path; - is standard output\n/],
  ['the bundle of doctor', ['doctor', '--bundle', '-'], /^portowner: PO1001: --bundle needs a path; - is standard output\n/],
];
for (const [what, line, says] of needsFile) {
  test(`- is refused where a file is needed: ${what}`, async () => {
    const { code, out, err } = await run(line);
    assert.equal([code, out], [64, ''], err);
    assert.match(err, says);
    assert.not.ok(readdirSync('.').includes('-'));
  });
}

test.run();
