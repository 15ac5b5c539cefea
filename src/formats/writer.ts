import type { Terminal } from '../system/terminal.ts';
import type { Answer } from '../schema/answer.ts';
import type { Notice, Problem } from '../schema/problems.ts';
import type { AnyRow, Column, RowSchema } from '../schema/column.ts';
import type { TextSink } from '../io/sink.ts';

export interface WriterOptions {
  /** The chosen columns, in output order. */
  readonly columns: readonly Column[];
  /** Whether somebody chose the columns, so that a table leaves none out for saying nothing new. */
  readonly asked?: boolean;
  /** CLIXML: asked at the first row, it makes the rows of the type NAME#VARIANT too, which can have a view of its own. */
  readonly variant?: () => string | undefined;
  readonly sink: TextSink;
  /** Problems as items of their own kind, or as rows of the schema `problemRow`. */
  readonly problems: 'auto' | 'rows';
  /** CLIXML: a complete document per batch of rows, each sent at once (PowerShell 7 only). */
  readonly stream?: boolean;
  /** Null when the text does not go to a terminal. */
  readonly terminal?: Terminal | null;
  /** CSV: for a spreadsheet, with a byte order mark and no value that would run as a formula. */
  readonly excel?: boolean;
  /** A report: what the rows are part of, asked at their end. */
  readonly answer?: () => Omit<Answer, 'rows'>;
  /** A report: when it is written. */
  readonly now?: Date;
}

/** Writes rows in one format. Nothing is written before the first call. */
export interface RowWriter {
  /** Whether the format has a place for problems; without one the caller shows them on stderr. */
  readonly carriesProblems: boolean;
  row(row: AnyRow): void;
  /** Only for writers that carry problems; notices only where problems are rows. */
  problem(problem: Problem | Notice): void;
  /** Sends what there is so far, for readers that wait for it. A table and a single CLIXML document have nothing to show before the end. */
  flush(): void;
  /** The end of the rows, whether there were any or not. The sink stays open. */
  end(): void | Promise<void>;
}

/** A format's file exports this as `create`. */
export type CreateWriter = (schema: RowSchema, options: WriterOptions) => RowWriter;

/** What a format can do, and what is done for it; whatever it does not name, it has not. */
export interface FormatTraits {
  readonly load: () => Promise<{ create: CreateWriter }>;
  /** People read it: a note goes with the rows, and nothing is written where there are none. */
  readonly forPeople?: true;
  /** It has room for the columns that answer the question, and for no lists. */
  readonly narrow?: true;
  /** Problems may stand among the rows (--problems rows). */
  readonly problemRows?: true;
  /** A spreadsheet reads it: --excel. */
  readonly spreadsheet?: true;
  /** It can be written as a document for each few rows (--stream), and leaves out columns that nobody asked for. */
  readonly documents?: true;
  /** It tells the whole answer, in one file that is opened by itself: nothing for a terminal. */
  readonly report?: true;
  /** How the name of a file ends that has it. */
  readonly endings?: readonly string[];
}
