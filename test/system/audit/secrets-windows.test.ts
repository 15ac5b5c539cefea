// dist/portowner.exe with the password of a database in a file, and a spool: who can read them, and what Windows encrypted.
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { databaseAddress } from '../../../src/audit/store/address.ts';
import { makeStore } from '../../../src/audit/store/postgres-admin.ts';
import { windowsPowerShell } from '../../layers/windows-module.ts';
import { products } from '../../support/build-machine.ts';
import { facts, socket } from '../../support/example.ts';
import { root } from '../../../src/build/runtime.mjs';
import { snapshotFile, temporaryFolder } from '../../support/harness.ts';
import { noDatabase, startDatabase, type DatabaseServer } from '../../support/postgres-server.ts';
import { plain } from '../../support/powershell.ts';
import { runProgram, type Outcome } from '../../support/program.ts';
import { skip, type TestContext } from '../../support/skip.ts';

const { command, without } = products().find(({ name }) => name === 'portowner.exe')!;
const runner = command?.slice(0, -1) ?? [];
const shell = windowsPowerShell();
const cannot =
  process.platform !== 'linux'
    ? 'this machine is not Linux'
    : command === null
      ? without
      : (noDatabase ?? (shell === undefined ? "Windows' PowerShell is not installed (.ci/windows-powershell-setup, which needs the .NET SDK 10)" : null));
const suiteOf = suite('secrets on Windows');
const test = (name: string, check: () => void): void => suiteOf(name, (context) => (cannot === null ? check() : skip(cannot, context as unknown as TestContext)));

const password = 'pässwörd: 7';
let server: DatabaseServer;
suiteOf.before(async () => {
  if (cannot !== null) return;
  server = await startDatabase({
    settings: "password_encryption = 'scram-sha-256'",
    access: 'local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n',
  });
  server.sql('create database audits');
  await makeStore(databaseAddress(server.url('audits')), false);
  server.sql(`create role web1 login password '${password}' in role portowner_reader`);
});
suiteOf.after(() => {
  if (cannot === null) server.stop();
});

function fileWith(text: string, mode = 0o600): string {
  const path = join(temporaryFolder(), 'secret.txt');
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const windowsPath = (path: string): string => `Z:${path.replaceAll('/', '\\')}`;
const newest = (file: string): Outcome =>
  runProgram([...command!, 'fleet', '--store', `postgres://web1@127.0.0.1:${server.port}/audits?passfile=${encodeURIComponent(windowsPath(file))}`]);

test('a password file that everybody can read is not used, with the command that changes it', () => {
  const line = `*:*:audits:web1:${password.replace(':', '\\:')}\n`;
  const open = newest(fileWith(line, 0o644));
  assert.is(open.code, 69, open.out + open.err);
  assert.match(open.err, /PO4210: the password file .*secret\.txt was not used: \S.* can read it/);
  assert.match(open.err, /icacls ".*secret\.txt" \/setowner "\*S-1-.*\/reset, then icacls .* \/inheritance:r \/grant:r "\*S-1-[-\d]+:F"/s);
  assert.not.match(open.err, 'sswö');
  const closed = newest(fileWith(line));
  assert.is(closed.code, 1, closed.out + closed.err);
  assert.match(closed.out + closed.err, /No matching machines in the store/);
});

function powershell(script: string): Outcome {
  return runProgram([...runner, shell!, ...plain, '-ExecutionPolicy', 'Bypass', '-Command', `$ErrorActionPreference = 'Stop'; ${script}`]);
}

const bytes = Buffer.from(password, 'utf16le').toString('base64');
const said = `[Text.Encoding]::Unicode.GetString([Convert]::FromBase64String('${bytes}'))`;

test('a password that the commands of the guide encrypted for the machine', () => {
  const guide = readFileSync(join(root, 'docs/guide/fleet.md'), 'utf8');
  const snippet = /```powershell\n(Add-Type -AssemblyName System\.Security\n.*?)```/s.exec(guide)![1]!;
  const file = fileWith('');
  const script = snippet
    .replace('Read-Host -AsSecureString', `ConvertTo-SecureString -AsPlainText -Force (${said})`)
    .replace('C:\\ProgramData\\PortOwner\\password.txt', `'${windowsPath(file)}'`);
  const { code, out, err } = powershell(script);
  assert.is(code, 0, out + err);
  assert.match(readFileSync(file, 'utf8'), /^01000000[\dA-F]+\r\n$/);
  const used = newest(file);
  assert.is(used.code, 1, used.out + used.err);
});

test('a password file in the encodings of Windows PowerShell', () => {
  const line = `*:*:audits:web1:${password.replace(':', '\\:')}\r\n`;
  for (const [encoding, text] of [
    ['utf16le', `\ufeff${line}`],
    ['utf8', `\ufeff${line}`],
  ] as const) {
    const file = fileWith('');
    writeFileSync(file, text, encoding);
    const used = newest(file);
    assert.is(used.code, 1, used.out + used.err);
  }
});

test('a spool that it made is closed to others, and one that is open to them is not used', () => {
  const folder = temporaryFolder();
  const snapshot = snapshotFile(facts([socket({ localPort: 443 })]));
  const audit = (spool: string): Outcome =>
    runProgram([...command!, 'audit', '--from', windowsPath(snapshot), '--store', windowsPath(join(folder, 'missing', 'audits.db')), '--spool', windowsPath(spool)]);
  const own = join(folder, 'above', 'spool');
  const first = audit(own);
  assert.match(first.err, 'PO4211: warning: 1 audit in the spool');
  // Wine gives the group of files the rights of their owner, and tells no program of it.
  assert.equal([statSync(own).mode & 0o707, statSync(join(own, '..')).mode & 0o707], [0o700, 0o700]);
  assert.is(readdirSync(own).filter((name) => name.endsWith('.json')).length, 1);
  for (const mode of [0o777, 0o703, 0o705]) {
    const open = join(folder, mode.toString(8));
    mkdirSync(open);
    chmodSync(open, mode);
    const { code, err } = audit(open);
    assert.is(code, 69, err);
    assert.match(err, /PO2004: the spool .* cannot be used: \S.* can read or change its files/);
    assert.match(err, /icacls "[^"]*" \/setowner .* \/grant:r "\*S-1-[-\d]+:\(OI\)\(CI\)F"/s);
    assert.equal(readdirSync(open), []);
  }
});

test('a password that ConvertFrom-SecureString has encrypted', () => {
  const script = `${said} | ConvertTo-SecureString -AsPlainText -Force | ConvertFrom-SecureString`;
  const { out, err, code } = powershell(script);
  assert.is(code, 0, err);
  const used = newest(fileWith(out));
  assert.is(used.code, 1, used.out + used.err);
  // One of its last bytes is another.
  const hex = out.trim();
  const spoiled = newest(fileWith(`${hex.slice(0, -6)}${hex.at(-6) === '0' ? '1' : '0'}${hex.slice(-5)}`));
  assert.is(spoiled.code, 69, spoiled.out + spoiled.err);
  assert.match(spoiled.err, /PO2001: cannot read the password file .*: CryptUnprotectData failed/);
});

suiteOf.run();
