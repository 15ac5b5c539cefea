import type { AskedMachine } from '../facts/machine.ts';
import type { Facts, Socket } from '../facts/model/facts.ts';
import { isWhole } from '../facts/model/section.ts';
import { endpointText, scopeOf } from '../ports/address.ts';
import { endpoints } from '../ownership/endpoints.ts';
import type { OwnedEndpoint } from '../ownership/owned.ts';
import type { Verdict } from '../schema/verdict.ts';
import { isLocal } from './answer.ts';
import { outgoing } from './causes/outgoing.ts';
import type { ParsedError, Remote } from './error-text.ts';
import { dynamicUse } from './exhaustion.ts';
import { listenListOf, listensOn, type ListenList } from './listen-list.ts';
import { listenListSteps } from './listen-list-steps.ts';
import { overlap } from './overlap.ts';
import { fullPairs, pairText } from './pairs.ts';
import { say, step } from './remedy-steps.ts';
import { boundOfSocket } from './request.ts';

/** The destination of a connection; null for what the text does not say. */
type Destination = Pick<Remote, 'port' | 'address' | 'protocol'>;

/** The listeners at the destination of a connection. */
interface Listeners {
  readonly facts: Facts;
  readonly owners: readonly string[];
  readonly evidence: readonly string[];
  /** The addresses on which a program listens on the same port instead. */
  readonly instead: readonly string[];
  /** The interfaces of the network to which the listeners on the same port are bound. */
  readonly interfaces: readonly string[];
  readonly listens: boolean;
  /** Whether everything that listens is IPv6, and the destination is IPv4. */
  readonly isSix: boolean;
  /** The IP listen list, if HTTP.sys has the port and does not listen on the address only because of that list. */
  readonly narrow: ListenList | null;
}

/**
 * Answers a failed connection. It requested no port, so the verdict says whether anything listens at its destination.
 */
export async function outgoingVerdict(error: ParsedError, machine: AskedMachine): Promise<Verdict> {
  const { port = null, address = null, protocol = 'TCP' } = error.remote ?? {};
  const there = port === null || address === null ? null : await listenersAt(machine, { port, address, protocol });
  const local = error.remote?.answered === true ? [] : await localPorts(machine, { address, protocol });
  return {
    Port: null,
    Protocol: null,
    Address: null,
    CanBind: null,
    Cause: outgoing.name,
    Owner: there === null || there.owners.length === 0 ? null : there.owners.join('; '),
    Evidence: [error.evidence, ...(there?.evidence ?? []), ...local],
    Remedy: remedies({ port, address, protocol }, there),
    Confidence: there === null ? 'Low' : 'Medium',
    ComputerName: there?.facts.machine.name ?? null,
    Summary: `There is nothing to bind: ${outgoing.meaning}.`,
  };
}

/** Describes which local ports are left for connections, and where connections to one address use up theirs. */
async function localPorts(machine: AskedMachine, { address, protocol }: Omit<Destination, 'port'>): Promise<string[]> {
  const facts = await machine.facts({
    localPorts: null,
    protocols: [protocol],
    sockets: 'all',
    details: new Set(['owner']),
    ranges: true,
  });
  const pairs = fullPairs(facts).filter(
    (one) => one.protocol === protocol && (address === null || one.remote === address),
  );
  return [...dynamicUse(facts, protocol).evidence, ...pairs.slice(0, 3).map(pairText)];
}

