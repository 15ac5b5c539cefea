// A Chromium that looks at pages of the HTML format.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromiumPath, startChromium, type BrowserPage, type View } from '../../src/build/chromium.ts';

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

/** What looks at pages, or why nothing does. */
export async function looker(): Promise<Looker | string> {
  const path = chromiumPath();
  if (path === null) return 'Chromium is not installed';
  const folder = mkdtempSync(join(tmpdir(), 'portowner-page-'));
  const browser = await startChromium(path).catch((error: unknown) => String(error));
  if (typeof browser === 'string') return `Chromium does not start: ${browser}`;
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
