import { Option } from 'clipanion';
import type { RowFilter } from '../../ownership/filter.ts';
import type { Subject } from '../../ownership/who.ts';
import { PortOwnerError } from '../../schema/problems.ts';
import { tcpStates } from '../../schema/endpoint.ts';
import { listed, portSpans, processIds, word } from '../values.ts';
import type { GroupAbout } from './group.ts';

const protocols = { tcp: 'TCP', udp: 'UDP' } as const;
const rangeNames = { 'well-known': 'WellKnown', registered: 'Registered', dynamic: 'Dynamic' } as const;
const states = Object.fromEntries(tcpStates.map((name) => [name, name]));
/** The names that netstat, ss, and lsof use for states. */
const otherStates = {
  estab: 'Established',
  listening: 'Listen',
  synrecv: 'SynReceived',
  synrcvd: 'SynReceived',
  finwait: 'FinWait1',
} as const;

/** Which sockets to select, in addition to ports. */
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
    synonyms: {
      '--listening': ['--state=Listen'],
      '--app': ['--image'],
      '--application': ['--image'],
      '--name': ['--image'],
      '--process': ['--image'],
      '--tcp': ['--protocol=tcp'],
      '-t': ['--protocol=tcp'],
      '--udp': ['--protocol=udp'],
      '-u': ['--protocol=udp'],
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

  all = Option.Boolean('--all,-a', false, { description: 'include connections and all other states' });
  protocol = Option.Array('--protocol', { description: 'only tcp or udp' });
  state = Option.Array('--state', {
    description: 'only these TCP states: Listen, Established, TimeWait … in any spelling (includes connections)',
  });
  pid = Option.Array('--pid', { description: 'only sockets of these processes' });
  image = Option.Array('--image', {
    description: 'only owners with this file, application, or script name; * and ? are wildcards',
  });
  address = Option.Array('--address', { description: 'only this local or remote address, or CIDR range' });
  remotePort = Option.Array('--remote-port', {
    description: 'only connections to these remote ports (includes connections)',
  });
  user = Option.Array('--user', { description: 'only owners that run as this account; * and ? are wildcards' });
  service = Option.Array('--service', {
    description: 'only owners that run this service, unit, or container; * and ? are wildcards',
  });
  range = Option.Array('--range', { description: 'only local ports of this class: well-known, registered, dynamic' });
}

/** Whether to include connections and all other states, not only sockets that hold a port. */
export const asksConnections = ({ all, state, remotePort }: FilterOptions): boolean =>
  all || state !== undefined || remotePort !== undefined;

/**
 * The selected protocols, from the option or from all requested ports. Throws PO1001, and PO1005 if these exclude each
 * other.
 */
export function protocolsOf({ protocol }: FilterOptions, { spans, pids }: Subject, operands: readonly string[]) {
  const given = listed('--protocol', protocol);
  const wanted = (given ?? Object.keys(protocols)).map((text) => word('--protocol', text, protocols));
  const named = spans?.map((place) => place.protocol) ?? [];
  if (named.length === 0 || pids.size > 0 || named.includes(undefined)) return wanted;
  const both = wanted.filter((one) => named.includes(one));
  if (both.length > 0) return both;
  throw new PortOwnerError('PO1005', `${operands.join(' ')} and --protocol ${given?.join(',')} exclude each other`);
}

/** Reads the filter. Throws PO1001, and PO1002 for ports. */
export async function filterOf(given: FilterOptions): Promise<RowFilter> {
  const remotePorts = given.remotePort === undefined ? null : await portSpans('--remote-port', given.remotePort);
  const pids = listed('--pid', given.pid);
  return {
    remotePorts,
    pids: pids && processIds('--pid', pids),
    states: listed('--state', given.state)?.map((text) => word('--state', text, states, otherStates)) ?? null,
    images: listed('--image', given.image),
    addresses: listed('--address', given.address),
    users: listed('--user', given.user),
    services: listed('--service', given.service),
    ranges: listed('--range', given.range)?.map((text) => word('--range', text, rangeNames)) ?? null,
  };
}
