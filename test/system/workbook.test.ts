import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadWriter } from '../../src/formats/formats.ts';
import { withPart } from '../../src/formats/zip-part.ts';
import type { DocumentFrame } from '../../src/formats/writer.ts';
import { fileSink } from '../../src/io/sink.ts';
import type { AnyRow, Column, RowSchema } from '../../src/schema/column.ts';
import { facts, process as processFact, service, socket, udp } from '../support/example.ts';
import { empty, full, hostileRow, hostileText, sample } from '../support/formats.ts';
import { frame } from '../support/frame.ts';
import { run, snapshotFile, temporaryFolder } from '../support/harness.ts';
import { skip } from '../support/skip.ts';
import { flawsOf, noOffice, noValidator, office, readWorkbook, validator, type ReadCell } from '../support/workbook.ts';

const test = suite('workbooks');

const columns: readonly Column[] = sample.columns.filter((column) => !('liveAliasOf' in column));

async function write(rows: readonly AnyRow[], more: Partial<DocumentFrame> = {}, schema: RowSchema = sample): Promise<string> {
  const path = join(temporaryFolder(), 'report.xlsx');
  const sink = fileSink(path);
  const writer = await loadWriter('xlsx', schema, { columns, asked: true, sink, problems: 'auto', frame: frame(more) });
  for (const row of rows) writer.row(row);
  await writer.end();
  sink.close();
  return path;
}

/**
 * What LibreOffice keeps of a text: control characters have no place in the XML that it writes, which line ends beside
 * each other are one depends on them, and a text of several lines has no tabs.
 */
function comparable(text: string): string {
  const plain = text.replace(/[\0-\x08\n-\x1f]+/g, (run) => (/[\r\n]/.test(run) ? '\n' : ''));
  return plain.includes('\n') ? plain.replace(/\t/g, '').replace(/\n+/g, '\n') : plain;
}

/** A value as a spreadsheet should have it. */
function expected(value: AnyRow[string], { type }: Column): { type: string; value: string } | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'boolean') return { type: 'boolean', value: String(value) };
  if (typeof value === 'number') return { type: 'float', value: String(value) };
  if (type === 'date' && value > '1900-03-01') return { type: 'date', value: value as string };
  const text = typeof value === 'object' ? value.join(type === 'uint32s' ? ', ' : '\n') : value;
  const whole = text.length > 32_767 ? `${text.slice(0, 32_766).replace(/[\ud800-\udbff]$/, '')}…` : text;
  const shown = comparable(whole.toWellFormed().replace(/[\ufffe\uffff]/g, '\ufffd'));
  return { type: 'string', value: shown };
}

const instant = ({ value }: ReadCell): number => Date.parse(`${value.replace('Z', '')}Z`);

/** What of a cell is compared. */
function comparedCell(cell: ReadCell | null): unknown {
  if (cell === null || (cell.type === 'string' && comparable(cell.value) === '')) return null;
  // A boolean is a number to it, which a format shows as one.
  if (cell.type === 'boolean') return cell.value === 'true' || cell.value === '1' ? 'float 1' : 'float 0';
  return `${cell.type} ${comparable(cell.value)}`;
}

/** Whether both are the same moment, up to the hundredths of a second that LibreOffice writes of one. */
const sameMoment = (a: ReadCell | null, b: ReadCell | null): boolean => a?.type === 'date' && b?.type === 'date' && Math.abs(instant(a) - instant(b)) <= 10;

function compareSheet(sheet: (ReadCell | null)[][] | undefined, rows: readonly AnyRow[], wanted: readonly Column[]): void {
  assert.ok(sheet, 'the sheet is there');
  assert.equal(
    sheet[0]!.slice(0, wanted.length).map((cell) => cell?.value),
    wanted.map(({ name }) => name),
  );
  for (const [index, row] of rows.entries()) {
    const should = wanted.map((column) => expected(row[column.name], column));
    const is = (sheet[index + 1] ?? []).slice(0, wanted.length).map((cell, i) => (sameMoment(cell, should[i]!) ? should[i]! : cell));
    assert.equal(is.map(comparedCell), should.map(comparedCell), `row ${index + 1}: ${JSON.stringify(row).slice(0, 300)}`);
  }
}

