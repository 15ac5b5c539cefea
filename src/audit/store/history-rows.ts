import type { AuditRun, PortSpanRow } from '../../schema/audit-run.ts';
import { ownerKey, ownerText } from '../listeners.ts';
import type { SpanQuestion } from './contract.ts';
import { dynamicPort, instant, unknownOrSame, type OwnerValues } from './values.ts';
import { ascending } from '../../io/order.ts';

/*
 * The history of a store as rows: pure, and the same in every engine, which only selects.
 */

/** The row of an audit; `at` in milliseconds since 1970, or a date. */
export function runRow(row: Readonly<Record<string, unknown>>): AuditRun {
  return {
    RunTime: instant(row['at']),
    Listeners: Number(row['listeners']),
    Appeared: Number(row['appeared']),
    Disappeared: Number(row['disappeared']),
    Findings: Number(row['findings']),
    WorstSeverity: row['worst'] as string | null,
    Complete: row['complete'] == null ? null : Boolean(row['complete']),
    Problem: (row['problem'] ?? null) as string | null,
    Tool: row['tool'] as string,
    ComputerName: row['name'] as string,
  };
}

/** An owner, and whether a question selects it. */
export interface Owner extends OwnerValues {
  /** In addition to its executable. */
  readonly key: string;
  readonly wanted: boolean;
}

/** Completes the values of an owner. */
export function ownerOfQuestion(owner: OwnerValues, question: Pick<SpanQuestion, 'owner'>): Owner {
  return { ...owner, key: ownerKey(owner), wanted: question.owner?.(owner) ?? true };
}

/** A machine of the history; times in milliseconds since 1970. */
export interface StoredMachine {
  readonly name: string;
  /** The times of its first and newest run, and of the first one with dynamic port numbers. */
  readonly first: number;
  readonly firstNumbers: number;
  readonly newest: number;
}

/** A stored span with its owner and machine. */
export interface StoredSpan {
  readonly protocol: string;
  readonly port: number;
  readonly address: string;
  /** Whether it is of one port number in the dynamic range. */
  readonly numbered: boolean;
  readonly machine: StoredMachine;
  readonly owner: Owner;
  /** Milliseconds since 1970; Infinity while it lasts. */
  readonly first: number;
  readonly last: number;
}

/** By their times, and so that spans with the same times have the same order in every engine. */
const byTime = (a: StoredSpan, b: StoredSpan): number =>
  ascending(a.first, b.first) ||
  ascending(a.last, b.last) ||
  ascending(a.owner.key, b.owner.key) ||
  ascending(a.owner.sha256 ?? '', b.owner.sha256 ?? '') ||
  ascending(a.owner.signer ?? '', b.owner.signer ?? '');

/** Dynamic ports come last. */
export const portOrder = (port: number): number => (port === dynamicPort ? 65_536 : port);

/** By endpoint, machine, and time. */
export const byEndpoint = (a: StoredSpan, b: StoredSpan): number =>
  portOrder(a.port) - portOrder(b.port) ||
  Number(a.numbered) - Number(b.numbered) ||
  ascending(a.protocol, b.protocol) ||
  ascending(a.address, b.address) ||
  ascending(a.machine.name, b.machine.name) ||
  byTime(a, b);

/** For each span of an endpoint: the latest earlier span that had ended when it began. */
function previousHolders(spans: readonly StoredSpan[]): [StoredSpan, StoredSpan][] {
  if (spans.length === 1) return [];
  const times = spans.toSorted(byTime);
  // In a fleet, most spans follow only one.
  if (times.length === 2) return times[0]!.last < times[1]!.first ? [[times[1]!, times[0]!]] : [];
  const ended = times.map((_, index) => index).sort((a, b) => ascending(times[a]!.last, times[b]!.last));
  let next = 0;
  let latest = -1;
  return times.flatMap((time, index): [StoredSpan, StoredSpan][] => {
    for (; next < ended.length && times[ended[next]!]!.last < time.first; next++)
      if (ended[next]! < index) latest = Math.max(latest, ended[next]!);
    return latest < 0 ? [] : [[time, times[latest]!]];
  });
}

/** The previous owner of an endpoint. Dynamic listeners and their port numbers have no previous owners. */
function previousOwners(spans: readonly StoredSpan[]): Map<StoredSpan, Owner> {
  const endpoints = new Map<string, Map<StoredMachine, StoredSpan[]>>();
  let last: StoredSpan | undefined;
  let machines = new Map<StoredMachine, StoredSpan[]>();
  for (const span of spans) {
    if (span.numbered) continue;
    // In a fleet, most spans follow one of the same endpoint.
    if (last === undefined || !isSameEndpoint(last, span))
      machines = endpoints.getOrInsertComputed(endpointText(span), () => new Map());
    machines.getOrInsertComputed(span.machine, () => []).push(span);
    last = span;
  }
  const pairs = [...endpoints.values()].flatMap((of) => [...of.values()].flatMap(previousHolders));
  return new Map(pairs.map(([one, before]) => [one, before.owner]));
}

const isSameEndpoint = (a: StoredSpan, b: StoredSpan): boolean =>
  a.port === b.port &&
  a.protocol === b.protocol &&
  a.address === b.address &&
  (a.port !== dynamicPort || a.owner === b.owner);

const endpointText = ({ protocol, port, address, owner }: StoredSpan): string =>
  `${protocol} ${port} ${address} ${port === dynamicPort ? owner.key : ''}`;

/** What happened to an endpoint when a span began; `previous`: its previous owner. */
function eventOf({ numbered, owner, machine, first }: StoredSpan, previous: Owner | undefined) {
  const changed = previous !== undefined && previous.key !== owner.key;
  const replaced =
    previous !== undefined &&
    !changed &&
    !(unknownOrSame(previous.sha256, owner.sha256) && unknownOrSame(previous.signer, owner.signer));
  const isKnown = first <= (numbered ? machine.firstNumbers : machine.first);
  return {
    event: isKnown ? 'Known' : changed ? 'ChangedHands' : replaced ? 'BinaryChanged' : 'Appeared',
    previous: changed ? previous : null,
  };
}

function spanRow(span: StoredSpan, before: Owner | undefined): PortSpanRow {
  const { protocol, address, port, numbered, machine, owner, first, last } = span;
  const { event, previous } = eventOf(span, before);
  const isOpen = last === Infinity;
  return {
    Protocol: protocol,
    LocalAddress: address,
    Port: port === dynamicPort ? 'dynamic' : String(port),
    Event: event,
    FirstSeen: instant(first),
    LastSeen: instant(isOpen ? machine.newest : last),
    IsOpen: isOpen,
    Program: owner.program,
    Services: owner.services.length === 0 ? null : owner.services,
    UserName: owner.user,
    PreviousOwner: previous === null ? null : ownerText(previous),
    // A dynamic port number stays with a program that is replaced.
    Sha256: numbered ? null : owner.sha256,
    ComputerName: machine.name,
  };
}

/** The rows of the wanted owners among the spans of some endpoints; `all`: also those that only come before them. */
export function spanRows(spans: readonly StoredSpan[], all = spans): PortSpanRow[] {
  const before = previousOwners(all);
  return spans.filter(({ owner }) => owner.wanted).map((one) => spanRow(one, before.get(one)));
}
