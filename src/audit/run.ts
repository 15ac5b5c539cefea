import { dirname } from 'node:path';
import { isFuture, type StoredRun, type StoreOutcome } from './store/contract.ts';
import type { AskedMachine } from '../facts/machine.ts';
import type { Facts } from '../facts/model/facts.ts';
import { advisedThere } from '../facts/there.ts';
import { counted } from '../io/counted.ts';
import { sanitize } from '../io/sanitize.ts';
import { destination } from '../io/place.ts';
import type { Answer, Background } from '../schema/answer.ts';
import { severities, type Finding, type Severity } from '../schema/finding.ts';
import { isPartial } from '../facts/model/section.ts';
import { exitCodeOf } from '../schema/exit-code.ts';
import { PortOwnerError, type ExitCode, type Problem } from '../schema/problems.ts';
import { version } from '../schema/version.ts';
import type { Refusal } from '../system/raw.ts';
import type { Surroundings } from '../system/surroundings.ts';
import type { Baseline } from './baseline.ts';
import { compare, type Comparison } from './compare.ts';
import {
  auditable,
  factProblems,
  gaps,
  hashed,
  hashProblem,
  machineProblem,
  signed,
  signerProblem,
  present,
  unfoundProblem,
  unseenProblem,
} from './facts-problems.ts';
import { atLeast, audit } from './findings.ts';
import { auditQuestion, listeners, type Listener } from './listeners.ts';
import type { Policy } from './policy.ts';
import type { AuditSettings } from './settings.ts';
import { isUrl } from '../io/url.ts';

/** A request to audit a machine. */
export interface AuditRequest extends AuditSettings {
  /** Whether to remove the machine's audits that are dated in the future from the store. */
  readonly forgetLater: boolean;
}

/** The result of an audit. */
export interface AuditSum extends Pick<AuditAnswer, 'summary' | 'exitCode' | 'background'> {
  readonly machine: string;
}

/** What an audit needs: the machine, and where its findings go in addition to the store. */
export interface AuditWorld extends Pick<Surroundings, 'eventLog' | 'now'> {
  readonly machine: AskedMachine;
  /** Writes a report atomically. */
  readonly writeReport: (
    path: string,
    findings: readonly Finding[],
    problems: readonly Problem[],
    sum: AuditSum,
  ) => Promise<void>;
}

/** The findings of an audit, and its summary line. */
export interface AuditAnswer extends Answer {
  readonly summary: string;
}

/** What accumulates during an audit. */
interface Course {
  readonly problems: Problem[];
  readonly failures: Problem[];
  /** Why a machine without findings is not clean. */
  readonly doubts: string[];
}

/** The facts of an audit, and what they are compared with. */
interface Compared {
  readonly facts: Facts;
  readonly now: readonly Listener[];
  readonly approved: Baseline | null;
  readonly policy: Policy | null;
}

/** Warns that an audit is missing from the system's log. */
function unlogged({ text, needs }: Refusal): Problem {
  return {
    severity: 'Warning',
    code: 'PO4207',
    message: `the findings could not be written to the system's log: ${text}`,
    ...(needs === undefined ? {} : { hint: needs }),
  };
}

/**
 * Writes to the system's log that an audit failed, and returns a warning if that is impossible: somebody who reads only the
 * log must not mistake it for a night without findings.
 */
export async function logFailure(
  failure: Problem,
  { eventLog }: Pick<AuditWorld, 'eventLog'>,
): Promise<Problem | null> {
  const { failureEvent } = await import('./events.ts');
  const refusal = (await eventLog())([failureEvent(failure)]);
  return refusal === null ? null : unlogged(refusal);
}

