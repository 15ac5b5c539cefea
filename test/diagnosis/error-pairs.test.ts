// Two errors in one text, each in any form: both are answered, the newer one first.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../../src/build/runtime.mjs';
import { readErrors, type ParsedError } from '../../src/diagnosis/error-text.ts';

const test = suite('pairs of error lines');

const unescaped = (text: string): string => text.replace(/\\(.)/g, (_, one: string) => ({ n: '\n', t: '\t' })[one] ?? one);

interface Known {
  readonly text: string;
  readonly error: ParsedError;
}

/** Lines whose only failure is a bind on a known port. */
function known(texts: readonly string[]): Known[] {
  return texts.flatMap((text) => {
    const { errors } = readErrors(text);
    const [error] = errors;
    return errors.length === 1 && error.about === 'bind' && error.port !== null && error.port > 0 ? [{ text, error }] : [];
  });
}

const fixtures = ['reported', 'held-out', 'unseen', 'known', 'postgresql', 'outside', 'programs', 'rounds'].flatMap((name) =>
  readFileSync(join(root, 'test/fixtures/error-lines', `${name}.tsv`), 'utf8')
    .trimEnd()
    .split('\n')
    .filter((line) => !line.startsWith('# '))
    .map((line) => unescaped(line.split('\t').slice(4).join('\t'))),
);

/** A Ruby hash has its message and its port in escaped lines, which are not told apart from those of another message. */
const isHash = (text: string): boolean => text.startsWith('{:timestamp=>');
/** Texts of several lines, perhaps escaped; not all of their pairs are told apart. */
const isLong = (text: string): boolean => /\n|\\n/.test(text);
const lines = known(fixtures.filter((text) => !isLong(text) && !isHash(text))).filter(({ error }) => error.meaning !== null);

/** Words of programs that contain no system error; each is answered on its own, too. */
const odd = known([
  'Error: port 3000 is taken',
  '3100 is already taken by another process',
  'Something is already running on port 3001.',
  'could not open port 8080: busy',
  'ERR port=9090 busy',
  'Cannot start server on :5000 (address used)',
  'server crashed, port 4000 occupied',
  'Der Port 8443 ist belegt',
  'Port 5432 is not available',
  '› Port 8081 is running my-app in another window',
  'nginx: [emerg] a duplicate listen 0.0.0.0:80 in /etc/nginx/sites-enabled/default:22',
  '! port 9999 conflict',
  'listen :6000 failed',
  'bind 127.0.0.1:6001 nope',
  'Port 9229 blocked',
  'HTTP.sys: cannot register URL prefix http://+:8085/',
  "E0102 03:04:05.678901   31533 chttp2_server.cc:1080] UNKNOWN:No address added out of total 1 resolved for '[::]:50051'",
]);

/** Whether a line may continue the one before it. */
const goesOn = (text: string): boolean => /^(?:\s|[^\w\s]{0,2}\s|Caused by)/.test(text);

const shown = ({ port, meaning }: ParsedError): string => `${port} ${meaning}`;

function assertBoth(older: Known, newer: Known): void {
  if (older.error.port === newer.error.port) return;
  const text = `${older.text}\n${newer.text}`;
  const found = readErrors(text).errors.map(shown);
  const expected = [newer, older].map(({ error }) => shown(error));
  assert.equal(goesOn(newer.text) ? found.toSorted() : found, goesOn(newer.text) ? expected.toSorted() : expected, text);
}

test('there are enough lines', () => {
  assert.ok(lines.length > 500, `${lines.length}`);
  assert.is(odd.length, 17);
});

test('lines with system errors, at random', () => {
  fc.assert(
    fc.property(fc.constantFrom(...lines), fc.constantFrom(...lines), (older, newer) => assertBoth(older, newer)),
    { numRuns: 2000 },
  );
});

test('each form without a system error, with the others, and with lines that have one', () => {
  for (const one of odd)
    for (const other of [...odd, ...lines.filter((_, index) => index % 10 === 0)]) {
      assertBoth(one, other);
      assertBoth(other, one);
    }
});

const alone: readonly (readonly [what: string, text: string, ports: readonly number[]])[] = [
  ['the port that is used instead', 'Error: listen EADDRINUSE: address already in use :::3000\nTrying another port: 3001', [3000]],
  ['what was started before', 'Metrics server started on port 9090\nError: listen EADDRINUSE: address already in use :::3000', [3000]],
  ['what starts next', 'Error: listen EADDRINUSE: address already in use :::3000\nStarting metrics on port 9090', [3000]],
  ['a database that refuses', 'Error: listen EADDRINUSE: address already in use :::3000\nLogin failed for user sa on port 1433', [3000]],
  ['an announced port, and a complete line', 'Opening ipv4 listen socket on port 1883.\nError: Address already in use\nlisten tcp :53: bind: address already in use', [53, 1883]],
];
for (const [what, text, ports] of alone)
  test(what, () =>
    assert.equal(
      readErrors(text).errors.map(({ port }) => port),
      ports,
    ),
  );

test.run();
