import type { Facts, PortRange } from '../facts/model/facts.ts';
import type { Bind, BindAttempt } from '../facts/gather/probe.ts';
import { holdsPort } from '../facts/model/question.ts';
import type { Platform } from '../system/raw.ts';
import { formatPorts, portMatcher, type PortSpan } from '../ports/expression.ts';
import { coveredPorts, firstCovering } from '../ports/lookup.ts';
import { hasFailed, wasAsked } from '../facts/model/section.ts';

type Protocol = 'TCP' | 'UDP';

/** The requested ports. */
export interface FreeRequest {
  readonly count: number;
  /** The ports to search; null searches where programs usually listen. */
  readonly spans: readonly PortSpan[] | null;
  /** Search upward from this port first, including ports registered with IANA. */
  readonly near: number | null;
  /** Whether the ports must be consecutive. */
  readonly consecutive: boolean;
  /** A port must be free for all of these protocols. */
  readonly protocols: readonly Protocol[];
  /** Null: every address, IPv4 and IPv6. */
  readonly address: string | null;
  /** Whether to include ports registered with IANA. */
  readonly registered: boolean;
  /** The ports to exclude. */
  readonly except: readonly PortSpan[];
}

/** Information in addition to the facts. */
export interface FreeKnowledge {
  readonly serviceName: (port: number, protocol: Protocol) => string | null;
  /** Why a policy or a baseline reserves it. */
  readonly reserved: (port: number, protocol: Protocol) => string | null;
  /** Until when a port is held for somebody else (ISO 8601); null if it is not. */
  readonly leasedUntil: (port: number, protocol: Protocol) => string | null;
  /** Who owns a port; null if not requested. */
  readonly owner: (port: number) => string | null;
  /**
   * Tries to bind a port in every requested way; null on success, otherwise what failed. Null on another machine, where
   * no bind is possible.
   */
  readonly tryBind: ((port: number) => string | null) | null;
}

export interface FreeAnswer {
  /** In order of preference; fewer than requested if there are no more, and none if they must be consecutive. */
  readonly ports: readonly number[];
  /** Every skipped port with the reason, by port. */
  readonly skipped: ReadonlyMap<number, Skip>;
}

/** Why a port was skipped. */
export type Skip =
  | { readonly text: string }
  /** IANA registered it for this service. */
  | { readonly service: string };

/** IANA's dynamic class, used if the machine's dynamic range is unknown. */
const dynamicClass: PortSpan = { start: 49152, end: 65535 };
/** Where programs usually listen: five-digit ports first, because people choose the others manually. */
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

/** Finds the range of the machine that forbids a port. A bind attempt shows better whether the user can bind a privileged port. */
function forbiddingRange(
  { sections, machine }: Facts,
  protocols: readonly Protocol[],
  isTried: boolean,
): (port: number) => PortRange | undefined {
  const maybePrivileged = isTried || machine.elevated === true;
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
      ({ kind, protocol }) =>
        !(maybePrivileged && kind === 'Privileged') && (protocol === null || protocols.includes(protocol)),
    ),
  );
}

/** Returns the candidates in order of preference. */
function* candidates({ spans, near }: FreeRequest): Generator<number> {
  if (near === null) {
    for (const [port] of coveredPorts(spans ?? usual)) yield port;
    return;
  }
  // Search upward first, as people expect, and downward only if there are no more. Who names a port below 1024 means it.
  const matches = portMatcher(spans ?? (near < 1024 ? [{ start: 1, end: 65535 }] : usual));
  for (let port = near; port <= 65535; port++) if (matches(port)) yield port;
  for (let port = near - 1; port >= 1; port--) if (matches(port)) yield port;
}

/**
 * Returns the binds that must succeed for a port: exclusive if the system supports it, so that nobody shares the port.
 */
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

/** Returns the result of the attempts: null if every address family of the machine could be bound. */
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

/** Describes the first socket that holds each port. Only a bind attempt shows whether one end of a connection does. */
function usesOf(facts: Facts, protocols: readonly string[], isTried: boolean): ReadonlyMap<number, string> {
  const used = new Map<number, string>();
  for (const socket of facts.sections.sockets.data) {
    if (isTried && !holdsPort(socket)) continue;
    if (!protocols.includes(socket.protocol) || used.has(socket.localPort)) continue;
    used.set(socket.localPort, `in use: ${socket.protocol} ${socket.localAddress}`);
  }
  return used;
}

/** Returns why a port is unavailable; null if it is free. The most expensive check, the bind attempt, comes last. */
type Reason = (port: number) => Skip | null;

/** The reasons in order of priority, each for a port and a protocol. */
function reasonsOf(facts: Facts, request: FreeRequest, knowledge: FreeKnowledge): Reason {
  const { protocols } = request;
  const { tryBind } = knowledge;
  const isTried = tryBind !== null;
  const forbidding = forbiddingRange(facts, protocols, isTried);
  const except = portMatcher(request.except);
  const used = usesOf(facts, protocols, isTried);
  const told =
    (why: (port: number) => string | null): Reason =>
    (port) => {
      const text = why(port);
      return text === null ? null : { text };
    };
  const ofAny =
    (why: (port: number, protocol: 'TCP' | 'UDP') => string | null) =>
    (port: number): string | null =>
      first(protocols, (protocol) => why(port, protocol));
  const inRange = (port: number): string | null => {
    const range = forbidding(port);
    return range === undefined ? null : kindText(range);
  };
  const inUse = (port: number): string | null => {
    const use = used.get(port);
    const owner = use === undefined ? null : knowledge.owner(port);
    return use === undefined ? null : owner === null ? use : `${use}, owner: ${owner}`;
  };
  const registered: Reason = (port) => {
    const service = request.registered || request.near !== null ? null : ofAny(knowledge.serviceName)(port);
    return service === null ? null : { service };
  };
  const leased = ofAny((port, protocol) => {
    const until = knowledge.leasedUntil(port, protocol);
    return until === null ? null : `held for another call until ${until}`;
  });
  const order: readonly Reason[] = [
    told((port) => (except(port) ? 'reserved by --except' : null)),
    told(inRange),
    told(inUse),
    registered,
    told(ofAny(knowledge.reserved)),
    told(leased),
    ...(isTried ? [told(tryBind)] : []),
  ];
  return (port) => first(order, (reason) => reason(port));
}

