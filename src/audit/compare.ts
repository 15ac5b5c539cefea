import { fold, listenerOrder, ownerText, running, type Listener, type Scope } from './listeners.ts';
import { ascending } from '../io/order.ts';

export type ChangeKind =
  | 'Opened'
  | 'Closed'
  | 'OwnerChanged'
  | 'PathChanged'
  | 'UserChanged'
  | 'AddressChanged'
  | 'Exposed'
  | 'BinaryChanged'
  | 'FileGone';

/** One difference between two states of a machine. */
export interface ListenerChange {
  readonly kind: ChangeKind;
  /** Null if the listener is new. */
  readonly before: Listener | null;
  /** Null if the listener closed. */
  readonly after: Listener | null;
  /** Each difference. */
  readonly evidence: readonly string[];
  /** The new listener is a UDP socket in the dynamic range, and its owner had a listener before. */
  readonly knownOwner?: true;
}

export interface Comparison {
  /** Listeners that are in both states, changed or not. A dynamic one whose program cannot be seen now may match several old ones. */
  readonly pairs: readonly (readonly [before: Listener, after: Listener])[];
  readonly opened: readonly Listener[];
  readonly closed: readonly Listener[];
  readonly changes: readonly ListenerChange[];
  /** Listeners whose owner was known before and cannot be seen now: it is unknown whether they changed. */
  readonly unseen: readonly Listener[];
}

/** Values that both states have and that differ. */
function differ(before: string | null, after: string | null): boolean {
  return before !== null && after !== null && fold(before) !== fold(after);
}

/** The last part of a path. */
export const fileName = (path: string): string =>
  path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
const folded = (path: string): string =>
  path.includes('\\') || /\.exe$/i.test(path) ? fileName(path).toLowerCase() : fileName(path);

/** A program may be known only by its name if its path is unavailable. */
function programsDiffer(before: string | null, after: string | null): boolean {
  if (before === null || after === null) return false;
  const whole = /[\\/]/.test(before) && /[\\/]/.test(after);
  return whole ? differ(before, after) : folded(before) !== folded(after);
}

/** With fewer rights, all services in a shared process are candidates: a subset is not a difference. */
function servicesDiffer({ services: before }: Listener, { services: after, serviceless }: Listener): boolean {
  // A service ran it before, and now somebody started it manually.
  if (before.length > 0 && serviceless === true) return true;
  if (before.length === 0 || after.length === 0) return false;
  const [few, many] = before.length < after.length ? [before, after] : [after, before];
  return !few.every((name) => many.includes(name));
}

/** Only a person writes an application in a baseline, and it must be all that the program runs now, if that is known. */
export function applicationsDiffer({ application }: Listener, after: Listener): boolean {
  const now = application === undefined ? null : running(after);
  if (now === null) return false;
  const names = after.program?.includes('\\') === true ? (text: string) => text.toLowerCase() : (text: string) => text;
  const wanted = names(application!);
  return now.names.map(names).some((one) => one !== wanted && (now.whole || !wanted.startsWith(`${one} `)));
}

function sameOwner(before: Listener, after: Listener): boolean {
  const names = before.program === null || after.program === null || folded(before.program) === folded(after.program);
  // Without any evidence, they are not the same.
  const known =
    (before.program !== null && after.program !== null) ||
    (before.services.length > 0 && after.services.length > 0) ||
    before.program === after.program;
  return known && names && !servicesDiffer(before, after) && !applicationsDiffer(before, after);
}

function unchanged(before: Listener, after: Listener): boolean {
  return sameOwner(before, after) && !programsDiffer(before.program, after.program) && !differ(before.user, after.user);
}

const reach: Readonly<Record<Scope, number>> = { Loopback: 0, Specific: 1, Any: 2 };

/** Evidence about a listener, regardless of what changed. */
export const besides = ({ fileGone }: Listener): string[] =>
  fileGone === true ? ['its file was removed or replaced after it started'] : [];

/** Returns the differences between two states of the same listener. */
function changesOf(before: Listener, after: Listener): ListenerChange[] {
  const changes: ListenerChange[] = [];
  const add = (kind: ChangeKind, ...evidence: string[]): void =>
    void changes.push({ kind, before, after, evidence: [...evidence, ...besides(after)] });
  if (before.address !== after.address) {
    const exposed = before.scope === 'Loopback' && after.scope !== 'Loopback';
    const scopes = before.scope === after.scope ? '' : ` (${before.scope} to ${after.scope})`;
    add(exposed ? 'Exposed' : 'AddressChanged', `address: ${before.address} to ${after.address}${scopes}`);
  }
  const isOther = applicationsDiffer(before, after);
  if (
    isOther ||
    ((before.program !== null || before.services.length > 0) &&
      (after.program !== null || after.services.length > 0) &&
      !sameOwner(before, after))
  ) {
    const application = isOther ? [`application: ${before.application} to ${running(after)!.names.join(', ')}`] : [];
    add('OwnerChanged', `owner: ${ownerText(before)} to ${ownerText(after)}`, ...application);
    return changes;
  }
  if (programsDiffer(before.program, after.program)) add('PathChanged', `path: ${before.program} to ${after.program}`);
  if (differ(before.user, after.user)) add('UserChanged', `user: ${before.user} to ${after.user}`);
  const binary: string[] = [];
  if (differ(before.sha256, after.sha256)) binary.push(`SHA-256: ${before.sha256} to ${after.sha256}`);
  if (differ(before.signer, after.signer)) binary.push(`signer: ${before.signer} to ${after.signer}`);
  // The same file whose signer is unknown now is a different case.
  else if (binary.length > 0 && before.signer !== null && after.signer === null)
    binary.push(`signer: ${before.signer} to no valid signature`);
  if (binary.length > 0) add('BinaryChanged', ...binary);
  if (changes.length === 0 && after.fileGone === true && before.fileGone !== true) add('FileGone');
  return changes;
}

