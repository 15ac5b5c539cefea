import { needsArguments } from '../facts/decode/application/application.ts';
import { addressScope, scopeOf as deviceOf, withoutScope } from '../ports/address.ts';
import { sameOwner, type Holder } from './families.ts';
import { overlap, plainAddress } from './overlap.ts';

/** How two owners of one port conflict. */
export type SharingKind = 'OverlappingAddresses' | 'SharedByReuse' | 'Instances' | 'FamilySplit';

/** Returns what an owner runs, to detect instances of one program; null if unknown. */
function programOf({ row: { Path, ImageName, Application, WorkingDirectory } }: Holder): string | null {
  const file = Path ?? ImageName;
  if (file === null) return null;
  const place = needsArguments(ImageName ?? '') ? (WorkingDirectory ?? '') : '';
  return `${file} ${Application ?? ''} ${place}`;
}
const isSix = ({ socket }: Holder): boolean => socket.localAddress.includes(':');
const scopeOf = ({ socket }: Holder): string => addressScope(socket.localAddress);

/** Returns how two owners of one port conflict; null when they do not. */
export function relation(a: Holder, b: Holder): SharingKind | null {
  const bound = ({ socket }: Holder) => ({ address: socket.localAddress, dual: false, vrf: socket.vrf });
  const how = overlap(bound(a), bound(b));
  if (how === 'same') {
    const program = programOf(a);
    return program !== null && program === programOf(b) ? 'Instances' : 'SharedByReuse';
  }
  if (how === 'wildcard') return 'OverlappingAddresses';
  if (a.socket.vrf !== b.socket.vrf) return null;
  return isSix(a) !== isSix(b) && scopeOf(a) === scopeOf(b) && scopeOf(a) !== 'Specific' ? 'FamilySplit' : null;
}

const everybodys = new Set(['0.0.0.0', '::', '127.0.0.1', '::1']);

/**
 * Returns one socket for each owner and address. Of the addresses that only one owner has, returns only the first,
 * because other owners can meet only a wildcard there.
 */
function representatives(group: readonly Holder[]): Holder[] {
  const unseen = group.filter(({ key }) => key === null).slice(0, 2);
  const seen = [
    ...new Map(
      group.filter(({ key }) => key !== null).map((holder) => [`${holder.key} ${holder.socket.localAddress}`, holder]),
    ).values(),
  ];
  const plain = ({ socket }: Holder): string => withoutScope(socket.localAddress);
  const byAddress = Map.groupBy(seen, plain);
  const alone = (holder: Holder): boolean =>
    !everybodys.has(plain(holder)) && byAddress.get(plain(holder))!.length === 1;
  const firsts = [
    ...new Map(
      seen
        .filter(alone)
        .toReversed()
        .map((holder) => [`${holder.key} ${isSix(holder)} ${deviceOf(holder.socket.localAddress)}`, holder]),
    ).values(),
  ];
  return [...seen.filter((holder) => !alone(holder)), ...firsts, ...unseen];
}

/** Holders that all count as one owner. */
interface Family {
  readonly id: string;
  /** The parent that the members share; null where they are not grouped by a parent. */
  readonly parent: number | null;
  readonly members: number[];
}

function familyOf(holder: Holder): Pick<Family, 'id' | 'parent'> {
  const { key, workers } = holder;
  return workers === null ? { id: `key ${key}`, parent: null } : { id: workers.id, parent: workers.of };
}

/** Indexes of holders by family, in their order. */
type Families = ReadonlyMap<string, Family>;

function families(holders: readonly Holder[], numbers: readonly number[]): Families {
  const found = new Map<string, Family>();
  for (const number of numbers) {
    const { id, parent } = familyOf(holders[number]!);
    const known = found.get(id);
    if (known === undefined) found.set(id, { id, parent, members: [number] });
    else known.members.push(number);
  }
  return found;
}

/**
 * Selects the few holders of one address that include the first holder outside any given family and program: the first
 * of all, the first of another family, the first of another program, and the first of both.
 */
