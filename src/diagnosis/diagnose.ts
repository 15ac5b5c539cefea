import type { Facts, Socket } from '../facts/model/facts.ts';
import type { BindAttempt, Probe } from '../facts/gather/probe.ts';
import { hasFailed, isWhole, wasAsked } from '../facts/model/section.ts';
import { isUnfound } from '../ownership/absent.ts';
import { isOwnerDenied } from '../ownership/owned.ts';
import type { Verdict } from '../schema/verdict.ts';
import { answerBind, attemptText, type BindAnswer, type Gap } from './answer.ts';
import type { Cause, Obstacle, Patient } from './cause.ts';
import { overruled } from './causes.ts';
import { circumstances, type Circumstance } from './circumstances.ts';
import { addressNotLocal } from './causes/address-not-local.ts';
import { free } from './causes/free.ts';
import { heldWithoutSocket } from './causes/held-without-socket.ts';
import { unknown } from './causes/unknown.ts';
import type { ParsedError } from './error-text.ts';
import { dynamicUse } from './exhaustion.ts';
import { httpEvidence } from './http-evidence.ts';
import { listenListOf } from './listen-list.ts';
import { fullPairs, goesTo, type PairUse } from './pairs.ts';
import { again, look, stop, takeAnother } from './remedy-steps.ts';
import { bindsOf, type Request } from './request.ts';
import { commandOf } from '../schema/step.ts';

/** A verdict, and what would reveal what is missing. */
export interface Diagnosis {
  readonly row: Omit<Verdict, 'Summary'>;
  /** The additional rights that would turn "cannot tell" into an answer; null when they would not help. */
  readonly needs: string | null;
  /** The meaning of the cause for this obstacle; null if the general meaning says it all. */
  readonly said: string | null;
  /** Whether an error text reports the port as in use although it can be bound now. */
  readonly isGone: boolean;
}

/** Returns what makes the facts incomplete with regard to binding. */
function gapsOf(facts: Facts): Gap[] {
  const { sockets, reservedPorts, boundSockets } = facts.sections;
  const windows = facts.machine.platform === 'win32';
  const wanted = [
    ['sockets', sockets] as const,
    ...(windows ? [['excluded port ranges', reservedPorts] as const] : []),
    ...(windows && boundSockets !== undefined
      ? [['sockets that are bound but not listening', boundSockets] as const]
      : []),
  ];
  return wanted
    .filter(([, section]) => !isWhole(section))
    .map(([name, section]) => {
      const { reason, needs } = section;
      const flaw = `could not ${hasFailed(section) ? 'be read' : 'all be read'}${reason === null ? '' : `: ${reason}`}`;
      return { text: `The ${name} ${wasAsked(section) ? flaw : 'are not in the facts'}.`, needs };
    });
}

/** Returns the answer that decides the whole request: no before unknown before yes. */
function decisiveOf(present: readonly BindAnswer[]): BindAnswer | undefined {
  const refused = present.filter(({ can }) => can === false);
  const explained = ({ cause }: BindAnswer): boolean => cause !== heldWithoutSocket && cause !== unknown;
  // The owner of the exact address is more specific than an owner that also blocks it.
  const direct = ({ main }: BindAnswer): boolean => main?.row != null && main.overlap === 'same';
  return (
    refused.find((answer) => explained(answer) && direct(answer)) ??
    refused.find(explained) ??
    refused[0] ??
    present.find(({ can }) => can === null) ??
    present.find(({ cause }) => cause !== free) ??
    present[0]
  );
}

/** Describes where the request differs from what this system offers. */
function systemNotes({ machine: { platform } }: Facts, { sharing }: Request): string[] {
  if (platform === 'linux' && sharing === 'exclusive')
    return [
      'Linux has no option for exclusive use: a socket that sets neither SO_REUSEADDR nor SO_REUSEPORT uses the port exclusively.',
    ];
  return platform !== 'linux' && sharing === 'reusePort'
    ? ['Windows has no SO_REUSEPORT: this answer is about SO_REUSEADDR.']
    : [];
}

/** Returns the owners to name, in one line. */
function ownerLine(present: readonly BindAnswer[], named: Obstacle | null): string | null {
  const owners = [
    ...new Set(
      present
        .flatMap(({ all }) => all)
        .filter(({ row, effect }) => row !== null && effect === named?.effect)
        .map(({ row }) => row!.Owner)
        .filter((owner) => owner !== null),
    ),
  ];
  if (named === null || owners.length === 0) return null;
  return owners.length > 3 ? `${owners.slice(0, 3).join('; ')} and ${owners.length - 3} more` : owners.join('; ');
}

/** The input for the verdict. */
interface Case {
  readonly facts: Facts;
  readonly request: Request;
  readonly probed: Probe | null;
  readonly error: ParsedError | null;
  readonly answers: readonly BindAnswer[];
  /** The answers for address families that the machine has. */
  readonly present: readonly BindAnswer[];
  readonly main: Obstacle | null;
  readonly can: boolean | null;
  readonly cause: Cause;
  readonly beside: Circumstance;
  readonly use: ReturnType<typeof dynamicUse>;
  /** The gaps in the facts that matter here. */
  readonly relevant: readonly Gap[];
}

