// Runs the full-screen view: looks, keys, and frames.
import { capitalized } from '../../io/capitalized.ts';
import type { Screen } from '../../system/screen.ts';
import type { Close } from '../closes.ts';
import { newGaps, statisticsGaps } from '../gaps.ts';
import type { LiveSocket, Look } from '../look.ts';
import { arrange } from './arrange.ts';
import { liveLines, wrapLine } from './details.ts';
import { difference } from './diff.ts';
import { listeningPorts } from './groups.ts';
import { keyNamed, type Key } from './keys.ts';
import { viewFrame, helpLines, pageOf, textPageOf, widthsFor } from './layout.ts';
import type { Selection, ViewRow } from './model.ts';
import { addressPort, isAmount, type Seen } from './columns.ts';
import { firstScene, nextScene, type ViewScene } from './scene.ts';
import type { Size } from './shown.ts';
import { initialState, press, selectionOf, settled, type Action, type OnScreen, type ViewState } from './state.ts';
import { sanitize } from '../../io/sanitize.ts';

/** What the view uses outside of itself. */
export interface ViewWorld {
  readonly screen: Screen;
  /** `wanted`: the keys of the connections whose statistics are wanted; without it, those of all. */
  readonly look: (wanted?: ReadonlySet<string>) => Promise<Look>;
  /** The messages about closed sockets since the last call, if the system sends any. */
  readonly closes?: () => readonly Close[];
  /** Milliseconds between two looks. */
  readonly interval: number;
  /** After this many looks, the view ends; null: never. */
  readonly count: number | null;
  /** It ends after this many milliseconds; null: never. */
  readonly lasting: number | null;
  /** The selection of sockets that the command line names; empty if it names none. */
  readonly title: string;
  /** Everything that is known about a socket, as lines. */
  readonly details: (socket: LiveSocket) => Promise<readonly string[]>;
  /**
   * Stops the owner of a row, and asks on the terminal, which `leave` gives it; false if the view is over. Returns why
   * there was nothing to ask, as a sentence; null after a question. Null if it cannot ask.
   */
  readonly stop: ((row: ViewRow, leave: () => boolean) => Promise<string | null>) | null;
  /** Writes the rows to a file, and returns a sentence about it, or about what prevented it. */
  readonly write: (rows: readonly ViewRow[], file: string) => Promise<string>;
  /** Whether a file exists already. */
  readonly exists: (file: string) => boolean;
}

/** For how many looks the last line tells what they cannot see. */
const noteLooks = 3;

/** How long to wait for a terminal that is slower than the view. */
const busyMs = 20;

interface Details {
  readonly id: string;
  readonly lines: readonly string[] | null;
}

class View {
  private readonly world: ViewWorld;
  private state: ViewState = initialState;
  private scene: ViewScene | null = null;
  private rows: readonly ViewRow[] = [];
  private arranged: { readonly scene: ViewScene; readonly selection: Selection } | null = null;
  private seen: Seen = {};
  private seenFor = '';
  private details: Details | null = null;
  /** What the last look cannot see, as sentences. */
  private gaps: readonly string[] = [];
  private readonly newGaps = newGaps();
  /** For how many looks the last line still tells of them. */
  private noteLooks = 0;
  private before: readonly string[] | null = null;
  private looks = 0;
  private wasPaused = false;
  private isLooking = false;
  private looking: Promise<void> = Promise.resolve();
  /** Whether another program has the terminal. */
  private isAway = false;
  private isStopping = false;
  private isOver = false;
  private timer: NodeJS.Timeout | undefined;
  private drawing: NodeJS.Timeout | undefined;
  private done: (error?: unknown) => void = () => {};

  constructor(world: ViewWorld) {
    this.world = world;
  }

  /** Runs until a person quits, the looks are over, or the terminal is gone. */
  async run(): Promise<void> {
    const { screen } = this.world;
    const over = new Promise<void>((resolve, reject) => {
      this.done = (error) => (error === undefined ? resolve() : reject(error));
    });
    const guarded =
      <T extends unknown[]>(work: (...given: T) => void) =>
      (...given: T): void => {
        try {
          if (!this.isOver) work(...given);
        } catch (error) {
          this.end(error);
        }
      };
    const { lasting } = this.world;
    const end = lasting === null ? undefined : setTimeout(() => this.end(), lasting);
    try {
      screen.listen({
        key: guarded((pressed) => {
          const key = keyNamed(pressed);
          if (key !== null && !this.isAway) this.press(key);
        }),
        resized: guarded(() => this.redraw()),
        ended: guarded(() => this.end()),
      });
      this.draw();
      this.lookNow();
      await over;
    } finally {
      this.isOver = true;
      clearTimeout(end);
      clearTimeout(this.timer);
      clearTimeout(this.drawing);
      // A look can take long, and the caller ends what it uses.
      screen.leave();
      await this.looking;
    }
  }

