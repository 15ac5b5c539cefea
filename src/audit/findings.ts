import type { Facts } from '../facts/model/facts.ts';
import { severities, type Finding, type Severity } from '../schema/finding.ts';
import { besides, fileName, type ListenerChange, type Comparison } from './compare.ts';
import { endpointText } from '../ports/address.ts';
import type { FindingKind } from '../schema/finding-kinds.ts';
import { fold, listenerOrder, ownerText, type Listener } from './listeners.ts';
import { decide, type Policy, type Rule } from './policy.ts';
import { say, step } from '../schema/step.ts';
import { isPartial, wasAsked } from '../facts/model/section.ts';

/** What the audit compared with, as quoted in findings. */
export interface Reference {
  /** Quoted in the column Rule. */
  readonly name: string;
  /** A command that approves the current state; null if nothing can be approved. */
  readonly approve: string | null;
}

/** The findings of an audit, and what it could not evaluate. */
export interface Findings {
  readonly findings: readonly Finding[];
  /** Listeners that lack details: more rights would help, except for those that are `unfound`. */
  readonly unseen: readonly Listener[];
}

const rank = (severity: string | null): number => severities.indexOf(severity as Severity);

function worstOf(severity: Severity, ...others: readonly (Severity | null)[]): Severity {
  return others.reduce<Severity>(
    (most, other) => (other !== null && rank(other) > rank(most) ? other : most),
    severity,
  );
}

/** A program that takes any UDP port is usually a client of a known program: reported, but not alarming. */
const isClient = ({ kind, after, knownOwner }: ListenerChange): boolean =>
  knownOwner === true || (kind === 'Exposed' && after?.port === 'dynamic' && after.protocol === 'UDP');

function severityOf(change: ListenerChange): Severity {
  const { kind, before, after } = change;
  const { port, protocol, scope } = after ?? before!;
  const chance = port === 'dynamic';
  if (kind === 'Closed') return chance ? 'Info' : 'Low';
  if (isClient(change)) return 'Info';
  // After an update, this is normal until the next start.
  if (kind === 'FileGone') return 'Low';
  // A new program can be a client or a back door.
  if (kind === 'Opened' && chance && protocol === 'UDP') return scope === 'Loopback' ? 'Low' : 'Medium';
  if (kind === 'Opened') return scope === 'Loopback' ? 'Medium' : 'High';
  // An update changes the hash, but not the signer.
  if (kind === 'BinaryChanged') return before!.signer !== null && before!.signer !== after!.signer ? 'High' : 'Medium';
  return kind === 'UserChanged' || kind === 'AddressChanged' ? 'Medium' : 'High';
}

const whoIs = ({ port, ports }: Listener): string[] => {
  const number = port === 'dynamic' ? ports[0] : port;
  return number === undefined ? [] : [step(`portowner ${number}`, 'show the current owner')];
};

function remedyOf(
  { kind, before, after }: Pick<ListenerChange, 'before' | 'after'> & { kind: FindingKind },
  approve: string | null,
): string[] {
  const approval = approve === null ? [] : [step(approve, 'if this is intended')];
  if (kind === 'Closed') return [say(`if it is still needed, start it again: ${ownerText(before!)}`), ...approval];
  if (kind === 'FileGone') return [...whoIs(after!), say('restart it if an update replaced its file')];
  return [...whoIs(after!), ...approval];
}

function quote({ reason, owner, ticket, expires }: Rule): string[] {
  return [
    ...(reason === null ? [] : [`reason: ${reason}`]),
    ...(expires === null ? [] : [`expires: ${expires}`]),
    ...(owner === null ? [] : [`owner: ${owner}`]),
    ...(ticket === null ? [] : [`ticket: ${ticket}`]),
  ];
}

/** The text that distinguishes two executables of an owner. */
function binaryText(listener: Listener, other: Listener | null): string {
  const hash =
    listener.sha256 !== null && listener.sha256 !== other?.sha256 ? `, SHA-256 ${listener.sha256.slice(0, 12)}…` : '';
  return hash + (listener.signer === other?.signer ? '' : `, signer ${listener.signer ?? 'none'}`);
}

/** One side of a change, with its endpoint only if that differs from the row's. */
function sideText(
  kind: FindingKind,
  listener: Listener | null,
  other: Listener | null,
  endpoint: string,
): string | null {
  if (listener === null) return null;
  const own = endpointText(listener);
  return `${own === endpoint ? '' : `${own} `}${ownerText(listener)}${kind === 'BinaryChanged' ? binaryText(listener, other) : ''}`;
}

