// What a person does: a key changes what the view shows, or asks for something outside of it.
import { columnsOf, columnOf, sortBy } from './columns.ts';
import type { Key } from './keys.ts';
import {
  viewGroupings,
  kinds,
  type ViewGrouping,
  type GroupScope,
  type Selection,
  type SortBy,
  type ViewRow,
} from './model.ts';
import { groupOf } from './groups.ts';

/** What covers the list. */
export type Mode =
  | { readonly name: 'list' }
  /** Typing a filter; `before` comes back with Escape. */
  | { readonly name: 'filter'; readonly before: string }
  /** Typing the name of a file. */
  | { readonly name: 'file'; readonly text: string }
  /** A file of this name exists. */
  | { readonly name: 'replace'; readonly text: string }
  | { readonly name: 'details'; readonly row: ViewRow; readonly top: number }
  | { readonly name: 'help'; readonly top: number };

export interface ViewState extends Omit<Selection, 'sort'> {
  readonly mode: Mode;
  readonly isPaused: boolean;
  /** The ID of the selected row; null until a person selects one: then it is the first. */
  readonly selected: string | null;
  /** Where the selected row was: its place stays selected when it is gone. */
  readonly index: number;
  /** The first row on the screen. */
  readonly top: number;
  /** The order of sockets, and of groups. */
  readonly sorts: Readonly<Record<ViewGrouping, SortBy>>;
  /** A sentence at the bottom, until the next key. */
  readonly message: string | null;
}

/** What the view asks for. */
export type Action =
  | { readonly name: 'quit' | 'redraw' | 'suspend' }
  | { readonly name: 'details' | 'stop' | 'copy'; readonly row: ViewRow }
  | { readonly name: 'write'; readonly file: string; readonly replace: boolean };

export interface Pressed {
  readonly state: ViewState;
  readonly action?: Action;
}

/** What is on the screen when a key is pressed. */
export interface OnScreen {
  readonly rows: readonly ViewRow[];
  /** How many rows there is room for. */
  readonly page: number;
  /** How far details or help can be scrolled. */
  readonly most: number;
  readonly listening: ReadonlySet<string>;
}

const traffic: SortBy = { column: 'traffic', descending: true };

export const initialState: ViewState = {
  mode: { name: 'list' },
  kind: 'all',
  filter: '',
  scope: null,
  grouping: 'none',
  isPaused: false,
  selected: null,
  index: 0,
  top: 0,
  sorts: { none: { column: 'port', descending: false }, process: traffic, port: traffic, remote: traffic },
  message: null,
};

export const selectionOf = (state: ViewState): Selection => ({ ...state, sort: state.sorts[state.grouping] });

const clamp = (value: number, most: number): number => Math.max(0, Math.min(value, most));

/** The place of the selected row. */
export function selectedIndex({ selected, index }: ViewState, rows: readonly ViewRow[]): number {
  const found = selected === null ? -1 : rows.findIndex(({ id }) => id === selected);
  return found >= 0 ? found : clamp(selected === null ? 0 : index, rows.length - 1);
}

/** Keeps the selected row selected, and on the screen, when the rows or the size of the screen changed. */
export function settled(state: ViewState, { rows, page }: Pick<OnScreen, 'rows' | 'page'>): ViewState {
  const index = selectedIndex(state, rows);
  const last = Math.max(0, rows.length - page);
  const top = clamp(Math.min(Math.max(state.top, index - page + 1), index), last);
  return index === state.index && top === state.top ? state : { ...state, index, top };
}

/** How far a key moves in a list with this many rows on a page. */
const moves: Readonly<Record<Key, (page: number) => number>> = {
  up: () => -1,
  k: () => -1,
  down: () => 1,
  j: () => 1,
  pageup: (page) => -page,
  'ctrl+b': (page) => -page,
  pagedown: (page) => page,
  'ctrl+f': (page) => page,
  'ctrl+u': (page) => -Math.ceil(page / 2),
  'ctrl+d': (page) => Math.ceil(page / 2),
  home: () => -Infinity,
  g: () => -Infinity,
  end: () => Infinity,
  G: () => Infinity,
};

function move(state: ViewState, by: number, rows: readonly ViewRow[]): ViewState {
  const index = clamp(selectedIndex(state, rows) + by, rows.length - 1);
  const row = rows[index];
  return row === undefined ? state : { ...state, index, selected: row.id };
}

/** Starts at the first row again: other rows are shown. */
const fromTop = (state: ViewState, change: Partial<ViewState>): ViewState => ({
  ...state,
  selected: null,
  index: 0,
  top: 0,
  ...change,
});

