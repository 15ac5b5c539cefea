import type { BindAttempt, Bind } from '../facts/gather/probe.ts';
import type { Facts } from '../facts/model/facts.ts';
import { isWhole } from '../facts/model/section.ts';
import { addressScope, endpointText } from '../ports/address.ts';
import { ruleForAny, ruleText } from './binding-rules.ts';
import type { Cause, Effect, Inspected, Obstacle, BindError } from './cause.ts';
import { causeOf } from './causes.ts';
import { noRights } from './causes/no-rights.ts';
import { isOnOtherInterface, lacksScope } from './causes/scope-missing.ts';
import { timeWait } from './causes/time-wait.ts';
import type { ParsedError } from './error-text.ts';
import { obstacles, type Observed } from './obstacles.ts';
import { isWildcard, plainAddress } from './overlap.ts';

/** The answer for one bind (yes, no or unknown) and the reasons. */
export interface BindAnswer {
  readonly bind: Bind;
  readonly can: boolean | null;
  readonly cause: Cause;
  /** The obstacle that the cause describes. */
  readonly main: Obstacle | null;
  readonly attempt: BindAttempt | null;
  readonly all: readonly Obstacle[];
  readonly notes: readonly string[];
  /** Whether the attempt and the facts agree. */
  readonly agree: boolean;
}

/** A part of the facts that is incomplete with regard to binding. */
export interface Gap {
  readonly text: string;
  /** What would fill the gap; null when nothing would. */
  readonly needs: string | null;
}

/** The input for answering one bind. */
export interface BindContext extends Observed {
  /** The machine's addresses; null where they are unknown. */
  readonly addresses: readonly string[] | null;
  readonly gaps: readonly Gap[];
  /** The error that a program got for the same request; null where there is none. */
  readonly error: ParsedError | null;
}

/** Returns the meaning of a bind() error on either system. */
function refusalMeaning({ error }: BindAttempt, address: string, isLinux: boolean): BindError {
  switch (error?.replace(/^WSA/, '')) {
    case 'EADDRINUSE':
      return 'inUse';
    case 'EACCES':
    case 'EPERM':
      return isLinux ? 'noRights' : 'access';
    case 'EADDRNOTAVAIL':
    case 'ENODEV':
      return 'notLocal';
    case 'ENOBUFS':
      return 'noBuffers';
    case 'EINVAL':
      return isOnOtherInterface(address) ? 'notLocal' : 'invalid';
    default:
      return 'other';
  }
}

/** Whether a socket's local address is the given one. An address without an interface matches on any interface. */
function isOn(local: string, address: string): boolean {
  if (local === address) return true;
  const [own, wanted] = [plainAddress(local), plainAddress(address)];
  return own.text === wanted.text && (own.device === wanted.device || wanted.device === null);
}

/** Whether an address is known to be this machine's. */
export function isLocal({ facts, addresses }: Pick<BindContext, 'facts' | 'addresses'>, address: string): boolean {
  return (
    isWildcard(address) ||
    addressScope(address) === 'Loopback' ||
    (addresses?.includes(address) ?? false) ||
    (facts.sections.addresses?.data ?? []).some((own) => isOn(own.address, address)) ||
    facts.sections.sockets.data.some((socket) => isOn(socket.localAddress, address))
  );
}

/** Describes the option that an attempt used, or the requested option that it left out. */
function optionText(attempt: BindAttempt, { sharing }: Bind, isLinux: boolean): string {
  if (attempt.sharing === 'default') {
    // No attempt requests reuse where a process has the port.
    if (sharing === 'reuse') return ' without SO_REUSEADDR';
    return sharing === 'reusePort' ? ` without ${isLinux ? 'SO_REUSEPORT' : 'SO_REUSEADDR'}` : '';
  }
  if (attempt.sharing === 'exclusive') return isLinux ? '' : ' for exclusive use';
  return attempt.sharing === 'reuse' ? ' with SO_REUSEADDR' : ' with SO_REUSEPORT';
}