/** Where a listener is: for a dynamic one, whose address is not that of a socket, its first port numbers. */
function placeText({ protocol, address, port, ports }: Listener): string {
  const numbers = ports.length > 2 ? `${ports.slice(0, 2).join()},…` : ports.join();
  return port === 'dynamic' && numbers !== ''
    ? `${protocol} ${address}:${numbers}`
    : endpointText({ protocol, address, port });
}

/** At most this many applications of a listener are named. */
const mostApplications = 3;

/** The name of a program for people: what it runs, or its file. */
function nameOf({ program, applications = [] }: Listener): string | null {
  if (applications.length === 0) return program && fileName(program);
  const more = applications.length - mostApplications;
  return applications.slice(0, mostApplications).join(', ') + (more > 0 ? ` and ${more} more` : '');
}

function row(
  kind: FindingKind,
  severity: Severity,
  { before, after }: Pick<ListenerChange, 'before' | 'after'>,
  more: { rule: string; evidence: readonly string[]; remedy: readonly string[]; quoted?: Rule | null; machine: string },
): Finding {
  const listener = after ?? before!;
  const endpoint = endpointText(listener);
  return {
    Kind: kind,
    Severity: severity,
    FirstSeen: null,
    Endpoint: placeText(listener),
    Owner: ownerText({ ...listener, program: nameOf(listener) }),
    Before: sideText(kind, before, after, endpoint),
    After: sideText(kind, after, before, endpoint),
    Rule: more.rule,
    Evidence: more.evidence.length === 0 ? null : more.evidence,
    Remedy: more.remedy.length === 0 ? null : more.remedy,
    Contact: more.quoted?.owner ?? null,
    Ticket: more.quoted?.ticket ?? null,
    Protocol: listener.protocol,
    LocalAddress: listener.address,
    LocalPort: listener.port === 'dynamic' ? null : listener.port,
    ComputerName: more.machine,
  };
}

/** The certain changes: if some sockets of the later state could not be read, no listener is known to be closed. */
export function certainChanges(changes: readonly ListenerChange[], { sections }: Facts): readonly ListenerChange[] {
  return isPartial(sections.sockets) ? changes.filter(({ kind }) => kind !== 'Closed') : changes;
}

/** What changes there are, as a part of a sentence: `1 opened, 2 closed, 3 changed`. */
export function changesText(changes: readonly ListenerChange[]): string {
  const count = (isOne: (kind: FindingKind) => boolean): number => changes.filter(({ kind }) => isOne(kind)).length;
  const [opened, closed] = [count((kind) => kind === 'Opened'), count((kind) => kind === 'Closed')];
  const counts: [number, string][] = [
    [opened, 'opened'],
    [closed, 'closed'],
    [changes.length - opened - closed, 'changed'],
  ];
  return counts
    .filter(([number]) => number > 0)
    .map(([number, word]) => `${number} ${word}`)
    .join(', ');
}

/** The changes between two states as rows. */
export function changeRows(changes: readonly ListenerChange[], machine: string, reference: Reference): Finding[] {
  return changes.map((change) =>
    row(change.kind, severityOf(change), change, {
      rule: reference.name,
      evidence: change.evidence,
      remedy: remedyOf(change, reference.approve),
      machine,
    }),
  );
}

/**
 * Applies the policy to a current listener, regardless of changes. `approved`: the baseline contains the listener, or the
 * program of this client; `opened`: its severity for being missing from the baseline, otherwise null.
 */
function judge(
  listener: Listener,
  policy: Policy,
  { at, machine: { name: machine } }: Pick<Facts, 'at' | 'machine'>,
  { approved, opened }: { approved: boolean; opened: Severity | null },
): Finding | null {
  const { rule, expired } = decide(policy, listener, at);
  const sides = { before: null, after: listener };
  const remedy = (quoted: Rule | null): string[] => [
    ...(quoted !== null && (quoted.owner ?? quoted.ticket) !== null
      ? [say(`ask ${[quoted.owner, quoted.ticket].filter((text) => text !== null).join(', ')}`)]
      : []),
    ...whoIs(listener),
  ];
  const passed =
    expired === null ? [] : [`the exception ${JSON.stringify(expired.name)} has expired on ${expired.expires}`];
  const known =
    listener.port === 'dynamic'
      ? [`ports: ${listener.ports.slice(0, 20).join(', ')}${listener.ports.length > 20 ? ' …' : ''}`]
      : [];
  known.push(...besides(listener));
  if (rule?.action === 'forbid') {
    return row('Forbidden', rule.severity ?? 'High', sides, {
      rule: rule.name,
      evidence: [...known, ...passed, ...quote(rule)],
      remedy: remedy(rule),
      quoted: rule,
      machine,
    });
  }
  if (rule !== null) return null;
  const byDefault = policy.default === 'forbid' && !approved ? policy.severity : null;
  // With an expired exception, a listener is treated no better than without one.
  if (expired !== null)
    return row('ExpiredException', worstOf(expired.severity ?? 'Medium', byDefault, opened), sides, {
      rule: expired.name,
      evidence: [...known, ...quote(expired)],
      remedy: remedy(expired),
      quoted: expired,
      machine,
    });
  if (byDefault !== null)
    return row('NotAllowed', worstOf(byDefault, opened), sides, {
      rule: 'default: forbid',
      evidence: opened === null ? known : [...known, 'neither the baseline nor a rule allows it'],
      remedy: remedy(null),
      machine,
    });
  return null;
}