/** Returns the listeners; null where the address belongs to another machine, whose sockets are not visible here. */
async function listenersAt(
  machine: AskedMachine,
  { port, address, protocol }: { port: number; address: string; protocol: 'TCP' | 'UDP' },
): Promise<Listeners | null> {
  const facts = await machine.facts({
    localPorts: [{ start: port, end: port }],
    protocols: [protocol],
    sockets: 'listeners',
    details: new Set(['owner', 'user', 'services']),
    // Includes the IP listen list.
    ranges: true,
    addresses: true,
  });
  if (!isLocal({ facts, addresses: null }, address)) return null;
  const { sockets } = facts.sections;
  const wanted = { address, dual: false };
  const onPort = sockets.data.filter(
    (socket) =>
      socket.protocol === protocol &&
      socket.localPort === port &&
      (protocol === 'UDP' ? socket.remotePort === null : socket.state === 'Listen'),
  );
  const listening = onPort.filter(
    (socket) => overlap(wanted, boundOfSocket(socket)) !== null && onlyInterface(socket.localAddress) === null,
  );
  const where = endpointText({ protocol, address, port });
  const rowsOf = (of: readonly Socket[]) => endpoints(facts, of, { live: false, serviceName: null });
  const heldText = (row: OwnedEndpoint): string =>
    `${endpointText({ protocol, address: row.LocalAddress ?? address, port })} is held by ${row.Owner ?? 'a process that cannot be seen'}`;
  const rows = rowsOf(listening);
  const others = rows.length > 0 ? [] : rowsOf(onPort);
  const none = isWhole(sockets)
    ? `Nobody listens on ${where} now.`
    : `Cannot tell whether anybody listens on ${where}: some sockets could not be read.`;
  const list = listenListOf(facts, null);
  const isHttpSys = others.some(({ OwnerKind }) => OwnerKind === 'HttpSys' || OwnerKind === 'Kernel');
  const narrow = isHttpSys && !listensOn(list, address) ? { ...list, stale: [], doubtful: [] } : null;
  const otherAddresses = [...new Set(others.map(({ LocalAddress }) => LocalAddress).filter((one) => one !== null))];
  const isSix = listening.length > 0 && listening.every((one) => overlap(wanted, boundOfSocket(one)) === 'dualStack');
  return {
    facts,
    narrow,
    isSix,
    listens: rows.length > 0,
    owners: [...new Set(rows.map(({ Owner }) => Owner).filter((owner) => owner !== null))],
    evidence:
      rows.length === 0
        ? [
            none,
            ...others.slice(0, 4).map((row) => `${heldText(row)}, ${missText(row.LocalAddress ?? '', address)}.`),
            ...(narrow === null ? [] : [`HTTP.sys listens only on ${narrow.all.join(', ')} (its IP listen list).`]),
          ]
        : rows.map((row) => `${heldText(row)} now${isSix ? ', unless it is for IPv6 only (IPV6_V6ONLY)' : ''}.`),
    instead: otherAddresses.filter((one) => onlyInterface(one) === null),
    interfaces: [...new Set(otherAddresses.map((one) => onlyInterface(one)).filter((one) => one !== null))],
  };
}

/**
 * Returns the interface to which a socket is bound, if no connection of this machine to itself arrives there: such
 * connections use the loopback interface. Link-local addresses have a scope instead.
 */
function onlyInterface(localAddress: string): string | null {
  const device = scopeOf(localAddress);
  return device === 'lo' || /^fe[89ab]/i.test(localAddress) ? null : device;
}

const missText = (localAddress: string, address: string): string =>
  onlyInterface(localAddress) === null
    ? `which does not include ${address}`
    : `only for what arrives on ${onlyInterface(localAddress)} (SO_BINDTODEVICE)`;

function remedies({ port, address, protocol }: Destination, there: Listeners | null): string[] {
  const query = `portowner ${port}${protocol === 'UDP' ? ' --protocol udp' : ''}`;
  if (port === null) return [say('check whether the other side listens, and whether a firewall allows the connection')];
  if (there === null)
    return [
      say(
        `${query} on ${address ?? 'the other machine'} shows whether anybody listens there; a firewall in between may also reject or drop it`,
      ),
    ];
  if (there.instead.length > 0)
    return [
      step(`${query} --format list`, 'show everything known about the listener'),
      say(
        `let the client connect to ${there.instead.slice(0, 4).join(' or ')}, or let the server also listen on ${address}`,
      ),
      ...(there.narrow === null ? [] : listenListSteps(there.narrow, address)),
    ];
  if (there.interfaces.length > 0)
    return [
      step(`${query} --format list`, 'show everything known about the listener'),
      say(
        `let the server listen on all interfaces: connections of this machine to itself do not arrive on ${there.interfaces.join(', ')}`,
      ),
    ];
  return there.listens
    ? [
        step(`${query} --format list`, 'show everything known about the listener'),
        ...(there.isSix ? [say('let the client connect to ::1, if the server is for IPv6 only')] : []),
        say('somebody is listening now: try again'),
      ]
    : [
        step(query, 'who owns the port here'),
        say('start the server that the program tries to reach, or correct the port in its configuration'),
      ];
}