export function attemptText(attempt: BindAttempt, bind: Bind, isLinux: boolean): string {
  const what = `bind ${endpointText(attempt)}${optionText(attempt, bind, isLinux)}`;
  switch (attempt.result) {
    case 'bound':
      return `An attempt to ${what} succeeded (released immediately).`;
    case 'refused':
      return `An attempt to ${what} failed: ${attempt.error} (${attempt.errorNumber}).`;
    case 'noFamily':
      return `This machine has no ${attempt.address.includes(':') ? 'IPv6' : 'IPv4'}.`;
    case 'notMade':
      return `An attempt to ${what} was not possible: ${attempt.reason}.`;
  }
}

/** Describes which socket gets the traffic when both have the port. */
function sharedNotes(facts: Facts, bind: Bind, main: Obstacle | null): string[] {
  if (main === null || main.row === null || main.socket === null) return [];
  if (main.unsure === true) return [`The IPv6 socket does not include IPv4.`];
  if (main.overlap !== 'wildcard') return [];
  const { device } = plainAddress(main.socket.localAddress);
  if (device !== null && plainAddress(bind.address).device === null)
    return [`Traffic on ${device} still goes to the owner of ${main.socket.localAddress}.`];
  const exclusive =
    facts.machine.platform === 'win32' &&
    bind.sharing !== 'exclusive' &&
    ruleForAny(bind, 'exclusive', main.socket) === 'blocks';
  return [
    ...(exclusive ? ['A program cannot get exclusive use.'] : []),
    isWildcard(bind.address)
      ? `It gets every address except ${main.socket.localAddress}.`
      : `It takes ${bind.address} away from the owner of ${main.socket.localAddress}.`,
  ];
}

/** Whether an error text is about a bind. */
const isAbout = (error: ParsedError | null, { protocol, port, address }: Bind): boolean =>
  error !== null &&
  (error.port === null || error.port === port) &&
  (error.protocol === null || error.protocol === protocol) &&
  (error.address === null || error.address === address);

type Decision = Pick<BindAnswer, 'can' | 'agree' | 'notes'>;

/** Everything known when the answer is decided, in addition to the obstacles. */
interface Case {
  readonly known: BindContext;
  readonly bind: Bind;
  readonly main: Obstacle | null;
  readonly effect: Effect;
  /** What the answer depends on, in words. */
  readonly undecided: readonly string[];
}

/** Whether a program was refused for the same request. It requested whatever the answer depends on. */
function wasRefused(error: ParsedError | null, bind: Bind): boolean {
  return (error?.meaning === 'inUse' || error?.meaning === 'access') && isAbout(error, bind);
}

/** Whether only an error text tells that the address is not the machine's, which no fact contradicts. */
function isSaidNotLocal(known: BindContext, bind: Bind): boolean {
  const { error } = known;
  return (
    error?.meaning === 'notLocal' &&
    error.address === bind.address &&
    isAbout(error, bind) &&
    !isLocal(known, bind.address)
  );
}

/** Describes what the facts show about an address that is not known to be the machine's. */
function foreignText({ sections: { addresses } }: Facts, address: string): string {
  const own = isWhole(addresses) ? addresses!.data.map((one) => one.address) : [];
  return own.length === 0
    ? `The facts do not show whether ${address} is an address of the machine.`
    : `${address} was not among the addresses of the machine: ${own.slice(0, 8).join(', ')}${own.length > 8 ? ' …' : ''}.`;
}

/** Returns yes, no or unknown from the facts alone. */
function decideByFacts({ known, bind, main, effect, undecided }: Case, attempt: BindAttempt | null): Decision {
  const decision = (can: boolean | null, ...notes: string[]): Decision => ({ can, agree: false, notes });
  if (effect === 'blocks') return decision(false);
  if (effect === 'depends' && main!.row !== null && main!.unsure !== true && wasRefused(known.error, bind))
    return decision(false, ...undecided, 'The error text shows that the bind was refused.');
  if (effect === 'depends')
    return main!.unsure === true
      ? decision(null, 'No interface shows whether the IPv6 socket includes IPv4.')
      : decision(null, ...undecided);
  if (known.facts.machine.platform === 'linux' && lacksScope(bind.address)) return decision(false);
  if (!isLocal(known, bind.address)) return decision(null, foreignText(known.facts, bind.address));
  // If an attempt was due but could not be made, the check failed.
  return attempt === null ? decision(true, ...sharedNotes(known.facts, bind, main)) : decision(null);
}

