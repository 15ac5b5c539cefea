import { Option } from 'clipanion';
import { word } from '../values.ts';
import type { GroupAbout } from './group.ts';

/** How the PowerShell module reached the machine of an answer. */
export interface Connection {
  /** The name that the user gave. */
  readonly name: string;
  /** The parameters that reach it; empty if they cannot be written down, such as a session. */
  readonly parameters: string;
}

/** Reads the value of `--connection`: a name, and parameters behind it. */
export function connectionOf(text: string): Connection {
  const [name = '', ...parameters] = text.split(' ');
  return { name, parameters: parameters.join(' ') };
}

/** Options for the PowerShell module, for commands without rows. */
export class ModuleOptions {
  static readonly about = {
    values: { '--problems': ['rows'] },
    sections: { 'For programs': ['--stream', '--problems'] },
    module: {
      '--problems': 'problems arrive as rows, and go to the corresponding streams',
      '--stream': 'set in PowerShell 7, which reads one document per line',
    },
  } as const satisfies GroupAbout;

  problems = Option.String('--problems', {
    description: 'rows: write errors, warnings, and progress as CLIXML rows to standard output (needs --output)',
  });
  stream = Option.Boolean('--stream', false, {
    description: 'with --problems rows: a separate document for each notice, written immediately, for PowerShell 7',
  });
}

/** The width of the window in which PowerShell shows the rows, whose tables do not adapt to it. */
export class WidthOption {
  static readonly about = {
    sections: { 'For programs': ['--width'] },
    module: { '--width': 'set if a person reads the answer in a console' },
  } as const satisfies GroupAbout;

  width = Option.String('--width', {
    description:
      'CLIXML: the width of the window; rows for a wide one have their working directory, and a table for it',
  });
}

/** Reads how to write problems. Throws PO1001. */
export function problemsOf(text: string | undefined): 'rows' | undefined {
  return text === undefined ? undefined : word('--problems', text, { rows: 'rows' as const });
}
