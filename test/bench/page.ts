// What the HTML page costs: writing 20,000 rows, and in a browser the first paint, the first rows, sorting and searching.
// Alone: `node build.mjs node test/bench/page.ts`.
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromiumPath, startChromium } from '../../src/build/chromium.ts';
import { pageText } from '../../src/build/page-example.ts';
import { endpoint } from '../../src/schema/endpoint.ts';
import { endpoints } from './formats.ts';
import { median } from './measure.ts';

export interface PageTime {
  readonly name: string;
  readonly milliseconds: number;
  /** What must not be exceeded; null for what is only shown. */
  readonly budget: number | null;
}

/** Milliseconds from an action until what it changed is drawn. */
const timed = (action: string): string => `(async () => {
  const start = performance.now();
  ${action};
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  return performance.now() - start;
})()`;

const clickHeader = (name: string): string => `[...document.querySelectorAll('#viewport th button')].find((one) => one.textContent === ${JSON.stringify(name)}).click()`;
const searchFor = (text: string): string => `const one = document.getElementById('search'); one.value = ${JSON.stringify(text)}; one.dispatchEvent(new Event('input'))`;
const scroll = `const viewport = document.getElementById('viewport'); viewport.scrollTop += 1700`;

/** Medians of some turns; null where there is no Chromium. */
export async function measurePage(count = 20_000, turns = 5): Promise<{ times: PageTime[]; bytes: number } | null> {
  const path = chromiumPath();
  if (path === null) return null;
  const rows = [...endpoints(count)];
  const folder = mkdtempSync(join(tmpdir(), 'portowner-page-'));
  const file = join(folder, 'page.html');
  const seen = new Map<string, number[]>();
  const note = (name: string, value: number): void => void seen.set(name, [...(seen.get(name) ?? []), value]);
  const browser = await startChromium(path);
  try {
    for (let turn = 0; turn < turns; turn++) {
      const start = performance.now();
      writeFileSync(file, await pageText(endpoint, rows));
      note('written', performance.now() - start);
      const page = await browser.open(`file://${file}`);
      await page.until(`performance.getEntriesByName('list').length > 0 && performance.getEntriesByName('first-contentful-paint').length > 0`);
      note('first paint', await page.evaluate(`performance.getEntriesByName('first-contentful-paint')[0].startTime`));
      note('first rows of the list', await page.evaluate(`performance.getEntriesByName('list')[0].startTime`));
      for (const name of ['Owner', 'Local address', 'Local port']) note('sorted', await page.evaluate(timed(clickHeader(name))));
      note('searched', await page.evaluate(timed(searchFor('service11 established'))));
      await page.evaluate(timed(searchFor('')));
      for (let i = 0; i < 5; i++) note('a frame while scrolling', await page.evaluate(timed(scroll)));
      await page.send('Page.close');
    }
    const budgets: Readonly<Record<string, number>> = { 'first paint': 1000, sorted: 200 };
    const times = [...seen].map(([name, values]) => ({ name, milliseconds: median(values), budget: budgets[name] ?? null }));
    return { times, bytes: statSync(file).size };
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const measured = await measurePage();
  if (measured === null) throw new Error('the benchmark of the page needs Chromium (Debian: apt-get install chromium)');
  process.stdout.write(`the page has ${measured.bytes} bytes\n`);
  for (const { name, milliseconds, budget } of measured.times) process.stdout.write(`${name}: ${milliseconds.toFixed(1)} ms${budget === null ? '' : ` (budget ${budget} ms)`}\n`);
}
