// A full-screen view on a terminal that a test reads: keys in, screen out.
import { PassThrough } from 'node:stream';
import { emitKeypressEvents } from 'node:readline';
import xterm from '@xterm/headless';
import type { Counters, LiveOwner, LiveSocket, Look } from '../../src/live/look.ts';
import type { KeyPress, Screen, ScreenEvents } from '../../src/system/screen.ts';
import { runView, type ViewWorld } from '../../src/live/screen/view.ts';

export const noCounters: Counters = { sent: null, received: null, roundTrip: null, retransmits: null, receiveQueue: null, sendQueue: null, drops: null };

export function owner(more: Partial<LiveOwner> = {}): LiveOwner {
  const name = more.imageName ?? 'node';
  const pid = more.pid === undefined ? 10 : more.pid;
  return { pid, startTime: '2026-01-02T03:00:00.000Z', imageName: name, application: null, owner: `${name} (${pid})`, ...more };
}

export type SocketParts = Partial<Omit<LiveSocket, 'owner' | 'counters'>> & { readonly owner?: Partial<LiveOwner>; readonly counters?: Partial<Counters> };

/** A listener on port 3000, or what the parts make of it. */
export function liveSocket(parts: SocketParts = {}): LiveSocket {
  const { owner: whose, counters, ...more } = parts;
  const { localPort = 3000, remotePort = null } = more;
  return {
    key: `${localPort} ${remotePort}`,
    protocol: 'TCP',
    localAddress: '127.0.0.1',
    localPort,
    remoteAddress: remotePort === null ? null : '127.0.0.1',
    remotePort,
    state: remotePort === null ? 'Listen' : 'Established',
    owner: owner(whose),
    counters: { ...noCounters, ...counters },
    reason: null,
    ...more,
  };
}

/** The look of this number, one second after the one before. */
export function lookAt(number: number, sockets: readonly LiveSocket[], gaps: readonly string[] = []): Look {
  const time = new Date(Date.UTC(2026, 0, 2, 3, 4, number)).toISOString();
  const all = new Map(sockets.map((one) => [one.key, one]));
  return { at: number * 1000, time, sockets: all, all, gaps };
}

/** The key presses that Node makes of what a terminal sends. */
export function keyPresses(bytes: string | Uint8Array, take: (press: KeyPress) => void): PassThrough {
  const stream = new PassThrough();
  emitKeypressEvents(stream);
  stream.on('keypress', (_text: unknown, press: KeyPress) => take(press));
  if (bytes.length > 0) stream.write(bytes);
  return stream;
}

export interface TestScreen extends Screen {
  /** The lines of the screen, without blanks at their ends. */
  readonly lines: () => Promise<string[]>;
  /** Everything that was written since it was last taken. */
  readonly taken: () => string;
  readonly type: (text: string | Buffer) => Promise<void>;
  readonly resize: (columns: number, rows: number) => void;
  readonly end: () => void;
  busy: boolean;
  /** `leave` and `enter`, in order. */
  readonly visits: string[];
}

/** Lets everything happen that is waiting. */
export const settle = async (ms = 0): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export function testScreen(columns = 80, rows = 24, abilities: { colors?: boolean; unicode?: boolean } = {}): TestScreen {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  terminal.write('\x1b[?1049h');
  let events: ScreenEvents | undefined;
  let written = '';
  const keys = keyPresses('', (press) => events?.key(press));
  return {
    colors: true,
    unicode: true,
    ...abilities,
    busy: false,
    visits: [],
    get columns() {
      return terminal.cols;
    },
    get rows() {
      return terminal.rows;
    },
    get isBusy() {
      return this.busy;
    },
    write(text) {
      written += text;
      terminal.write(text);
    },
    listen: (given) => void (events = given),
    leave() {
      this.visits.push('leave');
    },
    enter() {
      this.visits.push('enter');
    },
    suspend() {
      this.visits.push('suspend');
    },
    close() {},
    async lines() {
      await new Promise<void>((resolve) => terminal.write('', resolve));
      const { active } = terminal.buffer;
      return Array.from({ length: terminal.rows }, (_, row) => active.getLine(row)!.translateToString().trimEnd());
    },
    taken() {
      const text = written;
      written = '';
      return text;
    },
    async type(text) {
      keys.write(text);
      // Node waits this long for the rest of a sequence that begins with Escape.
      await settle(typeof text === 'string' && text.endsWith('\x1b') ? 600 : 0);
      await settle();
    },
    resize(width, height) {
      terminal.resize(width, height);
      events?.resized();
    },
    end: () => events?.ended(),
  };
}

export interface TestView {
  readonly screen: TestScreen;
  /** Shows the next look. */
  readonly look: (sockets: readonly LiveSocket[], gaps?: readonly string[]) => Promise<void>;
  /** The connections whose statistics the last look was asked for; null for all. */
  readonly wanted: () => readonly string[] | null;
  /** Whether the view waits for a look. */
  readonly isWaiting: () => boolean;
  /** Fails the look that the view waits for. */
  readonly fail: (error: Error) => void;
  readonly over: Promise<void>;
}

/** A view that gets its looks from the test. */
export function testView(sockets: readonly LiveSocket[], more: Partial<ViewWorld> & { readonly screen?: TestScreen } = {}): Promise<TestView> {
  const screen = more.screen ?? testScreen();
  const wanted: (readonly string[] | null)[] = [];
  const asked: { resolve: (look: Look) => void; reject: (error: Error) => void }[] = [];
  let number = 0;
  const over = runView({
    look(keys) {
      wanted.push(keys === undefined ? null : [...keys]);
      return new Promise((resolve, reject) => void asked.push({ resolve, reject }));
    },
    interval: 0,
    count: null,
    lasting: null,
    title: '',
    details: async () => ['Path : /usr/bin/node'],
    stop: async () => null,
    write: async (rows, file) => `Wrote ${rows.length} rows to ${file}.`,
    exists: () => false,
    ...more,
    screen,
  });
  over.catch(() => {});
  const view: TestView = {
    screen,
    async look(next, gaps = []) {
      for (let tries = 0; asked.length === 0 && tries < 200; tries++) await settle(1);
      const waiting = asked.pop();
      if (waiting === undefined) throw new Error('the view does not look');
      waiting.resolve(lookAt(number++, next, gaps));
      await settle();
    },
    wanted: () => wanted.at(-1)!,
    isWaiting: () => asked.length > 0,
    fail: (error) => asked.pop()?.reject(error),
    over,
  };
  return view.look(sockets).then(() => view);
}
