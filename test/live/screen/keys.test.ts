import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { keyNamed, type Key } from '../../../src/live/screen/keys.ts';
import type { KeyPress } from '../../../src/system/screen.ts';
import { keyPresses, settle } from '../../support/live-screen.ts';

const test = suite('keys of the view');

async function keysOf(bytes: string | Uint8Array): Promise<Key[]> {
  const presses: KeyPress[] = [];
  keyPresses(bytes, (press) => presses.push(press));
  await settle();
  return presses.flatMap((press) => keyNamed(press) ?? []);
}

const known: readonly (readonly [sent: string, keys: readonly Key[]])[] = [
  ['jk/G', ['j', 'k', '/', 'G']],
  ['\x1b[A\x1b[B\x1bOA\x1bOB', ['up', 'down', 'up', 'down']],
  ['\x1b[5~\x1b[6~', ['pageup', 'pagedown']],
  ['\x1b[H\x1b[F\x1b[1~\x1b[4~\x1bOH\x1bOF', ['home', 'end', 'home', 'end', 'home', 'end']],
  ['\r\n', ['enter', 'enter']],
  ['\t\x1b[Z', ['tab', 'shift+tab']],
  ['\x7f\b', ['backspace', 'backspace']],
  ['\x03\x0c\x1a', ['ctrl+c', 'ctrl+l', 'ctrl+z']],
  ['\x1bOP\x1b[11~', ['f1', 'f1']],
  ['é日🦊', ['é', '日', '🦊']],
  [' ?', [' ', '?']],
  // Alt and a letter is not the letter.
  ['\x1bq', []],
];

for (const [sent, keys] of known)
  test(`${JSON.stringify(sent)} is ${keys.join(' ') || 'no key'}`, async () => {
    assert.equal(await keysOf(sent), keys);
  });

test('no bytes make a key that is neither a character nor a name', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 40 }), async (bytes) => {
      for (const key of await keysOf(bytes)) assert.match(key, /^(?:[^\p{Cc}\p{Cs}]|(?:ctrl\+|shift\+)?[a-z0-9]+)$/u);
    }),
    { numRuns: 300 },
  );
});

test.run();
