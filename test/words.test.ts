// The worst habits of wording, in what people read: messages, help, and pages.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../src/build/runtime.mjs';
import { temporaryFolder } from './support/harness.ts';

const test = suite('words');

/** What is not to be written: how it is found, how it looks, and what to write instead. */
const habits: readonly (readonly [RegExp, bad: string, better: string])[] = [
  [/\bhas no value "/, '--format has no value "xml"', 'unknown value "xml" for --format; expected table, list …'],
  [/\bso many (?:days|minutes|seconds|hours|audits)\b/, 'more than so many days ago', '"this many days", or a name such as DAYS'],
  [/\btells no\b/, 'the end of the name tells no format', 'cannot tell the report format from "x"; use .csv …'],
  [/\bnone of this machine\b/, 'the address is none of this machine', 'this address is not assigned to this machine'],
  [/\bfrom which on\b/, 'the severity from which on findings count', 'the lowest severity that …'],
  [/\btaken back at once\b/, 'succeeded and was taken back at once', 'succeeded (released immediately)'],
  [/\bmore rights would(?: have)? t(?:ell|old)\b/, '77 more rights would tell', 'needs elevated rights for a complete answer'],
  [/\bnot all is known of\b/, 'not all is known of 5 listeners', 'details are missing for …'],
  [/\bcould not be judged\b/, 'which could not be judged', 'could not be evaluated'],
  [/\bstopped after a question\b/, 'it is stopped after a question', 'asks before stopping'],
  [/\bmay have the port\b/, 'a connection may have the port', 'may take the port'],
  [/\bwho [a-z ]{1,30} tells\b/, 'reports to who asks and tells', 'name the person or program'],
  [/\bneeds a second word\b/, 'portowner baseline needs a second word', 'missing subcommand: …'],
  [/\bis no way\b/, 'the task is no way up', 'cannot be used to …'],
  [/\b(?:behaviour|honour|favour|licen[c]e|analyse|colours are)\b/, 'behaviour', 'American spelling'],
];

const read = (path: string): string => readFileSync(resolve(root, path), 'utf8');
const under = (folder: string, ending: RegExp): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => ending.test(name))
    .map((name) => `${folder}/${name.replaceAll('\\\\', '/')}`);

/** The text literals of a source, and the lines of anything else. */
function texts(path: string): string[] {
  const text = read(path);
  if (!path.endsWith('.ts')) return text.split('\n');
  const code = text.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, '');
  return [...code.matchAll(/'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|"(?:[^"\\\n]|\\.)*"/g)].map(([literal]) => literal);
}

const files = [
  ...under('src', /\.ts$/).filter((path) => !path.startsWith('src/generated/') && path !== 'src/ports/iana-data.ts'),
  ...under('ps', /\.(?:ps1|psm1|txt)$/),
  // The page on style has them in its left column.
  ...under('docs', /\.md$/).filter((path) => path !== 'docs/contributing/style.md'),
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
];

test('no text has one of the worst habits', () => {
  const found = files.flatMap((path) =>
    texts(path).flatMap((text) => habits.filter(([habit]) => habit.test(text)).map(([, , better]) => `${path}: ${text.trim().slice(0, 120)}: ${better}`)),
  );
  assert.equal(found, []);
});

test('each habit is found where it is', () => {
  assert.ok(files.length > 300, String(files.length));
  for (const [habit, bad] of habits) assert.match(bad, habit);
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'a.ts'), "// so many days\nconst text = 'is so many days old';\n");
  assert.equal(texts(join(folder, 'a.ts')), ["'is so many days old'"]);
});

test.run();
