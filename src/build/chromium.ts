// A headless Chromium, driven over the DevTools protocol: https://chromedevtools.github.io/devtools-protocol/
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

/** The path of Chromium: PORTOWNER_CHROMIUM, or one on the PATH; null if there is none. */
export function chromiumPath(): string | null {
  const { PORTOWNER_CHROMIUM: own, PATH = '' } = process.env;
  if (own !== undefined && own !== '') return own;
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const paths = PATH.split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  return paths.find((path) => existsSync(path)) ?? null;
}

type Result = Record<string, unknown>;
interface Message {
  readonly id?: number;
  readonly sessionId?: string;
  readonly method?: string;
  readonly params?: Result;
  readonly result?: Result;
  readonly error?: { readonly message: string };
}

/** How a page is displayed. */
export interface View {
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
  /** Whether the page's scripts run. */
  readonly scripts?: boolean;
}

/** The protocol over a pipe: JSON texts, each terminated by a zero byte. */
class Connection {
  readonly #to: Writable;
  readonly #waiting = new Map<number, { resolve: (result: Result) => void; reject: (error: Error) => void }>();
  readonly listeners = new Set<(message: Message) => void>();
  #last = 0;
  #isOpen = true;

  constructor(to: Writable, from: Readable) {
    this.#to = to;
    let rest: Buffer = Buffer.alloc(0);
    from.on('data', (part: Buffer) => {
      rest = Buffer.concat([rest, part]);
      for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
        this.#take(JSON.parse(rest.toString('utf8', 0, end)) as Message);
        rest = rest.subarray(end + 1);
      }
    });
    from.on('close', () => this.#end());
    // If it did not start, nobody reads the pipe.
    to.on('error', () => this.#end());
  }

  #end(): void {
    this.#isOpen = false;
    for (const { reject } of this.#waiting.values()) reject(new Error('Chromium ended'));
    this.#waiting.clear();
  }

  #take(message: Message): void {
    for (const listener of this.listeners) listener(message);
    const waiting = message.id === undefined ? undefined : this.#waiting.get(message.id);
    if (waiting === undefined) return;
    this.#waiting.delete(message.id!);
    if (message.error === undefined) waiting.resolve(message.result ?? {});
    else waiting.reject(new Error(message.error.message));
  }

  send(method: string, params: Result = {}, sessionId?: string): Promise<Result> {
    if (!this.#isOpen) return Promise.reject(new Error('Chromium ended'));
    const id = ++this.#last;
    this.#to.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((resolve, reject) => void this.#waiting.set(id, { resolve, reject }));
  }
}

/** A page in Chromium. */
export class BrowserPage {
  readonly #connection: Connection;
  readonly #session: string;
  /** Its console output and uncaught errors. */
  readonly messages: string[] = [];
  /** The addresses that it requested, including its own. */
  readonly requests: string[] = [];

  constructor(connection: Connection, session: string) {
    [this.#connection, this.#session] = [connection, session];
    connection.listeners.add(({ sessionId, method, params = {} }) => {
      if (sessionId !== session) return;
      if (method === 'Runtime.consoleAPICalled' || method === 'Runtime.exceptionThrown' || method === 'Log.entryAdded')
        this.messages.push(JSON.stringify(params));
      if (method === 'Network.requestWillBeSent') this.requests.push((params['request'] as { url: string }).url);
    });
  }

  send(method: string, params: Result = {}): Promise<Result> {
    return this.#connection.send(method, params, this.#session);
  }

  /** The value of an expression in the page. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
      userGesture: true,
    });
    if (exceptionDetails !== undefined) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return (result as { value: T }).value;
  }

  /** Waits until an expression is true in the page. */
  async until(expression: string): Promise<void> {
    const end = Date.now() + 60_000;
    while (!(await this.evaluate<boolean>(`Boolean(${expression})`))) {
      if (Date.now() > end) throw new Error(`never true in the page: ${expression}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Presses a named key, or types a text. */
  async press(key: string, code = 0): Promise<void> {
    const params = { key, code: key, windowsVirtualKeyCode: code, ...(key === 'Enter' ? { text: '\r' } : {}) };
    await this.send('Input.dispatchKeyEvent', { type: 'keyDown', ...params });
    await this.send('Input.dispatchKeyEvent', { type: 'keyUp', ...params });
  }

  async type(text: string): Promise<void> {
    await this.send('Input.insertText', { text });
  }

  /** A PNG picture of the whole page, or of its visible part. */
  async screenshot(whole = false): Promise<Buffer> {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png', captureBeyondViewport: whole });
    return Buffer.from(data as string, 'base64');
  }

  async pdf(): Promise<Buffer> {
    const { data } = await this.send('Page.printToPDF', { printBackground: true, preferCSSPageSize: true });
    return Buffer.from(data as string, 'base64');
  }
}

/** A running headless Chromium. */
export interface Browser {
  open(url: string, view?: View): Promise<BrowserPage>;
  close(): Promise<void>;
}

/** Starts a Chromium with an empty profile and without background requests. */
export async function startChromium(path: string): Promise<Browser> {
  const folder = mkdtempSync(join(tmpdir(), 'portowner-chromium-'));
  const isRoot = process.getuid?.() === 0;
  const child = spawn(
    path,
    [
      '--headless=new',
      '--remote-debugging-pipe',
      `--user-data-dir=${folder}`,
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-extensions',
      '--disable-gpu',
      '--hide-scrollbars',
      '--disable-dev-shm-usage',
      '--font-render-hinting=none',
      '--lang=en-US',
      // Chromium's sandbox does not start for root.
      ...(isRoot ? ['--no-sandbox'] : []),
      'about:blank',
    ],
    { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], env: { ...process.env, HOME: folder, TZ: 'UTC' } },
  );
  const connection = new Connection(child.stdio[3] as Writable, child.stdio[4] as Readable);
  const ended = once(child, 'exit');
  await connection.send('Browser.getVersion');
  return {
    async open(url, { width = 1280, height = 900, dark = false, scripts = true } = {}) {
      const { targetId } = await connection.send('Target.createTarget', { url: 'about:blank' });
      const { sessionId } = await connection.send('Target.attachToTarget', { targetId, flatten: true });
      const page = new BrowserPage(connection, sessionId as string);
      for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await page.send(`${domain}.enable`);
      const isPhone = width < 600;
      await page.send('Emulation.setDeviceMetricsOverride', {
        width,
        height,
        deviceScaleFactor: isPhone ? 2 : 1,
        mobile: isPhone,
      });
      await page.send('Emulation.setEmulatedMedia', {
        features: [{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }],
      });
      if (!scripts) await page.send('Emulation.setScriptExecutionDisabled', { value: true });
      await page.send('Page.navigate', { url });
      await page.until(`document.readyState === 'complete' && location.href !== 'about:blank'`);
      return page;
    },
    async close() {
      await connection.send('Browser.close').catch(() => {});
      await ended;
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
