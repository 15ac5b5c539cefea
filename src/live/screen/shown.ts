// What a frame is drawn from.
import type { Seen } from './columns.ts';
import type { ViewRow } from './model.ts';
import type { ViewScene } from './scene.ts';
import type { ViewState } from './state.ts';
import type { Ability } from './text.ts';

/** The screen. */
export interface Size extends Ability {
  readonly columns: number;
  readonly rows: number;
}

/** Everything that a frame shows. */
export interface Shown {
  readonly state: ViewState;
  /** Null until the first look. */
  readonly scene: ViewScene | null;
  readonly rows: readonly ViewRow[];
  readonly seen: Seen;
  /** The details of the row; null while they are gathered. */
  readonly details: readonly string[] | null;
  /** What the looks cannot see, as sentences, for the help. */
  readonly gaps: readonly string[];
  /** A sentence for the last line, instead of the keys; null for none. */
  readonly note: string | null;
  /** The requested ports, and the interval, for the first line. */
  readonly title: string;
}