  private end(error?: unknown): void {
    this.isOver = true;
    this.done(error);
  }

  private get size(): Size {
    const { columns, rows, colors, unicode } = this.world.screen;
    return { columns: Math.max(1, columns), rows: Math.max(1, rows), colors, unicode };
  }

  /** The connections on the screen; undefined for all, if the order or the sums depend on the statistics of all. */
  private get wanted(): ReadonlySet<string> | undefined {
    const { grouping, sorts, top, mode } = this.state;
    if (grouping !== 'none' || isAmount(sorts.none.column)) return undefined;
    const rows = this.rows.slice(top, top + pageOf(this.size.rows));
    return new Set([...rows.map(({ id }) => id), ...(mode.name === 'details' ? [mode.row.id] : [])]);
  }

  /** Looks, draws, and plans the next look. */
  private lookNow(): void {
    if (this.isLooking || this.isOver || this.isAway || this.state.isPaused) return;
    clearTimeout(this.timer);
    this.isLooking = true;
    const started = performance.now();
    this.looking = this.world
      .look(this.wanted)
      .then((look) => {
        this.isLooking = false;
        if (this.isOver) return;
        this.looks++;
        this.take(look);
        if (this.looks === this.world.count) {
          this.end();
          return;
        }
        const took = performance.now() - started;
        // However expensive a look is, half of the time is for the rest of the machine.
        this.timer = setTimeout(() => this.lookNow(), Math.max(this.world.interval - took, took));
      })
      .catch((error: unknown) => this.end(error));
  }

  private take(look: Look): void {
    if (this.state.isPaused || this.isAway) return;
    // Messages of before the first look, and of while it was paused, are about sockets that nobody expects to see.
    const closes = this.world.closes?.() ?? [];
    this.scene = this.scene === null ? firstScene(look) : nextScene(this.scene, look, this.wasPaused ? [] : closes);
    this.wasPaused = false;
    this.note(look);
    this.draw();
  }

  /** Notes for a few looks what they cannot see, if that is new. */
  private note(look: Look): void {
    const gaps = [...look.gaps, ...statisticsGaps(look)];
    this.gaps = gaps.map((gap) => `${capitalized(gap)}.`);
    this.noteLooks = this.newGaps({ gaps }).length > 0 ? noteLooks : Math.max(0, this.noteLooks - 1);
  }

  private get noteText(): string | null {
    const { gaps } = this;
    if (this.noteLooks === 0 || gaps.length === 0) return null;
    // Statistics are missing in many rows.
    const told = gaps.filter((gap, i) => i === 0 || gap.startsWith('Statistics '));
    const whats = told.map((gap) => `${gap.split(': ')[0]!.replace(/\.$/, '')}. `);
    return `${whats.join('')}Press ? for the ${gaps.length === 1 ? 'reason' : 'reasons'}.`;
  }

  /** Selects and orders the rows again, if anything changed that they depend on. */
  private arrange(): void {
    const { scene, arranged } = this;
    if (scene === null) return;
    const selection = selectionOf(this.state);
    const isSame =
      arranged?.scene === scene &&
      (['kind', 'filter', 'scope', 'grouping', 'sort'] as const).every(
        (name) => arranged.selection[name] === selection[name],
      );
    if (isSame) return;
    this.rows = arrange(scene, selection);
    this.arranged = { scene, selection };
  }

  private detailLines(columns: number): readonly string[] | null {
    const { mode } = this.state;
    if (mode.name !== 'details' || mode.row.socket === null) return null;
    const { key } = mode.row.socket;
    const row = this.rows.find(({ id }) => id === key) ?? mode.row;
    const lines = [...liveLines(row), '', ...(this.details?.lines ?? ['Reading the details ...'])];
    return lines.flatMap((line) => wrapLine(sanitize(line), columns));
  }

  private get onScreen(): OnScreen {
    const { columns, rows } = this.size;
    const { mode } = this.state;
    const isText = mode.name === 'details' || mode.name === 'help';
    const page = isText ? textPageOf(rows) : pageOf(rows);
    const lines =
      mode.name === 'help'
        ? helpLines(this.gaps, columns).length
        : isText
          ? (this.detailLines(columns)?.length ?? 0)
          : 0;
    const listening = this.scene === null ? new Set<string>() : listeningPorts(this.scene);
    return { rows: this.rows, page, most: Math.max(0, lines - page), listening };
  }

