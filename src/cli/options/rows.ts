import { Option } from 'clipanion';
import * as t from 'typanion';
import { formats } from '../../formats/formats.ts';
import type { GroupAbout } from './group.ts';

const outputOption = () =>
  Option.String('--output,-o', {
    description: 'write to this file (temporary file, then renamed) instead of standard output',
  });

/** Where an answer goes. */
export class OutputOption {
  static readonly about = { values: { '--output': 'file' } } as const satisfies GroupAbout;

  output = outputOption();
}

/** How rows are written. */
export class RowOptions {
  static readonly about = {
    values: { '--format': formats, '--columns': 'columns', '--output': 'file', '--problems': ['rows'] },
    module: {
      '--format': 'objects come as CLIXML',
      '--problems': 'problems come as rows, and go to the streams they belong to',
      '--stream': 'on in PowerShell 7, which reads a document per line',
    },
    leftOut: { '--output': 'Export-Csv, Export-Clixml and Out-File write', '--excel': 'Export-Csv writes' },
  } as const satisfies GroupAbout;

  format = Option.String('--format,-f', {
    description: `how the rows are written: ${formats.join(', ')} (default: table)`,
  });
  columns = Option.Array('--columns', { description: 'the columns to write, in this order: A,B,C' });
  output = outputOption();
  excel = Option.Boolean('--excel', false, {
    description: 'CSV for a spreadsheet: byte order mark, no cell runs as a formula (on by itself with --output)',
  });
  stream = Option.Boolean('--stream', false, { description: 'CLIXML: a document for each few rows, for PowerShell 7' });
  problems = Option.String('--problems', {
    description:
      'rows: put errors, warnings and what is going on among the rows, for the PowerShell module; in CLIXML the last item then has the severity End',
    validator: t.isEnum(['rows'] as const),
  });
}

/** How many rows there are, instead of the rows. */
export class CountOptions {
  static readonly about = { leftOut: { '--count': 'Measure-Object counts' } } as const satisfies GroupAbout;

  countRows = Option.Boolean('--count', false, { description: 'write only the number of rows' });
}
