import type { PortProxy, Process, Relay, Socket } from '../facts/model/facts.ts';
import { addressFamily, addressScope, bracketed, comparableHost, withoutScope } from '../ports/address.ts';
import { containerText } from './containers.ts';
import { insideText, type AttributeOwned } from './attribution.ts';
import { servicesRunning } from './processes.ts';

/** Whether a socket listens, so that a relay may be behind it. */
function isOpen({ protocol, state }: Socket): boolean {
  return protocol === 'UDP' || state === 'Listen' || state === 'Bound';
}

/** Indexes the relays of a process by port: a process may have as many relays as sockets. */
const relaysByPort = new WeakMap<readonly Relay[], ReadonlyMap<number | null, Relay>>();

/** How a process forwards a socket: the relay of the socket's port, or otherwise the one for all its sockets. */
function relayOf({ relays }: Process, socket: Socket): Relay | undefined {
  if (relays === undefined || !isOpen(socket)) return undefined;
  let known = relaysByPort.get(relays);
  if (known === undefined)
    // Use the first of several for a port.
    relaysByPort.set(relays, (known = new Map(relays.toReversed().map((relay) => [relay.listenPort, relay]))));
  return known.get(socket.localPort) ?? known.get(null);
}

/** Rules for one port of one family: the first, and the first for each address. */
interface PortRules {
  readonly rule: PortProxy;
  readonly byAddress: Map<string, { readonly rule: PortProxy; readonly order: number }>;
}
const rulesByPort = new WeakMap<readonly PortProxy[], ReadonlyMap<string, PortRules>>();

function indexRules(rules: readonly PortProxy[]): ReadonlyMap<string, PortRules> {
  const found = new Map<string, PortRules>();
  for (const [order, rule] of rules.entries()) {
    const key = `${rule.table.slice(0, 2)} ${rule.listenPort}`;
    const known = found.get(key) ?? { rule, byAddress: new Map() };
    found.set(key, known);
    const address = comparableHost(rule.listenAddress);
    if (!known.byAddress.has(address)) known.byAddress.set(address, { rule, order });
  }
  return found;
}

/** The netsh interface portproxy rule of a listener. */
export function portProxyOf(
  rules: readonly PortProxy[],
  { protocol, state, localAddress, localPort }: Socket,
): PortProxy | undefined {
  if (protocol !== 'TCP' || state !== 'Listen') return undefined;
  let known = rulesByPort.get(rules);
  if (known === undefined) rulesByPort.set(rules, (known = indexRules(rules)));
  const own = known.get(`${addressFamily(localAddress).slice(2)} ${localPort}`);
  if (own === undefined) return undefined;
  const named = own.byAddress.get(withoutScope(localAddress));
  const everywhere = addressScope(localAddress) === 'Any' ? own.byAddress.get('*') : undefined;
  // The first match; a rule may name a host: then only its port is compared.
  if (named !== undefined && everywhere !== undefined)
    return named.order < everywhere.order ? named.rule : everywhere.rule;
  return (named ?? everywhere ?? own).rule;
}

function targetText({ connectAddress, connectPort }: PortProxy): string {
  return `${bracketed(connectAddress)}:${connectPort}`;
}

const proxyService = 'iphlpsvc';

/** A netsh interface portproxy rule, in the process of its service. */
export const portProxy: AttributeOwned = ({ facts, servicesOf }) => {
  const rules = facts.sections.portProxies?.data ?? [];
  if (rules.length === 0) return null;
  return (socket, owner) => {
    if (servicesOf.get(owner.pid)?.some(({ name }) => name.toLowerCase() === proxyService) !== true) return null;
    const rule = portProxyOf(rules, socket);
    return rule === undefined
      ? null
      : {
          kind: 'Relay',
          owner: `portproxy to ${targetText(rule)} (${proxyService}, ${insideText(owner)})`,
          services: [proxyService],
        };
  };
};

const relayText = ({ name, target }: Relay): string => (target === null ? name : `${name} to ${target}`);

/** A program that forwards the port: any holder of the socket may be it. */
export const relay: AttributeOwned = (known) => {
  const { facts, processes } = known;
  if (!facts.sections.processes.data.some(({ relays }) => relays !== undefined && relays.length > 0)) return null;
  return (socket, owner) => {
    for (const pid of socket.holders.length > 1 ? socket.holders : [owner.pid]) {
      const holder = processes.get(pid);
      const found = holder === undefined ? undefined : relayOf(holder, socket);
      if (found !== undefined)
        return {
          kind: 'Relay',
          owner: `${socket.container === undefined ? relayText(found) : containerText(socket.container)} (${insideText(holder!)})`,
          services: servicesRunning(owner, known),
        };
    }
    return null;
  };
};