function kernelOf(holders: readonly Holder[], numbers: readonly number[]): readonly number[] {
  const ids = new Map(numbers.map((number) => [number, familyOf(holders[number]!).id]));
  const program = (number: number): string | number => programOf(holders[number]!) ?? number;
  const firstBesides = (ofFamily: number | undefined, ofProgram: number | undefined): number | undefined =>
    numbers.find(
      (number) =>
        (ofFamily === undefined || ids.get(number) !== ids.get(ofFamily)) &&
        (ofProgram === undefined || program(number) !== program(ofProgram)),
    );
  const [first] = numbers;
  const family = firstBesides(first, undefined);
  const other = firstBesides(undefined, first);
  const both = [
    family === undefined ? undefined : firstBesides(first, family),
    other === undefined ? undefined : firstBesides(other, first),
  ];
  return [first, family, other, ...both].filter((number) => number !== undefined).sort((a, b) => a - b);
}

/**
 * The maximum number of comparisons for a holder with others not yet known to be related; after that, the search stops
 * with the result so far.
 */
const mostTries = 1_000;

/** Returns the groups that may contain a conflict for a holder, ordered by their first member. */
type Candidates = (holder: Holder) => Iterable<Families>;

/** Groups the indexes of holders, in their order. */
function grouped<K>(holders: readonly Holder[], keyOf: (holder: Holder) => K): Map<K, Families> {
  const numbers = Map.groupBy(holders.keys(), (number) => keyOf(holders[number]!));
  return new Map([...numbers].map(([key, group]) => [key, families(holders, group)]));
}

/** Returns the lowest index of a group that is not empty. */
const firstOf = (group: Families): number => group.values().next().value!.members[0]!;

const present = (...found: readonly (Families | undefined)[]): Families[] => found.filter((one) => one !== undefined);

/** Returns, for each kind, where to search for holders that may conflict with a given one. */
function candidatesOf(holders: readonly Holder[]): Readonly<Record<SharingKind, Candidates>> {
  const plain = holders.map(({ socket }) => plainAddress(socket.localAddress));
  const numbers = new Map(holders.map((holder, number) => [holder, number]));
  const plainOf = (holder: Holder) => plain[numbers.get(holder)!]!;
  const placeOf = ({ text, device }: ReturnType<typeof plainAddress>): string =>
    device === null ? text : `${text}%${device}`;
  const textOf = (holder: Holder): string => `${placeOf(plainOf(holder))} ${programOf(holder)}`;
  const sameText = grouped(holders, textOf);
  const programs = new Map<string, Map<string, Families>>();
  for (const holder of holders) {
    const text = placeOf(plainOf(holder));
    const known = programs.get(text) ?? new Map<string, Families>();
    programs.set(text, known.set(textOf(holder), sameText.get(textOf(holder))!));
  }
  const kernels = new Map(
    [...Map.groupBy(holders.keys(), (number) => placeOf(plain[number]!))].map(([text, group]) => [
      text,
      kernelOf(holders, group),
    ]),
  );
  const widths = grouped(holders, (holder) => `${plainOf(holder).six} ${plainOf(holder).wildcard}`);
  const places = grouped(holders, (holder) => `${plainOf(holder).text} ${plainOf(holder).device !== null}`);
  const scopes = grouped(holders, (holder) => `${isSix(holder)} ${scopeOf(holder)}`);
  return {
    Instances: (holder) => present(sameText.get(textOf(holder))),
    *SharedByReuse(holder) {
      const own = programOf(holder);
      const { id } = familyOf(holder);
      // Thousands of siblings or instances include no unrelated holder.
      const nearest = kernels
        .get(placeOf(plainOf(holder)))
        ?.find(
          (number) => familyOf(holders[number]!).id !== id && (own === null || programOf(holders[number]!) !== own),
        );
      if (nearest === undefined) return;
      yield families(holders, [nearest]);
      for (const [text, group] of programs.get(placeOf(plainOf(holder))) ?? [])
        if (own === null || text !== textOf(holder)) yield group;
    },
    OverlappingAddresses(holder) {
      const { six, wildcard, text, device } = plainOf(holder);
      // On the same address, a holder bound to an interface meets one that is not.
      return present(widths.get(`${six} ${!wildcard}`), places.get(`${text} ${device === null}`)).sort(
        (a, b) => firstOf(a) - firstOf(b),
      );
    },
    FamilySplit: (holder) => present(scopes.get(`${!isSix(holder)} ${scopeOf(holder)}`)),
  };
}

