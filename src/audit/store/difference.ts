import type { Finding } from '../../schema/finding.ts';
import { findingKey, worst } from '../findings.ts';
import { ownerKey, type Listener } from '../listeners.ts';
import type { StoredRun } from './contract.ts';
import { dynamicPort, instant, spanKey, unknownOrSame, type OwnerValues } from './values.ts';
import { ascending } from '../../io/order.ts';

/*
 * What an audit changes in the history of its machine: pure, and the same in every engine, which only reads the open spans
 * and writes the difference.
 */

/** Stores keep UTF-8, without NUL and lone surrogates: escapes them, so that two names do not become one. */
const stored = (text: string): string =>
  text.isWellFormed() && !text.includes('\0')
    ? text
    : text.replace(/[\0\p{Cs}]/gu, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** A run whose texts every engine can store. */
export function storable(run: StoredRun): StoredRun {
  const listeners = run.listeners.map((listener) => ({
    ...listener,
    program: listener.program && stored(listener.program),
    services: listener.services.map(stored),
    user: listener.user && stored(listener.user),
    signer: listener.signer && stored(listener.signer),
  }));
  return { ...run, listeners };
}

const dayMs = 86_400_000;

/** The time before which a run deletes what ended, in milliseconds; null to keep everything. */
export const keptSince = ({ at, keepDays }: Pick<StoredRun, 'at' | 'keepDays'>): number | null =>
  keepDays === null ? null : Date.parse(at) - keepDays * dayMs;

export const storedPort = ({ port }: Listener): number => (port === 'dynamic' ? dynamicPort : port);

/** An owner with its executable, which only some audits know. */
export const binaryKey = (listener: Listener): string =>
  JSON.stringify([ownerKey(listener), listener.sha256, listener.signer]);

/** An endpoint with its owner, in the spelling of a store. */
interface Held {
  readonly protocol: unknown;
  readonly port: unknown;
  readonly address: unknown;
  readonly owner: OwnerValues;
}

/** An open span, and how its engine identifies it. */
export interface OpenSpan<Id> extends Held {
  readonly id: Id;
}

export interface SpanDifference<Id> {
  readonly added: readonly Listener[];
  /** Spans of which the run knows more about the executable. */
  readonly learned: readonly { readonly id: Id; readonly listener: Listener }[];
  /** Spans that end with the previous run, which saw them. */
  readonly ended: readonly Id[];
}

const isSame = ({ owner }: Held, { sha256, signer }: Listener): boolean =>
  unknownOrSame(owner.sha256, sha256) && unknownOrSame(owner.signer, signer);

const isLearned = ({ owner }: Held, { sha256, signer }: Listener): boolean =>
  (owner.sha256 === null && sha256 !== null) || (owner.signer === null && signer !== null);

const isExact = ({ owner }: Held, { sha256, signer }: Listener): boolean =>
  owner.sha256 === sha256 && owner.signer === signer;

const endpointOf = ({ protocol, port, address }: Readonly<Record<'protocol' | 'port' | 'address', unknown>>): string =>
  `${protocol} ${port} ${address}`;

/** The open spans that continue, by the listener that continues each. One path can have several executables, one after the other. */
function continued<Id>(spans: readonly OpenSpan<Id>[], listeners: readonly Listener[]): Map<Listener, OpenSpan<Id>> {
  const binary = ({ owner }: Held): string => JSON.stringify([owner.sha256, owner.signer]);
  const open = Map.groupBy(spans, ({ protocol, port, address, owner }) => spanKey({ protocol, port, address }, owner));
  for (const group of open.values()) if (group.length > 1) group.sort((a, b) => ascending(binary(a), binary(b)));
  const found = new Map<Listener, OpenSpan<Id>>();
  const match = (listener: Listener, fits: (span: Held, listener: Listener) => boolean): void => {
    const { protocol, address } = listener;
    const candidates = open.get(spanKey({ protocol, port: storedPort(listener), address }, listener)) ?? [];
    const index = candidates.findIndex((span) => fits(span, listener));
    if (index >= 0) found.set(listener, candidates.splice(index, 1)[0]!);
  };
  for (const listener of listeners) match(listener, isExact);
  for (const listener of listeners) if (!found.has(listener)) match(listener, isSame);
  return found;
}

/**
 * Compares the open spans of a machine with the listeners of a run. `compared`: the listeners that are left, if an engine has
 * left out the open spans with the same values as a listener, and these listeners.
 */
export function spanDifference<Id>(
  spans: readonly OpenSpan<Id>[],
  { listeners, partial }: Pick<StoredRun, 'listeners' | 'partial'>,
  compared = listeners,
): SpanDifference<Id> {
  const found = continued(spans, compared);
  const going = new Set([...found.values()].map(({ id }) => id));
  // An endpoint that was seen has the owner it was seen with; several dynamic ones share one name.
  const seen = new Set(partial ? listeners.filter(({ port }) => port !== 'dynamic').map(endpointOf) : []);
  const gone = spans.filter((span) => !going.has(span.id) && (!partial || seen.has(endpointOf(span))));
  return {
    added: compared.filter((listener) => !found.has(listener)),
    learned: [...found].flatMap(([listener, span]) => (isLearned(span, listener) ? [{ id: span.id, listener }] : [])),
    ended: gone.map(({ id }) => id),
  };
}

/** How many ended spans of dynamic port numbers to keep for a machine: programs take different ports at each start. */
export const mostDynamicPorts = 20_000;

/** A port number of a dynamic listener. */
export interface DynamicPort {
  readonly listener: Listener;
  readonly port: number;
}

/** The port numbers of the dynamic listeners of a run. */
export const dynamicNumbers = ({ listeners }: Pick<StoredRun, 'listeners'>): DynamicPort[] =>
  listeners.flatMap((listener) =>
    listener.port === 'dynamic' ? listener.ports.map((port) => ({ listener, port })) : [],
  );

/** Compares the open dynamic port numbers of a machine with those of a run. */
export function dynamicDifference<Id>(
  spans: Iterable<OpenSpan<Id>>,
  numbers: readonly DynamicPort[],
  { partial }: Pick<StoredRun, 'partial'>,
): { readonly added: readonly DynamicPort[]; readonly ended: readonly Id[] } {
  const gone = new Map<string, Id>();
  for (const { id, protocol, port, address, owner } of spans) gone.set(spanKey({ protocol, port, address }, owner), id);
  const added = numbers.filter(({ listener, port }) => {
    const { protocol, address } = listener;
    return !gone.delete(spanKey({ protocol, port, address }, listener));
  });
  return { added, ended: partial ? [] : [...gone.values()] };
}

/** A finding that was there at the previous run. */
export interface OpenFinding<Id> {
  readonly id: Id;
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly first: number;
}

export interface FindingDifference<Id> {
  /** The findings of the run, with the time of the first run that found each. */
  readonly dated: readonly Finding[];
  readonly added: readonly { readonly key: string; readonly severity: Finding['Severity'] }[];
  readonly ended: readonly Id[];
}

/** Compares the open findings of a machine with those of a run at a time. */
export function findingDifference<Id>(
  open: Iterable<OpenFinding<Id>>,
  { findings, partial }: Pick<StoredRun, 'findings' | 'partial'>,
  at: number,
): FindingDifference<Id> {
  const known = new Map<string, OpenFinding<Id>>();
  for (const one of open) known.set(one.key, one);
  const added: { key: string; severity: Finding['Severity'] }[] = [];
  const seen = new Set<string>();
  const dated = findings.map((finding) => {
    const key = findingKey(finding);
    const before = known.get(key);
    // Two findings can have the same key: they are one in the history.
    if (before === undefined && !seen.has(key)) added.push({ key, severity: finding.Severity });
    seen.add(key);
    return Object.assign({}, finding, { FirstSeen: instant(before?.first ?? at) });
  });
  return {
    dated,
    added,
    ended: partial ? [] : [...known.values()].filter(({ key }) => !seen.has(key)).map(({ id }) => id),
  };
}

/** The findings of a run that is not stored, with the dates of the stored findings of its time. */
export function datedFindings(
  stored: Iterable<Pick<OpenFinding<unknown>, 'key' | 'first'>>,
  findings: readonly Finding[],
): Finding[] {
  const known = new Map<string, number>();
  for (const { key, first } of stored) if (!known.has(key)) known.set(key, first);
  return findings.map((finding) => {
    const first = known.get(findingKey(finding));
    return first === undefined ? finding : { ...finding, FirstSeen: instant(first) };
  });
}

/** The values of the row of a run; the first run of a machine has nothing to compare with. */
export function runValues(run: StoredRun, { added, ended }: SpanDifference<unknown>, isFirst: boolean) {
  return {
    tool: run.tool,
    listeners: run.listeners.length,
    appeared: isFirst ? 0 : added.length,
    disappeared: ended.length,
    findings: run.findings.length,
    worst: worst(run.findings),
    complete: !run.partial && run.problem === undefined,
    problem: run.problem ?? null,
  };
}
