// --format html, by every command that answers with rows.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import * as example from '../../src/build/page-example.ts';
import { pageText } from '../../src/build/page-example.ts';
import type { Facts } from '../../src/facts/model/facts.ts';
import { withPart } from '../../src/formats/zip-part.ts';
import { auditRun, type AuditRun } from '../../src/schema/audit-run.ts';
import { endpoint } from '../../src/schema/endpoint.ts';
import { finding } from '../../src/schema/finding.ts';
import { loadWriter } from '../../src/formats/formats.ts';
import { frame } from '../support/frame.ts';
import { facts, process, socket } from '../support/example.ts';
import { run, snapshotFile, temporaryFolder } from '../support/harness.ts';
import { asked, readHtml } from '../support/read-formats.ts';

const test = suite('the HTML page of commands');

const of = (name: string, ports: readonly number[], at = '2026-01-02T02:00:00.000Z'): Facts => {
  const one = facts(
    ports.map((localPort) => socket({ localPort, pid: 7, holders: [7] })),
    { processes: [process({ pid: 7, imageName: 'web' })] },
  );
  return { ...one, at, machine: { ...one.machine, name } };
};
const alpha = snapshotFile(of('alpha', [80, 443]));
const beta = snapshotFile(of('beta', [8080]));

/** The page that a command line writes, and the rest of what it says. */
async function pageOf(args: readonly string[]): Promise<{ code: number; err: string; text: string; told: (name: string) => string[] }> {
  const output = join(temporaryFolder(), 'answer.html');
  const { code, out, err } = await run([...args, '--output', output]);
  assert.is(out, '');
  const text = readFileSync(output, 'utf8');
  const told = (name: string): string[] =>
    [...text.matchAll(new RegExp(`<(\\w+)[^>]*\\b(?:class="(?:[^"]* )?${name}(?: [^"]*)?"|id="${name}")[^>]*>(.*?)</\\1>`, 'gs'))].map(([, , inner = '']) =>
      inner.replaceAll(/<[^>]*>/g, ''),
    );
  return { code, err, text, told };
}

test('the name of the file is enough, and the rows are those of JSON', async () => {
  const { code, err, text, told } = await pageOf(['--from', alpha]);
  assert.equal([code, err], [0, '']);
  assert.match(text, /^<!doctype html>\n<html lang="en">/);
  assert.ok(text.endsWith('</html>\n'));
  // Columns that nobody asked for are left out.
  assert.equal(readHtml(text), (JSON.parse((await run(['--from', alpha, '--format', 'json'])).out) as object[]).map(asked));
  assert.equal(told('verdict'), ['2 ports in use by 1 program']);
});

test('a pipe gets the page, and a terminal is refused', async () => {
  const { code, out } = await run(['443', '--from', alpha, '--format', 'html']);
  assert.is(code, 0);
  assert.match(out, /<p class="verdict tone-plain">TCP [^<]*:443 belongs to web \(7\)<\/p>/);
  const terminal = { columns: 80, unicode: true, colors: false } as const;
  const refused = await run(['443', '--from', alpha, '--html'], { terminal });
  assert.equal([refused.code, refused.out], [64, '']);
  assert.is(refused.err, 'portowner: PO1005: --format html writes a page for a browser: on a terminal it needs --output FILE\n  For example: --output ports.html\n');
});

test('nobody owns it: the page says so, and the exit code too', async () => {
  const { code, told } = await pageOf(['9', '--from', alpha]);
  assert.equal([code, told('verdict')], [1, ['Nobody owns port 9.']]);
});

test('the ranges of the machine are in the picture of the ports', async () => {
  const one = of('gamma', [80]);
  const reservedPorts = {
    ...one.sections.reservedPorts,
    status: 'ok' as const,
    data: [{ kind: 'Excluded', protocol: 'TCP' as const, family: 'IPv4' as const, start: 5000, end: 5099, source: 'a test' }],
  };
  const file = snapshotFile({ ...one, sections: { ...one.sections, reservedPorts: reservedPorts as never } });
  for (const args of [[], ['ranges']]) assert.match((await pageOf([...args, '--from', file])).text, /<rect class="kept"[^>]*><title>Excluded TCP 5000–5099<\/title>/, args.join());
});

test('several machines are in one page', async () => {
  const { code, text, told } = await pageOf(['--from', alpha, '--from', beta]);
  assert.is(code, 0);
  assert.match(text, /<h1>Ports of alpha, beta<\/h1>/);
  assert.equal(
    [...text.matchAll(/<figure data-machine="(\w+)">/g)].map(([, name]) => name),
    ['alpha', 'beta'],
  );
  assert.equal(told('picker'), ['']);
});

