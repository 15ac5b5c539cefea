// The names of keys, from what Node reads of a terminal.
import type { KeyPress } from '../../system/screen.ts';

/**
 * The name of a key: a printable character is its own name; others are `up`, `pagedown`, `enter`, `escape`, `shift+tab`,
 * `ctrl+c` …
 */
export type Key = string;

const others: Readonly<Record<string, Key>> = { return: 'enter', enter: 'enter', linefeed: 'enter' };
const printable = /^[^\p{Cc}\p{Cs}]$/u;

/** Names a key; null for what is none, such as a lone surrogate or an unknown sequence. */
export function keyNamed({ name, sequence = '', ctrl, meta, shift }: KeyPress): Key | null {
  if (name === 'escape') return 'escape';
  if (ctrl || meta) return name === undefined || !/^[a-z]+$/.test(name) || meta ? null : `ctrl+${name}`;
  if (printable.test(sequence)) return sequence;
  if (name === undefined || name === 'undefined' || name.length < 2) return null;
  const known = others[name] ?? name;
  return shift && known === 'tab' ? 'shift+tab' : known;
}

/** The keys of the view, for its help. Keys of one line do the same. */
export const keyHelp: readonly (readonly [keys: string, what: string])[] = [
  ['Up Down, k j', 'select a row'],
  ['PgUp PgDn, Ctrl+B Ctrl+F', 'move by a page'],
  ['Home End, g G', 'first row, last row'],
  ['Enter', 'details of the row; of a group: its sockets'],
  ['Esc, Backspace', 'back; show all sockets again'],
  ['/', 'filter: rows that contain every word'],
  ['Tab, Shift+Tab', 'group by process, port, remote address'],
  ['a', 'all sockets, only listeners, only open connections'],
  ['f', 'follow the process of the row'],
  ['Left Right, h l, < >', 'sort by another column'],
  ['p', 'sort by port'],
  ['e', 'sort by executable'],
  ['t', 'sort by traffic'],
  ['r', 'reverse the order'],
  ['Space', 'pause, continue'],
  ['x', 'stop the owner, after a preview and a question'],
  ['c, y', 'copy the row'],
  ['w', 'write the rows to a file'],
  ['Ctrl+L', 'draw the screen again'],
  ['Ctrl+Z', 'suspend (on Linux)'],
  ['?, F1', 'this help'],
  ['q, Ctrl+C', 'quit'],
];
