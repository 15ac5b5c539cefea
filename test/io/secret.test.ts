import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { guardSecrets, readSecret, type SecretGuard } from '../../src/io/secret.ts';
import { PortOwnerError } from '../../src/schema/problems.ts';
import { temporaryFolder } from '../support/harness.ts';

const test = suite('files with secrets');
test.after.each(() => guardSecrets(null));

/** What ConvertFrom-SecureString writes begins with it. */
const head = '01000000d08c9ddf0115d1118c7a00c04fc297eb';
const guard = (more: Partial<SecretGuard> = {}): void =>
  guardSecrets(async () => ({ whyShared: () => null, remedy: (path) => `icacls ${path}`, decrypt: (bytes) => bytes.subarray(20), ...more }));
const hex = (text: string): string => `${head}${Buffer.from(text, 'utf16le').toString('hex')}`;

function fileWith(text: string, mode = 0o600): string {
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
  assert.match(error.hint ?? '', /: icacls /);
});

test.run();
