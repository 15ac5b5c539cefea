import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { empty, full, hostileRow, sample, written } from '../support/formats.ts';

const test = suite('list');

const first = `Port     : 443
Process  : 4000000000
Offset   : -7
Owner    : W3SVC (svchost.exe)
State    : Listen
Elevated : true
Start    : 2026-05-04T08:09:11.1234567Z
Services : W3SVC
           WAS
Holders  : 4
           1000
`;
const second = 'Port     :\nProcess  :\nOffset   :\nOwner    :\nState    :\nElevated :\nStart    :\nServices :\nHolders  :\n';

test('a block per row, an empty line between', async () => {
  assert.is((await written('list', sample, [full, empty])).text, `${first}\n${second}`, 'a row of nothing is seen, too');
  assert.is((await written('list', sample, [full, empty], { asked: true })).text, `${first}\n${second}`);
  assert.is((await written('list', sample, [])).text, '');
});

test('what has no value has no line, unless somebody asked for it', async () => {
  const row = { ...empty, Port: 443, Elevated: false };
  assert.is((await written('list', sample, [row])).text, 'Port     : 443\nElevated : false\n');
  assert.is((await written('list', sample, [row], { asked: true })).text, second.replace('Port     :', 'Port     : 443').replace('Elevated :', 'Elevated : false'));
});

test('items that are sentences keep their commas, and each its line', async () => {
  const services = ['systemctl stop a, b  # one', 'kill 1\n2'];
  const { text } = await written('list', sample, [{ ...full, Services: services }], { columns: [sample.columns.find(({ name }) => name === 'Services')!] });
  assert.is(text, 'Services : systemctl stop a, b  # one\n           kill 1\\n2\n');
});

test('names are colored on a terminal that wants it', async () => {
  const { text } = await written('list', sample, [full], { columns: [sample.columns[0]], terminal: { columns: 80, colors: true, unicode: true } });
  assert.is(text, '\x1b[32mPort :\x1b[39m 443\n');
});

test('no row sends anything to the terminal but its own lines', async () => {
  await fc.assert(
    fc.asyncProperty(hostileRow, async (row) => {
      const { text } = await written('list', sample, [row], { asked: true });
      assert.not.match(text, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/);
      const items = Object.values(row).reduce((sum: number, value) => sum + (Array.isArray(value) ? Math.max(0, value.length - 1) : 0), 0);
      assert.is(text.split('\n').length, 10 + items);
    }),
  );
});

test.run();