const said = ({ can, cause, main }: Case): string | null =>
  main?.cause === cause ? (cause.said?.(main, can) ?? null) : null;

/** Returns the verdict in one sentence. */
function headline(made: Case): string {
  const {
    request: { port },
    can,
    cause,
  } = made;
  const why = port === 0 && cause === free ? 'dynamic ports are left' : (said(made) ?? cause.meaning);
  if (can === true) return cause === free ? `It can be bound now: ${why}.` : `It can be bound now, although ${why}.`;
  return `${can === null ? 'Cannot tell whether it can be bound' : 'It cannot be bound now'}: ${why}.`;
}

/** Whether an error text reports the port as in use although it can be bound now. */
function isGone({ error, request, probed, cause }: Case): boolean {
  return error?.meaning === 'inUse' && error.port === request.port && probed !== null && cause === free;
}

/** What was asked for, as a row has it. */
const askedPlace = ({ port, protocol, address }: Request): Pick<Verdict, 'Port' | 'Protocol' | 'Address'> => ({
  Port: port,
  Protocol: protocol,
  Address: address ?? '*',
});

/** Whether an error text is about another port than the one that was asked for. */
const isAboutOther = ({ error, request }: Case): boolean =>
  error !== null && error.port !== null && error.port !== 0 && request.port !== 0 && error.port !== request.port;

/** Returns the evidence of an error text, without a protocol that was only assumed and is not the requested one. */
const saidOf = ({ evidence, namesProtocol }: ParsedError, { protocol }: Request): string =>
  namesProtocol ? evidence : evidence.replace(/ (for|on) (?:TCP|UDP) /, ` $1 ${protocol} `);

function evidenceOf(made: Case): string[] {
  const { facts, request, probed, error, answers, present, cause, beside, use } = made;
  const isLinux = facts.machine.platform === 'linux';
  const seen = [...new Set(present.flatMap(({ all }) => all.map(({ evidence }) => evidence)))];
  const attempts = answers.flatMap(({ attempt, bind }) =>
    attempt === null ? [] : [attemptText(attempt, bind, isLinux)],
  );
  const untried =
    probed === null
      ? ['No attempt was made: the facts are from another time or machine.']
      : present.some(({ attempt }) => attempt === null)
        ? ['No attempt was made: it could take datagrams from the owner.']
        : [];
  return [
    headline(made),
    ...(error === null ? [] : [saidOf(error, request)]),
    ...(isAboutOther(made) ? [`The text names port ${error!.port}, not port ${request.port}.`] : []),
    ...(isGone(made) ? ['The owner at that time has gone.'] : []),
    ...seen.slice(0, 8),
    ...(seen.length > 8 ? [`… and ${seen.length - 8} more.`] : []),
    ...use.evidence,
    ...beside.evidence,
    ...(!isLinux && request.protocol === 'TCP' ? httpEvidence(facts, request.port) : []),
    ...attempts,
    ...untried,
    ...new Set([...present.flatMap(({ notes }) => notes), ...systemNotes(facts, request)]),
    ...(cause.evidence === undefined ? [] : [cause.evidence]),
    ...made.relevant.map(({ text }) => text),
  ];
}

/** Returns the addresses of the machine; null where they are unknown. */
function addressesOf({ sections: { addresses } }: Facts, probed: Probe | null): readonly string[] | null {
  return (
    probed?.addresses ??
    (addresses !== undefined && isWhole(addresses) ? addresses.data.map(({ address }) => address) : null)
  );
}

/**
 * Orders the steps by usefulness: freeing the port, then another port, then showing the owner, which adds little. Where
 * the owner is hidden, showing it comes first.
 */
function inOrder(steps: readonly string[], patient: Patient): string[] {
  const [shown, another, stopped] = [look(patient), takeAnother(patient.request), stop(patient)];
  const rest = steps.filter((line) => line !== shown);
  const [from, behind] = [rest.indexOf(another), rest.indexOf(stopped)];
  if (from >= 0 && from < behind) rest.splice(behind, 0, ...rest.splice(from, 1));
  if (rest.length === steps.length) return rest;
  return patient.row !== null && isOwnerDenied(patient.row) ? [shown, ...rest] : [...rest, shown];
}

/** Returns what to do, without duplicates or the question just asked; null for nothing. */
function remediesOf(patient: Patient, steps: readonly string[]): string[] | null {
  const asked = again(patient.request);
  const known = new Set<string>();
  const found = inOrder(steps, patient).filter((line) => {
    const key = commandOf(line) || line;
    const isNew = key !== asked && !known.has(key);
    known.add(key);
    return isNew;
  });
  return found.length === 0 ? null : found;
}

