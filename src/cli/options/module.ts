import { Option } from 'clipanion';
import { word } from '../values.ts';
import type { GroupAbout } from './group.ts';

/** What the PowerShell module is told by a command that writes no rows. */
export class ModuleOptions {
  static readonly about = {
    values: { '--problems': ['rows'] },
    sections: { 'For programs': ['--stream', '--problems'] },
    module: {
      '--problems': 'problems come as rows, and go to the streams they belong to',
      '--stream': 'on in PowerShell 7, which reads a document per line',
    },
  } as const satisfies GroupAbout;

  problems = Option.String('--problems', {
    description: 'rows: write errors, warnings, and progress as CLIXML rows to standard output (needs --output)',
  });
  stream = Option.Boolean('--stream', false, {
    description: 'with --problems rows: a document for each notice, at once, for PowerShell 7',
  });
}

/** How problems are written, read. Throws PO1001. */
export function problemsOf(text: string | undefined): 'rows' | undefined {
  return text === undefined ? undefined : word('--problems', text, { rows: 'rows' as const });
}
