import { Option } from 'clipanion';
import type { GroupAbout } from './group.ts';

/** Remote machines that are queried through ssh. */
export class HostOptions {
  static readonly about = {
    values: { '--ssh-config': 'file' },
    sections: { 'Other machines': ['--from', '--host', '--ssh-config'] },
    leftOut: {
      '--host': 'use the remoting parameters',
      '--ssh-config': "ssh takes the user's own configuration",
    },
  } as const satisfies GroupAbout;

  host = Option.Array('--host', {
    description:
      'query this remote machine through ssh instead of the local one: server7 or ann@server7; nothing has to be installed there; repeat it to query several machines in parallel',
  });
  sshConfig = Option.String('--ssh-config', {
    description: "for --host: the ssh configuration file to use instead of the user's own",
  });
}

/** Which machines to query. */
export class SnapshotOptions extends HostOptions {
  static override readonly about = {
    values: { '--from': 'file', ...HostOptions.about.values },
    sections: HostOptions.about.sections,
    leftOut: HostOptions.about.leftOut,
  } as const satisfies GroupAbout;

  from = Option.Array('--from', {
    description:
      'answer from this snapshot (- is standard input) instead of this machine, or from the output of Get-NetTCPConnection, Get-Process … saved with Export-Clixml, in one or more files; repeat it to answer for several machines',
  });
}
