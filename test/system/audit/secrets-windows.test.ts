// dist/portowner.exe with the password of a database in a file: who can read it, and what Windows encrypted.
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { databaseAddress } from '../../../src/audit/store/address.ts';
import { makeStore } from '../../../src/audit/store/postgres-admin.ts';
import { windowsPowerShell } from '../../layers/windows-module.ts';
import { products } from '../../support/build-machine.ts';
import { temporaryFolder } from '../../support/harness.ts';
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

const newest = (file: string): Outcome =>
  runProgram([...command!, 'fleet', '--store', `postgres://web1@127.0.0.1:${server.port}/audits?passfile=${encodeURIComponent(`Z:${file.replaceAll('/', '\\')}`)}`]);

test('a password file that everybody can read is not used, with the command that changes it', () => {
  const line = `*:*:audits:web1:${password.replace(':', '\\:')}\n`;
  const open = newest(fileWith(line, 0o644));
  assert.is(open.code, 69, open.out + open.err);
  assert.match(open.err, /PO4210: the password file .*secret\.txt was not used: \S.* can read it/);
  assert.match(open.err, /icacls ".*secret\.txt" \/inheritance:r \/grant:r/);
  assert.not.match(open.err, 'ssw');
  const closed = newest(fileWith(line));
  assert.is(closed.code, 1, closed.out + closed.err);
  assert.match(closed.out + closed.err, /no audits|no machine/i);
});

test('a password that ConvertFrom-SecureString has encrypted', () => {
  const bytes = Buffer.from(password, 'utf16le').toString('base64');
  const script = `$ErrorActionPreference = 'Stop'; [Text.Encoding]::Unicode.GetString([Convert]::FromBase64String('${bytes}')) | ConvertTo-SecureString -AsPlainText -Force | ConvertFrom-SecureString`;
  const { out, err, code } = runProgram([...runner, shell!, ...plain, '-Command', script]);
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
