import { Option } from 'clipanion';
import * as t from 'typanion';
import type { Facts } from '../facts/facts.ts';
import { gather } from '../facts/gather.ts';
import type { Question } from '../facts/question.ts';
import type { FactsReader } from '../facts/read.ts';
import { formats, loadWriter, type Format, type RowWriter } from '../formats/format.ts';
import { fileSink, type Sink } from '../formats/sink.ts';
import { exit, PortOwnerError, type ExitCode, type Problem } from '../problems.ts';
import { plainColumns, type AnyRow, type Column, type RowSchema } from '../schema/column.ts';
import { parseColumns } from '../schema/find.ts';
import { BaseCommand, problemText } from './base.ts';
import { checkFiles, named, type NamedFile } from './files.ts';

/** What a row command answers. */
export interface Answer {
  readonly rows: readonly AnyRow[];
  readonly problems: readonly Problem[];
  readonly exitCode: ExitCode;
  /** What a person is told when there are no rows, or besides them. */
  readonly note?: string;
  /** What kind of answer it is, where PowerShell has a view of its own for it: the name of a variant. */
  readonly variant?: string;
}

/** A command that answers with rows of one kind: how they are sorted out and written is the same for all. */
export abstract class RowCommand extends BaseCommand {
  format = Option.String('--format,-f', { description: `how the rows are written: ${formats.join(', ')} (default: table)` });
  columns = Option.Array('--columns', { description: 'the columns to write, in this order: A,B,C' });
  output = Option.String('--output,-o', { description: 'write to this file (temporary file, then renamed) instead of standard output' });
  from = Option.Array('--from', {
    description: 'answer from this snapshot (- is standard input) instead of this machine; or from what Get-NetTCPConnection, Get-Process … gave to Export-Clixml, in one file or several',
  });
  excel = Option.Boolean('--excel', false, { description: 'CSV for a spreadsheet: byte order mark, no cell runs as a formula (on by itself with --output)' });
  stream = Option.Boolean('--stream', false, { description: 'CLIXML: a document for each few rows, for PowerShell 7' });
  problems = Option.String('--problems', {
    description: 'rows: put errors and warnings among the rows, for the PowerShell module',
    validator: t.isEnum(['rows'] as const),
  });
  readonly countRows: boolean = Option.Boolean('--count', false, { description: 'write only the number of rows' });

  abstract readonly schema: RowSchema;

  /** The columns of a table that nobody chose columns for. */
  protected defaultColumns(): readonly Column[] {
    return this.schema.columns.filter((column: Column) => column.importance !== undefined);
  }

  /** Answers; `columns` are those that will be written or counted on. */
  protected abstract answer(columns: readonly Column[]): Promise<Answer>;

  #reader: Promise<FactsReader> | undefined;

