import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { PortOwnerError } from '../../src/schema/problems.ts';
import { auditArguments, checkLengths, checkName, parseAccount, parseTime, splitUnit, splitWindows, taskPath, windowsArguments } from '../../src/schedule/definition.ts';
import { unitValues, units } from '../../src/schedule/units.ts';
import { linuxTask, windowsTask } from '../support/schedule-example.ts';

const test = suite('the definition of a scheduled audit');

function code(work: () => unknown): string {
  try {
    work();
    return 'fine';
  } catch (error) {
    if (error instanceof PortOwnerError) return error.code;
    throw error;
  }
}

test('the audit is started with these words', () => {
  assert.equal(auditArguments(windowsTask.command), [
    'audit',
    '--baseline',
    'C:\\Audits & more\\grün.yaml',
    '--policy',
    'C:\\Audits\\policy.yaml',
    '--store',
    'C:\\ProgramData\\PortOwner\\audits.db',
    '--report',
    'C:\\ProgramData\\PortOwner\\findings.csv',
    '--report',
    'C:\\ProgramData\\PortOwner\\all findings.json',
    '--fail-on',
    'high',
    '--keep',
    '400',
    '--event-log',
  ]);
});

const lines: [words: string[], line: string][] = [
  [['audit', '--keep', '400'], 'audit --keep 400'],
  [['C:\\a b\\c'], '"C:\\a b\\c"'],
  [['C:\\a&b\\c'], '"C:\\a&b\\c"'],
  [['C:\\ä\\c'], '"C:\\ä\\c"'],
  [['a b\\'], '"a b\\\\"'],
  [['a"b'], '"a\\"b"'],
  [['a\\"b'], '"a\\\\\\"b"'],
  [['', 'x'], '"" x'],
];
for (const [words, line] of lines) {
  test(`${line} is the command line of ${JSON.stringify(words)}`, () => {
    assert.is(windowsArguments(words), line);
    assert.equal(splitWindows(line), words);
  });
}

test('any words come back from a Windows command line', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', ' ', '"', '\\', '&', 'ü', '\t', '^') })), (words) => assert.equal(splitWindows(windowsArguments(words)), words)),
  );
});

test("any words come back from a unit's ExecStart", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', ' ', '"', '\\', '%', '$', 'ü', "'", ';') }), (name) => {
      const baseline = `/etc/${name}`;
      const [line] = unitValues(units({ ...linuxTask, command: { ...linuxTask.command, baseline } })['portowner-audit.service']!, 'ExecStart');
      const [program, ...words] = splitUnit(line!);
      assert.is(program, '/usr/local/bin/portowner');
      assert.equal(words, auditArguments({ ...linuxTask.command, baseline }));
    }),
  );
});

for (const [text, expected] of [
  ['3:00', { hour: 3, minute: 0 }],
  ['03:05', { hour: 3, minute: 5 }],
  ['23:59', { hour: 23, minute: 59 }],
] as const) {
  test(`--at ${text}`, () => assert.equal(parseTime(text), expected));
}
for (const text of ['', '24:00', '3', '3:60', '3:5', '-1:00', '03:00:00', '3 am'])
  test(`--at ${JSON.stringify(text)} is no time`, () =>
    assert.is(
      code(() => parseTime(text)),
      'PO1001',
    ));

for (const text of ['SYSTEM', 'system', 'NT AUTHORITY\\SYSTEM', 'S-1-5-18']) test(`--account ${text}`, () => assert.equal(parseAccount(text), { kind: 'system' }));
test('--account of a gMSA', () => assert.equal(parseAccount('CORP\\audit$'), { kind: 'gmsa', name: 'CORP\\audit$' }));
for (const text of ['', 'CORP\\bob', 'bob', 'audit$', 'CORP\\a"b$', 'CORP\\a\nb$', 'LocalService'])
  test(`--account ${JSON.stringify(text)} is none`, () =>
    assert.is(
      code(() => parseAccount(text)),
      'PO1001',
    ));

for (const name of ['', 'a\\b', 'a/b', 'a:b', 'a"b', ' a', 'a.', 'x%y%', 'a\nb', 'x'.repeat(201)])
  test(`--name ${JSON.stringify(name).slice(0, 20)} is none`, () =>
    assert.is(
      code(() => checkName(name)),
      'PO1001',
    ));

const paths: [path: string, result: string][] = [
  ['C:\\a\\b.yaml', 'C:\\a\\b.yaml'],
  ['C:/a/../b.yaml', 'C:\\b.yaml'],
  ['\\\\server\\share\\b.yaml', '\\\\server\\share\\b.yaml'],
];
for (const [path, result] of paths) test(`${path} is ${result}`, () => assert.is(taskPath('--baseline', path, 'win32', false), result));
const bad = [
  '',
  'a.yaml',
  '\\a.yaml',
  'C:a.yaml',
  '\\\\?\\C:\\a',
  '\\\\.\\pipe\\x',
  'C:\\a"b',
  'C:\\a|b',
  'C:\\%TEMP%\\a',
  'C:\\$(Arg0)\\a',
  'C:\\a:stream',
  'C:\\a.\\b',
  'C:\\a \\b',
  'C:\\a\u0000b',
  'C:\\a\nb',
  'C:\\a\ud800b',
];
for (const path of bad)
  test(`${JSON.stringify(path)} cannot stand in a task`, () =>
    assert.is(
      code(() => taskPath('--baseline', path, 'win32', false)),
      'PO1001',
    ));
test('a unit takes absolute paths alone', () => {
  assert.is(taskPath('--baseline', '/a/../b c', 'linux', false), '/b c');
  for (const path of ['', 'a', '/a\nb'])
    assert.is(
      code(() => taskPath('--baseline', path, 'linux', false)),
      'PO1001',
      path,
    );
});

test('what Task Scheduler has no room for', () => {
  const with_ = (more: Partial<typeof windowsTask.command>) => ({ ...windowsTask, command: { ...windowsTask.command, ...more } });
  assert.is(
    code(() => checkLengths(with_({ executable: `C:\\${'x'.repeat(257)}` }))),
    'fine',
  );
  assert.is(
    code(() => checkLengths(with_({ executable: `C:\\${'x'.repeat(258)}` }))),
    'PO5004',
  );
  assert.is(
    code(() => checkLengths(with_({ reports: Array.from({ length: 200 }, () => `C:\\${'x'.repeat(200)}`) }))),
    'PO5004',
  );
});

test.run();