/** Returns yes, no or unknown after a refused attempt. */
function decideByRefusal({ bind, main, effect, undecided }: Case, refused: BindError, made: BindAttempt): Decision {
  const decision = (can: boolean | null, ...notes: string[]): Decision => ({ can, agree: true, notes });
  if ((refused !== 'inUse' && refused !== 'access') || bind.port === 0 || main === null) return decision(false);
  const foreign =
    refused === 'access' && main.row != null && main.overlap !== 'dualStack'
      ? ['10013 instead of 10048 means that the owner is another user or requested exclusive use.']
      : [];
  if (effect === 'blocks') return decision(false, ...foreign);
  // The substitute attempt, without reuse, had to fail: the rules answer for reuse.
  if (made.sharing !== bind.sharing)
    return effect === 'depends'
      ? decision(null, ...undecided)
      : decision(
          true,
          'The rules of the system allow both; incoming traffic goes to one of them, and which one is undefined.',
        );
  if (effect === 'depends') return decision(false, ...foreign);
  if (main.row === null) return { can: false, agree: main.cause !== timeWait, notes: [] };
  return {
    can: false,
    agree: false,
    notes: ['According to the published rules of the system, the attempt should have succeeded.'],
  };
}

/** Decides from the facts and the attempt (null: none was due) whether one bind is possible, and why. */
export function answerBind(known: BindContext, bind: Bind, attempt: BindAttempt | null): BindAnswer {
  const { facts, gaps } = known;
  const { platform } = facts.machine;
  // A program that is told that a port is in use had the right to bind it.
  const hadRights = known.error?.meaning === 'inUse' && isAbout(known.error, bind);
  const all = obstacles(known, bind).filter(({ cause }) => !hadRights || cause !== noRights);
  const main = all[0] ?? null;
  const effect = main?.effect ?? 'allows';
  const tried = attempt === null || attempt.result === 'notMade' || attempt.result === 'noFamily' ? null : attempt;
  // The rights of this account say nothing about the program, which had them, nor who has the port.
  const lacksRights =
    tried?.result === 'refused' && refusalMeaning(tried, bind.address, platform === 'linux') === 'noRights';
  const isOtherAccount = lacksRights && (hadRights || (effect === 'blocks' && main!.cause !== noRights));
  const made = isOtherAccount ? null : tried;
  const refused =
    made?.result === 'refused'
      ? refusalMeaning(made, bind.address, platform === 'linux')
      : made === null && isSaidNotLocal(known, bind)
        ? 'notLocal'
        : null;
  const undecided = main?.socket == null ? [] : [ruleText(platform, bind, main.socket)];
  const situation: Case = { known, bind, main, effect, undecided };
  const decision =
    made === null
      ? refused === null
        ? decideByFacts(situation, isOtherAccount ? null : attempt)
        : { can: false, agree: true, notes: [] }
      : refused !== null
        ? decideByRefusal(situation, refused, made)
        : effect === 'blocks' && main!.cause !== noRights
          ? { can: null, agree: false, notes: [] }
          : { can: true, agree: true, notes: sharedNotes(facts, bind, main) };
  const look: Inspected = {
    facts,
    bind,
    can: decision.can,
    attempt: made,
    refused,
    // Any other refusal already names the obstacle.
    obstacle: refused === null || refused === 'inUse' || refused === 'access' ? main : null,
    all,
    hasGaps: gaps.length > 0,
  };
  const notes = isOtherAccount
    ? [
        ...decision.notes,
        hadRights
          ? 'Only this account lacks the right to bind it: the program was told something else.'
          : 'This account lacks the right to bind it, too.',
      ]
    : decision.notes;
  return { bind, main, attempt, all, ...decision, notes, cause: causeOf(look) };
}