const neighbor = <T>(items: readonly T[], item: T, by: number): T =>
  items[(items.indexOf(item) + by + items.length) % items.length]!;

function sortedBy(state: ViewState, sort: SortBy): ViewState {
  return { ...state, sorts: { ...state.sorts, [state.grouping]: sort } };
}

function otherColumn(state: ViewState, by: number): ViewState {
  const ids = columnsOf(state.grouping).map(({ id }) => id);
  const { column } = state.sorts[state.grouping];
  const known = ids.includes(column) ? column : ids.at(by > 0 ? -1 : 0)!;
  return sortedBy(state, sortBy(neighbor(ids, known, by), state.grouping));
}

/** Sorts sockets by a column that groups may not have. */
function sortSockets(state: ViewState, id: string): ViewState {
  const isThere = columnOf(id, state.grouping).id === id;
  return sortedBy(
    isThere ? state : fromTop(state, { grouping: 'none' }),
    sortBy(id, isThere ? state.grouping : 'none'),
  );
}

/** Shows only one group of sockets. */
const into = (state: ViewState, scope: GroupScope): ViewState => fromTop(state, { scope, grouping: 'none' });

function follow(state: ViewState, row: ViewRow | undefined, listening: ReadonlySet<string>): ViewState {
  if (row?.socket != null)
    return into(state, { by: 'process', ...groupOf(row.socket, 'process', listening), from: state.grouping });
  if (row?.group != null && state.grouping === 'process')
    return into(state, { by: 'process', id: row.id, label: row.group.label, from: state.grouping });
  return { ...state, message: 'Select a socket or a process to follow.' };
}

function open(state: ViewState, row: ViewRow | undefined): Pressed {
  if (row === undefined) return { state };
  if (row.group !== null && state.grouping !== 'none')
    return { state: into(state, { by: state.grouping, id: row.id, label: row.group.label, from: state.grouping }) };
  return { state: { ...state, mode: { name: 'details', row, top: 0 } }, action: { name: 'details', row } };
}

/** One step back from a filter, a followed process, or a grouping. */
function back(state: ViewState): ViewState {
  if (state.filter !== '') return fromTop(state, { filter: '' });
  if (state.scope !== null) return fromTop(state, { scope: null, grouping: state.scope.from });
  return state.grouping === 'none' && state.kind === 'all' ? state : fromTop(state, { grouping: 'none', kind: 'all' });
}

function stopping(state: ViewState, row: ViewRow | undefined): Pressed {
  if (row === undefined) return { state };
  if (row.owner === null) return { state: { ...state, message: 'Press Enter, and select one of its sockets.' } };
  if (row.mark === 'closed' || row.mark === 'fading') return { state: { ...state, message: 'This socket is closed.' } };
  if (row.socket?.state === 'TimeWait')
    return { state: { ...state, message: 'This connection is closed (TimeWait): it has no owner anymore.' } };
  return { state, action: { name: 'stop', row } };
}

type Command = (state: ViewState, screen: OnScreen, row: ViewRow | undefined) => Pressed;
const change =
  (by: (state: ViewState, screen: OnScreen, row: ViewRow | undefined) => ViewState): Command =>
  (state, screen, row) => ({ state: by(state, screen, row) });
const asks =
  (name: 'quit' | 'redraw' | 'suspend'): Command =>
  (state) => ({ state, action: { name } });
const copy: Command = (state, _screen, row) =>
  row === undefined ? { state } : { state, action: { name: 'copy', row } };
const openHelp = change((state) => ({ ...state, mode: { name: 'help', top: 0 } }));
const group = (by: number): Command =>
  change((state) => fromTop(state, { grouping: neighbor(viewGroupings, state.grouping, by) }));

const always: Readonly<Record<Key, Command>> = {
  'ctrl+c': asks('quit'),
  'ctrl+l': asks('redraw'),
  'ctrl+z': asks('suspend'),
};

