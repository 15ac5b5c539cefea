import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { withPart } from '../../src/formats/zip-part.ts';
import { facts, process as processFact, service, socket } from '../support/example.ts';
import { run, snapshotFile, temporaryFolder } from '../support/harness.ts';

const test = suite('portowner report');
const folder = temporaryFolder();
const file = (name: string): string => join(folder, name);

function snapshot(ports: readonly number[], name = 'box'): string {
  const made = facts(
    ports.map((localPort) => socket({ localPort })),
    { processes: [processFact()], services: [service({ name: 'a & b' })] },
  );
  return snapshotFile({ ...made, machine: { ...made.machine, name } }, folder);
}

async function saved(name: string, args: readonly string[]): Promise<string> {
  await run([...args, '--format', 'clixml', '--output', file(name)]);
  return file(name);
}

/** The text of a part of a workbook. */
function partOf(path: string, name: string): string {
  let found = '';
  withPart(readFileSync(path), name, (text) => (found = text));
  return found;
}

const policy = file('policy.yaml');
writeFileSync(policy, 'kind: PortOwner.Policy\nversion: 1\nrules:\n  - name: no telnet\n    action: forbid\n    ports: telnet\n    severity: Critical\n');
const machine = snapshot([443, 23, 80]);
const ports = await saved('ports.clixml', ['--from', machine]);
const findings = await saved('findings.clixml', ['audit', '--from', machine, '--policy', policy]);

test('saved rows are what they were', async () => {
  for (const [args, rows] of [
    [['--from', machine], ports],
    [['audit', '--from', machine, '--policy', policy], findings],
  ] as const) {
    const direct = JSON.parse((await run([...args, '--format', 'json', '--columns', 'report'])).out) as unknown;
    const { code, err } = await run(['report', rows, '--output', file('again.json'), '--columns', 'report']);
    assert.equal([code, err], [0, '']);
    const again = JSON.parse(readFileSync(file('again.json'), 'utf8')) as Record<string, unknown>[];
    // Which columns of connections there are, only the main question knows.
    assert.equal(
      again.map(({ RemoteAddress: _a, RemotePort: _p, ...row }) => row),
      direct,
    );
  }
});

test('findings lead to their listeners, in a workbook of both', async () => {
  assert.is((await run(['report', ports, findings, '--output', file('both.xlsx'), '--title', 'Both'])).code, 0);
  const names = [...partOf(file('both.xlsx'), 'xl/workbook.xml').matchAll(/<sheet name="([^"]*)"/g)].map(([, name]) => name);
  assert.equal(names, ['Summary', 'Findings', 'Ports', 'About']);
  // The rows are in the order of their ports: 23 is the first.
  assert.match(partOf(file('both.xlsx'), 'xl/worksheets/sheet2.xml'), /<hyperlink ref="D2" location="(?:'|&apos;)Ports(?:'|&apos;)!A2"\/>/);
});

test('the header and the rows are a table', async () => {
  await run(['report', ports, '--output', file('t.xlsx'), '--columns', 'Protocol,LocalPort']);
  assert.match(
    partOf(file('t.xlsx'), 'xl/tables/table1.xml'),
    / ref="A1:B4".*<autoFilter ref="A1:B4"\/>.*<tableColumn id="1" name="Protocol"\/><tableColumn id="2" name="LocalPort"\/>.*showRowStripes="1"/,
  );
  const sheet = partOf(file('t.xlsx'), 'xl/worksheets/sheet2.xml');
  assert.match(sheet, /<pane ySplit="1" topLeftCell="A2" state="frozen"/);
  assert.match(sheet, /<pageSetup [^>]*orientation="landscape" fitToWidth="1" fitToHeight="0"/);
  assert.match(partOf(file('t.xlsx'), 'xl/workbook.xml'), /_xlnm\.Print_Titles[^>]*>'?Ports'?!\$1:\$1</);
});

test('rows of several machines come together', async () => {
  const other = await saved('other.clixml', ['--from', snapshot([22], 'server8')]);
  await run(['report', ports, other, '--output', file('two.csv'), '--columns', 'ComputerName,LocalPort']);
  assert.is(readFileSync(file('two.csv'), 'utf8'), '\ufeffComputerName,LocalPort\r\nbox,23\r\nbox,80\r\nbox,443\r\nserver8,22\r\n');
});

