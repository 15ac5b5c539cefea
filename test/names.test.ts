// One name, one meaning: what two files of src export by one name is one thing, or stands in the list below with the reason.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../src/build/runtime.mjs';

const test = suite('names');

/** Names that several files export, and why that is no homonym. */
const shared: Readonly<Record<string, string>> = {
  create: 'the contract of a format: each has it',
  PortSpan: 'one meaning: as facts keep it, and as a port expression gives it',
  container: 'an owner: how it is told, and the cause of `why` that it is',
  httpSys: 'an owner: how it is told, and the cause of `why` that it is',
  orphan: 'an owner: how it is told, and the cause of `why` that it is',
  relay: 'an owner: how it is told, and the cause of `why` that it is',
};

/** Linux and Windows have a file each for one contract: its names are one thing. */
const platformOf = (path: string): string => /\b(linux|windows)\b/.exec(path)?.[1] ?? 'any';

const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .map((name) => name.replaceAll('\\', '/'))
  .filter((name) => name.endsWith('.ts') && !/^(?:build|generated)\//.test(name));
const exported = files.flatMap((path) => {
  const text = readFileSync(join(root, 'src', path), 'utf8');
  return [...text.matchAll(/^export (?:abstract |async )*(?:const|function\*?|class|interface|type) (\w+)/gm)].map(([, name = '']) => ({ name, path }));
});
const homonyms = [...Map.groupBy(exported, ({ name }) => name)].flatMap(([name, all]) => {
  const paths = [...new Set(all.map(({ path }) => path))];
  const isPair = paths.length === 2 && new Set(paths.map(platformOf)).size === 2 && paths.every((path) => platformOf(path) !== 'any');
  return paths.length < 2 || isPair ? [] : [{ name, paths }];
});

test('no two files export one name with two meanings', () => {
  assert.ok(exported.length > 500);
  assert.equal(
    homonyms.filter(({ name }) => !Object.hasOwn(shared, name)).map(({ name, paths }) => `${name}: ${paths.join(', ')}`),
    [],
  );
});

test('no reason stands there for nothing', () => {
  const names = new Set(homonyms.map(({ name }) => name));
  assert.equal(
    Object.keys(shared).filter((name) => !names.has(name)),
    [],
  );
});

test.run();
