import { Option } from 'clipanion';
import type { RowFilter } from '../../ownership/filter.ts';
import { tcpStates } from '../../schema/endpoint.ts';
import { listed, portSpans, processIds, word } from '../values.ts';
import type { GroupAbout } from './group.ts';

const protocols = { tcp: 'TCP', udp: 'UDP' } as const;
const rangeNames = { 'well-known': 'WellKnown', registered: 'Registered', dynamic: 'Dynamic' } as const;
const states = Object.fromEntries(tcpStates.map((name) => [name, name]));

/** Which sockets are wanted, besides their ports. */
export class FilterOptions {
  static readonly about = {
    values: {
      '--protocol': Object.keys(protocols),
      '--state': tcpStates,
      '--range': Object.keys(rangeNames),
      '--pid': { column: 'OwningProcess' },
      '--image': { column: 'ImageName' },
      '--user': { column: 'UserName' },
      '--service': { column: 'Services' },
    },
    parameters: {
      All: '--all',
      Protocol: '--protocol',
      State: '--state',
      Id: '--pid',
      ImageName: '--image',
      Address: '--address',
      RemotePort: '--remote-port',
      User: '--user',
      Service: '--service',
      Range: '--range',
    },
  } as const satisfies GroupAbout;

  all = Option.Boolean('--all,-a', false, { description: 'connections and every other state too' });
  protocol = Option.Array('--protocol', { description: 'only tcp or udp' });
  state = Option.Array('--state', {
    description: 'only these TCP states: Listen, Established, TimeWait … (looks at connections too)',
  });
  pid = Option.Array('--pid', { description: 'only sockets of these processes' });
  image = Option.Array('--image', { description: 'only owners with this file name; * and ? are wildcards' });
  address = Option.Array('--address', { description: 'only this local or remote address, or CIDR range' });
  remotePort = Option.Array('--remote-port', {
    description: 'only connections to these ports (looks at connections too)',
  });
  user = Option.Array('--user', { description: 'only owners that run as this account; * and ? are wildcards' });
  service = Option.Array('--service', {
    description: 'only owners that run this service, unit or container; * and ? are wildcards',
  });
  range = Option.Array('--range', { description: 'only local ports of this class: well-known, registered, dynamic' });
}

/** Whether connections and every other state are looked at, not only what holds a port. */
export const asksConnections = ({ all, state, remotePort }: FilterOptions): boolean =>
  all || state !== undefined || remotePort !== undefined;

/** The protocols that are wanted. Throws PO1001. */
export function protocolsOf({ protocol }: FilterOptions): ('TCP' | 'UDP')[] {
  return (listed('--protocol', protocol) ?? Object.keys(protocols)).map((text) => word('--protocol', text, protocols));
}

/** What rows are wanted. Throws PO1001, and PO1002 for ports. */
export async function filterOf(given: FilterOptions): Promise<RowFilter> {
  const remotePorts = given.remotePort === undefined ? null : await portSpans(given.remotePort);
  const pids = listed('--pid', given.pid);
  return {
    remotePorts,
    pids: pids && processIds('--pid', pids),
    states: listed('--state', given.state)?.map((text) => word('--state', text, states)) ?? null,
    images: listed('--image', given.image),
    addresses: listed('--address', given.address),
    users: listed('--user', given.user),
    services: listed('--service', given.service),
    ranges: listed('--range', given.range)?.map((text) => word('--range', text, rangeNames)) ?? null,
  };
}
