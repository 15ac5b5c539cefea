// Pages of the HTML format, and a Chromium that looks at them.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromiumPath, startChromium, type Browser, type BrowserPage, type View } from '../../src/build/chromium.ts';
import { loadWriter } from '../../src/formats/formats.ts';
import type { Answer } from '../../src/schema/answer.ts';
import { plainColumns, type AnyRow, type RowSchema } from '../../src/schema/column.ts';

/** The text of a page, as a command writes it. */
export async function pageText(schema: RowSchema, rows: readonly AnyRow[], answer: Partial<Omit<Answer, 'rows'>> = {}): Promise<string> {
  let text = '';
  const sink = { write: (more: string) => void (text += more), flush: () => {} };
  const writer = await loadWriter('html', schema, {
    columns: plainColumns(schema),
    sink,
    problems: 'auto',
    answer: () => ({ problems: [], exitCode: 0, ...answer }),
    now: new Date('2026-05-04T02:00:09Z'),
  });
  for (const row of rows) writer.row(row);
  await writer.end();
  return text;
}

/** A page that is looked at, with what a test wants to know of it. */
export interface Look {
  readonly page: BrowserPage;
  /** The text of the elements that a selector finds. */
  texts(selector: string): Promise<string[]>;
  /** Clicks the first element that a selector finds. */
  click(selector: string): Promise<void>;
}

export interface Looker {
  /** Opens a page; with scripts it is ready when its list is there. */
  look(text: string, view?: View): Promise<Look>;
  end(): Promise<void>;
}

/** What looks at pages; null where there is no Chromium. */
export async function looker(): Promise<Looker | null> {
  const path = chromiumPath();
  if (path === null) return null;
  const folder = mkdtempSync(join(tmpdir(), 'portowner-page-'));
  const browser: Browser = await startChromium(path);
  let pages = 0;
  return {
    async look(text, view = {}) {
      const file = join(folder, `${++pages}.html`);
      writeFileSync(file, text);
      const page = await browser.open(`file://${file}`, view);
      if (view.scripts !== false) await page.until(`document.querySelector('#viewport tbody:not(.space)')`);
      return {
        page,
        texts: (selector) => page.evaluate(`[...document.querySelectorAll(${JSON.stringify(selector)})].map((one) => one.textContent.trim().replaceAll(/\\s+/g, ' '))`),
        click: (selector) => page.evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`),
      };
    },
    async end() {
      await browser.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
