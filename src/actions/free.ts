import type { Facts, PortRange } from '../facts/model/facts.ts';
import type { Bind, BindAttempt } from '../facts/gather/probe.ts';
import { holdsPort } from '../facts/model/question.ts';
import type { Platform } from '../system/raw.ts';
import { portMatcher, type PortSpan } from '../ports/expression.ts';
import { coveredPorts, firstCovering } from '../ports/lookup.ts';
import { hasFailed, wasAsked } from '../facts/model/section.ts';

type Protocol = 'TCP' | 'UDP';

/** What ports are wanted. */
export interface FreeRequest {
  readonly count: number;
  /** Where to look; null looks wherever programs usually listen. */
  readonly spans: readonly PortSpan[] | null;
  /** Ports closest to this one come first. */
  readonly near: number | null;
  /** One behind the other. */
  readonly consecutive: boolean;
  /** A port has to be free for all of them. */
  readonly protocols: readonly Protocol[];
  /** Null: every address, IPv4 and IPv6. */
  readonly address: string | null;
  /** Ports that IANA registered for a service, too. */
  readonly registered: boolean;
  /** Not these. */
  readonly except: readonly PortSpan[];
}

/** What is known besides the facts. */
export interface FreeKnowledge {
  readonly serviceName: (port: number, protocol: Protocol) => string | null;
  /** Why a policy or a baseline keeps it for others. */
  readonly reserved: (port: number, protocol: Protocol) => string | null;
  /** Until when a port is promised to somebody else (ISO 8601); null when it is not. */
  readonly leasedUntil: (port: number, protocol: Protocol) => string | null;
  /** Who owns a port, where that was asked. */
  readonly owner: (port: number) => string | null;
  /** Tries to bind a port in every way wanted; null when it went well, else what did not. */
  readonly tryBind: (port: number) => string | null;
}

export interface FreeAnswer {
  /** In the order of preference; fewer than wanted when there are no more, and none when they have to be consecutive. */
  readonly ports: readonly number[];
  /** Every port that was passed over, and why, by port. */
  readonly skipped: ReadonlyMap<number, string>;
}

/** IANA's dynamic class: what an unknown dynamic range is taken to be. */
const dynamicClass: PortSpan = { start: 49152, end: 65535 };
/** Where programs usually listen: five digits first, since the others are what people choose by hand. */
const usual: readonly PortSpan[] = [
  { start: 10000, end: 65535 },
  { start: 1024, end: 9999 },
];

function kindText({ kind, start, end, source }: PortRange): string {
  const what =
    kind === 'LocalDynamic'
      ? 'in the dynamic range'
      : kind.startsWith('Excluded')
        ? 'in the excluded range'
        : kind === 'Privileged'
          ? 'in the range for privileged programs'
          : kind === 'ReservedForGuests'
            ? 'in the range reserved for virtual machines,'
            : 'in the reserved range';
  return `${what} ${start}-${end} (${source})`;
}

/** Finds the range of the machine's own that forbids a port. */
function forbiddingRange({ sections }: Facts, protocols: readonly Protocol[]): (port: number) => PortRange | undefined {
  const dynamic = sections.dynamicRanges;
  const unknown: readonly PortRange[] =
    hasFailed(dynamic) || !wasAsked(dynamic)
      ? [
          {
            kind: 'LocalDynamic',
            protocol: null,
            family: null,
            ...dynamicClass,
            source: "IANA's class: the machine's own could not be read",
          },
        ]
      : [];
  return firstCovering(
    [...dynamic.data, ...unknown, ...sections.reservedPorts.data].filter(
      // The attempt tells whether this user may have a privileged port.
      ({ kind, protocol }) => kind !== 'Privileged' && (protocol === null || protocols.includes(protocol)),
    ),
  );
}

/** Candidates in the order of preference. */
function* candidates({ spans, near }: FreeRequest): Generator<number> {
  const within = spans ?? usual;
  if (near === null) {
    for (const [port] of coveredPorts(within)) yield port;
    return;
  }
  const matches = portMatcher(within);
  for (let distance = 0; distance < 65536; distance++) {
    const above = near + distance;
    const below = near - distance;
    if (above <= 65535 && matches(above)) yield above;
    if (distance > 0 && below >= 1 && matches(below)) yield below;
  }
}

