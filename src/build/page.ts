// Bundles the script and the style of the HTML page. Run as a script, it writes them to src/generated, which the page embeds.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { root } from './runtime.mjs';

/** Browsers of 2024: those that read deflate-raw and have the Popover and Dialog elements. */
const browsers = ['chrome120', 'edge120', 'firefox121', 'safari17.4'];

/** The page's script and style, each as one text, and the packages in them. */
export async function pageAssets(): Promise<{ script: string; style: string; metafile: Metafile }> {
  const { outputFiles, metafile, warnings } = await build({
    absWorkingDir: root,
    entryPoints: ['src/page/main.ts', 'src/page/page.css'],
    outdir: 'page',
    write: false,
    bundle: true,
    metafile: true,
    minify: true,
    format: 'iife',
    target: browsers,
    charset: 'ascii',
    legalComments: 'none',
    logLevel: 'silent',
  });
  if (warnings.length > 0)
    throw new Error(`the bundler warns of the page: ${warnings.map(({ text }) => text).join(', ')}`);
  const textOf = (ending: string): string => outputFiles.find(({ path }) => path.endsWith(ending))?.text.trim() ?? '';
  const [script, style] = [textOf('.js'), textOf('.css')];
  for (const text of [script, style])
    if (text === '' || /<\/(?:script|style)|<!--/i.test(text))
      throw new Error('the page cannot embed its script or style');
  return { script, style, metafile };
}

/** The source expression of a Content Security Policy for a script or style. */
const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

if (import.meta.main) {
  const { script, style } = await pageAssets();
  const texts = { script, scriptHash: hashOf(script), style, styleHash: hashOf(style) };
  const lines = Object.entries(texts).map(([name, text]) => [
    `export const ${name} = ${JSON.stringify(text)};\n`,
    `export declare const ${name}: string;\n`,
  ]);
  const folder = join(root, 'src/generated');
  writeFileSync(join(folder, 'page.js'), lines.map(([code]) => code).join(''));
  writeFileSync(join(folder, 'page.d.ts'), lines.map(([, types]) => types).join(''));
}
