import { Option } from 'clipanion';
import { formats, traitsOf, type Format } from '../../formats/formats.ts';
import { PortOwnerError } from '../../schema/problems.ts';
import { unknownValue, word } from '../values.ts';
import type { GroupAbout } from './group.ts';

export { endings } from '../../formats/formats.ts';

const outputOption = () =>
  Option.String('--output,-o', {
    description: 'write to this file instead of standard output (-); the file is replaced only when it is complete',
  });

/** Where an answer goes. */
export class OutputOption {
  static readonly about = {
    values: { '--output': 'file' },
    sections: { Output: ['--output'] },
  } as const satisfies GroupAbout;

  output = outputOption();
}

const formatWords = Object.fromEntries(formats.map((format) => [format, format])) as Record<Format, Format>;

/** Reads the value of `--format`. Throws PO1001. */
export const formatNamed = (text: string): Format => word('--format', text, formatWords);

/** Checks that a format can be written to standard output, which may be a terminal. Throws PO1005. */
export function checkStandardOutput(format: Format, isTerminal: boolean): void {
  const { binary, page } = traitsOf(format);
  const why =
    binary === true
      ? 'writes a binary file: it'
      : page === true && isTerminal
        ? 'writes a page for a browser: on a terminal it'
        : null;
  if (why === null) return;
  throw new PortOwnerError('PO1005', `--format ${format} ${why} needs --output FILE`, {
    hint: `For example: --output ports.${format}`,
  });
}

const delimiters = { comma: ',', semicolon: ';', tab: '\t' } as const;

/** Parses the CSV delimiter. Throws PO1001. */
export function delimiterOf(text: string): string {
  const named = delimiters[text.toLowerCase() as keyof typeof delimiters] ?? text;
  // A quote, a line end, or half a character could not be distinguished from the values.
  if (/^[^\p{C}\p{L}\p{N}"'\r\n]$/u.test(named) || named === '\t') return named;
  throw unknownValue(
    '--delimiter',
    text,
    'comma, semicolon, tab, or one character that is not a letter, digit, or quote',
    Object.keys(delimiters),
  );
}

/** How rows are written. */
export class RowOptions {
  static readonly about = {
    values: {
      '--format': formats,
      '--columns': 'columns',
      '--output': 'file',
      '--delimiter': Object.keys(delimiters),
      '--problems': ['rows'],
    },
    synonyms: {
      ...Object.fromEntries(formats.map((format) => [`--${format}`, [`--format=${format}`]])),
      '--column': ['--columns'],
      '--out': ['--output'],
      '--silent': ['--quiet'],
    },
    sections: {
      Output: ['--format', '--columns', '--output', '--excel', '--delimiter', '--quiet', '--verbose'],
      'For programs': ['--stream', '--problems', '--connection'],
    },
    module: {
      '--format': 'objects are passed as CLIXML',
      '--problems': 'problems arrive as rows, and go to the corresponding streams',
      '--stream': 'set in PowerShell 7, which reads one document per line',
      '--connection': 'set for other machines',
    },
    leftOut: {
      '--output': 'use Export-Csv, Export-Clixml, or Out-File',
      '--excel': 'use Export-Csv',
      '--delimiter': 'use Export-PortReport',
      '--quiet': 'use Out-Null and -WarningAction',
      '--verbose': 'use -Verbose',
    },
  } as const satisfies GroupAbout;

  format = Option.String('--format,-f', {
    description: `how the rows are written: ${formats.join(', ')} (default: from the file name extension of --output, otherwise table); --json and so on are short forms`,
  });
  columns = Option.Array('--columns', {
    description:
      'the columns to write, in this order: A,B,C; report stands for the columns that fit on a printed page, and all for every column',
  });
  output = outputOption();
  excel = Option.Boolean('--excel', false, {
    description:
      'CSV for a spreadsheet: with a byte order mark, and no cell runs as a formula (the default with --output)',
  });
  delimiter = Option.String('--delimiter', {
    description: 'CSV: the separator between values: comma (default), semicolon, tab, or any other character',
  });
  quiet = Option.Boolean('--quiet,-q', false, {
    description: 'write no rows and no warnings: only the exit code',
  });
  verbose = Option.Boolean('--verbose', false, {
    description: 'write to standard error what was read, and how each remote machine answered, and how fast',
  });
  stream = Option.Boolean('--stream', false, {
    description: 'CLIXML: a separate document for every few rows, for PowerShell 7',
  });
  connection = Option.Array('--connection', {
    description:
      'with --problems: the machine of each --from, or this one, and the PowerShell parameters that reach it',
  });
  problems = Option.String('--problems', {
    description:
      'rows: write errors, warnings, and progress among the rows of clixml, json, or ndjson; in CLIXML, the last item has the severity End',
  });
}

/** How many rows there are, instead of the rows. */
export class CountOptions {
  static readonly about = {
    leftOut: { '--count': 'use Measure-Object' },
    sections: { Output: ['--count'] },
  } as const satisfies GroupAbout;

  countRows = Option.Boolean('--count', false, { description: 'write only the number of rows' });
}
