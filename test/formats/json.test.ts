import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { empty, full, hostileRow, problem, sample, written } from '../support/formats.ts';

const test = suite('json');

const { Id: _, ...plain } = full;
const fullText =
  '{"Port":443,"Process":4000000000,"Offset":-7,"Owner":"W3SVC (svchost.exe)","State":"Listen","Elevated":true,' +
  '"Start":"2026-05-04T08:09:11.1234567Z","Services":["W3SVC","WAS"],"Holders":[4,1000]}';

test('one array, one row per line', async () => {
  const { text } = await written('json', sample, [full, empty]);
  assert.is(text, `[\n${fullText},\n${JSON.stringify(empty)}\n]\n`);
});

test('an empty array when there are no rows', async () => assert.is((await written('json', sample, [])).text, '[]\n'));

test('ndjson: one object per line, nothing when there are no rows', async () => {
  assert.is((await written('ndjson', sample, [full, empty])).text, `${fullText}\n${JSON.stringify(empty)}\n`);
  assert.is((await written('ndjson', sample, [])).text, '');
});

test('a missing property is null, only chosen columns are written', async () => {
  const { text } = await written('ndjson', sample, [{ Port: 1 }], { columns: [sample.columns[3], sample.columns[0]] });
  assert.is(text, '{"Owner":null,"Port":1}\n');
});

test('what is not ASCII is escaped', async () => {
  const { text } = await written('ndjson', sample, [{ Owner: 'é漢👍\ud800\x7f\x1b' }], { columns: [sample.columns[3]] });
  assert.is(text, '{"Owner":"\\u00e9\\u6f22\\ud83d\\udc4d\\ud800\\u007f\\u001b"}\n');
});

test('problems are items that are no rows', async () => {
  const item = '{"Problem":"Warning","Code":"PO3002","Message":"some are hidden","Hint":"Run as root.","Target":"pid 4","Category":"PermissionDenied","Terminating":false}';
  assert.is((await written('json', sample, [problem, full])).text, `[\n${item},\n${fullText}\n]\n`);
  assert.is((await written('ndjson', sample, [problem])).text, `${item}\n`);
});

test('problems as rows', async () => {
  const { text } = await written('json', sample, [{ severity: 'Error', code: 'PO2001', message: 'no such file' }], { problems: 'rows' });
  assert.equal(JSON.parse(text), [
    {
      Severity: 'Error',
      Code: 'PO2001',
      Message: 'no such file',
      Hint: 'Make sure that the file exists and that you can read it.',
      Target: null,
      Category: 'ReadError',
      Terminating: false,
    },
  ]);
});

for (const format of ['json', 'ndjson'] as const) {
  test(`${format}: any rows can be read back, in pure ASCII`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(hostileRow, { maxLength: 4 }), async (rows) => {
        const { text } = await written(format, sample, rows);
        assert.match(text, /^[\n -~]*$/);
        const back: unknown =
          format === 'json'
            ? JSON.parse(text)
            : text
                .split('\n')
                .filter(Boolean)
                .map((line): unknown => JSON.parse(line));
        assert.equal(
          back,
          rows.map((row) => ({ ...row })),
        );
      }),
    );
  });
}

test('the sample reads back as it was', async () => {
  assert.equal(JSON.parse((await written('json', sample, [full])).text), [plain]);
});

test.run();
