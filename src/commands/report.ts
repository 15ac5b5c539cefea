import { Command, Option } from 'clipanion';
import type { CommandAbout } from '../cli/about.ts';
import { BaseCommand, problemText } from '../cli/base.ts';
import { checkFiles, named } from '../cli/files.ts';
import { reportInRows } from '../cli/module-rows.ts';
import { withOptions } from '../cli/options/group.ts';
import { ModuleOptions, problemsOf } from '../cli/options/module.ts';
import {
  checkStandardOutput,
  delimiterOf,
  endings,
  formatNamed,
  OutputOption,
  RowOptions,
} from '../cli/options/rows.ts';
import { RedactOption } from '../cli/options/redact.ts';
import type { SavedSource } from '../facts/read/saved-rows.ts';
import { exitCodeOf } from '../schema/exit-code.ts';
import { PortOwnerError, type ExitCode, type Problem } from '../schema/problems.ts';
import { rowKinds } from '../schema/kinds.ts';

/** What the module calls the rows that it saved, because its temporary file means nothing to the user. */
const piped: SavedSource = {
  name: 'the pipeline',
  hint: 'Pipe objects from functions of this module: Get-PortOwner | Export-PortReport ports.xlsx',
};

/** Makes a report of rows that were saved. */
export class ReportCommand extends withOptions(BaseCommand, OutputOption, RedactOption, ModuleOptions) {
  static override paths = [['report']];
  static override usage = Command.Usage({
    description: 'create a report from saved rows: a workbook, Markdown, CSV …',
    details: `
      FILES are CLIXML: objects of the PowerShell module, saved with Export-Clixml, or rows written with --format clixml. Rows of several kinds and of several machines become one workbook, with a sheet for each kind.

      The file name extension of --output determines the format: report.xlsx, report.md, report.csv.
    `,
    examples: [
      ['A workbook', '$0 report ports.clixml --output ports.xlsx'],
      [
        'A report of several machines',
        '$0 report server7.clixml server8.clixml --output servers.xlsx --title "All servers"',
      ],
    ],
  });
  static readonly about: CommandAbout = {
    rows: [],
    operands: 'file',
    values: { '--format': RowOptions.about.values['--format'] },
    exitCodes: {
      0: 'done',
      69: 'a file cannot be read or contains no rows in CLIXML, or the report cannot be written',
    },
    powershell: {
      name: 'Export-PortReport',
      own: ['InputObject', 'UseCulture', 'NoClobber', 'Show', 'PassThru'],
      endings,
      parameters: {
        Path: '--output',
        Title: '--title',
        Column: '--columns',
        Delimiter: '--delimiter',
        Redact: '--redact',
      },
      leftOut: { '--format': 'the file name extension of -Path determines it' },
    },
  };

  rows = Option.Rest({ name: 'FILES', required: 1 });
  title = Option.String('--title', { description: 'the title of the report (default: what it contains)' });
  format = Option.String('--format,-f', {
    description: 'the format (default: from the file name extension of --output)',
  });
  columns = Option.Array('--columns', {
    description:
      'the columns to write, in this order: A,B,C; report stands for the columns that fit on a printed page, and all for every column',
  });
  delimiter = Option.String('--delimiter', {
    description: 'CSV: the separator between values: comma (default), semicolon, tab, or any other character',
  });

  async perform(): Promise<ExitCode> {
    this.problems = problemsOf(this.problems);
    if (this.problems !== 'rows') {
      if (this.stream) throw new PortOwnerError('PO1005', '--stream needs --problems rows');
      return this.write((problem) => this.surroundings.error(problemText(problem)));
    }
    const words = { about: ReportCommand.about, catalogue: this.context.catalogue };
    return reportInRows(this.surroundings.output(), { stream: this.stream, words }, (_writer, warn) =>
      this.write(warn),
    );
  }

  private async write(warn: (problem: Problem) => void): Promise<ExitCode> {
    const { output, title = null, columns = null, delimiter } = this;
    const isModule = this.problems === 'rows';
    if (output === undefined && (isModule || this.format === undefined))
      throw new PortOwnerError('PO1001', 'missing --output: portowner report FILES --output REPORT', {
        hint: 'To write to standard output, use --format.',
      });
    checkFiles(named('FILES', this.rows), named('--output', output));
    const { readSavedRows } = await import('../facts/read/saved-rows.ts');
    const { reportFormat, reportSink } = await import('../cli/report.ts');
    const { writeSaved } = await import('../cli/saved-report.ts');
    const format = this.format === undefined ? reportFormat(output!) : formatNamed(this.format);
    if (output === undefined) checkStandardOutput(format, this.surroundings.terminal() !== null);
    const saved = readSavedRows(this.rows, rowKinds, isModule ? piped : null);
    const redactor = this.redact ? (await import('../redaction/rows.ts')).newRedactor() : null;
    const rows = redactor?.rows(saved.map((kind) => kind.rows));
    const kinds = rows === undefined ? saved : saved.map(({ schema }, index) => ({ schema, rows: rows[index]! }));
    const request = {
      isFile: output !== undefined,
      open: () => (output === undefined ? this.surroundings.output() : reportSink(output, format)),
      format,
      title: title === null ? null : (redactor?.text(title) ?? title),
      columns,
      delimiter: delimiter === undefined ? null : delimiterOf(delimiter),
      at: this.surroundings.now(),
      about: ReportCommand.about,
    };
    await writeSaved(kinds, request, warn);
    return exitCodeOf(true);
  }
}