/**
 * Returns the findings of an audit, worst first. Pure: takes the current state, the differences from the baseline (null
 * without one), and the policy (null without one). A change to something that a rule explicitly allows is not a finding;
 * something that a rule forbids is a finding even if it is in the baseline; something forbidden by default is a finding
 * unless it is in the baseline.
 */
export function audit(
  facts: Facts,
  now: readonly Listener[],
  comparison: Comparison | null,
  { policy, reference }: { readonly policy: Policy | null; readonly reference: Reference },
): Findings {
  const machine = facts.machine.name;
  const found: { finding: Finding; listener: Listener }[] = [];
  const unseen = new Set(comparison?.unseen ?? []);
  if (wasAsked(facts.sections.binaries)) {
    // Requested but unavailable: it may be a different file.
    for (const [before, after] of comparison?.pairs ?? []) {
      const replaced = before.sha256 !== null && after.sha256 !== null && before.sha256 !== after.sha256;
      if (
        (before.sha256 !== null && after.sha256 === null) ||
        (before.signer !== null && after.signer === null && !replaced)
      )
        unseen.add(after);
    }
  }
  const opened = new Map<Listener, Severity>();
  const clients = new Set<Listener>();
  const added = new Set(comparison?.opened ?? []);
  for (const change of comparison?.changes ?? []) {
    if (change.after === null || !added.has(change.after)) continue;
    if (isClient(change)) clients.add(change.after);
    opened.set(change.after, severityOf(change));
  }
  for (const listener of now) {
    // Only a rule without owner conditions can apply to it.
    if (listener.unfound === true && (policy === null || decide(policy, listener, facts.at).rule === null))
      unseen.add(listener);
  }
  const judged = new Set<Listener>();
  if (policy !== null) {
    for (const listener of now) {
      if (decide(policy, listener, facts.at).undecided !== null) unseen.add(listener);
      const finding = judge(listener, policy, facts, {
        approved: comparison !== null && (!opened.has(listener) || clients.has(listener)),
        opened: opened.get(listener) ?? null,
      });
      if (finding === null) continue;
      judged.add(listener);
      found.push({ finding, listener });
    }
  }
  for (const change of certainChanges(comparison?.changes ?? [], facts)) {
    if (change.after !== null && policy !== null) {
      // A second finding that it is new would add nothing.
      if (change.kind === 'Opened' && judged.has(change.after)) continue;
      const { rule } = decide(policy, change.after, facts.at);
      if (rule?.action === 'allow' && rule.speaksOf(change.kind)) continue;
    }
    const [finding] = changeRows([change], machine, reference);
    found.push({ finding: finding!, listener: change.after ?? change.before! });
  }
  found.sort((a, b) => rank(b.finding.Severity) - rank(a.finding.Severity) || listenerOrder(a.listener, b.listener));
  return { findings: found.map(({ finding }) => finding), unseen: [...unseen] };
}

/** The key that identifies the same finding in two audits. */
export function findingKey({ Kind, Protocol, LocalAddress, LocalPort, Before, After, Rule: rule }: Finding): string {
  // Without the endpoint: dynamic port numbers change at each start.
  return JSON.stringify([Kind, Protocol, LocalAddress, LocalPort, Before && fold(Before), After && fold(After), rule]);
}

/** The number of findings with at least this severity. */
export function atLeast(findings: readonly Finding[], severity: Severity): number {
  return findings.filter((finding) => rank(finding.Severity) >= rank(severity)).length;
}

/** The highest severity among the findings; null if there are none. */
export function worst(findings: readonly Finding[]): Severity | null {
  return findings.reduce<Severity | null>(
    (most, { Severity: severity }) => (most === null || rank(severity) > rank(most) ? (severity as Severity) : most),
    null,
  );
}