/** Returns the first answer among the items; later items are not evaluated. */
function first<T, Answer>(items: readonly T[], ask: (item: T) => Answer | null): Answer | null {
  for (const item of items) {
    const answer = ask(item);
    if (answer !== null) return answer;
  }
  return null;
}

/** Returns a test for whether a run of free ports begins at a port. */
function runsOf(count: number, isFree: (port: number) => boolean): (start: number) => boolean {
  // Cache the next lower port that is not known to be free: consecutive runs overlap in all but one port.
  const below = Uint32Array.from({ length: 65536 }, (_, port) => port);
  function unknownFrom(port: number): number {
    let found = port;
    while (below[found] !== found) found = below[found]!;
    for (let at = port; at !== found;) [at, below[at]] = [below[at]!, found];
    return found;
  }
  // Check the last port first: if it is in use, it rules out many runs at once.
  return (start) => {
    const end = start + count - 1;
    if (end > 65535) return false;
    for (let port = unknownFrom(end); port >= start; port = unknownFrom(port)) {
      if (!isFree(port)) return false;
      below[port] = port - 1;
    }
    return true;
  };
}

/** Returns the first free candidates, or the first run of them. */
function firstFree(request: FreeRequest, isFree: (port: number) => boolean): number[] {
  const { count, consecutive, spans } = request;
  if (consecutive) {
    const within = portMatcher(spans);
    const isRun = runsOf(count, (port) => within(port) && isFree(port));
    for (const port of candidates(request))
      if (isRun(port)) return Array.from({ length: count }, (_, index) => port + index);
    return [];
  }
  const ports: number[] = [];
  for (const port of candidates(request)) {
    if (isFree(port)) ports.push(port);
    if (ports.length === count) break;
  }
  return ports;
}

/** Chooses ports. Pure except for the bind attempts, which come last, for ports that pass all other checks. */
export function chooseFree(facts: Facts, request: FreeRequest, knowledge: FreeKnowledge): FreeAnswer {
  const reason = reasonsOf(facts, request, knowledge);
  const checked = new Map<number, Skip | null>();
  function isFree(port: number): boolean {
    let known = checked.get(port);
    if (known === undefined) checked.set(port, (known = reason(port)));
    return known === null;
  }
  const ports = firstFree(request, isFree);
  const skipped = [...checked]
    .filter((entry): entry is [number, Skip] => entry[1] !== null)
    .toSorted(([a], [b]) => a - b);
  return { ports, skipped: new Map(skipped) };
}

/** How many service names to show for a group of ports. */
const namedServices = 3;

function skipText(skips: readonly Skip[]): string {
  const [one] = skips;
  if (one !== undefined && 'text' in one) return one.text;
  const names = [...new Set(skips.flatMap((skip) => ('service' in skip ? [skip.service] : [])))];
  const more = names.length - namedServices;
  const others = more <= 0 ? '' : ` and ${more} more`;
  return `registered with IANA for ${names.slice(0, namedServices).join(', ')}${others} (--registered allows it)`;
}

/** Groups consecutive ports that were skipped for the same reason. */
export function skippedSpans(skipped: ReadonlyMap<number, Skip>): (PortSpan & { readonly reason: string })[] {
  const spans: { start: number; end: number; skips: Skip[] }[] = [];
  const isSame = (a: Skip, b: Skip): boolean => ('text' in a ? 'text' in b && a.text === b.text : 'service' in b);
  for (const [port, skip] of skipped) {
    const last = spans.at(-1);
    if (last === undefined || last.end !== port - 1 || !isSame(last.skips[0]!, skip))
      spans.push({ start: port, end: port, skips: [skip] });
    else {
      last.end = port;
      last.skips.push(skip);
    }
  }
  return spans.map(({ start, end, skips }) => ({ start, end, reason: skipText(skips) }));
}

/** Explains the skipped ports, one line for each group: `3000-3002: in use: …`. */
export const reasonLines = (spans: ReturnType<typeof skippedSpans>): string[] =>
  spans.map((span) => `${formatPorts([span])}: ${span.reason}`);

/** Explains to a person what the free ports are registered for. */
export const registeredLines = (
  { protocols }: Pick<FreeRequest, 'protocols'>,
  { ports }: Pick<FreeAnswer, 'ports'>,
  { serviceName }: Pick<FreeKnowledge, 'serviceName'>,
): string[] =>
  ports.flatMap((port) => {
    const name = first(protocols, (protocol) => serviceName(port, protocol));
    return name === null ? [] : [`${port}: free; registered with IANA for ${name}`];
  });

/** Explains to a person why the ports before the first free one were skipped. */
export function passedOver({ near, spans }: FreeRequest, { ports, skipped }: FreeAnswer): string[] {
  const [found] = ports;
  const from = near ?? spans?.[0]?.start;
  if (from === undefined || found === undefined) return [];
  const between = [...skipped].filter(([port]) => port >= from && port < found);
  const skippedOver = skippedSpans(new Map(between));
  return [
    ...reasonLines(skippedOver.slice(0, 3)),
    ...(skippedOver.length > 3 ? [`and ${skippedOver.length - 3} more; --explain lists them`] : []),
  ];
}