for (const [what, args, message, code] of [
  ['no --output', ['report', ports], /PO1001: missing --output/, 64],
  ['an unknown ending', ['report', ports, '--output', file('x.yaml')], /PO1001: cannot tell the report format/, 64],
  ['two kinds in CSV', ['report', ports, findings, '--output', file('x.csv')], /PO1005: the format csv can contain rows of only one kind, but these are Findings, Ports/, 64],
  ['two kinds in Markdown', ['report', ports, findings, '--output', file('x.md')], /PO1005: the format md can contain rows of only one kind, but these are Findings, Ports/, 64],
  ['two kinds in SARIF', ['report', ports, findings, '--output', file('x.sarif')], /PO1005: the format sarif can contain rows of only one kind/, 64],
  ['ports in SARIF', ['report', ports, '--output', file('x.sarif')], /PO1005: the format sarif can contain only findings, but these are Ports/, 64],
  ['an unknown column', ['report', ports, '--output', file('x.csv'), '--columns', 'Nothing'], /PO1003: unknown column "Nothing"/, 64],
  ['a file that is no CLIXML', ['report', machine, '--output', file('x.csv')], /PO2002: .* is no/, 69],
  ['no file', ['report', file('missing'), '--output', file('x.csv')], /PO2001/, 69],
  ['the same file', ['report', ports, '--output', ports], /PO1005: .* are the same file/, 64],
] as const)
  test(`refused: ${what}`, async () => {
    const outcome = await run(args);
    assert.is(outcome.code, code, outcome.err);
    assert.match(outcome.err, message);
    for (const name of ['x.yaml', 'x.csv', 'x.md', 'x.sarif']) assert.not.ok(existsSync(file(name)), name);
  });

test('a night without findings is SARIF without results', async () => {
  const none = file('none.clixml');
  writeFileSync(none, '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04" />');
  const { code, err } = await run(['report', none, '--output', file('none.sarif')]);
  assert.equal([code, err], [0, '']);
  const log = JSON.parse(readFileSync(file('none.sarif'), 'utf8')) as { runs: { results: unknown[] }[] };
  assert.equal(
    log.runs.map(({ results }) => results),
    [[]],
  );
});

test('audits without a time are rows, and no nights of a chart', async () => {
  for (const time of ['', '<S N="RunTime">yesterday</S>'])
    for (const ending of ['xlsx', 'html', 'md']) {
      writeFileSync(
        file('runs.clixml'),
        `<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><Obj RefId="0"><TN RefId="0"><T>PortOwner.AuditRun</T></TN><Props>${time}<I32 N="Listeners">20</I32><S N="ComputerName">a</S></Props></Obj></Objs>`,
      );
      const { code, err } = await run(['report', file('runs.clixml'), '--output', file(`runs.${ending}`)]);
      assert.equal([code, err], [0, ''], `${ending} ${time}`);
    }
});

test('other objects are refused', async () => {
  writeFileSync(
    file('p.clixml'),
    '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><Obj RefId="0"><TN RefId="0"><T>System.Diagnostics.Process</T></TN><Props><S N="Name">x</S></Props></Obj></Objs>',
  );
  const { code, err } = await run(['report', file('p.clixml'), '--output', file('p.csv')]);
  assert.is(code, 69);
  assert.match(err, /PO2002: .*p\.clixml contains an object of the type System\.Diagnostics\.Process; expected rows of PortOwner/);
});

test('the module hears of the objects, not of the file that it saved them in', async () => {
  for (const [object, type] of [
    ['<Obj RefId="0"><TN RefId="0"><T>System.Diagnostics.Process</T></TN><Props><S N="Name">x</S></Props></Obj>', 'System.Diagnostics.Process'],
    ['<I32>1</I32>', 'System.Int32'],
    ['<S>a</S>', 'System.String'],
  ] as const) {
    writeFileSync(file('temporary.clixml'), `<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">${object}</Objs>`);
    const { code, out } = await run(['report', file('temporary.clixml'), '--output', file('p.csv'), '--problems', 'rows']);
    assert.is(code, 69);
    assert.match(out, `the pipeline contains an object of the type ${type}; expected rows of PortOwner`);
    assert.match(out, 'Pipe objects from functions of this module');
    assert.not.match(out, /temporary/);
  }
});

test('a report on standard output', async () => {
  for (const args of [['--output', '-'], []]) {
    const { code, out, err } = await run(['report', ports, '--format', 'csv', '--columns', 'LocalPort,Protocol', ...args]);
    assert.equal([code, out, err], [0, 'LocalPort,Protocol\r\n23,TCP\r\n80,TCP\r\n443,TCP\r\n', '']);
  }
  const binary = await run(['report', ports, '--format', 'xlsx', '--output', '-']);
  assert.is(binary.code, 64);
  assert.match(binary.err, /^portowner: PO1005: --format xlsx writes a binary file: it needs --output FILE\n/);
  const nameless = await run(['report', ports, '--output', '-']);
  assert.is(nameless.code, 64);
  assert.match(nameless.err, /PO1001: missing --output.*\n.*use --format/);
});

test.run();
