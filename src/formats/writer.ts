import type { Terminal } from '../system/terminal.ts';
import type { ExitCode, Notice, Problem } from '../schema/problems.ts';
import type { AuditState, ListenerBinary } from '../schema/answer.ts';
import type { AuditRun } from '../schema/audit-run.ts';
import type { AnyRow, Column, RowSchema } from '../schema/column.ts';
import type { Range } from '../schema/range.ts';
import type { TextSink } from '../io/sink.ts';

/** Rows of one kind that a document contains in addition to its main rows. */
export interface DocumentTable {
  /** The heading: Listeners, Changes … */
  readonly title: string;
  readonly schema: RowSchema;
  readonly rows: readonly AnyRow[];
  /** What a reader must know to understand their number; null if it is clear. */
  readonly remark?: string | null;
}

/** What a whole document (a workbook, a page, or Markdown) contains in addition to the rows. */
export interface DocumentFrame {
  readonly title: string;
  /** The heading of the rows. */
  readonly rowsTitle: string;
  /** The command line that produced it; null if there was none. */
  readonly question: string | null;
  /** Whether the machines were queried over SSH. */
  readonly overSsh?: boolean;
  /** The time of its creation, ISO 8601 in UTC. */
  readonly at: string;
  readonly exitCode: ExitCode;
  /** The meaning of the exit code for this command; null if it is not shown. */
  readonly meaning: string | null;
  /** The answer as a sentence; null if there is none. */
  readonly headline: string | null;
  /** A text for a person, in addition to the rows or instead of them. */
  readonly note: string | null;
  readonly problems: readonly Problem[];
  readonly tables: readonly DocumentTable[];
  /** The ranges of ports on the machines, for a picture. */
  readonly ranges?: readonly Range[];
  /** The last audits, newest first, for a chart. */
  readonly nights: readonly AuditRun[];
  /** The audits that it is about, one for each machine; empty if it is not about audits. */
  readonly audits?: readonly AuditState[];
  /** The executables of the listeners. */
  readonly binaries?: readonly ListenerBinary[];
}

export interface WriterOptions {
  /** The chosen columns, in output order. */
  readonly columns: readonly Column[];
  /** Whether the user chose the columns, so that a table does not drop redundant ones. */
  readonly asked?: boolean;
  /**
   * CLIXML: called at the first row; its result gives the rows the additional type NAME#VARIANT, which can have a
   * separate view.
   */
  readonly variant?: () => string | undefined;
  readonly sink: TextSink;
  /** Whether problems are separate items, or rows of the schema `problemRow`. */
  readonly problems: 'auto' | 'rows';
  /** CLIXML: a complete document per batch of rows, each sent at once (PowerShell 7 only). */
  readonly stream?: boolean;
  /** Table: rows come as something happens, and each group that is flushed is written at once. */
  readonly live?: boolean;
  /** Null if the text is not written to a terminal. */
  readonly terminal?: Terminal | null;
  /** CSV: for a spreadsheet, with a byte order mark and without values that would run as a formula. */
  readonly excel?: boolean;
  /** CSV: the separator of values; a comma by default. */
  readonly delimiter?: string;
  /** For formats that are whole documents. */
  readonly frame?: DocumentFrame;
  /** The text of the file that is being replaced, for a format that keeps values of it; null if there is none. */
  readonly replaced?: () => string | null;
  /** Warns about data that a format had to leave out. */
  readonly warn?: (problem: Problem) => void;
}

/** Writes rows in one format. Nothing is written before the first call. */
export interface RowWriter {
  /** Whether the format can contain problems; if not, the caller shows them on stderr. */
  readonly carriesProblems: boolean;
  row(row: AnyRow): void;
  /** Only for writers that carry problems; notices are only passed if problems are rows. */
  problem(problem: Problem | Notice): void;
  /**
   * Sends the output so far, for readers that wait for it. A table and a single CLIXML document have no output before
   * the end.
   */
  flush(): void | Promise<void>;
  /** Ends the output, with or without rows. The sink stays open. */
  end(): void | Promise<void>;
}

/** The type of the export `create` of each format's file. */
export type CreateWriter = (schema: RowSchema, options: WriterOptions) => RowWriter;

/** The capabilities of a format, and how it is treated; a missing property means no. */
export interface FormatTraits {
  readonly load: () => Promise<{ create: CreateWriter }>;
  /** For people: a note is shown with the rows, and without rows nothing is written. */
  readonly forPeople?: true;
  /** It only has room for the columns that answer the question, and not for lists. */
  readonly narrow?: true;
  /** Problems can be rows (--problems rows). */
  readonly problemRows?: true;
  /** Each row is text of its own: those of a machine can be written before another machine has answered. */
  readonly inTurn?: true;
  /** It is for spreadsheets: --excel. */
  readonly spreadsheet?: true;
  /** It can be written as a document per batch of rows (--stream), and leaves out columns that were not requested. */
  readonly documents?: true;
  /** It is one whole document: it gets `frame`, and has a separate place for notes and problems. */
  readonly whole?: true;
  /** It can contain tables of other kinds of rows besides its own. */
  readonly tables?: true;
  /** It is binary: it is only written to a file, named by --output. */
  readonly binary?: true;
  /** It is a page for a browser, which a terminal cannot show. */
  readonly page?: true;
  /** It is only for findings. */
  readonly findings?: true;
  /** Other programs, with accounts of their own, read its files: new ones have this mode. */
  readonly mode?: number;
  /** The file name extensions of the format. */
  readonly endings?: readonly string[];
}
