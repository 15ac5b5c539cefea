import { findFree } from '../actions/find-free.ts';
import { urlPrefix } from '../facts/decode/windows-httpsys.ts';
import type { AskedMachine } from '../facts/machine.ts';
import type { Facts } from '../facts/model/facts.ts';
import { addressScope } from '../ports/address.ts';
import { serviceName } from '../ports/iana.ts';
import type { FreePort } from '../schema/free.ts';
import type { PortOwnerError } from '../schema/problems.ts';
import type { Surroundings } from '../system/surroundings.ts';
import { cannotMove } from './cannot.ts';
import type { Configured } from './instances.ts';
import { canMeet, onlyAddress } from './meeting.ts';
import { settingText, type RankedPort } from './overlay.ts';

/** What choosing a port needs. */
export interface TargetWorld extends Pick<Surroundings, 'binder' | 'stateFolder' | 'now'> {
  readonly asked: AskedMachine;
  readonly facts: Facts;
}

/** Who needs a port: the settings that are to have it, and everything that is configured on the machine. */
export interface Need {
  /** At least one. */
  readonly places: readonly RankedPort[];
  readonly all: readonly Configured[];
  /** The service that runs the server. */
  readonly service: string | null;
}

const cannot = (text: string): PortOwnerError => cannotMove(text, 'Use --to auto to choose a free port.');

/** Something that is configured for a port, in words. */
interface Claim {
  readonly port: number;
  readonly text: string;
}

/** What else is configured for ports that these settings would exclude: servers, socket units, URLs, forwarding rules. */
function claims({ places, all, service }: Need, { sections }: Facts): Claim[] {
  const servers = all.flatMap(({ family, places: own }) =>
    own.flatMap((place) => {
      const isIn = place.role === 'listen' && place.isEffective && place.port !== null;
      return isIn && places.some((one) => canMeet(one, place) !== false)
        ? [{ port: place.port, text: `${family.name}: ${settingText(place)}` }]
        : [];
    }),
  );
  const protocols = new Set(places.map(({ protocol }) => protocol));
  const units = (sections.socketUnits?.data ?? [])
    .filter((unit) => protocols.has(unit.protocol) && unit.service !== service)
    .map(({ port, unit }) => ({ port, text: unit }));
  if (!protocols.has('TCP')) return [...servers, ...units];
  const urls = [
    ...(sections.urlReservations?.data ?? []).map(({ url }) => url),
    ...(sections.httpQueues?.data ?? []).flatMap(({ urls: registered }) => registered),
  ].flatMap((url) => {
    const port = urlPrefix(url)?.port;
    return port === undefined ? [] : [{ port, text: url }];
  });
  const rules = (sections.portProxies?.data ?? []).map(({ listenAddress, listenPort }) => ({
    port: listenPort,
    text: `the forwarding rule for ${listenAddress}:${listenPort}`,
  }));
  return [...servers, ...units, ...urls, ...rules];
}

/** The ports that IANA registered for a service, as far as programs choose them automatically. */
const registeredPorts = (protocols: readonly ('TCP' | 'UDP')[]): number[] =>
  Array.from({ length: 65_536 }, (_, port) => port).filter((port) =>
    protocols.some((protocol) => serviceName(port, protocol) !== null),
  );

/** An address, if the machine has it; otherwise null, for all of them: the server may start when it has. */
function bindable(address: string | null, { sections }: Facts): string | null {
  if (address === null || addressScope(address) !== 'Specific') return address;
  return sections.addresses?.data.some((own) => own.address === address) === true ? address : null;
}

/** Chooses the new port for settings, or checks the given one. Throws PO4402. */
export async function targetFor(from: number, to: number | null, need: Need, world: TargetWorld): Promise<number> {
  if (to === from) throw cannot(`the new port is the old one: ${from}`);
  const claimed = claims(need, world.facts);
  const other = claimed.find(({ port }) => port === to);
  if (other !== undefined) throw cannot(`port ${to} is configured for something else: ${other.text}`);
  const protocols = [...new Set(need.places.map(({ protocol }) => protocol))];
  // A port that a proxy leads to is wanted by somebody.
  const referred = need.all.flatMap(({ places }) =>
    places.flatMap(({ role, port }) => (role === 'reference' ? (port ?? []) : [])),
  );
  const avoided = to === null ? [...referred, ...registeredPorts(protocols)] : [];
  const answer = await findFree(
    {
      count: 1,
      spans: to === null ? null : [{ start: to, end: to }],
      // Near the old port, unless that is one of the privileged ones.
      near: to === null && from >= 1024 ? Math.min(from + 1, 65_535) : null,
      consecutive: false,
      protocols,
      address: bindable(onlyAddress(need.places), world.facts),
      registered: to !== null,
      except: [...claimed.map(({ port }) => port), ...avoided].map((port) => ({ start: port, end: port })),
      explain: to !== null,
      holdSeconds: null,
      policy: null,
      baseline: null,
    },
    { ...world, machine: world.asked },
  );
  const rows = answer.rows as readonly FreePort[];
  const free = rows.find(({ IsFree }) => IsFree === true);
  if (free !== undefined) return free.LocalPort!;
  throw cannot(
    to === null ? 'no free port was found' : `port ${to} cannot be used: ${rows[0]?.Reason ?? 'it is not free'}`,
  );
}
