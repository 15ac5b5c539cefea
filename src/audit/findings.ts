import type { Facts } from '../facts/model/facts.ts';
import { severities, type Finding, type Severity } from '../schema/finding.ts';
import { besides, fileName, type Change, type Comparison } from './compare.ts';
import { endpointText } from '../ports/address.ts';
import type { FindingKind } from './finding-kinds.ts';
import { fold, listenerOrder, ownerText, type Listener } from './listeners.ts';
import { decide, type Policy, type Rule } from './policy.ts';
import { isPartial, wasAsked } from '../facts/model/section.ts';

/** What was compared with, as findings quote it. */
export interface Reference {
  /** Quoted in the column Rule. */
  readonly name: string;
  /** A command that approves what is now; null where nothing can be approved. */
  readonly approve: string | null;
}

/** What an audit found, and what it could not tell. */
export interface Findings {
  readonly findings: readonly Finding[];
  /** Listeners about which not enough is known: more rights would tell more, but of those that are `unfound`. */
  readonly unseen: readonly Listener[];
}

const rank = (severity: string | null): number => severities.indexOf(severity as Severity);

function worstOf(severity: Severity, ...others: readonly (Severity | null)[]): Severity {
  return others.reduce<Severity>(
    (most, other) => (other !== null && rank(other) > rank(most) ? other : most),
    severity,
  );
}

/** What takes any UDP port mostly is a client, of a program that one knows: told, but no alarm. */
const isClient = ({ kind, after, knownOwner }: Change): boolean =>
  knownOwner === true || (kind === 'Exposed' && after?.port === 'dynamic' && after.protocol === 'UDP');

function severityOf(change: Change): Severity {
  const { kind, before, after } = change;
  const { port, protocol, scope } = after ?? before!;
  const chance = port === 'dynamic';
  if (kind === 'Closed') return chance ? 'Info' : 'Low';
  if (isClient(change)) return 'Info';
  // After an update this is so until the next start.
  if (kind === 'FileGone') return 'Low';
  // A program that was not there before may be a client as well as a back door.
  if (kind === 'Opened' && chance && protocol === 'UDP') return scope === 'Loopback' ? 'Low' : 'Medium';
  if (kind === 'Opened') return scope === 'Loopback' ? 'Medium' : 'High';
  // An update has another hash; its signer stays.
  if (kind === 'BinaryChanged') return before!.signer !== null && before!.signer !== after!.signer ? 'High' : 'Medium';
  return kind === 'UserChanged' || kind === 'AddressChanged' ? 'Medium' : 'High';
}

const whoIs = ({ port, ports }: Listener): string[] => {
  const number = port === 'dynamic' ? ports[0] : port;
  return number === undefined ? [] : [`portowner ${number}   # who it is now`];
};

function remedyOf(
  { kind, before, after }: Pick<Change, 'before' | 'after'> & { kind: FindingKind },
  approve: string | null,
): string[] {
  const approval = approve === null ? [] : [`${approve}   # when it is meant to be so`];
  if (kind === 'Closed') return [`start ${ownerText(before!)} again, when it is missed`, ...approval];
  if (kind === 'FileGone') return [...whoIs(after!), 'start it again, when an update replaced its file'];
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

/** What tells two executables of an owner apart. */
function binaryText(listener: Listener, other: Listener | null): string {
  const hash =
    listener.sha256 !== null && listener.sha256 !== other?.sha256 ? `, SHA-256 ${listener.sha256.slice(0, 12)}…` : '';
  return hash + (listener.signer === other?.signer ? '' : `, signer ${listener.signer ?? 'none'}`);
}

/** A side of a change; its endpoint is told only where it is not the one of the row. */
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

/** Where a listener is: the first numbers of a dynamic one, whose address is none of a socket. */
function placeText({ protocol, address, port, ports }: Listener): string {
  const numbers = ports.length > 2 ? `${ports.slice(0, 2).join()},…` : ports.join();
  return port === 'dynamic' && numbers !== ''
    ? `${protocol} ${address}:${numbers}`
    : endpointText({ protocol, address, port });
}

function row(
  kind: FindingKind,
  severity: Severity,
  { before, after }: Pick<Change, 'before' | 'after'>,
  more: { rule: string; evidence: readonly string[]; remedy: readonly string[]; quoted?: Rule | null; machine: string },
): Finding {
  const listener = after ?? before!;
  const endpoint = endpointText(listener);
  return {
    Kind: kind,
    Severity: severity,
    FirstSeen: null,
    Endpoint: placeText(listener),
    Owner: ownerText({ ...listener, program: listener.program && fileName(listener.program) }),
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

/** The changes that can be told: where not all sockets of the later state could be read, nothing is known to be gone. */
export function certainChanges(changes: readonly Change[], { sections }: Facts): readonly Change[] {
  return isPartial(sections.sockets) ? changes.filter(({ kind }) => kind !== 'Closed') : changes;
}

/** What changes there are, as a part of a sentence: `1 opened, 2 closed, 3 changed`. */
export function changesText(changes: readonly Change[]): string {
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
export function changeRows(changes: readonly Change[], machine: string, reference: Reference): Finding[] {
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
 * What the policy says of a listener that is there now, apart from what changed. `approved`: the baseline has it,
 * or its program, whose client it is; `opened`: the severity that it has for being new to the baseline, else null.
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
      ? [`ask ${[quoted.owner, quoted.ticket].filter((text) => text !== null).join(', ')}`]
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
  // An exception that is over leaves a listener no better off than none.
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
      evidence: opened === null ? known : [...known, 'it is not in the baseline, and no rule allows it'],
      remedy: remedy(null),
      machine,
    });
  return null;
}

/**
 * What an audit finds, worst first. Pure: the present state, what differs from the baseline (null without one), and the
 * policy (null without one). A change to what a rule expressly allows is none; what a rule forbids is a finding although
 * the baseline has it; what is forbidden by default is one unless the baseline has it.
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
    // Looked at, and not had: it may be another file.
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
    // Only a rule that asks for no owner can say something of it.
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
      // That it is new, too, would say less.
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

/** What makes findings of two audits the same one. */
export function findingKey({ Kind, Protocol, LocalAddress, LocalPort, Before, After, Rule: rule }: Finding): string {
  // Not the endpoint: the numbers of dynamic ports change with each start.
  return JSON.stringify([Kind, Protocol, LocalAddress, LocalPort, Before && fold(Before), After && fold(After), rule]);
}

/** How many findings are at least so severe. */
export function atLeast(findings: readonly Finding[], severity: Severity): number {
  return findings.filter((finding) => rank(finding.Severity) >= rank(severity)).length;
}

/** The worst severity of findings; null for none. */
export function worst(findings: readonly Finding[]): Severity | null {
  return findings.reduce<Severity | null>(
    (most, { Severity: severity }) => (most === null || rank(severity) > rank(most) ? (severity as Severity) : most),
    null,
  );
}