test('every command that answers with rows', async () => {
  const store = join(temporaryFolder(), 'audits.db');
  await run(['audit', '--store', store, '--from', alpha]);
  for (const [args, title] of [
    [['why', '443', '--from', alpha], 'Verdicts on alpha'],
    [['conflicts', '--from', alpha], 'Conflicts'],
    [['ranges', '--from', alpha], 'Ranges of alpha'],
    [['diff', alpha, snapshotFile(of('alpha', [80, 81]))], 'Findings of alpha'],
    [['history', '--store', store], 'Audits of alpha'],
    [['history', '443', '--store', store], 'History of alpha'],
    [['fleet', '--store', store], 'Newest audits of alpha'],
    [['fleet', '443', '--store', store], 'Current listeners of alpha'],
    [['fleet', '--new', '--store', store], 'History'],
    [['fleet', '--versions', '--store', store], 'Versions of programs'],
  ] as const) {
    const { text, told } = await pageOf(args);
    assert.match(text, `<h1>${title}</h1>`, args.join(' '));
    assert.is(told('verdict').length, 1, args.join(' '));
    // An empty list is nothing to search.
    assert.is(/<section aria-labelledby="list" hidden>/.test(text), readHtml(text).length === 0, args.join(' '));
  }
});

test('an audit: on standard output and as a report, with its listeners and the last audits', async () => {
  const folder = temporaryFolder();
  const [store, baseline, report] = ['a.db', 'b.yaml', 'r.html'].map((name) => join(folder, name)) as [string, string, string];
  await run(['baseline', 'create', baseline, '--from', alpha]);
  await run(['audit', '--baseline', baseline, '--store', store, '--from', alpha]);
  const later = snapshotFile(of('alpha', [80, 443, 8080], '2026-01-03T02:00:00.000Z'));
  const { code, text, told } = await pageOf(['audit', '--baseline', baseline, '--store', store, '--from', later, '--report', report]);
  assert.is(code, 1);
  for (const page of [text, readFileSync(report, 'utf8')]) {
    assert.match(page, '<p class="verdict tone-bad">1 finding</p>');
    assert.match(page, /<h3><span class="badge severity-\w+">\w+<\/span> Opened: TCP [^<]*:8080<\/h3>/);
    assert.match(page, 'The last 2 audits of alpha');
    assert.match(page, /"title":"Listeners","kind":"PortOwner\.Endpoint","rows":3/);
    assert.match(page, /1 finding \(1 \w+\), 3 listeners/);
    assert.is(readHtml(page).length, 1);
  }
  assert.equal(told('note').length, 1);
  rmSync(store);
  const clean = await pageOf(['audit', '--baseline', baseline, '--from', alpha]);
  assert.equal([clean.code, clean.told('verdict')], [0, ['No findings']]);
  assert.match(clean.text, 'verdict tone-good');
});

test('what could not be told is in the page, and makes no finding none', async () => {
  const one = of('alpha', [80]);
  const half = snapshotFile({ ...one, sections: { ...one.sections, sockets: { ...one.sections.sockets, status: 'partial', reason: 'a test' } } } as Facts);
  const baseline = join(temporaryFolder(), 'b.yaml');
  await run(['baseline', 'create', baseline, '--from', snapshotFile(one)]);
  const { code, text, told } = await pageOf(['audit', '--baseline', baseline, '--from', half]);
  assert.equal([code, told('verdict')], [69, ['No findings, but not everything could be checked']]);
  assert.match(text, /class="verdict tone-unknown"/);
  assert.match(told('problems').join(), 'What could not be determined');
});

test('wide characters get the room that they take', async () => {
  const wide = of('alpha', [80, 443, 8080]);
  const name = '资料库服务器'.repeat(6);
  const processes = { ...wide.sections.processes, data: [process({ pid: 7, imageName: name })] };
  const { text } = await pageOf(['--from', snapshotFile({ ...wide, sections: { ...wide.sections, processes } } as Facts)]);
  const labels = [...text.matchAll(/<text class="label"[^>]*>([^<]*)</g)].map(([, label]) => label!);
  assert.ok(labels.length > 0);
  // A label has room for 150 pixels, and such a character takes 11 of them.
  for (const label of labels) assert.ok([...label].filter((character) => character > '\u2e80').length <= 13, label);
});

test('a very long text is cut in a card', async () => {
  const long = '\u{1f600}'.repeat(20_000);
  const [first] = example.findings;
  const row = { ...first!, Owner: `x${long}`, Description: long, Evidence: [long, 'short'], Remedy: [long] };
  const [card = ''] = /<article[^]*?<\/article>/.exec(await pageText(finding, [row])) ?? [];
  assert.match(card, '<li>short</li>');
  assert.ok(card.length < 5000, `${card.length}`);
  assert.match(card, '\u{1f600}…');
  assert.not.match(card, /\ud83d…|\\u/);
});

/** The pictures of a page. */
const figures = (text: string): string[] => [...text.matchAll(/<figure[^]*?<\/figure>/g)].map(([figure]) => figure);

test('the last nights are drawn in their order, whatever order the rows have', async () => {
  const [newest, oldest] = await Promise.all([example.runs, example.runs.toReversed()].map((runs) => pageText(auditRun, runs)));
  assert.is(figures(newest!).length, 1);
  assert.equal(figures(oldest!), figures(newest!));
});

