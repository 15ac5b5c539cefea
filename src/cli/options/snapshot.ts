import { Option } from 'clipanion';
import type { GroupAbout } from './group.ts';

/** Far machines that are asked by ssh. */
export class HostOptions {
  static readonly about = {
    values: { '--ssh-config': 'file' },
    leftOut: {
      '--host': 'the parameters of remoting name machines',
      '--ssh-config': "ssh takes the user's own configuration",
    },
  } as const satisfies GroupAbout;

  host = Option.Array('--host', {
    description:
      'ask this machine by ssh instead of this one: server7 or ann@server7, with nothing installed there; given several times, they are asked side by side',
  });
  sshConfig = Option.String('--ssh-config', {
    description: "for --host: a configuration file of ssh instead of the user's own",
  });
}

/** Which machines are asked. */
export class SnapshotOptions extends HostOptions {
  static override readonly about = {
    values: { '--from': 'file', ...HostOptions.about.values },
    leftOut: HostOptions.about.leftOut,
  } as const satisfies GroupAbout;

  from = Option.Array('--from', {
    description:
      'answer from this snapshot (- is standard input) instead of this machine; or from what Get-NetTCPConnection, Get-Process … gave to Export-Clixml, in one file or several; given several times, each of the machines is answered for',
  });
}
