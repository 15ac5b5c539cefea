import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { neutraliser } from '../../src/formats/csv.ts';
import type { AnyRow } from '../../src/schema/column.ts';
import { empty, full, hostileRow, hostileText, sample, written } from '../support/formats.ts';
import { cpuMs } from '../support/cpu.ts';

const test = suite('csv');
const neutralise = neutraliser();

const header = 'Port,Process,Offset,Owner,State,Elevated,Start,Services,Holders';

/** A reader of its own after RFC 4180, which knows nothing of the writer. */
function parse(text: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  let at = 0;
  while (at < text.length) {
    let field = '';
    if (text[at] === '"') {
      for (at++; text[at] !== '"' || text[at + 1] === '"'; at++) {
        if (at >= text.length) throw new Error('a quote is not closed');
        if (text[at] === '"') at++;
        field += text[at];
      }
      at++;
    } else {
      while (at < text.length && !',"\r\n'.includes(text.charAt(at))) field += text[at++];
    }
    record.push(field);
    if (text[at] === ',') at++;
    else if (text.startsWith('\r\n', at)) {
      at += 2;
      records.push(record);
      record = [];
    } else throw new Error(`neither a comma nor a line end at ${at}`);
  }
  return records;
}

const asText = (value: AnyRow[string]): string => (value == null ? '' : typeof value === 'object' ? value.join('; ') : String(value));

test('a header, every type, CRLF', async () => {
  const { text } = await written('csv', sample, [full, empty]);
  assert.is(text, `${header}\r\n443,4000000000,-7,W3SVC (svchost.exe),Listen,true,2026-05-04T08:09:11.1234567Z,W3SVC; WAS,4; 1000\r\n,,,,,,,,\r\n`);
});

test('the header alone when there are no rows', async () => assert.is((await written('csv', sample, [])).text, `${header}\r\n`));

test('only the chosen columns, in their order', async () => {
  const { text } = await written('csv', sample, [full], { columns: [sample.columns[4], sample.columns[0]] });
  assert.is(text, 'State,Port\r\nListen,443\r\n');
});

test('a row of one empty value is not an empty line', async () => {
  const { text } = await written('csv', sample, [empty], { columns: [sample.columns[3]] });
  assert.is(text, 'Owner\r\n""\r\n');
});

test('another delimiter: what has it is quoted, and what has a comma is not', async () => {
  const { text } = await written('csv', sample, [{ ...empty, Owner: 'a;b', State: 'a,b' }], { delimiter: ';' });
  assert.is(text, `${header.replaceAll(',', ';')}\r\n;;;"a;b";a,b;;;;\r\n`);
});

test('another delimiter: a formula behind a comma does not run where commas separate', () => {
  assert.is(neutraliser(';')('a,=1+1'), "a,'=1+1");
  assert.is(neutraliser('\t')('a;=1+1,@b'), "a;'=1+1,'@b");
  assert.is(neutralise('a,=1+1'), 'a,=1+1');
});

test('on a pipe values stay as they are, without a byte order mark', async () => {
  const { text } = await written('csv', sample, [{ ...empty, Owner: '=1+1', State: 'a"b,c\r\nd' }]);
  assert.is(text, `${header}\r\n,,,=1+1,"a""b,c\r\nd",,,,\r\n`);
});

test('for a spreadsheet: a byte order mark, no formulas, numbers stay numbers', async () => {
  const { text } = await written('csv', sample, [{ ...empty, Offset: -7, Owner: "=cmd|' /C calc'!A0", Services: ['ok', '+1'] }], { excel: true });
  assert.is(text, `\ufeff${header}\r\n,,-7,'=cmd|' /C calc'!A0,,,,ok;' +1,\r\n`);
});

const formulas: [text: string, safe: string][] = [
  ['nginx', 'nginx'],
  ['a=b', 'a=b'],
  ['', ''],
  ['=1', "'=1"],
  ['+1', "'+1"],
  ['-bash', "'-bash"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\uff1d1', "'\uff1d1"],
  ['\uff0b1', "'\uff0b1"],
  ['\uff0d1', "'\uff0d1"],
  ['\uff201', "'\uff201"],
  ['  =1', "'  =1"],
  ['"=1', '\'"=1'],
  ["'=1", "''=1"],
  ['\u00a0=1', "'\u00a0=1"],
  ['\tx', "'\tx"],
  ['\rx', "'\rx"],
  ['a;=1', "a;'=1"],
  ['a; -1;b', "a;' -1;b"],
  ['a\n=1', "a\n'=1"],
  ['a\t@x', "a\t'@x"],
];
for (const [text, safe] of formulas) test(`neutralises ${JSON.stringify(text)}`, () => assert.is(neutralise(text), safe));

test('no text keeps a formula, and only apostrophes are added', () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      const safe = neutralise(text);
      const cells = safe.split(/[;\t\r\n]/);
      return cells.every((cell) => cell.startsWith("'") || !/^[\s"]*[=+\-@\uff0b\uff0d\uff1d\uff20]/.test(cell)) && safe.replaceAll("'", '') === text.replaceAll("'", '');
    }),
    { numRuns: 1000 },
  );
});

test('a long hostile text takes no long time', () => {
  const time = cpuMs(() => {
    for (const part of [' ', '"', '\n', ';', '\t ', ";'"]) neutralise(`${part.repeat(200_000)}x`);
  });
  assert.ok(time < 5000, `${time} ms`);
});

test('any rows can be read back', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(hostileRow, { maxLength: 4 }), async (rows) => {
      const { text } = await written('csv', sample, rows);
      assert.equal(parse(text), [header.split(','), ...rows.map((row) => header.split(',').map((name) => asText(row[name])))]);
    }),
  );
});

test('on a terminal no value acts, elsewhere each stays as it is', async () => {
  const row = { ...empty, Owner: '\u001b[2Jevil\r\n\u202e' };
  const terminal = { columns: 80, colors: false, unicode: true };
  assert.is((await written('csv', sample, [row], { terminal })).text.split('\r\n')[1], ',,,\\x1b[2Jevil\\r\\n\\u202e,,,,,');
  assert.ok((await written('csv', sample, [row])).text.includes(row.Owner));
});

test.run();