/** Compares a machine with its approved listeners, and stores the result. Throws if the audit fails early. */
export async function runAudit(request: AuditRequest, world: AuditWorld): Promise<AuditAnswer> {
  const failOn = severities.find((severity) => severity.toLowerCase() === request.failOn) ?? 'Low';
  const compared = await comparedWith(request, world.machine);
  const { facts, now, approved, policy } = compared;
  const comparison: Comparison | null = approved === null ? null : compare(approved.listeners, now);
  const result = audit(facts, now, comparison, {
    policy,
    reference: {
      name: `baseline ${request.baseline}`,
      approve: `portowner baseline update ${request.baseline}`,
    },
  });
  const unseen = unseenProblem(result.unseen, 'which could not be evaluated');
  const unfound = unfoundProblem(result.unseen, 'so it could not be evaluated');
  const missing = gaps(facts);
  const course: Course = {
    problems: [...comparisonProblems(compared, request), ...present(unseen, unfound)],
    failures: [],
    doubts: [
      ...missing,
      ...(result.unseen.length === 0 ? [] : [`${counted(result.unseen.length, 'listener')} could not be evaluated`]),
    ],
  };
  const { problems, failures, doubts } = course;
  let findings = advisedThere(result.findings, world.machine.there);
  if (request.store !== null)
    await attempt(course, 'it was not stored', async () => {
      findings = await keepRun(compared, findings, request, { ...course, world });
    });
  const summary = (): string => summarise({ facts, now, findings, failOn, doubts });
  const lacking = missing.length > 0 || unfound !== null ? 'source' : unseen !== null ? 'rights' : null;
  const exitCode = (): ExitCode =>
    failures.length > 0 ? exitCodeOf(null) : exitCodeOf(atLeast(findings, failOn) === 0, lacking);
  const background = async (): Promise<Background> =>
    (await import('./background.ts')).backgroundOf(facts, request.store, {
      IsComplete: doubts.length === 0,
      IsSuccess: failures.length === 0 && missing.length === 0,
    });
  const sum = (): AuditSum => ({
    machine: facts.machine.name,
    summary: summary(),
    exitCode: exitCode(),
    background,
  });
  for (const path of request.reports)
    await attempt(course, `the report ${path} was not written`, () =>
      world.writeReport(path, findings, [...problems, ...failures], sum()),
    );
  if (request.eventLog) {
    const { auditEvents } = await import('./events.ts');
    const refusal = (await world.eventLog())(
      auditEvents(findings, [...problems, ...failures], summary(), doubts.length === 0),
    );
    if (refusal !== null) problems.push(unlogged(refusal));
  }
  const { machine: _, ...told } = sum();
  return { rows: findings, problems: [...problems, ...failures], ...told };
}

/** Reads the files first, so that mistakes in them are reported before the machine is queried. */
async function comparedWith({ baseline, policy, hash, store }: AuditRequest, machine: AskedMachine): Promise<Compared> {
  if (store !== null) (await import('./store/open.ts')).checkStoreName(store);
  const { readDocument } = await import('./document.ts');
  const approved =
    baseline === null ? null : (await import('./baseline.ts')).parseBaseline(readDocument(baseline), baseline);
  const rules = policy === null ? null : (await import('./policy.ts')).parsePolicy(readDocument(policy), policy);
  const listed = approved?.listeners ?? [];
  const needed = hashed(listed) || signed(listed) || rules?.signers === true;
  const facts = auditable(await machine.facts(auditQuestion, hash || (machine.live && needed)), machine.name);
  return { facts, now: listeners(facts), approved, policy: rules };
}

/** Problems that prevent a complete comparison with the files. */
function comparisonProblems({ facts, approved, policy }: Compared, request: AuditRequest): Problem[] {
  const listed = approved?.listeners ?? [];
  const baseline = request.baseline ?? '';
  return [
    ...factProblems(facts),
    ...present(
      machineProblem(approved?.machine ?? null, facts.machine.name, baseline),
      hashProblem(listed, facts, baseline),
      signerProblem(signed(listed), facts, baseline),
      signerProblem(policy?.signers === true, facts, request.policy ?? ''),
    ),
  ];
}

/** Runs one part of the audit; if it fails, the rest continues. */
async function attempt({ failures, doubts }: Course, doubt: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof PortOwnerError)) throw error;
    failures.push(error.nonTerminating);
    doubts.push(doubt);
  }
}

/** Stores the audit, and returns the findings with the times from the store. */
async function keepRun(
  { facts, now }: Compared,
  findings: readonly Finding[],
  request: AuditRequest,
  { problems, failures, doubts, world }: Course & { readonly world: AuditWorld },
): Promise<Finding[]> {
  const path = request.store!;
  const { useStore } = await import('./store/open.ts');
  const { removeLeftovers } = await import('../io/temporary.ts');
  const machine = facts.machine.name;
  if (machine === '')
    throw new PortOwnerError('PO3001', 'the machine has no name: its audit was not stored', {
      hint: 'Give the machine a host name.',
      target: path,
    });
  const run = {
    machine,
    at: facts.at,
    tool: `portowner ${version}`,
    listeners: now,
    findings,
    keepDays: request.keep,
    partial: isPartial(facts.sections.sockets),
    forgetLater: request.forgetLater,
    ...(doubts.length === 0 ? {} : { problem: doubts.join(', ') }),
  };
  const clock = world.now();
  const { spool } = request;
  const sent = await useStore(path, async (store) => {
    const add = (one: StoredRun): Promise<StoreOutcome> => store.add(one, clock);
    if (spool === null) return { outcome: await add(run), problems: [], failure: null };
    return (await import('./spool.ts')).addThroughSpool(spool, run, add);
  });
  problems.push(...sent.problems);
  const { outcome, failure } = sent;
  if (failure !== null) {
    doubts.push(outcome === null ? 'it was not stored' : 'earlier audits were not stored');
    failures.push(failure);
  }
  if (outcome === null) return [...findings];
  if (!isUrl(path)) removeLeftovers(dirname(destination(path)));
  const stored: Stored = { outcome, path, machine, at: run.at, clock };
  addStoreProblems(stored, { problems, failures, doubts });
  addRefusal(stored, { problems, failures, doubts, world });
  // Drop milliseconds: they would crowd out the owner in a table.
  return outcome.findings.map((one) =>
    Object.assign({}, one, { FirstSeen: one.FirstSeen?.replace(/\.\d+Z$/, 'Z') ?? null }),
  );
}

