import { Option } from 'clipanion';
import { PortOwnerError } from '../../schema/problems.ts';
import { mostSeconds, usualSeconds } from '../../system/remote.ts';
import { duration } from '../values.ts';
import type { GroupAbout } from './group.ts';

/** Remote machines that are queried through ssh. */
export class HostOptions {
  static readonly about = {
    values: { '--ssh-config': 'file' },
    sections: { 'Other machines': ['--from', '--host', '--host-timeout', '--ssh-config'] },
    leftOut: {
      '--host': 'use the remoting parameters',
      '--host-timeout': '-OperationTimeout is the same for machines of all transports',
      '--ssh-config': "ssh takes the user's own configuration",
    },
  } as const satisfies GroupAbout;

  host = Option.Array('--host', {
    description:
      'query this remote machine through ssh instead of the local one: server7 or ann@server7; nothing has to be installed there; repeat it to query several machines in parallel',
  });
  hostTimeout = Option.String('--host-timeout', {
    description: `for --host: how long a machine can take, in seconds or as 5m; then it is an error (default: ${usualSeconds})`,
  });
  sshConfig = Option.String('--ssh-config', {
    description: "for --host: the ssh configuration file to use instead of the user's own",
  });
}

/** Returns the seconds of --host-timeout; null without the option. Throws PO1001 and PO1005. */
export function secondsPerHost({ host, hostTimeout, sshConfig }: Partial<HostOptions>): number | null {
  const other = hostTimeout !== undefined ? '--host-timeout' : sshConfig === undefined ? null : '--ssh-config';
  if (other !== null && host === undefined) throw new PortOwnerError('PO1005', `${other} needs --host`);
  return hostTimeout === undefined
    ? null
    : Math.min(duration('--host-timeout', hostTimeout, { least: 1000 }) / 1000, mostSeconds);
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