const awkward = [
  '=1+1',
  '+1',
  '-1',
  '@x',
  '\tx',
  'a\tb',
  'a\x01b\x1bc',
  '_x0041_x0042_',
  '_x005F_',
  '\ud800x\udc00',
  '\ufffe\uffff',
  '#N/A',
  '#REF!',
  '  two',
  'two  ',
  'a\r\nb',
  'a\rb',
  '👍🏽漢',
  "'apos",
  '"',
  '007',
  '1e5',
  '2026-01-02',
  'TRUE',
  '=HYPERLINK("http://x")',
  'x'.repeat(40_000),
  `${'y'.repeat(32_765)}👍👍`,
  '\x85\u2028\xa0',
  '<&>]]>',
  '\u200b',
];
const awkwardRows = awkward.map((Owner, i): AnyRow => ({ ...full, Port: i, Owner, State: Owner, Services: [Owner, Owner.slice(0, 100)] }));

test('LibreOffice reads every cell back as it was', async (context) => {
  if (office === null) return skip(noOffice, context);
  const rows = [full, empty, ...awkwardRows, { ...full, Elevated: false, Start: '1601-01-01T00:00:00Z' }];
  compareSheet(readWorkbook(await write(rows)).get('Ports'), rows, columns);
});

test('LibreOffice reads hostile rows back as they were', async (context) => {
  if (office === null) return skip(noOffice, context);
  const rows = fc.sample(hostileRow, 1500);
  compareSheet(readWorkbook(await write(rows)).get('Ports'), rows, columns);
});

test('the parts of any workbook are valid', async (context) => {
  if (validator === null) return skip(noValidator, context);
  const hostile = fc.sample(hostileText, 400);
  const paths = [await write([]), await write([full, empty, ...awkwardRows])];
  for (let i = 0; i < 8; i++) {
    const texts = hostile.slice(i * 50, i * 50 + 50);
    const machines = texts.slice(0, 4);
    const rows = fc.sample(hostileRow, 60).map((row, index) => Object.assign({}, row, { Severity: 'High', ComputerName: machines[index % 4]! }));
    const problems = texts.slice(10, 20).map((message) => ({ severity: 'Warning', code: 'PO3002', message, hint: message, target: message }) as const);
    const nights = texts.slice(20, 30).map((ComputerName, index) => ({ RunTime: `2026-01-0${(index % 9) + 1}T02:00:00.5Z`, Listeners: index, ComputerName }) as never);
    const [title, headline, note, question] = texts.slice(30) as [string, string, string, string];
    paths.push(await write(rows, { title, headline, note, question, problems, nights, tables: [{ title: 'Changes', schema: sample, rows }] }));
  }
  assert.is(flawsOf(paths), '');
});

test('more rows than a workbook takes come as one plain sheet, with a warning', async (context) => {
  const rows = [...Array(20_001).keys()].map((i): AnyRow => Object.assign({}, full, { Port: i, Owner: awkward[i % 20]! }));
  const path = join(temporaryFolder(), 'many.xlsx');
  const sink = fileSink(path);
  const warnings: string[] = [];
  const narrow = columns.slice(0, 4);
  const writer = await loadWriter('xlsx', sample, { columns: narrow, sink, problems: 'auto', frame: frame(), warn: ({ code, message }) => warnings.push(`${code} ${message}`) });
  for (const row of rows) writer.row(row);
  await writer.end();
  sink.close();
  assert.is(warnings.length, 1);
  assert.match(warnings.join(), /^PO2005 20001 rows are more than the 20000 /);
  if (validator === null) skip(noValidator, context);
  else assert.is(flawsOf([path]), '');
  if (office === null) return skip(noOffice, context);
  const [sheet] = readWorkbook(path).values();
  compareSheet(sheet, rows, narrow);
});

