import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadWriter } from '../../src/formats/formats.ts';
import type { DocumentFrame } from '../../src/formats/writer.ts';
import type { AnyRow, RowSchema } from '../../src/schema/column.ts';
import { finding } from '../../src/schema/finding.ts';
import { facts, process as processFact, socket } from '../support/example.ts';
import { full, hostileText, sample } from '../support/formats.ts';
import { frame } from '../support/frame.ts';
import { run, snapshotFile, temporaryFolder } from '../support/harness.ts';

const test = suite('markdown');

async function written(rows: readonly AnyRow[], more: Partial<DocumentFrame> = {}, schema: RowSchema = sample): Promise<string> {
  let text = '';
  const sink = { write: (part: string) => void (text += part), flush() {} };
  const columns = schema.columns.filter(({ importance }) => importance !== undefined);
  const writer = await loadWriter('md', schema, { columns, sink, problems: 'auto', frame: frame({ title: 'Ports of box', at: '2026-01-02T03:04:05.678Z', ...more }) });
  for (const row of rows) writer.row(row);
  await writer.end();
  return text;
}

test('rows are a table of what tables show', async () => {
  const text = await written([full]);
  assert.match(text, /^## Ports of box\n\n\*\*1 row\*\*\n\n\| Port \| Process \| Offset \| Owner \|/);
  assert.match(text, /\n\| 443 \| 4000000000 \| -7|\n\| 443 \| 4000000000 \| \\-7/);
  assert.match(text, /\| `W3SVC \(svchost\.exe\)` \|/);
  assert.match(text, /\nPortOwner \d[^\n]*, 2026-01-02T03:04:05Z\n$/);
});

test('no more than 25 rows, and how many are left out', async () => {
  const text = await written(Array.from({ length: 40 }, () => full));
  assert.is([...text.matchAll(/^\| 443 /gm)].length, 25);
  assert.match(text, /\n… and 15 more\n/);
});

test('the worst findings come first, each in a line', async () => {
  const row = { Kind: 'Opened', Endpoint: 'TCP 0.0.0.0:80', Owner: 'nginx', Evidence: ['a', 'b'], ComputerName: 'box' };
  const text = await written(
    [
      { ...row, Severity: 'Low' },
      { ...row, Severity: 'Critical', Kind: 'Forbidden' },
    ],
    {},
    finding,
  );
  assert.match(text, /\*\*2 findings \(1 Critical, 1 Low\)\*\*/);
  assert.match(text, /\n- \*\*Critical\*\* Forbidden `TCP 0\.0\.0\.0:80` `nginx`: `a; b`\n- \*\*Low\*\* Opened /);
});

/** Every span of code is left out: nothing acts in it. */
const withoutCode = (text: string): string => text.replace(/(?<!\\)(`+)(?!`)[^]*?(?<!`)\1(?!`)/g, 'CODE');

test('hostile text is no markup, no link, and breaks no line', async () => {
  await fc.assert(
    fc.asyncProperty(hostileText, hostileText, async (a, b) => {
      const row = { Kind: a, Severity: 'High', Endpoint: b, Owner: a, Evidence: [b], ComputerName: a };
      const text = await written([row], { title: a, headline: b, note: a, problems: [{ severity: 'Warning', code: 'PO3002', message: a, hint: b }] }, finding);
      assert.not.match(text, /[\0-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\ufeff]/);
      const plain = withoutCode(text);
      assert.not.match(plain, /(?<!\\)(?:\\\\)*[<[@|]/, JSON.stringify(text));
      const table = await written([{ ...full, Owner: a, State: b }]);
      const cells = table
        .split('\n')
        .filter((line) => line.startsWith('| '))
        .map((line) => [...line.matchAll(/(?<!\\)\|/g)].length);
      assert.is(new Set(cells).size, 1, JSON.stringify(table));
    }),
    { numRuns: 300 },
  );
});

for (const [text, shown] of [
  ['[click](https://example.org)', '\\[click\\](https\\://example.org)'],
  ['<img src=x>', '\\<img src=x\\>'],
  ['@everyone', '\\@everyone'],
  ['# big', '\\# big'],
  ['- item', '\\- item'],
  ['1. item', '1\\. item'],
  ['CAP_SYS_PTRACE and *.log', 'CAP_SYS_PTRACE and \\*.log'],
] as const)
  test(`as text: ${text}`, async () => assert.ok((await written([], { headline: text })).includes(`**${shown}**`), await written([], { headline: text })));

test('the report of an audit that finds nothing says so', async () => {
  const folder = temporaryFolder();
  const from = snapshotFile(facts([socket()], { processes: [processFact()] }), folder);
  await run(['baseline', 'create', join(folder, 'b.yaml'), '--from', from]);
  const report = join(folder, 'a.md');
  assert.is((await run(['audit', '--from', from, '--baseline', join(folder, 'b.yaml'), '--report', report])).code, 0);
  assert.match(readFileSync(report, 'utf8'), /^## Audit of box\n\n\*\*Clean, 1 listener\*\*\n\nPortOwner /);
});

test('what several machines say stands in lines of its own', async () => {
  const text = await written([full], { headline: 'audit of a: clean\naudit of b: 1 finding' });
  assert.match(text, /\n\*\*audit of a: clean\*\* {2}\n\*\*audit of b: 1 finding\*\*\n/);
});

test('nobody owns the port', async () => {
  const { code, out } = await run(['9999', '--from', snapshotFile(facts([socket()])), '--format', 'md']);
  assert.is(code, 1);
  assert.match(out, /\*\*0 rows\*\*\n\nNobody owns port 9999\./);
});

test.run();
