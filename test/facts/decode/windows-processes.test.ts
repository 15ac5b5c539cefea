import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { memoryOf } from '../../../src/facts/decode/windows-memory.ts';
import { createdText, decodeProcessDetails, decodeProcesses } from '../../../src/facts/decode/windows-processes.ts';
import { base, filetime, processList } from '../../support/windows-raw.ts';

const test = suite('windows processes');

const decode = (bytes: Uint8Array) => decodeProcesses(memoryOf(bytes, base.toString(16))!);
const started = '2026-01-02T03:04:05.1234567Z';

test('the list, with names of every kind', () => {
  const bytes = processList([
    { pid: 0, name: '' },
    { pid: 4, name: 'System', threads: 200 },
    { pid: 1234, parent: 4, name: 'Wörter 端口.exe', created: filetime(started), threads: 0 },
    { pid: 4_294_967_292, parent: 1234, name: 'half \ud83d.exe', created: filetime(started) },
  ]);
  assert.equal(
    [...decode(bytes).data.values()],
    [
      { pid: 0, parent: 0, imageName: null, started: null },
      { pid: 4, parent: 0, imageName: 'System', started: null },
      { pid: 1234, parent: 4, imageName: 'Wörter 端口.exe', started },
      { pid: 4_294_967_292, parent: 1234, imageName: 'half \ud83d.exe', started },
    ],
  );
  assert.is(decode(bytes).flaw, null);
});

test('a list that is cut off gives what is whole', () => {
  const bytes = processList([
    { pid: 4, name: 'System' },
    { pid: 8, name: 'a.exe' },
  ]);
  assert.equal(decode(bytes.subarray(0, bytes.length - 200)), {
    data: new Map([
      [4, { pid: 4, parent: 0, imageName: 'System', started: null }],
      [8, { pid: 8, parent: 0, imageName: null, started: null }],
    ]),
    flaw: null,
  });
  assert.is(decode(bytes.subarray(0, 400)).flaw, 'the list of processes is cut off');
  assert.is(decode(new Uint8Array(0)).flaw, 'the list of processes is cut off');
});

test('a chain that does not move on is no endless loop', () => {
  const bytes = processList([
    { pid: 4, name: 'System' },
    { pid: 8, name: 'a.exe' },
  ]);
  bytes.writeUInt32LE(1, 0);
  assert.is(decode(bytes).flaw, 'the list of processes is broken');
});

test('any bytes: no crash, no endless loop', () => {
  const good = processList([
    { pid: 4, name: 'System' },
    { pid: 8, name: 'a.exe' },
    { pid: 12, name: 'b.exe' },
  ]);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 20 }), fc.nat(good.length), (changes, length) => {
      const bytes = Buffer.from(good);
      for (const [offset, value] of changes) bytes[offset] = value;
      assert.ok(decode(bytes.subarray(0, length)).data.size <= bytes.length / 96);
    }),
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => void decode(bytes)));
});

const refusal = { refusal: { code: 'AccessDenied', text: 'OpenProcess was denied' } } as const;

test('what a process says of itself', () => {
  const details = { created: { value: '1' }, path: { value: 'C:\\a.exe' }, user: refusal, realUser: null, commandLine: null };
  assert.equal(decodeProcessDetails(JSON.stringify(details)), details);
  assert.equal(decodeProcessDetails(JSON.stringify({ ...details, commandLine: { value: 'a' } })).commandLine, { value: 'a' });
  assert.equal(decodeProcessDetails(JSON.stringify({ ...details, realUser: { value: 'BOX\\ann' } })).realUser, { value: 'BOX\\ann' });
});

test('any text: every member is told or refused', () => {
  const unreadable = { refusal: { code: 'Failed', text: 'the answer is not readable' } };
  for (const text of ['', 'null', '[]', '1', '{"path":{"value":1}}', '{"path":{"refusal":{"code":"Nope","text":"x"}}}', '{"path":{"refusal":{"code":"Gone"}}}']) {
    assert.equal(decodeProcessDetails(text), { created: unreadable, path: unreadable, user: unreadable, realUser: null, commandLine: unreadable }, text);
  }
  fc.assert(fc.property(fc.json(), (text) => void decodeProcessDetails(text)));
  fc.assert(fc.property(fc.string(), (text) => void decodeProcessDetails(text)));
});

test('a creation time as text', () => {
  assert.is(createdText({ value: String(filetime(started)) }), started);
  for (const value of ['', '0', '-1', 'x', '99999999999999999999', '9999999999999999999']) assert.is(createdText({ value }), null, value);
  assert.is(createdText(refusal), null);
});

test.run();
