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
  [/\btells? (?:of|more)\b/, 'the machine that this snapshot tells of', 'describes, contains, or for details'],
  [/\bwhoever gets\b/, 'whoever gets its number next', 'even if its ID is reused'],
  [/\bcame meanwhile\b/, 'processes that came meanwhile', 'have started in the meantime'],
  [/\basked (?:only |for )?where\b/, 'asked only where a socket is bound to one', 'queried only if …'],
  [/\bwhere it is told\b/, 'where it is told what may start it again', 'if the answer shows …'],
  [/\b(?:are|is) such\b[.;]/, 'numbers and booleans are such.', 'keep their types'],
  [/\bcould not be told\b/, 'what could not be told', 'what PortOwner could not determine'],
  [/\bhas room for\b/, 'the format has room for rows of one kind', 'can contain only'],
  [/\bthat is no [a-z]+\b/, 'one character that is no letter', 'is not a'],
  [/\b(?:name|extension) of \S+ (?:does not )?says? it\b/, 'the name of -Path says it', 'determines it'],
  [/\bworks? on this machine alone\b/, 'works on this machine alone', 'only on this machine'],
  [/\bcould not tell all\b/, 'it could not tell all', 'it was incomplete'],
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
  [/\b(?:could|can) ?(?:not|n't) be had\b|\bnot to be had\b/, 'a value that could not be had', 'is unavailable'],
  [/\bis none of\b/, 'it is none of ours', 'is not …'],
  [/\bas the others do\b/, 'as the others do', 'like the others'],
  [/\bby no means\b/, 'is their service by no means', 'is not'],
  [/\b(?:stands|stand) (?:below|beside|behind|in front)\b/, 'what stands below', 'is below …'],
  [/\bsaid beside\b/, 'is said beside', 'is shown together with'],
  [/\bwhat it is to\b/, 'what it is to its children', 'its role for …'],
  [/\bnot all [a-z ]{1,30} could be read\b/, 'not all sockets could be read', 'some … could not be read'],
  [/\bnot every [a-z ]{1,20} could be\b/, 'not every source could be read', 'some … could not be …'],
  [/\bgive(?:s)? (?:a|the) port back\b/, 'gives a port back', 'frees a port'],
  [/\b(?:are|is|were|was) passed over\b/, 'the ports that were passed over', 'skipped'],
  [/\bbring(?:s)? it up to date\b/, 'brings it up to date', 'updates it'],
  [/\b(?:begun anew|made anew|a new one is begun)\b/, 'a new one is begun', 'created again'],
  [/\bheld against\b/, 'it is held against the policy', 'is compared with'],
  [/\bmade up for\b/, 'a missed night is made up for', 'runs as soon as possible'],
  [/\bgo(?:es)? by without\b/, 'nights go by without one', 'is missing'],
  [/\bnot what (?:it should be|was looked at)\b/, 'a file is not what it should be', 'is invalid, or has changed'],
  [/\bfar (?:machine|end|shell)s?\b/, 'a far machine', 'remote'],
  [/\bsaid nothing\b/, 'netsh said nothing', 'printed nothing'],
  [/\bmay be any\b/, 'a value that is left out may be any', 'matches anything'],
  [/\b(?:which|who) [a-z]{1,12} is shown by no interface\b/, 'which option is shown by no interface', 'no interface shows …'],
  [/\bwere? not asked for\b/, 'command lines were not asked for', 'were not requested'],
  [/(?<!here )\bis no (?:port|list|file|folder|command|option|number|address|error|snapshot|day|valid)\b/, 'that is no port', 'is not a port'],
  [/\b(?:behaviou?rs? of old|behaviour|honour|favour|licen[c]e|analyse|colou?r are|colours?|sanitise|serialise|normalise|recognise)\b/, 'behaviour', 'American spelling'],
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
  ...under('src', /\.ts$/).filter((path) => !/^src\/(?:generated\/|ports\/iana-data|facts\/remote\/collectors)/.test(path)),
  ...under('ps', /\.(?:ps1|psm1|txt)$/),
  // The page on style has them in its left column.
  ...under('docs', /\.md$/).filter((path) => path !== 'docs/contributing/style.md'),
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
];

test('no message names a file of the sources, which users do not have', () => {
  const shown = files.filter((path) => /^src\/(?!build\/)/.test(path) || path.startsWith('ps/'));
  const found = shown.flatMap((path) =>
    texts(path)
      .filter((text) => !text.trimStart().startsWith('#') && /\bsrc\/(?!main\/resources)[a-z]/.test(text))
      .map((text) => `${path}: ${text.trim().slice(0, 120)}`),
  );
  assert.equal(found, []);
});

test('no text has one of the worst habits', () => {
  const found = files.flatMap((path) =>
    texts(path).flatMap((text) => habits.filter(([habit]) => habit.test(text)).map(([, , better]) => `${path}: ${text.trim().slice(0, 120)}: ${better}`)),
  );
  assert.equal(found, []);
});

/** What is not to be written in comments either. */
const inComments: readonly (readonly [RegExp, bad: string, better: string])[] = [
  [/\b(?:could|can) ?(?:not|n't) be had\b|\bnot to be had\b/, 'null where it could not be had', 'if unavailable'],
  [/(?:when|where) (?:it|that|this) is not known\b/, 'null when it is not known', 'if unknown'],
  [/\bTells (?:of|a|the|what|whether|who)\b/, 'Tells of what was found', 'Reports …, returns …'],
  [/\bby no means\b/, 'is by no means one', 'is not'],
  [/\bwhoever gets\b/, 'whoever gets its number next', 'even if its ID is reused'],
  [/\bmain question\b/, 'the main question', 'the main query'],
  [/\b(?:behaviour|honour|favour|colours?|sanitise|serialise|normalise|recognise)\b/, 'colour', 'American spelling'],
];

test('no comment has one of the worst habits', () => {
  const sources = [...under('src', /\.ts$/), ...under('ps', /\.ps1$/)].filter((path) => !/^src\/(?:generated\/|ports\/iana-data|facts\/remote\/collectors)/.test(path));
  const found = sources.flatMap((path) =>
    read(path)
      .split('\n')
      .filter((line) => /^\s*(?:\/\/|\/?\*|#)/.test(line))
      .flatMap((line) => inComments.filter(([habit]) => habit.test(line)).map(([, , better]) => `${path}: ${line.trim().slice(0, 120)}: ${better}`)),
  );
  assert.equal(found, []);
  for (const [habit, bad] of inComments) assert.match(bad, habit);
});

test('each habit is found where it is', () => {
  assert.ok(files.length > 300, String(files.length));
  for (const [habit, bad] of habits) assert.match(bad, habit);
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'a.ts'), "// so many days\nconst text = 'is so many days old';\n");
  assert.equal(texts(join(folder, 'a.ts')), ["'is so many days old'"]);
});

test.run();
