import type { Terminal } from '../system/terminal.ts';
import type { ExitCode, Notice, Problem } from '../schema/problems.ts';
import type { AuditRun } from '../schema/audit-run.ts';
import type { AnyRow, Column, RowSchema } from '../schema/column.ts';
import type { Range } from '../schema/range.ts';
import type { TextSink } from '../io/sink.ts';

/** Rows of one kind that a document has besides its own. */
export interface DocumentTable {
  /** The heading: Listeners, Changes … */
  readonly title: string;
  readonly schema: RowSchema;
  readonly rows: readonly AnyRow[];
}

/** What a whole document says besides the rows: a workbook, a page, Markdown. */
export interface DocumentFrame {
  readonly title: string;
  /** The heading of the rows. */
  readonly rowsTitle: string;
  /** The command line that made it; null where none did. */
  readonly question: string | null;
  /** When it was made, ISO 8601 in UTC. */
  readonly at: string;
  readonly exitCode: ExitCode;
  /** What the exit code means for this command; null where nothing is told of it. */
  readonly meaning: string | null;
  /** The answer in a sentence; null where there is none. */
  readonly headline: string | null;
  /** What a person is told besides the rows, or instead of them. */
  readonly note: string | null;
  readonly problems: readonly Problem[];
  readonly tables: readonly DocumentTable[];
  /** The ranges of ports on the machines, for a picture. */
  readonly ranges?: readonly Range[];
  /** The last audits, newest first, for a chart. */
  readonly nights: readonly AuditRun[];
}

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
  /** CSV: what is between the values; a comma, unless something else is said. */
  readonly delimiter?: string;
  /** For a format that is a whole document. */
  readonly frame?: DocumentFrame;
  /** Warns of what a format had to leave out. */
  readonly warn?: (problem: Problem) => void;
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
  /** It is one whole document: it is given `frame`, and has a place of its own for notes and problems. */
  readonly whole?: true;
  /** It has a place for rows of other kinds, besides its own. */
  readonly tables?: true;
  /** It is bytes: it goes to a file alone, named by --output. */
  readonly binary?: true;
  /** It is a page for a browser: nothing for a terminal. */
  readonly page?: true;
  /** It is for findings alone. */
  readonly findings?: true;
  /** How the name of a file ends that has it. */
  readonly endings?: readonly string[];
}
