import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../src/build/runtime.mjs';

/** Every page that people read, by its path from the root. */
export function pages(): readonly string[] {
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((name) => `docs/${name.replaceAll('\\', '/')}`);
  const top = readdirSync(root).filter((name) => name.endsWith('.md'));
  return [...top, ...docs.filter((name) => name.endsWith('.md'))].toSorted();
}

export const textOf = (page: string): string => readFileSync(join(root, page), 'utf8');

/** The lines of a page that stand in code blocks: fenced, or indented by four blanks after an empty line. */
export function codeLines(text: string): string[] {
  const lines: string[] = [];
  let fenced = false;
  let indented = false;
  let before = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('```')) fenced = !fenced;
    else if (fenced) lines.push(line);
    else {
      indented = line.startsWith('    ') && (indented || before === '');
      if (indented) lines.push(line.slice(4));
    }
    before = line;
  }
  return lines;
}