type Slot = { before: Listener[]; after: Listener[] };

/** Groups listeners that can be the same one: those with one protocol and port. */
function slots(before: readonly Listener[], after: readonly Listener[]): Slot[] {
  const found = new Map<string, Slot>();
  const slot = ({ protocol, port }: Listener): Slot => {
    const key = `${protocol} ${port}`;
    const known = found.get(key) ?? { before: [], after: [] };
    found.set(key, known);
    return known;
  };
  for (const listener of before) slot(listener).before.push(listener);
  for (const listener of after) slot(listener).after.push(listener);
  return [...found.values()];
}

/** Groups listeners by a part of them, in order. */
function groups(list: Iterable<Listener>, part: (listener: Listener) => string): Map<string, Set<Listener>> {
  const found = new Map<string, Set<Listener>>();
  for (const listener of list) {
    const key = part(listener);
    const group = found.get(key);
    if (group === undefined) found.set(key, new Set([listener]));
    else group.add(listener);
  }
  return found;
}

/** The name of a program, as used to compare owners; empty if unknown. */
const programName = ({ program }: Listener): string => (program === null ? '' : folded(program));

/** The most candidates of a group that a listener is compared with, in case thousands have the same port and program. */
const mostTries = 1_000;

/** Unpaired listeners of a group, in order and by program name. */
class Candidates {
  readonly #byProgram: Map<string, Set<Listener>>;
  readonly #order: ReadonlyMap<Listener, number>;

  constructor(group: Iterable<Listener>, order: ReadonlyMap<Listener, number>) {
    this.#byProgram = groups(group, programName);
    this.#order = order;
  }