/** The binds that have to succeed for a port: exclusive where the system knows that, so that nobody is there. */
export function bindsFor(
  port: number,
  { protocols, address }: Pick<FreeRequest, 'protocols' | 'address'>,
  platform: Platform,
): Bind[] {
  const sharing = platform === 'win32' ? 'exclusive' : 'default';
  const targets =
    address === null
      ? [
          { address: '0.0.0.0', ipv6Only: false },
          { address: '::', ipv6Only: true },
        ]
      : [{ address, ipv6Only: false }];
  return protocols.flatMap((protocol) =>
    targets.map((target): Bind => Object.assign({ protocol, port, sharing } as const, target)),
  );
}

/** What the attempts say: null when every family that the machine has could be bound. */
export function attemptsReason(attempts: readonly BindAttempt[]): string | null {
  const failed = attempts.find(({ result }) => result === 'refused' || result === 'notMade');
  if (failed !== undefined) {
    const where = `${failed.protocol} ${failed.address}`;
    return failed.result === 'refused'
      ? `cannot be bound: ${failed.error} on ${where}`
      : `could not be tried on ${where}: ${failed.reason}`;
  }
  return attempts.some(({ result }) => result === 'bound') ? null : 'the machine has no such address family';
}

/** Chooses ports: pure but for the attempts, which are made last and only for ports that nothing else speaks against. */
export function chooseFree(facts: Facts, request: FreeRequest, knowledge: FreeKnowledge): FreeAnswer {
  const { protocols, count } = request;
  const forbidding = forbiddingRange(facts, protocols);
  const except = portMatcher(request.except);
  const used = new Map<number, string>();
  for (const socket of facts.sections.sockets.data) {
    if (!holdsPort(socket) || !protocols.includes(socket.protocol) || used.has(socket.localPort)) continue;
    used.set(socket.localPort, `in use: ${socket.protocol} ${socket.localAddress}`);
  }
  const checked = new Map<number, string | null>();

  function reason(port: number): string | null {
    if (except(port)) return 'reserved by --except';
    const range = forbidding(port);
    if (range !== undefined) return kindText(range);
    const use = used.get(port);
    if (use !== undefined) return `${use}, owner: ${knowledge.owner(port) ?? 'not known'}`;
    for (const protocol of protocols) {
      const name = request.registered ? null : knowledge.serviceName(port, protocol);
      if (name !== null) return `registered by IANA for ${name} (--registered allows it)`;
    }
    for (const protocol of protocols) {
      const why = knowledge.reserved(port, protocol);
      if (why !== null) return why;
    }
    for (const protocol of protocols) {
      const until = knowledge.leasedUntil(port, protocol);
      if (until !== null) return `handed out to somebody else until ${until}`;
    }
    return knowledge.tryBind(port);
  }

  function isFree(port: number): boolean {
    let known = checked.get(port);
    if (known === undefined) checked.set(port, (known = reason(port)));
    return known === null;
  }

  const within = portMatcher(request.spans);
  // From each port, the next one down that is not known to be free, with shortcuts: runs overlap in all but one port.
  const below = Uint32Array.from({ length: 65536 }, (_, port) => port);
  function unknownFrom(port: number): number {
    let found = port;
    while (below[found] !== found) found = below[found]!;
    for (let at = port; at !== found;) [at, below[at]] = [below[at]!, found];
    return found;
  }

  /** Whether a run of free ports begins at a port. The last one is looked at first: a taken one ends many runs at once. */
  function isRun(start: number): boolean {
    const end = start + count - 1;
    if (end > 65535) return false;
    for (let port = unknownFrom(end); port >= start; port = unknownFrom(port)) {
      if (!within(port) || !isFree(port)) return false;
      below[port] = port - 1;
    }
    return true;
  }
  const ports: number[] = [];
  for (const port of candidates(request)) {
    if (!request.consecutive) {
      if (isFree(port)) ports.push(port);
      if (ports.length === count) break;
      continue;
    }
    if (!isRun(port)) continue;
    ports.push(...Array.from({ length: count }, (_, index) => port + index));
    break;
  }
  const skipped = [...checked]
    .filter((entry): entry is [number, string] => entry[1] !== null)
    .toSorted(([a], [b]) => a - b);
  return { ports, skipped: new Map(skipped) };
}

/** Ports that are skipped for the same reason and follow one another, as one. */
export function skippedSpans(skipped: ReadonlyMap<number, string>): (PortSpan & { readonly reason: string })[] {
  const spans: { start: number; end: number; reason: string }[] = [];
  for (const [port, reason] of skipped) {
    const last = spans.at(-1);
    if (last !== undefined && last.end === port - 1 && last.reason === reason) last.end = port;
    else spans.push({ start: port, end: port, reason });
  }
  return spans;
}