test('a sheet beside the rows that is cut says so, and a warning does', async () => {
  const made = facts([...Array(20_100).keys()].map((i) => socket({ localPort: i + 1 })));
  const [folder, from] = [temporaryFolder(), snapshotFile(made)];
  const [one, two] = [join(folder, 'one.xlsx'), join(folder, 'two.xlsx')];
  const warned = /PO2005: warning: the sheet Listeners has 20000 of 20100 rows/;
  assert.match((await run(['audit', '--from', from, '--store', join(folder, 's.db'), '--report', one])).err, warned);
  assert.match((await run(['audit', '--from', from, '--store', join(folder, 's.db'), '--output', two])).err, warned);
  for (const path of [one, two]) {
    let strings = '';
    withPart(readFileSync(path), 'xl/sharedStrings.xml', (text) => (strings = text));
    assert.match(strings, /20000 of 20100/);
  }
});

const policy = 'kind: PortOwner.Policy\nversion: 1\nrules:\n  - name: no telnet\n    action: forbid\n    ports: telnet\n    severity: Critical\n';

function machine(name: string, ports: readonly number[]) {
  const made = facts(
    ports.map((localPort) => socket({ localPort })),
    { processes: [processFact()] },
  );
  return { ...made, machine: { ...made.machine, name } };
}

const cells = (sheet: (ReadCell | null)[][] | undefined): string[][] => (sheet ?? []).map((row) => row.map((cell) => cell?.value ?? ''));

test('an audit has who listens, what changed, and a chart of the nights', async (context) => {
  const folder = temporaryFolder();
  const [store, report, rules] = ['a.db', 'a.xlsx', 'policy.yaml'].map((name) => join(folder, name)) as [string, string, string];
  writeFileSync(rules, policy);
  const night = (day: number, ports: readonly number[]) => snapshotFile({ ...machine('server7', ports), at: `2026-01-0${day}T02:00:00Z` }, folder);
  await run(['audit', '--from', night(1, [443]), '--store', store, '--policy', rules]);
  const { code } = await run(['audit', '--from', night(2, [443, 23]), '--store', store, '--policy', rules, '--report', report]);
  assert.is(code, 1);
  if (validator === null) skip(noValidator, context);
  else assert.is(flawsOf([report]), '');
  if (office === null) return skip(noOffice, context);
  const sheets = readWorkbook(report);
  assert.equal([...sheets.keys()], ['Summary', 'Findings', 'Listeners', 'Changes', 'About']);
  assert.equal(cells(sheets.get('Findings'))[1]!.slice(0, 4), ['Forbidden', 'Critical', '2026-01-02T02:00:00', 'TCP 0.0.0.0:23']);
  assert.equal(
    cells(sheets.get('Listeners'))
      .slice(1, 3)
      .map((row) => row[2]),
    ['23', '443'],
  );
  assert.ok(cells(sheets.get('Changes')).some((row) => row[2] === '23' && row[3] === 'Appeared'));
  const summary = cells(sheets.get('Summary'));
  assert.is(summary[0]![0], 'Audit of server7');
  const at = summary.findIndex(([first]) => first === 'Night');
  assert.equal(
    summary.slice(at + 1, at + 3).map((row) => row.slice(0, 2)),
    [
      ['2026-01-01', '1'],
      ['2026-01-02', '2'],
    ],
  );
});

test('several machines: the machine comes first, and each has a line in the summary', async (context) => {
  const output = join(temporaryFolder(), 'two.xlsx');
  const { code } = await run(['--from', snapshotFile(machine('server7', [80, 443])), '--from', snapshotFile(machine('server8', [22])), '--output', output]);
  assert.is(code, 0);
  if (office === null) return skip(noOffice, context);
  const sheets = readWorkbook(output);
  assert.is(cells(sheets.get('Ports'))[0]![0], 'ComputerName');
  const summary = cells(sheets.get('Summary')).map((row) => row.slice(0, 3).join(' '));
  assert.ok(summary.includes('server7 2 2') && summary.includes('server8 1 1'), summary.join('\n'));
});