  /** The facts for a question, from this machine or from --from; with the hashes of executables when they are wanted. */
  protected async facts(question: Question, hash = false): Promise<Facts> {
    if (this.from !== undefined) {
      if (hash) throw new PortOwnerError('PO1005', '--hash reads executables of this machine, and --from answers from a file', { hint: 'portowner snapshot --hash puts the hashes into a snapshot.' });
      const { from } = this;
      this.#reader ??= import('../facts/read.ts').then(({ readFacts }) => readFacts(from));
      return (await this.#reader)(question);
    }
    const source = await this.surroundings.source();
    const facts = await gather(source, question, this.surroundings.now());
    return hash ? (await import('../facts/binaries.ts')).withBinaries(facts, source) : facts;
  }

  get live(): boolean {
    return this.from === undefined;
  }

  /** Whether people read the answer, and a note with it. */
  protected get forPeople(): boolean {
    const format = this.chosenFormat();
    return format === 'table' || format === 'list';
  }

  async perform(): Promise<ExitCode> {
    const format = this.chosenFormat();
    const { forPeople } = this;
    if (this.stream && format !== 'clixml') throw new PortOwnerError('PO1005', '--stream needs --format clixml');
    if (this.excel && format !== 'csv') throw new PortOwnerError('PO1005', '--excel needs --format csv');
    if (this.problems === 'rows' && (forPeople || format === 'csv')) {
      throw new PortOwnerError('PO1005', '--problems rows needs --format clixml, json or ndjson');
    }
    if (this.problems !== 'rows') {
      const columns = this.chosenColumns(format);
      const answer = await this.checkedAnswer(columns);
      return this.write(answer, format, columns);
    }
    // The module needs even the error that ends the command as a row.
    let columns: readonly Column[] = [];
    let answer: Answer;
    try {
      columns = this.chosenColumns(format);
      answer = await this.checkedAnswer(columns);
    } catch (error) {
      if (!(error instanceof PortOwnerError) || error.exitCode === exit.defect) throw error;
      answer = { rows: [], problems: [error.problem], exitCode: error.exitCode };
    }
    return this.write(answer, format, columns);
  }

  /** The files that the command line names, but for --output: what is read, and what is written. */
  protected files(): { inputs: readonly NamedFile[]; outputs?: readonly NamedFile[] } {
    return { inputs: named('--from', this.from) };
  }

  protected async checkedAnswer(columns: readonly Column[]): Promise<Answer> {
    const { inputs, outputs = [] } = this.files();
    checkFiles(inputs, [...outputs, ...named('--output', this.output)]);
    return this.answer(this.countRows ? [] : columns);
  }

  private chosenFormat(): Format {
    if (this.format === undefined) return 'table';
    const wanted = this.format.toLowerCase();
    const found = formats.find((format) => format === wanted);
    if (found === undefined) throw new PortOwnerError('PO1001', `--format has no value ${JSON.stringify(this.format)}`, { hint: `It takes ${formats.join(', ')}.`, target: this.format });
    return found;
  }

  /** Whether the command line has an option that columns are asked for by. */
  protected asks(_option: string): boolean {
    return true;
  }

  private chosenColumns(format: Format): readonly Column[] {
    if (this.columns !== undefined) return parseColumns(this.columns, this.schema);
    if (format === 'table') return this.defaultColumns();
    return plainColumns(this.schema).filter((column) => format !== 'clixml' || column.askedBy === undefined || this.asks(column.askedBy));
  }

  private async write(answer: Answer, format: Format, columns: readonly Column[]): Promise<ExitCode> {
    const sink = this.output === undefined ? this.surroundings.output() : fileSink(this.output);
    try {
      if (this.countRows) {
        for (const problem of answer.problems) this.surroundings.error(problemText(problem));
        sink.write(`${answer.rows.length}\n`);
      } else await this.writeRows(answer, format, columns, sink);
      sink.close();
    } catch (error) {
      sink.abort();
      throw error;
    }
    return answer.exitCode;
  }

  private async writeRows(answer: Answer, format: Format, columns: readonly Column[], sink: Sink): Promise<void> {
    const toFile = this.output !== undefined;
    const writer: RowWriter = await loadWriter(format, this.schema, {
      columns,
      variant: answer.variant,
      sink,
      problems: this.problems ?? 'auto',
      stream: this.stream,
      terminal: toFile ? null : this.surroundings.terminal(),
      excel: this.excel || (toFile && format === 'csv'),
    });
    // In a file nobody would look for problems; beside other formats they have a stream of their own.
    const inBand = writer.carriesProblems && !toFile;
    for (const problem of answer.problems) {
      if (inBand || this.problems === 'rows') writer.problem(problem);
      else this.surroundings.error(problemText(problem));
    }
    const { forPeople } = this;
    if (answer.rows.length > 0 || !forPeople) {
      for (const row of answer.rows) writer.row(row);
      await writer.end();
    }
    if (forPeople && answer.note !== undefined) sink.write(`${answer.note}\n`);
  }
}