/** What was stored, and where. */
interface Stored {
  readonly outcome: StoreOutcome;
  readonly path: string;
  readonly machine: string;
  readonly at: string;
  readonly clock: Date;
}

/** Reports problems of the store: that it was damaged or replaced, and what was or was not deleted. */
function addStoreProblems(
  { outcome: { aside, forgotten, before, unpruned }, path, machine }: Stored,
  { problems, failures, doubts }: Course,
): void {
  if (aside !== null) {
    doubts.push('the store was damaged and replaced by a new one');
    failures.push({
      severity: 'Error',
      code: 'PO4203',
      message: `the store ${path} was damaged: it was renamed to ${aside}, and a new one was created`,
      hint: 'To keep the old history, restore the store from a backup.',
      target: aside,
    });
  }
  if (before !== null) {
    const which = forgotten === 1 ? `at ${before.first}` : `from ${before.first} to ${before.last}`;
    problems.push({
      severity: 'Warning',
      code: 'PO4208',
      message: `${counted(forgotten, 'later audit')} of ${machine}, ${which}, removed from the store ${path}; the previous store was saved as ${before.copy}`,
      target: before.copy,
    });
  }
  if (unpruned !== null)
    problems.push({
      severity: 'Warning',
      code: 'PO4209',
      message: `old history of ${machine} was not deleted from the store ${path}: ${unpruned}`,
      hint: 'If the account lacks the rights, grant portowner_pruner to it, or omit --keep.',
      target: path,
    });
}

/** Reports that the store rejected the audit. */
function addRefusal(
  { outcome: { refused, newest }, path, machine, at, clock }: Stored,
  { problems, failures, doubts, world }: Course & { readonly world: AuditWorld },
): void {
  if (refused === 'same')
    problems.push({
      severity: 'Warning',
      code: 'PO4206',
      message: `the store ${path} already contains the audit of ${machine} at ${at}: it was not changed`,
      target: path,
    });
  // Another audit of this machine started later but finished earlier.
  const overtaken = refused === 'older' && world.machine.live && Date.parse(newest) <= world.now().getTime();
  if (overtaken)
    problems.push({
      severity: 'Warning',
      code: 'PO4206',
      message: `another audit of ${machine} at ${newest} was stored in ${path} in the meantime: the audit of ${at} was not stored`,
      target: path,
    });
  else if (refused === 'older') {
    doubts.push('it was not stored');
    const hint = !isFuture(newest, clock)
      ? 'Store snapshots of a machine in chronological order, or store older ones in another file.'
      : 'That is in the future. If the clock is wrong now, set it; if it was wrong then, use --forget-later to remove the audits that are dated in the future.';
    failures.push({
      severity: 'Error',
      code: 'PO4206',
      message: `the store ${path} contains an audit of ${machine} at ${newest}: the older audit of ${at} was not stored`,
      hint,
      target: path,
    });
  }
}

/** The summary line, which external data can neither break nor forge; it says clean only if the exit code is 0. */
function summarise({
  facts: { machine },
  now,
  findings,
  failOn,
  doubts,
}: Pick<Compared, 'facts' | 'now'> & {
  readonly findings: readonly Finding[];
  readonly failOn: Severity;
  readonly doubts: readonly string[];
}): string {
  const counts = severities
    .toReversed()
    .map((severity) => [severity, findings.filter((one) => one.Severity === severity).length] as const);
  const parts = counts.filter(([, count]) => count > 0).map(([severity, count]) => `${count} ${severity}`);
  const below = findings.length - atLeast(findings, failOn);
  const found =
    findings.length > 0
      ? `${counted(findings.length, 'finding')} (${parts.join(', ')})`
      : doubts.length > 0
        ? 'no findings'
        : 'clean';
  return sanitize(
    `Audit of ${machine.name === '' ? 'a machine without a name' : machine.name}: ${found}, ${counted(now.length, 'listener')}${below > 0 ? `, ${below} below ${failOn}` : ''}${doubts.length > 0 ? `; but ${doubts.join(', and ')}` : ''}`,
  );
}
