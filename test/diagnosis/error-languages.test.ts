// The system's own words in every language of the C library, of Windows and of Qt: each says what its English says.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../../src/build/runtime.mjs';
import { parseError } from '../../src/diagnosis/error-text.ts';

const test = suite('error texts in other languages');

const rows = readFileSync(join(root, 'test/fixtures/error-lines/system-words.tsv'), 'utf8')
  .trimEnd()
  .split('\n')
  .filter((line) => !line.startsWith('#'))
  .map((line) => line.split('\t') as [language: string, meaning: string, words: string]);

for (const [language, meaning, words] of rows)
  test(`${language}: ${words}`, () => {
    const found = parseError(`app: 192.0.2.9:8080: ${words}`);
    const actual = found.about === 'bind' ? `bind ${found.meaning} ${found.address} ${found.port}` : `${found.about} ${found.remote?.address} ${found.remote?.port}`;
    const expected = ['refused', 'timedOut', 'unreachable', 'reset'].includes(meaning)
      ? 'connection 192.0.2.9 8080'
      : meaning === 'exhausted'
        ? 'bind exhausted null 0'
        : `bind ${meaning} 192.0.2.9 8080`;
    assert.is(actual, expected);
  });

test('all are read', () => assert.is(rows.length, 614));

test.run();
