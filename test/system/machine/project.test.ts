import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { findProject } from '../../../src/machine/project.ts';

const test = suite('projects');

function withFiles(files: Readonly<Record<string, string | null>>, look: (folder: string) => void): void {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'portowner-project-')));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(folder, text === null ? name : dirname(name)), { recursive: true });
      if (text !== null) writeFileSync(join(folder, name), text);
    }
    look(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A file that makes a folder a project, and what it is called; the folder is `home/shop`. */
const cases: [file: string, text: string | null, name: string][] = [
  ['.git', null, 'shop'],
  ['.git', 'gitdir: /elsewhere\n', 'shop'],
  ['package.json', '{"name": "@acme/shop", "version": "1"}', '@acme/shop'],
  ['package.json', '{"private": true}', 'shop'],
  ['package.json', 'no JSON', 'shop'],
  ['pyproject.toml', '[build-system]\nname = "no"\n[project]\nversion = "1"\nname = "orders"\n', 'orders'],
  ['pyproject.toml', "[tool.poetry]\nname = 'orders'\n", 'orders'],
  ['Orders.Web.csproj', '<Project />', 'Orders.Web'],
  ['pom.xml', '<project><parent><artifactId>no</artifactId></parent><artifactId>orders</artifactId></project>', 'orders'],
  ['go.mod', 'module example.org/team/orders\n', 'orders'],
  ['Cargo.toml', '[package]\nname = "orders"\n', 'orders'],
  ['compose.yaml', 'services:\n  name: no\n', 'shop'],
  ['compose.yaml', 'name: orders\n', 'orders'],
];
for (const [file, text, name] of cases)
  test(`${file} with ${JSON.stringify(text)} is ${name}`, () => {
    withFiles({ [`home/shop/${file}`]: text, 'home/shop/a/b': null }, (folder) => {
      const home = join(folder, 'home');
      for (const at of ['shop', 'shop/a/b']) assert.equal(findProject(join(home, at), home), { name, folder: join(home, 'shop') });
    });
  });

test('the nearest counts, and the home folder is none', () => {
  withFiles({ 'home/.git': null, 'home/shop/.git': null, 'home/shop/api/go.mod': 'module api\n', 'home/other': null }, (folder) => {
    const home = join(folder, 'home');
    assert.is(findProject(join(home, 'shop/api'), home)?.name, 'api');
    assert.is(findProject(join(home, 'shop'), home)?.name, 'shop');
    assert.is(findProject(join(home, 'other'), home), null);
    assert.is(findProject(home, home), null);
  });
});

test('links are not followed, and of a large file only the beginning is read', () => {
  withFiles({ 'home/a/x': null, 'secret.json': '{"name": "secret"}', 'home/b/package.json': `{"name": "b", "x": "${'y'.repeat(300_000)}"}` }, (folder) => {
    const home = join(folder, 'home');
    symlinkSync(join(folder, 'secret.json'), join(home, 'a/package.json'));
    assert.is(findProject(join(home, 'a'), home), null);
    assert.is(findProject(join(home, 'b'), home)?.name, 'b');
  });
});

test('what is no folder here, or another machine, has none', () => {
  for (const folder of ['', '.', '/no/such/folder', '\\\\server\\share\\shop', '//server/share']) assert.is(findProject(folder, '/home/ann'), null);
});

test.run();