  private press(key: Key): void {
    this.arrange();
    const wasPaused = this.state.isPaused;
    this.noteLooks = 0;
    const { state, action } = press(this.state, key, this.onScreen);
    this.state = state;
    if (action !== undefined) this.act(action);
    if (this.isOver) return;
    this.wasPaused ||= wasPaused;
    if (wasPaused && !this.state.isPaused) this.lookNow();
    this.draw();
  }

  private act(action: Action): void {
    const { screen } = this.world;
    const failed = (error: unknown): void => this.end(error);
    switch (action.name) {
      case 'quit':
        return this.end();
      case 'redraw':
        return this.redraw();
      case 'suspend':
        return screen.suspend();
      case 'details':
        return this.readDetails(action.row);
      case 'copy':
        return this.copy(action.row);
      case 'stop':
        return void this.stop(action.row).catch(failed);
      case 'write':
        return void this.write(action.file, action.replace).catch(failed);
    }
  }

  private readDetails({ id, socket }: ViewRow): void {
    if (socket === null) return;
    this.details = { id, lines: null };
    const take = (lines: readonly string[]): void => {
      if (this.details?.id !== id || this.isOver) return;
      this.details = { id, lines };
      this.draw();
    };
    // The answer takes a while: first show the page that waits for it.
    setTimeout(() => {
      this.world.details(socket).then(take, (error: unknown) => this.end(error));
    }, 0);
  }

  private async stop(row: ViewRow): Promise<void> {
    const { screen, stop } = this.world;
    if (stop === null) return this.say('Cannot ask whether to stop it: standard input is not a terminal.');
    if (this.isStopping) return;
    this.isStopping = true;
    const leave = (): boolean => {
      if (this.isOver || this.isAway) return !this.isOver;
      this.isAway = true;
      clearTimeout(this.timer);
      screen.leave();
      return true;
    };
    const refusal = await stop(row, leave);
    this.isStopping = false;
    if (this.isOver) return;
    if (this.isAway) {
      screen.enter();
      this.isAway = false;
      this.redraw();
      this.lookNow();
    }
    if (refusal !== null) this.say(refusal);
  }

  private copy(row: ViewRow): void {
    const text = rowText(row);
    this.world.screen.write(`\x1b]52;c;${Buffer.from(text).toString('base64')}\x07`);
    this.say('Copied to the clipboard, if this terminal allows programs to do that (OSC 52).');
  }

  private async write(file: string, replace: boolean): Promise<void> {
    if (!replace && this.world.exists(file)) {
      this.state = { ...this.state, mode: { name: 'replace', text: file } };
      return;
    }
    this.say(await this.world.write(this.rows, file));
  }

  private say(message: string): void {
    this.state = { ...this.state, message };
    this.draw();
  }

  /** Draws everything again. */
  private redraw(): void {
    this.before = null;
    this.draw();
  }

  /** Draws what changed; later, if the terminal is still busy with the last frame. */
  private draw(): void {
    const { screen } = this.world;
    if (this.isOver || this.isAway) return;
    clearTimeout(this.drawing);
    if (screen.isBusy) {
      this.drawing = setTimeout(() => this.draw(), busyMs);
      return;
    }
    const { size } = this;
    this.arrange();
    this.state = settled(this.state, { rows: this.rows, page: pageOf(size.rows) });
    const widths = widthsFor(this.state.grouping, size.columns);
    if (widths !== this.seenFor) this.seen = {};
    this.seenFor = widths;
    const { state, scene, rows, seen } = this;
    const details = this.detailLines(size.columns);
    const { gaps, noteText: note } = this;
    const { title } = this.world;
    const frame = viewFrame({ state, scene, rows, seen, details, gaps, note, title }, size);
    this.seen = frame.seen;
    const text = difference(this.before, frame.lines);
    this.before = frame.lines;
    if (text !== '') screen.write(text);
  }
}

/** A row as text for other programs, in one line. */
export function rowText({ socket, group }: ViewRow): string {
  if (socket === null) return sanitize(group!.label);
  const { protocol, localAddress, localPort, remoteAddress, remotePort, state, owner } = socket;
  const remote = remoteAddress === null ? '' : ` -> ${addressPort(remoteAddress, remotePort)}`;
  return sanitize(
    `${protocol} ${addressPort(localAddress, localPort)}${remote}${state === null ? '' : ` ${state}`}  ${owner.owner}`,
  );
}

/** Runs the view on a screen until it ends. The caller closes the screen. */
export const runView = (world: ViewWorld): Promise<void> => new View(world).run();
