import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { formats as allFormats, loadWriter, traitsOf } from '../../src/formats/formats.ts';
import { endpoint } from '../../src/schema/endpoint.ts';
import { empty, full, problem, sample, written } from '../support/formats.ts';

const test = suite('formats');

test('the names', () => assert.equal(allFormats, ['table', 'list', 'csv', 'clixml', 'json', 'ndjson', 'ecs', 'otlp', 'prom', 'md', 'sarif', 'html', 'xlsx']));

// Whole documents have tests of their own.
const formats = allFormats.filter((format) => traitsOf(format).whole !== true);

for (const format of formats) {
  const carries = ['clixml', 'json', 'ndjson'].includes(format);

  test(`${format}: nothing is written before the first call`, async () => {
    let text = '';
    const sink = { write: (more: string) => void (text += more), flush: () => {} };
    const writer = await loadWriter(format, sample, { columns: sample.columns, sink, problems: 'auto' });
    assert.is(text, '');
    writer.row(full);
    writer.flush();
    await writer.end();
    assert.ok(text.endsWith('\n'));
  });

  test(`${format}: ${carries ? 'carries problems' : 'has no place for problems'}`, async () => {
    const { writer } = await written(format, sample, [full, empty]);
    assert.is(writer.carriesProblems, carries);
    if (!carries) assert.throws(() => writer.problem(problem), /carries no problems/);
  });

  test(`${format}: every column of a real schema`, async () => {
    const row = Object.fromEntries(
      endpoint.columns.map(({ name, type }) => [
        name,
        {
          text: name,
          date: '2026-01-02T03:04:05Z',
          boolean: true,
          uint16: 1,
          uint32: 2,
          uint64: 5,
          int32: 3,
          double: 1.5,
          texts: [name],
          uint32s: [4],
          ancestors: [{ ProcessId: 1, ImageName: 'systemd', Application: 'systemd', StartTime: null, Role: null }],
        }[type],
      ]),
    );
    const { text } = await written(format, endpoint, [row]);
    for (const column of endpoint.columns) {
      if ('liveAliasOf' in column) assert.not.match(text, new RegExp(`\\b${column.name}\\b`));
      else assert.match(text, new RegExp(`\\b${column.name}\\b`));
    }
  });
}

test.run();
