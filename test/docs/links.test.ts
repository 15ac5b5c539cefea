import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { root } from '../../src/build/runtime.mjs';
import { pages, textOf } from './pages.ts';

const test = suite('links in the documentation');

const withoutCode = (text: string): string => text.replaceAll(/^```[^]*?^```$/gm, '').replaceAll(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]()]/g, ' '));

/** The anchors of a page's headings, as the usual renderers make them. */
function anchors(text: string): string[] {
  return [...text.replaceAll(/^```[^]*?^```$/gm, '').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function problem(page: string, target: string): string | null {
  if (/^https?:/.test(target)) return null;
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : normalize(join(dirname(page), path));
  if (!existsSync(join(root, file))) return `${page} links to ${target}, which is not there`;
  if (anchor !== undefined && !anchors(textOf(file)).includes(anchor)) return `${page} links to ${target}, and ${file} has no such heading`;
  return null;
}

test('lead to a page and a heading that are there', () => {
  const links = pages().flatMap((page) => [...withoutCode(textOf(page)).matchAll(/\]\(([^()\s]+)\)/g)].map(([, target = '']) => ({ page, target })));
  assert.ok(links.length > 50, `${links.length} links found`);
  assert.equal(
    links.map(({ page, target }) => problem(page, target)).filter((found) => found !== null),
    [],
  );
});

test('lead from README to every page that is not generated', () => {
  const reached = new Set<string>();
  const visit = (page: string): void => {
    if (reached.has(page)) return;
    reached.add(page);
    for (const [, target = ''] of withoutCode(textOf(page)).matchAll(/\]\(([^()\s]+?)(?:#[^()\s]*)?\)/g)) {
      const file = normalize(join(dirname(page), target));
      if (file.endsWith('.md') && existsSync(join(root, file))) visit(file);
    }
  };
  visit('README.md');
  assert.equal(
    pages().filter((page) => !reached.has(page)),
    [],
  );
});

test('README is short enough to be read', () => {
  assert.ok(Buffer.byteLength(textOf('README.md')) <= 8192);
});

test.run();
