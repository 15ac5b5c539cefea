import { Option } from 'clipanion';
import type { GroupAbout } from './group.ts';

/** Which machine is asked. */
export class SnapshotOptions {
  static readonly about = { values: { '--from': 'file' } } as const satisfies GroupAbout;

  from = Option.Array('--from', {
    description:
      'answer from this snapshot (- is standard input) instead of this machine; or from what Get-NetTCPConnection, Get-Process … gave to Export-Clixml, in one file or several',
  });
}
