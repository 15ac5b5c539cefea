import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { decodeSigners } from '../../../src/facts/decode/windows-signers.ts';
import { signerLine } from '../../support/windows-signers-text.ts';

const test = suite('windows signers');

const thumbprint = '0123456789ABCDEF0123456789ABCDEF01234567';

test('a valid signature names its signer, another only its status', () => {
  const text =
    signerLine('C:\\a.exe', 'Valid', 'Microsoft Windows', thumbprint) +
    signerLine('C:\\b.exe', 'HashMismatch', 'Microsoft Windows', thumbprint) +
    signerLine('C:\\c.exe', 'NotSigned');
  assert.equal(
    [...decodeSigners(text)],
    [
      ['C:\\a.exe', { status: 'Valid', signer: 'Microsoft Windows' }],
      ['C:\\b.exe', { status: 'HashMismatch', signer: null }],
      ['C:\\c.exe', { status: 'NotSigned', signer: null }],
    ],
  );
});

test('a valid signature may name nobody', () => {
  assert.equal(decodeSigners(signerLine('C:\\a.exe', 'Valid')).get('C:\\a.exe'), { status: 'Valid', signer: null });
});

test('the first answer for a path counts', () => {
  assert.is(decodeSigners(signerLine('C:\\a.exe', 'NotSigned') + signerLine('C:\\a.exe', 'Valid', 'Eve')).get('C:\\a.exe')?.signer, null);
});

for (const [what, text] of [
  ['nothing', ''],
  ['an error message', 'Get-AuthenticodeSignature : Access denied\r\n'],
  ['a line that is cut', signerLine('C:\\a.exe', 'Valid', 'Microsoft', thumbprint).slice(0, 20)],
  ['a status that is no word', signerLine('C:\\a.exe', 'Valid 1')],
  ['no path', signerLine('', 'Valid', 'Microsoft')],
] as const) {
  test(`no signature in ${what}`, () => {
    assert.is(decodeSigners(text).size, 0);
  });
}

test('whatever the names are', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), fc.string({ unit: 'binary', minLength: 1 }), (path, signer) => {
      assert.is(decodeSigners(signerLine(path, 'Valid', signer, thumbprint)).get(path)?.signer, signer);
    }),
  );
});

test('any text is read without an error, and names signers of valid signatures alone', () => {
  const piece = fc.oneof(fc.string(), fc.constantFrom('|', 'Valid', '\n', 'QQA=', '|Valid|QQA=|00'));
  fc.assert(
    fc.property(
      fc.array(piece).map((pieces) => pieces.join('')),
      (text) => {
        for (const { status, signer } of decodeSigners(text).values()) assert.ok(signer === null || status === 'Valid');
      },
    ),
  );
});

test.run();