test('an audit of several machines has one report of all of them', async (context) => {
  const folder = temporaryFolder();
  const [rules, report, csv] = ['policy.yaml', 'all.xlsx', 'all.csv'].map((name) => join(folder, name)) as [string, string, string];
  writeFileSync(rules, policy);
  const from = [machine('server7', [23, 443]), machine('server8', [80]), machine('server9', [23])].flatMap((one) => ['--from', snapshotFile(one, folder)]);
  const { code, err } = await run(['audit', ...from, '--policy', rules, '--report', report, '--report', csv, '--report', join(folder, 'no', 'x.csv')]);
  assert.is(code, 69, 'one of the reports cannot be written');
  assert.match(err, /PO2004: cannot write .*x\.csv/);
  assert.match(readFileSync(csv, 'utf8'), /TCP 0\.0\.0\.0:23,.*server7\r\nForbidden,.*server9\r\n$/);
  if (validator === null) skip(noValidator, context);
  else assert.is(flawsOf([report]), '');
  if (office === null) return skip(noOffice, context);
  const sheets = readWorkbook(report);
  assert.equal(
    cells(sheets.get('Findings'))
      .slice(0, 3)
      .map((row) => row[0]),
    ['ComputerName', 'server7', 'server9'],
  );
  const summary = cells(sheets.get('Summary')).map((row) => row.slice(0, 3).join(' '));
  for (const line of ['server7 1 1', 'server9 1 1', 'server7 2 2', 'server8 1 1']) assert.ok(summary.includes(line), `${line} in ${summary.join('\n')}`);
});

test('every command with rows writes a workbook that is valid', async (context) => {
  const folder = temporaryFolder();
  const made = facts([socket(), socket({ localPort: 8080 }), udp({ localPort: 53 })], { processes: [processFact()], services: [service()], platform: 'win32' });
  const from = snapshotFile(made, folder);
  const later = snapshotFile(facts([socket({ localPort: 81 })], { processes: [processFact()], platform: 'win32' }), folder);
  const store = join(folder, 's.db');
  await run(['audit', '--from', from, '--store', store]);
  await run(['baseline', 'create', join(folder, 'b.yaml'), '--from', from]);
  const lines = [
    ['--from', from],
    ['9999', '--from', from],
    ['443', '--from', from, '--columns', 'report'],
    ['ranges', '--from', from],
    ['conflicts', '--from', from],
    ['why', '443', '--from', from],
    ['diff', from, later],
    ['history', '--store', store],
    ['history', '443', '--store', store],
    ['baseline', 'show', join(folder, 'b.yaml')],
    ['audit', '--from', later, '--baseline', join(folder, 'b.yaml')],
  ];
  const paths = [];
  for (const [index, line] of lines.entries()) {
    const path = join(folder, `${index}.xlsx`);
    const { err, code } = await run([...line, '--output', path]);
    assert.ok([0, 1].includes(code), `${line.join(' ')}: ${code} ${err}`);
    assert.ok(existsSync(path), line.join(' '));
    paths.push(path);
  }
  if (validator === null) return skip(noValidator, context);
  assert.is(flawsOf(paths), '');
});

test('nothing binary goes to a terminal or a pipe', async () => {
  const from = snapshotFile(facts([socket()]));
  for (const more of [['--format', 'xlsx'], ['--xlsx'], ['--format', 'xlsx', '--count', '--output', join(temporaryFolder(), 'n.xlsx')]]) {
    const { code, out, err } = await run(['443', '--from', from, ...more]);
    assert.equal([code, out], [64, '']);
    assert.match(err, /^portowner: PO1005: .*\n(?: {2}.*\n)?$/);
  }
  assert.match((await run(['443', '--from', from, '--format', 'xlsx'])).err, /--format xlsx writes a binary file: it needs --output FILE/);
});

test.run();