test('the pictures of the first machines say so', async () => {
  const rows = Array.from({ length: 60 }, (_, i) => ({ ...example.listeners[0]!, ComputerName: `box${i}` }));
  const text = await pageText(endpoint, rows);
  assert.is(figures(text).length, 40);
  assert.match(text, '<p class="quiet">The pictures show the first 40 of 60 machines.</p>');
  assert.not.match(await pageText(endpoint, rows.slice(0, 40)), 'The pictures show');
});

/** The summary of a workbook about audits: its sheet, and the texts of the workbook. */
async function summaryOf(nights: readonly AuditRun[]): Promise<{ sheet: string; strings: string }> {
  const bytes: Uint8Array[] = [];
  const writer = await loadWriter('xlsx', auditRun, {
    columns: auditRun.columns,
    sink: { write() {}, flush() {}, bytes: (more) => void bytes.push(more) },
    problems: 'auto',
    frame: frame({ nights }),
  });
  await writer.end();
  const parts = { sheet: '', strings: '' };
  withPart(Buffer.concat(bytes), 'xl/sharedStrings.xml', (part) => (parts.strings = part));
  withPart(Buffer.concat(bytes), 'xl/worksheets/sheet1.xml', (part) => (parts.sheet = part));
  return parts;
}

test('the chart of a workbook says which nights and machines it contains', async () => {
  for (const [nights, machines, heading] of [
    [1, 1, 'Listeners, the last night'],
    [30, 8, 'Listeners, the last 30 nights'],
    [2, 12, 'Listeners, the last 2 nights, 8 of 12 machines'],
  ] as const) {
    const runs = Array.from({ length: nights }, (_, ago) => Array.from({ length: machines }, (_, i) => ({ ...example.runs[ago]!, ComputerName: `box${i}` }))).flat();
    const { strings } = await summaryOf(runs);
    assert.ok(strings.includes(`>${heading}<`), heading);
  }
});

test('the nights of a workbook are in the order of their dates, also of machines with different nights', async () => {
  const runs = [
    ...example.runs.slice(3, 6).map((one) => Object.assign({}, one, { ComputerName: 'box1' })),
    ...example.runs.slice(0, 3).map((one) => Object.assign({}, one, { ComputerName: 'box2' })),
  ];
  const { sheet, strings } = await summaryOf(runs);
  const texts = [...strings.matchAll(/<si>.*?<\/si>/gs)].map(([text]) => text.replaceAll(/<[^>]*>/g, ''));
  const shown = [...sheet.matchAll(/<c [^>]*t="s"[^>]*><v>(\d+)<\/v>/g)].map(([, i]) => texts[Number(i)]!).filter((text) => /^\d{4}-\d\d-\d\d$/.test(text));
  assert.equal(
    shown,
    example.runs
      .slice(0, 6)
      .map(({ RunTime }) => RunTime!.slice(0, 10))
      .toSorted(),
  );
});

test('a report says why an audit counts fewer listeners than its list has sockets', async () => {
  const of = (ports: readonly number[]): string =>
    snapshotFile({
      ...facts(
        ports.map((localPort) => socket({ localPort })),
        { processes: [process()] },
      ),
      at: '2026-01-02T02:00:00.000Z',
    });
  const policy = join(temporaryFolder(), 'p.yaml');
  writeFileSync(policy, 'kind: PortOwner.Policy\nversion: 1\nrules: []\n');
  const remark = '3 sockets of 2 listeners: an audit counts the sockets of a program as one listener if they have the same address and port, or ports from the dynamic range.';
  for (const [file, told] of [
    [of([443, 50_001, 50_002]), true],
    [of([443, 80]), false],
  ] as const) {
    const { text } = await pageOf(['audit', '--policy', policy, '--from', file]);
    assert.is(text.includes(`<p class="note">Listeners: ${remark}</p>`), told);
    const book = join(temporaryFolder(), 'a.xlsx');
    await run(['audit', '--policy', policy, '--from', file, '--output', book]);
    let strings = '';
    withPart(readFileSync(book), 'xl/sharedStrings.xml', (part) => (strings = part));
    assert.is(strings.includes(remark), told);
    assert.match(strings, /2 listeners/);
  }
});

test('of years of nights the last ones are drawn', async () => {
  const runs = [...Array(5000).keys()].map((ago) => Object.assign({}, example.runs[0], { RunTime: new Date(Date.UTC(2026, 4, 4, 2) - ago * 86_400_000).toISOString() }));
  const [figure] = figures(await pageText(auditRun, runs));
  assert.match(figure!, 'The last 100 audits of SERVER7');
  assert.match(figure!, 'to 2026-05-04');
  assert.match(figure!, '<p class="quiet">The last 100 of 5000 audits, 2026-01-25 to 2026-05-04.</p>');
  const [few] = figures(await pageText(auditRun, runs.slice(0, 2)));
  assert.match(few!, '<p class="quiet">2 audits, 2026-05-03 to 2026-05-04.</p>');
});

test.run();
