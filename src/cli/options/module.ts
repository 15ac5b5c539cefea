import { Option } from 'clipanion';
import * as t from 'typanion';
import type { GroupAbout } from './group.ts';

/** What the PowerShell module is told by a command that writes no rows. */
export class ModuleOptions {
  static readonly about = {
    values: { '--problems': ['rows'] },
    module: {
      '--problems': 'problems come as rows, and go to the streams they belong to',
      '--stream': 'on in PowerShell 7, which reads a document per line',
    },
  } as const satisfies GroupAbout;

  problems = Option.String('--problems', {
    description:
      'rows: write errors, warnings and what is going on as CLIXML rows to standard output, for the PowerShell module (needs --output)',
    validator: t.isEnum(['rows'] as const),
  });
  stream = Option.Boolean('--stream', false, {
    description: 'with --problems rows: a document for each notice, at once, for PowerShell 7',
  });
}
