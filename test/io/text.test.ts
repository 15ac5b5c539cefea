import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ownProgram } from '../support/own-program.ts';
import { decodeText, TextError } from '../../src/io/text.ts';
import { liveBinder, liveSource } from '../../src/machine/live.ts';
import { run, snapshotFile, temporaryFolder } from '../support/harness.ts';
import { facts, socket } from '../support/example.ts';
import { skip, type TestContext } from '../support/skip.ts';

const test = suite<TestContext>('text of files');

function refused(bytes: Uint8Array): TextError {
  try {
    decodeText(bytes);
  } catch (error) {
    if (error instanceof TextError) return error;
    throw error;
  }
  throw new Error('it was read');
}

const utf16be = (text: string): Buffer => Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(text, 'utf16le').swap16()]);

test('UTF-8 and UTF-16 with a byte order mark', () => {
  for (const text of ['', 'a\nb', 'böse €  \u{1f4a9}', '\ufffd stays']) {
    assert.is(decodeText(Buffer.from(text)), text);
    assert.is(decodeText(Buffer.from(`\ufeff${text}`)), text);
    assert.is(decodeText(Buffer.from(`\ufeff${text}`, 'utf16le')), text);
    assert.is(decodeText(utf16be(text)), text);
  }
});

const wrong: [bytes: Uint8Array, why: RegExp, line: number, column: number][] = [
  [Buffer.from('ab\ncd \xf6', 'latin1'), /not UTF-8/, 2, 4],
  [Buffer.from('\xf6', 'latin1'), /not UTF-8/, 1, 1],
  [Buffer.concat([Buffer.from('ä\ufffd€'), Buffer.from([0x80])]), /not UTF-8/, 1, 4],
  [Buffer.from([0x61, 0xe2, 0x82]), /not UTF-8/, 1, 2],
  // CESU-8, an overlong form, and a value that no character has.
  [Buffer.from([0xed, 0xa0, 0x80]), /not UTF-8/, 1, 1],
  [Buffer.from([0x0a, 0xc0, 0xaf]), /not UTF-8/, 2, 1],
  [Buffer.from([0xf4, 0x90, 0x80, 0x80]), /not UTF-8/, 1, 1],
  [Buffer.concat([Buffer.from('\ufeffab', 'utf16le'), Buffer.from([0x00, 0xd8])]), /not UTF-16/, 1, 3],
  [Buffer.concat([utf16be('a\n'), Buffer.from([0xdc])]), /not UTF-16/, 2, 1],
  [Buffer.from('a\nb\0c'), /NUL/, 2, 2],
  [Buffer.from('ab', 'utf16le'), /NUL/, 1, 2],
  [Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]), /UTF-32/, 1, 1],
  [Buffer.from([0, 0, 0xfe, 0xff, 0, 0, 0, 0x61]), /UTF-32/, 1, 1],
];
for (const [bytes, why, line, column] of wrong) {
  test(`${Buffer.from(bytes).toString('hex')} is refused`, () => {
    const error = refused(bytes);
    assert.match(error.message, why);
    assert.equal([error.line, error.column], [line, column]);
  });
}

test('whatever is read is what was written', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      let text: string;
      try {
        text = decodeText(bytes);
      } catch (error) {
        return error instanceof TextError && error.line >= 1 && error.column >= 1;
      }
      const body = Buffer.from(bytes);
      return [Buffer.from(text), Buffer.from(`\ufeff${text}`), Buffer.from(`\ufeff${text}`, 'utf16le'), utf16be(text)].some((one) => one.equals(body));
    }),
    { numRuns: 2000 },
  );
});

const folder = temporaryFolder();
const snapshot = snapshotFile(facts([socket({ localPort: 443 })]), folder);
/** A file in Latin-1: its letter ö is no UTF-8. */
function latin1(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, Buffer.from(text, 'latin1'));
  return path;
}
const policy = latin1('p.yaml', 'kind: PortOwner.Policy\nversion: 1\nrules:\n  - {name: no b\xf6se, action: forbid, program: b\xf6se}\n');
const baseline = latin1('b.yaml', 'kind: PortOwner.Baseline\nversion: 1\nlisteners:\n  - {port: 443, protocol: TCP, address: 127.0.0.1, program: /tmp/b\xf6se}\n');
const facts1 = latin1('f.json', readFileSync(snapshot, 'utf8').replace('"box"', '"b\xf6x"'));
const clixml = latin1('c.clixml', '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">\n<S>b\xf6se</S></Objs>');
const declared = latin1('d.clixml', '<?xml version="1.0" encoding="ISO-8859-1"?>\n<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><S>a</S></Objs>');
const recording = join(folder, 'raw');
mkdirSync(recording);
latin1('raw/envelope.json', '{"kind": "PortOwner.Raw",\n "b\xf6se": 1}');

const commands: [args: string[], where: RegExp][] = [
  [['audit', '--policy', policy, '--from', snapshot], /p\.yaml, line 4, column 16: it is not UTF-8 text/],
  [['audit', '--baseline', baseline, '--from', snapshot], /b\.yaml, line 4, column 67/],
  [['baseline', 'show', baseline], /b\.yaml, line 4, column 67/],
  [['baseline', 'update', baseline, '--from', snapshot], /b\.yaml, line 4, column 67/],
  [['free', '--policy', policy], /p\.yaml, line 4, column 16/],
  [['--from', facts1], /f\.json, line 1, column \d+: it is not UTF-8/],
  [['diff', snapshot, facts1], /f\.json, line 1, column \d+: it is not UTF-8/],
  [['--from', clixml], /c\.clixml is not UTF-8 text: line 2, column 5/],
  [['--from', declared], /d\.clixml declares the encoding "ISO-8859-1"/],
  [['--from', recording], /envelope\.json, line 2, column 4/],
];
for (const [args, where] of commands) {
  test(`Latin-1 is refused: ${args.map((arg) => arg.replace(`${folder}/`, '')).join(' ')}`, async () => {
    const before = readFileSync(baseline);
    const { code, err } = await run(args, args[0] === 'free' ? { source: await liveSource(), binder: await liveBinder() } : {});
    assert.is(code, 69, err);
    assert.match(err, /^portowner: PO2002: /);
    assert.match(err, where);
    assert.equal(readFileSync(baseline), before, 'nothing is written');
  });
}

test('standard input that is no text: operands and error texts', async () => {
  for (const args of [['@-'], ['why', '--error', '-', '--from', snapshot]]) {
    assert.match((await run(args, { input: 'a\nb\0' })).err, /PO2002: standard input, line 2, column 2: it has a NUL character/);
    assert.match((await run(args, { bytes: Buffer.from('b\xf6', 'latin1') })).err, /PO2002: standard input, line 1, column 2: it is not UTF-8/);
  }
});

test('arguments that are not UTF-8', (context) => {
  if (process.platform !== 'linux') return skip('needs Linux', context);
  const main = ownProgram.map((part) => `'${part}'`).join(' ');
  const said = (args: string) => spawnSync('/bin/sh', ['-c', `exec ${main} ${args}`], { encoding: 'utf8' });
  for (const args of ['--image "$(printf \'b\\366se\')"', 'history --store x --program "$(printf \'b\\366se\')"', '443 --from "$(printf \'b\\366se\')"']) {
    const { status, stderr } = said(args);
    assert.is(status, 64, stderr);
    assert.match(stderr, /PO1001: the argument "b\ufffdse" is not UTF-8 text/);
  }
  // The character itself is text: as such a name is shown, it can be asked for.
  assert.is(said(`--image 'b\ufffdse' --from '${snapshot}'`).status, 1);
});

test.run();