  /** Takes the first match. Programs with different names never match. */
  take(listener: Listener, fits: (before: Listener, after: Listener) => boolean): Listener | undefined {
    const name = programName(listener);
    const places = name === '' ? this.#byProgram.values() : [this.#byProgram.get(name), this.#byProgram.get('')];
    let found: Listener | undefined;
    let tries = 0;
    for (const place of places) {
      if (++tries > mostTries) break;
      for (const candidate of place ?? []) {
        if (found !== undefined && this.#order.get(candidate)! > this.#order.get(found)!) break;
        if (++tries > mostTries) break;
        if (!fits(candidate, listener)) continue;
        found = candidate;
        break;
      }
    }
    if (found !== undefined) this.#byProgram.get(programName(found))!.delete(found);
    return found;
  }
}

/** Pairs the listeners of a slot, the most certain pairs first; each only once, except one that hides several. */
function pairUp({ before, after }: Slot): [Listener, Listener][] {
  const pairs: [Listener, Listener][] = [];
  const left = new Set(before);
  const order = new Map(before.map((listener, index) => [listener, index]));
  let rest = [...after];
  function keep(pass: (listener: Listener) => Listener | undefined): void {
    if (left.size === 0) return;
    rest = rest.filter((listener) => {
      const found = pass(listener);
      if (found === undefined) return true;
      pairs.push([found, listener]);
      left.delete(found);
      return false;
    });
  }
  function pass(part: (listener: Listener) => string, fits: (before: Listener, after: Listener) => boolean): void {
    const found = new Map([...groups(left, part)].map(([key, group]) => [key, new Candidates(group, order)]));
    keep((listener) => found.get(part(listener))?.take(listener, fits));
  }
  /** Any candidate with the same part, in order. */
  function passAll(part: (listener: Listener) => string): void {
    const found = groups(left, part);
    keep((listener) => {
      const group = found.get(part(listener));
      const [first] = group ?? [];
      if (first !== undefined) group!.delete(first);
      return first;
    });
  }
  const address = (listener: Listener): string => listener.address;
  const owner = programName;
  const version = (listener: Listener): boolean => listener.address.includes(':');
  passAll(({ address: own, program, services, user }) => JSON.stringify([own, program, services, user]));
  pass(address, unchanged);
  pass(address, sameOwner);
  // A dynamic listener is identified by its program: a different program is a new listener, not a successor.
  if (before[0]?.port !== 'dynamic') passAll(address);
  pass(owner, (one, other) => version(one) === version(other) && sameOwner(one, other));
  pass(owner, sameOwner);
  if (before[0]?.port !== 'dynamic') return pairs;
  // Unless the program is unknown on one side: then it may be the same one.
  pass(address, unseenOwner);
  // Several may appear as one if they cannot be seen.
  const unseen = groups(
    after.filter(({ program }) => program === null),
    address,
  );
  for (const one of left) {
    const hiding = firstOf(unseen.get(one.address), (other) => unseenOwner(one, other));
    if (hiding !== undefined) pairs.push([one, hiding]);
  }
  return pairs;
}

/** The first match among the first candidates. */
function firstOf(group: Iterable<Listener> | undefined, fits: (listener: Listener) => boolean): Listener | undefined {
  let tries = 0;
  for (const listener of group ?? []) {
    if (fits(listener)) return listener;
    if (++tries >= mostTries) break;
  }
  return undefined;
}

/** Whether one of two listeners has no known program, and nothing else distinguishes them. */
function unseenOwner(before: Listener, after: Listener): boolean {
  return (
    (before.program === null || after.program === null) &&
    !servicesDiffer(before, after) &&
    !differ(before.user, after.user)
  );
}

/** Returns whether the owner of a UDP socket in the dynamic range had a listener before. */
function ownersOf(before: readonly Listener[]): (listener: Listener) => boolean {
  let owners: Map<string, Set<Listener>> | undefined;
  return (listener) => {
    if (listener.program === null || listener.port !== 'dynamic' || listener.protocol !== 'UDP') return false;
    owners ??= groups(before, programName);
    return firstOf(owners.get(folded(listener.program)), (one) => unchanged(one, listener)) !== undefined;
  };
}

/**
 * The old listener that made a program reachable only from this machine, if other machines can reach it now, whether or not
 * it still listens on loopback; null if there is none. `same`: the old listeners with the same name, protocol, and port.
 */
function innerBefore(listener: Listener, same: Iterable<Listener> | undefined): Listener | null {
  const isOwn = (one: Listener): boolean => sameOwner(one, listener);
  const nearest = reach[listener.scope] > 0 ? firstOf(same, isOwn) : undefined;
  const reachable = nearest && firstOf(same, (one) => one.scope !== 'Loopback' && isOwn(one));
  return nearest !== undefined && reachable === undefined ? nearest : null;
}

/** Reports a listener without an old counterpart. */
function appeared(listener: Listener, inner: Listener | null, isKnownOwner: boolean): ListenerChange {
  const more = [
    ...(listener.port === 'dynamic' && listener.ports.length > 0
      ? [`ports: ${listener.ports.slice(0, 20).join(', ')}${listener.ports.length > 20 ? ' …' : ''}`]
      : []),
    ...besides(listener),
  ];
  if (inner === null) {
    const opened: ListenerChange = { kind: 'Opened', before: null, after: listener, evidence: more };
    return isKnownOwner ? { ...opened, knownOwner: true } : opened;
  }
  const scopes = `${inner.scope} to ${listener.scope}`;
  const evidence = [`address: ${inner.address}, and now ${listener.address} too (${scopes})`, ...more];
  return { kind: 'Exposed', before: inner, after: listener, evidence };
}

/** Whether the owner of a listener was known before and cannot be seen now. */
function lostSight([before, after]: readonly [Listener, Listener]): boolean {
  return (
    (before.program !== null && after.program === null && after.services.length === 0) ||
    (before.user !== null && after.user === null)
  );
}

function changeOrder(a: ListenerChange, b: ListenerChange): number {
  return listenerOrder(a.after ?? a.before!, b.after ?? b.before!) || ascending(a.kind, b.kind);
}

/** Compares the listeners of a machine with earlier ones, or with a baseline. Pure; fast for 100,000 listeners. */
export function compare(before: readonly Listener[], after: readonly Listener[]): Comparison {
  const isKnownOwner = ownersOf(before);
  const pairs: [Listener, Listener][] = [];
  const opened: Listener[] = [];
  const closed: Listener[] = [];
  const changes: ListenerChange[] = [];
  for (const slot of slots(before, after)) {
    const paired = slot.before.length === 0 || slot.after.length === 0 ? [] : pairUp(slot);
    pairs.push(...paired);
    for (const [one, other] of paired) changes.push(...changesOf(one, other));
    const known = new Set(paired.flat());
    for (const listener of slot.before) {
      if (known.has(listener)) continue;
      closed.push(listener);
      changes.push({ kind: 'Closed', before: listener, after: null, evidence: [] });
    }
    const owned = groups(slot.before, programName);
    for (const listener of slot.after) {
      if (known.has(listener)) continue;
      opened.push(listener);
      const same = listener.program === null ? undefined : owned.get(folded(listener.program));
      changes.push(appeared(listener, innerBefore(listener, same), isKnownOwner(listener)));
    }
  }
  return {
    pairs,
    opened: opened.sort(listenerOrder),
    closed: closed.sort(listenerOrder),
    changes: changes.sort(changeOrder),
    unseen: [...new Set(pairs.filter(lostSight).map(([, other]) => other))],
  };
}
