// The pictures of docs/images show what a terminal shows today.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../../src/build/runtime.mjs';
import { noScreenshots, pageName, pictures, scenes } from '../../src/build/screenshots.ts';
import { skip } from '../support/skip.ts';

const test = suite('screenshots');
const folder = join(root, 'docs/images');

/** The words of a picture, without what differs from run to run: process ids, and what makes room for them. */
const wordsOf = (svg: string): string =>
  [...svg.matchAll(/<tspan[^>]*>([^<]*)</g)]
    .map(([, text = '']) => text)
    .join(' ')
    .replaceAll(/\((\w+ )?\d+\)/g, '($1PID)')
    .replaceAll(/python3\.\d+/g, 'python3');

/** The words of a live view, whose numbers differ from run to run. */
const withoutNumbers = (words: string): string =>
  words
    .replaceAll(/[\u2581-\u2588]+/g, '')
    .replaceAll(/\d+(?:\.\d+)?/g, 'N')
    .replaceAll(/[ +]+/g, ' ');

for (const scene of scenes)
  if (scene.columns !== undefined)
    test(scene.name, (context) => {
      const reason = noScreenshots(scene);
      if (reason !== null) return skip(reason, context);
      const words = (svg: string): string => (scene.rows === undefined ? wordsOf(svg) : withoutNumbers(wordsOf(svg)));
      for (const [name, svg] of pictures(scene, scene.columns!))
        assert.is(words(svg), words(readFileSync(join(folder, name), 'utf8')), `${name}: node build.mjs screenshots takes it again`);
    });

test('every picture of a terminal is one of a scene', () => {
  const names = scenes.flatMap(({ name, columns }) => (columns === undefined ? [] : [`${name}-dark.svg`, `${name}-light.svg`]));
  assert.equal(
    readdirSync(folder)
      .filter((name) => name.endsWith('.svg'))
      .toSorted(),
    names.toSorted(),
  );
});

test('every picture of a report is shown by a guide', () => {
  const guides = readdirSync(join(root, 'docs/guide')).map((name) => readFileSync(join(root, 'docs/guide', name), 'utf8'));
  const reports = readdirSync(folder).filter((name) => !name.endsWith('.svg'));
  assert.ok(reports.includes(`${pageName}.png`));
  assert.equal(
    reports.filter((name) => !guides.some((text) => text.includes(`](../images/${name})`))),
    [],
  );
});

test.run();
