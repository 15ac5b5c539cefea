import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sanitize } from '../../src/io/sanitize.ts';
import { hostileText } from '../support/formats.ts';

const test = suite('sanitize');

const cases: [name: string, text: string, shown: string][] = [
  ['plain text', 'nginx.exe -c "C:\\x"', 'nginx.exe -c "C:\\x"'],
  ['other scripts', 'größe 漢字 הפורט', 'größe 漢字 הפורט'],
  ['emoji with joiners', '👨‍👩‍👧', '👨‍👩‍👧'],
  ['an escape sequence', '\x1b[2J\x1b]0;title\x07', '\\x1b[2J\\x1b]0;title\\x07'],
  ['a C1 control sequence', '\x9b31m', '\\x9b31m'],
  ['line breaks', 'a\r\nb\tc\u2028d\u2029e', 'a\\r\\nb\\tc\\u2028d\\u2029e'],
  ['NUL and DEL', '\0\x7f', '\\x00\\x7f'],
  ['bidi controls', 'a\u202ecod.exe\u2066\u200f', 'a\\u202ecod.exe\\u2066\\u200f'],
  ['invisible characters', '\ufeffa\u00ad\u{e0041}', '\\ufeffa\\xad\\u{e0041}'],
  ['lone surrogates', '\ud83d \ude00', '\\ud83d \\ude00'],
];
for (const [name, text, shown] of cases) test(name, () => assert.is(sanitize(text), shown));

test('no text keeps a control character, a bidi control or a lone surrogate', () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      const shown = sanitize(text);
      return shown.isWellFormed() && !/[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/.test(shown) && sanitize(shown) === shown;
    }),
  );
});

test.run();
