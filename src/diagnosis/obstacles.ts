import type { Bind } from '../facts/gather/probe.ts';
import type { Facts, Socket } from '../facts/model/facts.ts';
import { isClosed } from '../facts/model/question.ts';
import { endpointText } from '../ports/address.ts';
import { isUnfound, unseenText } from '../ownership/absent.ts';
import { endpoints } from '../ownership/endpoints.ts';
import type { OwnedEndpoint } from '../ownership/owned.ts';
import type { Platform } from '../system/raw.ts';
import { rule } from './binding-rules.ts';
import type { Cause, Effect, Obstacle, Sight } from './cause.ts';
import { causes } from './causes.ts';
import { unknown } from './causes/unknown.ts';
import { overlap } from './overlap.ts';
import { covers } from './ranges.ts';
import { boundOf, boundOfSocket, meeting } from './request.ts';
import { withOwnersApart } from './told-apart.ts';

function sameUser(row: OwnedEndpoint, socket: Socket, user: string | null): boolean | null {
  if (socket.kernel) return false;
  const owner = row.UserName ?? socket.user;
  return user === null || owner === null ? null : owner.toLowerCase() === user.toLowerCase();
}

function holderText(row: OwnedEndpoint, socket: Socket, platform: Platform): string {
  const where = endpointText({ protocol: socket.protocol, address: socket.localAddress, port: socket.localPort });
  const who = row.Owner ?? unseenText(socket, platform);
  const others = row.Holders === null ? '' : `; all processes that hold it: ${row.Holders.join(', ')}`;
  const why = isUnfound(socket)
    ? socket.refusals.filter(({ field }) => field === 'OwningProcess').map(({ text }) => `: ${text}`)
    : [];
  return `${where} is held by ${who}${socket.state === null ? '' : ` (${socket.state})`}${others}${why.join('')}.`;
}

const isHolder = ({ protocol, state }: Socket): boolean =>
  protocol === 'UDP' || state === 'Listen' || state === 'Bound';

/** The facts, and who asks. */
export interface Observed {
  readonly facts: Facts;
  /** The requesting user; null if unknown. */
  readonly user: string | null;
  /** The home folder of the reader; empty if there is none. */
  readonly home: string;
}

/** Returns the rows of all sockets that hold a port. Owners of one name are told apart, on whatever addresses they are. */
function rowsOnPort({ facts, home }: Observed, { protocol, port }: Bind): ReadonlyMap<Socket, OwnedEndpoint> {
  const sockets = facts.sections.sockets.data.filter(
    (one) => one.protocol === protocol && one.localPort === port && isHolder(one),
  );
  const rows = endpoints(facts, sockets, { live: false, serviceName: null });
  const apart = withOwnersApart(rows, sockets, { platform: facts.machine.platform, home });
  return new Map(sockets.map((socket, at) => [socket, apart[at]!]));
}

/** Returns an obstacle for each socket that holds the port. */
function holderObstacles(seen: Observed, bind: Bind, holders: readonly Socket[]): Obstacle[] {
  const { facts, user } = seen;
  const { platform } = facts.machine;
  const containers = new Set(
    facts.sections.processes.data.filter((process) => process.container !== null).map(({ pid }) => pid),
  );
  const twins = new Map<string, number>();
  for (const { localAddress, state } of holders)
    if (state === 'Listen') twins.set(localAddress, (twins.get(localAddress) ?? 0) + 1);
  const rows = rowsOnPort(seen, bind);
  return holders.map((socket): Obstacle => {
    const row = rows.get(socket)!;
    const how = overlap(boundOf(bind), boundOfSocket(socket))!;
    // On Linux, an IPv6 wildcard includes IPv4 by default; Windows lists such a socket in the IPv4 table, too.
    const unsure = how === 'dualStack' && boundOfSocket(socket).dual;
    const effect = rule(platform, bind, socket, {
      same: sameUser(row, socket, user),
      dual: boundOf(bind).dual,
      reusePort: (twins.get(socket.localAddress) ?? 0) > 1,
    });
    const held = {
      overlap: how,
      kind: isUnfound(socket) ? 'Unfound' : row.OwnerKind,
      container: socket.pid !== null && containers.has(socket.pid),
    };
    return {
      effect: !unsure ? effect : platform === 'win32' ? 'allows' : effect === 'blocks' ? 'depends' : effect,
      unsure,
      cause: causes.find((cause) => cause.holds?.(held)) ?? unknown,
      overlap: how,
      row,
      socket,
      range: null,
      evidence: holderText(row, socket, platform),
    };
  });
}

/** Returns the obstacles that the causes find in an observation. */
function obstaclesOf(sight: (cause: Cause) => Sight | null | undefined): Obstacle[] {
  return causes.flatMap((cause) => {
    const seen = sight(cause);
    return seen == null ? [] : [{ ...seen, cause }];
  });
}

function socketObstacles(seen: Observed, bind: Bind): Obstacle[] {
  const { facts } = seen;
  const sockets = meeting(facts, bind);
  const holders = sockets.filter(isHolder);
  // Connections that a listener accepted are not separate obstacles.
  if (holders.length > 0) return holderObstacles(seen, bind, holders);
  const { waiting = [], connections = [] } = Object.groupBy(sockets, (socket) =>
    isClosed(socket) ? 'waiting' : 'connections',
  );
  return obstaclesOf((cause) => cause.lingers?.({ facts, bind, connections, waiting }));
}

function rangeObstacles(facts: Facts, bind: Bind): Obstacle[] {
  return facts.sections.reservedPorts.data
    .filter((range) => covers(range, bind))
    .flatMap((range) =>
      obstaclesOf((cause) => {
        const seen = cause.reserves?.({ facts, bind, range });
        return seen == null ? null : { overlap: null, row: null, socket: null, range, ...seen };
      }).slice(0, 1),
    );
}

/** Returns everything that blocks a bind or exists beside it, blocking obstacles first. */
export function obstacles(seen: Observed, bind: Bind): Obstacle[] {
  const order: readonly Effect[] = ['blocks', 'depends', 'allows'];
  const closeness = ({ overlap: how }: Obstacle): number => (how === 'same' ? 0 : how === 'wildcard' ? 1 : 2);
  return [...socketObstacles(seen, bind), ...rangeObstacles(seen.facts, bind)].sort(
    (a, b) => order.indexOf(a.effect) - order.indexOf(b.effect) || closeness(a) - closeness(b),
  );
}