function confidenceOf({ facts, can, cause, main, present }: Case, decisive: BindAnswer | undefined): string {
  const named = cause.isOwnerless === true ? null : main;
  if (
    !isWhole(facts.sections.sockets) ||
    can === null ||
    cause === unknown ||
    (named?.socket != null && (isUnfound(named.socket) || hasOnlyCandidates(named.socket)))
  )
    return 'Low';
  const agree = wasAttempted(present) && decisive?.agree !== false && decisive?.can === can;
  return agree && cause.isLikely !== true ? 'High' : 'Medium';
}

/** Whether a socket's process has ended, and only the time suggests who has inherited it. */
const hasOnlyCandidates = ({ heirs = [], heirCandidates = [] }: Socket): boolean =>
  heirs.length === 0 && heirCandidates.length > 0;

const wasAttempted = (present: readonly BindAnswer[]): boolean =>
  present.some(({ attempt }) => attempt !== null && attempt.result !== 'notMade');

/** Whether the answer depends on how many dynamic ports are in use, and by which connections. */
export const isAboutDynamicPorts = ({ port }: Request, error: ParsedError | null): boolean =>
  port === 0 || error?.meaning === 'exhausted';

/** Where connections use up the dynamic ports. */
interface Pairs {
  /** Where the request and the error text are about them. */
  readonly pairs: readonly PairUse[];
  /** Where the request or the error text is about something else. */
  readonly otherPairs: readonly PairUse[];
}

function pairsOf(facts: Facts, request: Request, error: ParsedError | null): Pairs {
  const all = isAboutDynamicPorts(request, error)
    ? fullPairs(facts).filter(({ protocol }) => protocol === request.protocol)
    : [];
  const isMeant = (pair: PairUse): boolean => request.port === 0 && goesTo(pair, error?.farEnds ?? []);
  return { pairs: all.filter(isMeant), otherPairs: all.filter((pair) => !isMeant(pair)) };
}

/** What is known in addition to the facts. */
export interface Circumstances {
  /** The attempts that were made; null for none, because the facts are from another machine or time. */
  readonly probed: Probe | null;
  /** The parsed error text. */
  readonly error?: ParsedError | null;
  /** The home folder of the reader. */
  readonly home?: string;
}

/** Decides whether the request could be bound. */
export function diagnose(
  facts: Facts,
  request: Request,
  { probed, error = null, home = '' }: Circumstances,
): Diagnosis {
  const gaps = gapsOf(facts);
  const addresses = addressesOf(facts, probed);
  const known = { facts, user: probed?.user ?? null, addresses, gaps, error, home };
  const answers = bindsOf(request).map((bind) => {
    const isOfBind = (one: BindAttempt): boolean => one.address === bind.address && one.ipv6Only === bind.ipv6Only;
    return answerBind(known, bind, probed?.attempts.find(isOfBind) ?? null);
  });
  // A family that the machine lacks does not matter, unless it was the only one requested.
  const present = answers.filter(({ attempt }) => attempt?.result !== 'noFamily');
  const decisive = decisiveOf(present);
  const attempted = wasAttempted(present);
  const isPartial = !isWhole(facts.sections.sockets);
  const use = isAboutDynamicPorts(request, error) ? dynamicUse(facts, request.protocol) : { evidence: [], full: false };
  const about = {
    facts,
    request,
    error,
    listenList: listenListOf(facts, addresses),
    ...pairsOf(facts, request, error),
  };
  const { can, cause } = overruled({
    ...about,
    can: decisive === undefined ? false : decisive.can,
    cause: decisive?.cause ?? addressNotLocal,
    full: request.port === 0 && use.full,
    // An attempt compensates for excluded ranges that could not be read, but not for sockets.
    blind: isPartial || (!attempted && gaps.length > 0),
  });
  const main = decisive?.main ?? null;
  const relevant = gaps.filter(() => can === null || !attempted || cause === unknown || isPartial);
  const beside = circumstances({
    ...about,
    can,
    cause,
    owner: main?.row ?? null,
    binds: present.map(({ bind }) => bind),
  });
  const made: Case = { ...about, probed, answers, present, main, can, cause, beside, use, relevant };
  const { row = null, socket = null, range = null } = main ?? {};
  const patient = { ...about, row, socket, range, addresses, here: probed !== null };
  return {
    row: {
      ...askedPlace(request),
      CanBind: can,
      Cause: cause.name,
      Owner: ownerLine(present, cause.isOwnerless === true ? null : main),
      Evidence: evidenceOf(made),
      Remedy: remediesOf(patient, [...(can === true ? [] : (cause.remedies(patient) ?? [])), ...beside.remedies]),
      Confidence: confidenceOf(made, decisive),
      ComputerName: facts.machine.name,
    },
    said: said(made),
    isGone: isGone(made),
    needs: can === null ? (gaps.find(({ needs }) => needs !== null)?.needs ?? null) : null,
  };
}