/** Returns the first candidate with another owner that conflicts in the given way; Infinity when there is none. */
function firstStranger(
  holders: readonly Holder[],
  holder: Holder,
  kind: SharingKind,
  candidates: Iterable<Families>,
): number {
  const own = familyOf(holder);
  let best = Infinity;
  let tries = 0;
  for (const group of candidates) {
    const [nearest] = group.values();
    if (nearest!.members[0]! >= best) break;
    for (const { id, parent, members } of group.values()) {
      if (members[0]! > best || ++tries > mostTries) break;
      if (id === own.id || (parent !== null && parent === holder.row.OwningProcess)) continue;
      for (const number of members) {
        if (number > best) break;
        if (++tries > mostTries) return best;
        const other = holders[number]!;
        if (relation(holder, other) !== kind) continue;
        if (sameOwner(holder, other)) continue;
        best = number;
        break;
      }
    }
  }
  return best;
}

/** Returns the holders with a conflict of one kind, in the order in which their pairs are found. */
function involved(holders: readonly Holder[], kind: SharingKind, candidates: Candidates): number[] {
  const partner = new Float64Array(holders.length).fill(Infinity);
  for (const [number, holder] of holders.entries()) {
    const first = firstStranger(holders, holder, kind, candidates(holder));
    if (first === Infinity) continue;
    partner[number] = Math.min(partner[number]!, first);
    partner[first] = Math.min(partner[first]!, number);
  }
  const meets = (number: number): number => Math.min(number, partner[number]!);
  const turn = (number: number): number => (meets(number) === number ? -1 : number);
  return [...holders.keys()]
    .filter((number) => partner[number] !== Infinity)
    .sort((a, b) => meets(a) - meets(b) || turn(a) - turn(b));
}

/** Whether an unknown owner may conflict with another. */
function maybeShared(seen: readonly Holder[], unseen: readonly Holder[]): boolean {
  return unseen.some((b, i) =>
    [...seen, ...unseen.slice(0, i)].some(
      (a) =>
        // One user may own both sockets.
        (a.socket.user === null || a.socket.user === b.socket.user) &&
        !(a.key !== null && sameOwner(a, b)) &&
        relation(a, b) !== null,
    ),
  );
}

const kinds = ['OverlappingAddresses', 'SharedByReuse', 'Instances', 'FamilySplit'] as const;

/**
 * Returns which holders of one port conflict, and how. One port may have 50,000 owners, so each holder is compared not
 * with all others, but with the first unrelated one that can conflict.
 */
export function sharingIn(group: readonly Holder[]): {
  found: readonly (readonly [SharingKind, readonly Holder[]])[];
  undecided: boolean;
} {
  const all = representatives(group);
  const seen = all.filter(({ key }) => key !== null);
  const candidates = candidatesOf(seen);
  const found = kinds
    .map((kind) => ({ kind, numbers: involved(seen, kind, candidates[kind]) }))
    .filter(({ numbers }) => numbers.length > 0)
    .sort(({ numbers: a }, { numbers: b }) => a[0]! - b[0]! || a[1]! - b[1]!)
    .map(({ kind, numbers }) => [kind, numbers.map((number) => seen[number]!)] as const);
  return {
    found,
    undecided: maybeShared(
      seen,
      all.filter(({ key }) => key === null),
    ),
  };
}

/**
 * Returns the owners that a split across families affects. An owner of both families is reached over either, so that
 * two such owners share the port instead of being split by family.
 */
export function reallySplit(holders: readonly Holder[], group: readonly Holder[]): readonly Holder[] {
  const families = new Map<string, Set<boolean>>();
  const placeOf = (holder: Holder): string => `${scopeOf(holder)} ${holder.key}`;
  for (const holder of group)
    families.set(placeOf(holder), (families.get(placeOf(holder)) ?? new Set()).add(isSix(holder)));
  const hasBoth = (holder: Holder): boolean => families.get(placeOf(holder))?.size === 2;
  const single = new Set(
    holders.filter((holder) => !hasBoth(holder)).map((holder) => `${scopeOf(holder)} ${isSix(holder)}`),
  );
  return holders.filter((holder) => !hasBoth(holder) || single.has(`${scopeOf(holder)} ${!isSix(holder)}`));
}
