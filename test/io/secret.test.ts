import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { NotAFile, NotPrivate } from '../../src/io/private.ts';
import { guardSecrets, ownFolder, readSecret, type SecretGuard } from '../../src/io/secret.ts';
import { PortOwnerError } from '../../src/schema/problems.ts';
import { temporaryFolder } from '../support/harness.ts';

const test = suite('files with secrets');
test.after.each(() => guardSecrets(null));

/** What ConvertFrom-SecureString writes begins with it. */
const head = '01000000d08c9ddf0115d1118c7a00c04fc297eb01000000';
const guard = (more: Partial<SecretGuard> = {}): void =>
  guardSecrets(async () => ({
    whyShared: () => null,
    whyOpen: () => null,
    makeFolder: (path) => mkdirSync(path, 0o700),
    remedy: (path, standing) => `icacls ${path} for a ${standing}`,
    decrypt: (bytes) => bytes.subarray(24),
    ...more,
  }));
const hex = (text: string): string => `${head}${Buffer.from(text, 'utf16le').toString('hex')}`;

function fileWith(text: string | Buffer, mode = 0o600): string {
  const path = join(temporaryFolder(), 'secret');
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const refusal = async (path: string): Promise<PortOwnerError> => {
  try {
    await readSecret(path, 'the password file');
  } catch (error) {
    if (error instanceof PortOwnerError) return error;
    throw error;
  }
  throw new Error('it was read');
};

test('what Windows encrypted is decrypted; everything else is a text', async () => {
  guard();
  for (const end of ['', '\r\n', '\n\n']) assert.equal(await readSecret(fileWith(`${hex('päss:wörd')}${end}`), 'x'), { text: 'päss:wörd', wasEncrypted: true });
  for (const text of ['*:*:*:*:secret\n', `${head}0`, `${head} `, `x${hex('a')}`, '']) assert.equal(await readSecret(fileWith(text), 'x'), { text, wasEncrypted: false }, text);
});

test('what another account encrypted is an error without its text', async () => {
  guard({
    decrypt: () => {
      throw new Error('CryptUnprotectData failed with error 13');
    },
  });
  const error = await refusal(fileWith(hex('secret')));
  assert.is(error.code, 'PO2001');
  assert.match(error.message, /^cannot read the password file .*: CryptUnprotectData failed with error 13$/);
});

test('on another system, it says that Windows encrypted it', async () => {
  const error = await refusal(fileWith(hex('secret')));
  assert.match(error.message, 'Windows encrypted it, and this is another system');
});

test('a file that others can read is not used, with the command that changes it', async () => {
  guard({ whyShared: () => 'Everyone can read it' });
  const error = await refusal(fileWith('secret'));
  assert.is(error.code, 'PO4210');
  assert.match(error.message, /was not used: Everyone can read it$/);
  assert.match(error.hint ?? '', /: icacls .* for a file$/);
});

const utf16 = Buffer.from('\ufeffpäss:wörd\r\n', 'utf16le');
const encodings: [name: string, bytes: Buffer][] = [
  ['UTF-8', Buffer.from('päss:wörd\r\n')],
  ['UTF-8 with a byte order mark, as Set-Content -Encoding UTF8', Buffer.from('\ufeffpäss:wörd\r\n')],
  ['UTF-16, as Out-File', utf16],
  ['UTF-16 in the other order', Buffer.from(utf16).swap16()],
];
for (const [name, bytes] of encodings) test(`a file in ${name}`, async () => assert.is((await readSecret(fileWith(bytes), 'x')).text, 'päss:wörd\r\n'));

test('what Windows encrypted, in UTF-16', async () => {
  guard();
  assert.equal(await readSecret(fileWith(Buffer.from(`\ufeff${hex('secret')}\r\n`, 'utf16le')), 'x'), { text: 'secret', wasEncrypted: true });
});

test('bytes that are not text are an error without them', async () => {
  const error = await refusal(fileWith(Buffer.from('hidden\nh\xefdden', 'latin1')));
  assert.is(error.code, 'PO2001');
  assert.match(error.message, /^cannot read the password file \S+: it is not UTF-8 text$/);
  assert.not.match(`${error.message}${error.hint}${String(error.cause)}`, /h[iï]dden/);
});

const thrown = async (path: string): Promise<unknown> => {
  try {
    return await ownFolder(path);
  } catch (error) {
    return error;
  }
};

test('a missing folder is made by what knows the system, like the missing ones above it', async () => {
  const made: string[] = [];
  guard({ makeFolder: (path) => void (made.push(path), mkdirSync(path)) });
  const path = join(temporaryFolder(), 'a', 'spool');
  assert.is(await ownFolder(path), path);
  assert.equal(made, [join(path, '..'), path]);
  assert.is(await ownFolder(`${path}/../spool/`), path);
  assert.is(made.length, 2, 'it existed');
});

test('a folder that others can use is not used, with the commands that change it', async () => {
  guard({ whyOpen: () => 'Everyone can read or change its files' });
  const path = temporaryFolder();
  const error = await thrown(path);
  assert.instance(error, NotPrivate);
  assert.equal([(error as NotPrivate).message, (error as NotPrivate).remedy], ['Everyone can read or change its files', `icacls ${path} for a folder`]);
  assert.instance(await thrown(fileWith('x')), NotAFile);
});

test('without it, the modes of files count', async () => {
  const path = join(temporaryFolder(), 'spool');
  assert.is(await ownFolder(path), path);
  assert.is(statSync(path).mode & 0o777, 0o700);
  chmodSync(path, 0o777);
  assert.match(String(await thrown(path)), /can be written by every user/);
  assert.ok(existsSync(path));
});

test.run();