const commands: Readonly<Record<Key, Command>> = {
  q: asks('quit'),
  enter: (state, _screen, row) => open(state, row),
  escape: change(back),
  backspace: change(back),
  '/': change((state) => ({ ...state, mode: { name: 'filter', before: state.filter } })),
  tab: group(1),
  'shift+tab': group(-1),
  a: change((state) => fromTop(state, { kind: neighbor(kinds, state.kind, 1) })),
  f: change((state, { listening }, row) => follow(state, row, listening)),
  left: change((state) => otherColumn(state, -1)),
  h: change((state) => otherColumn(state, -1)),
  '<': change((state) => otherColumn(state, -1)),
  right: change((state) => otherColumn(state, 1)),
  l: change((state) => otherColumn(state, 1)),
  '>': change((state) => otherColumn(state, 1)),
  p: change((state) => sortSockets(state, 'port')),
  e: change((state) => sortSockets(state, 'executable')),
  t: change((state) => sortedBy(state, traffic)),
  r: change((state) => {
    const sort = state.sorts[state.grouping];
    return sortedBy(state, { ...sort, descending: !sort.descending });
  }),
  ' ': change((state) => ({ ...state, isPaused: !state.isPaused })),
  x: (state, _screen, row) => stopping(state, row),
  c: copy,
  y: copy,
  w: change((state) => ({ ...state, mode: { name: 'file', text: '' } })),
  '?': openHelp,
  f1: openHelp,
};

/** A line that is typed; null if the key does not change it. */
function typed(text: string, key: Key): string | null {
  if (key === 'backspace') return [...text].slice(0, -1).join('');
  if (key === 'ctrl+u') return '';
  if (key === 'ctrl+w') return text.slice(0, text.trimEnd().lastIndexOf(' ') + 1);
  // Longer ones are a paste by mistake.
  return [...key].length === 1 && text.length < 1000 ? text + key : null;
}

function pressInFilter(state: ViewState, key: Key, before: string): Pressed {
  const list = { mode: { name: 'list' } } as const;
  if (key === 'enter' || key === 'tab') return { state: { ...state, ...list } };
  if (key === 'escape') return { state: fromTop(state, { ...list, filter: before }) };
  const filter = typed(state.filter, key);
  return { state: filter === null ? state : fromTop(state, { filter }) };
}

function pressInFile(state: ViewState, key: Key, text: string): Pressed {
  const list: ViewState = { ...state, mode: { name: 'list' } };
  if (key === 'escape') return { state: list };
  if (key === 'enter')
    return text.trim() === ''
      ? { state: list }
      : { state: list, action: { name: 'write', file: text.trim(), replace: false } };
  return { state: { ...state, mode: { name: 'file', text: typed(text, key) ?? text } } };
}

function pressInPages(state: ViewState, key: Key, { page, most }: OnScreen): Pressed {
  const { mode } = state;
  if (mode.name !== 'details' && mode.name !== 'help') return { state };
  if (
    key === 'escape' ||
    key === 'q' ||
    key === 'enter' ||
    key === 'backspace' ||
    (mode.name === 'help' && key === '?')
  )
    return { state: { ...state, mode: { name: 'list' } } };
  if (key === '?' || key === 'f1') return { state: { ...state, mode: { name: 'help', top: 0 } } };
  if (mode.name === 'details' && key === 'x') return stopping(state, mode.row);
  if (mode.name === 'details' && (key === 'c' || key === 'y'))
    return { state, action: { name: 'copy', row: mode.row } };
  const by = moves[key]?.(page) ?? (key === ' ' ? page : 0);
  return { state: { ...state, mode: { ...mode, top: clamp(mode.top + by, most) } } };
}

/** Handles a key. */
export function press(before: ViewState, key: Key, screen: OnScreen): Pressed {
  const state = before.message === null ? before : { ...before, message: null };
  const global = Object.hasOwn(always, key) ? always[key] : undefined;
  if (global !== undefined) return global(state, screen, undefined);
  const { mode } = state;
  if (mode.name === 'filter') {
    const by =
      key.length > 1 && key !== 'home' && key !== 'end' && Object.hasOwn(moves, key) && !key.startsWith('ctrl')
        ? moves[key]
        : undefined;
    return by === undefined
      ? pressInFilter(state, key, mode.before)
      : { state: move(state, by(screen.page), screen.rows) };
  }
  if (mode.name === 'file') return pressInFile(state, key, mode.text);
  if (mode.name === 'replace') {
    const list: ViewState = { ...state, mode: { name: 'list' } };
    return /^y$/i.test(key)
      ? { state: list, action: { name: 'write', file: mode.text, replace: true } }
      : { state: list };
  }
  if (mode.name !== 'list') return pressInPages(state, key, screen);
  if (Object.hasOwn(moves, key)) return { state: move(state, moves[key]!(screen.page), screen.rows) };
  const command = Object.hasOwn(commands, key) ? commands[key] : undefined;
  return command?.(state, screen, screen.rows[selectedIndex(state, screen.rows)]) ?? { state };
}
