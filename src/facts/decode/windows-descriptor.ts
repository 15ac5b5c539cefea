/** One entry of an access list that grants or denies. */
export interface AccessEntry {
  readonly allows: boolean;
  /** `S-1-5-32-544` */
  readonly sid: string;
  /** An ACCESS_MASK, with unmapped generic rights. */
  readonly mask: number;
  /** It applies only to new items in the folder, not to the folder itself. */
  readonly inheritOnly: boolean;
  /** New files in the folder inherit it. */
  readonly toFiles: boolean;
  /** New folders in the folder inherit it. */
  readonly toFolders: boolean;
}

/** The owner and the permissions of a file. */
export interface Descriptor {
  readonly owner: string | null;
  /** Null if there is no list, which allows everything to everybody. */
  readonly entries: readonly AccessEntry[] | null;
  /** The list does not inherit entries from parent folders. */
  readonly isProtected: boolean;
  /** Why a part of it could not be understood; in that case, missing entries prove nothing. */
  readonly flaw: string | null;
}

const control = { daclPresent: 0x4, daclProtected: 0x1000, selfRelative: 0x8000 } as const;
const flags = { toFiles: 0x1, toFolders: 0x2, inheritOnly: 0x8 } as const;
/** Of ACCESS_ALLOWED_ACE, _OBJECT, _CALLBACK and _CALLBACK_OBJECT, and the same for denied. A condition may be true, so its entry counts as allowed. */
const allowing: ReadonlySet<number> = new Set([0, 5, 9, 11]);
const denying: ReadonlySet<number> = new Set([1, 6]);
const denyingMaybe: ReadonlySet<number> = new Set([10, 12]);
const withObject: ReadonlySet<number> = new Set([5, 6, 11, 12]);

/** Reads a SID within a range of bytes as text; null if it is truncated. */
function sidAt(bytes: Buffer, at: number, end: number): string | null {
  if (at < 0 || at + 8 > end || bytes[at] !== 1) return null;
  const count = bytes[at + 1]!;
  if (count > 15 || at + 8 + 4 * count > end) return null;
  const parts = Array.from({ length: count }, (_, i) => bytes.readUInt32LE(at + 8 + 4 * i));
  return `S-1-${[bytes.readUIntBE(at + 2, 6), ...parts].join('-')}`;
}

/**
 * Reads a security descriptor in self-relative form. Takes any bytes, and never throws.
 * https://learn.microsoft.com/openspecs/windows_protocols/ms-dtyp/7d4dac05-9cef-4563-a058-f108abecce1d
 */
export function decodeDescriptor(given: Uint8Array): Descriptor {
  const bytes = Buffer.from(given.buffer, given.byteOffset, given.byteLength);
  const unknown = (flaw: string): Descriptor => ({ owner: null, entries: [], isProtected: false, flaw });
  if (bytes.length < 20 || bytes[0] !== 1) return unknown('it is not a security descriptor');
  const bits = bytes.readUInt16LE(2);
  if ((bits & control.selfRelative) === 0) return unknown('it is not in self-relative form');
  const ownerAt = bytes.readUInt32LE(4);
  const owner = ownerAt === 0 ? null : sidAt(bytes, ownerAt, bytes.length);
  const isProtected = (bits & control.daclProtected) !== 0;
  const listAt = bytes.readUInt32LE(16);
  if ((bits & control.daclPresent) === 0 || listAt === 0) return { owner, entries: null, isProtected, flaw: null };
  const cut = (flaw: string, entries: readonly AccessEntry[] = []): Descriptor => ({
    owner,
    entries,
    isProtected,
    flaw,
  });
  if (listAt + 8 > bytes.length) return cut('its access list is outside the descriptor');
  const end = listAt + bytes.readUInt16LE(listAt + 2);
  const count = bytes.readUInt16LE(listAt + 4);
  if (end > bytes.length) return cut('its access list is truncated');
  const entries: AccessEntry[] = [];
  let at = listAt + 8;
  for (let index = 0; index < count; index++) {
    const size = at + 4 <= end ? bytes.readUInt16LE(at + 2) : 0;
    if (size < 8 || at + size > end) return cut('its access list is truncated', entries);
    const [type, bitsOfEntry] = [bytes[at]!, bytes[at + 1]!];
    const allows = allowing.has(type);
    if (allows || denying.has(type)) {
      // Two GUIDs may precede the SID.
      const present = withObject.has(type) && size >= 12 ? bytes.readUInt32LE(at + 8) : 0;
      const skipped = withObject.has(type) ? 4 + ((present & 1) === 0 ? 0 : 16) + ((present & 2) === 0 ? 0 : 16) : 0;
      const sid = sidAt(bytes, at + 8 + skipped, at + size);
      if (sid === null) return cut('an entry of its access list has no account', entries);
      entries.push({
        allows,
        sid,
        mask: bytes.readUInt32LE(at + 4),
        inheritOnly: (bitsOfEntry & flags.inheritOnly) !== 0,
        toFiles: (bitsOfEntry & flags.toFiles) !== 0,
        toFolders: (bitsOfEntry & flags.toFolders) !== 0,
      });
    } else if (!denyingMaybe.has(type)) return cut(`its access list has an entry of the unknown kind ${type}`, entries);
    at += size;
  }
  return { owner, entries, isProtected, flaw: null };
}

/** https://learn.microsoft.com/windows/win32/fileio/file-access-rights-constants */
export const right = {
  read: 0x1,
  write: 0x2,
  append: 0x4,
  execute: 0x20,
  deleteChild: 0x40,
  remove: 0x10000,
  writeList: 0x40000,
  writeOwner: 0x80000,
} as const;
const generic: readonly (readonly [bit: number, rights: number])[] = [
  [0x1000_0000, 0x1f01ff],
  [0x2000_0000, 0x1200a0],
  [0x4000_0000, 0x120116],
  [0x8000_0000, 0x120089],
];

/** Maps generic rights to file rights. */
function specific(mask: number): number {
  let all = mask & 0x0fff_ffff;
  for (const [bit, rights] of generic) if ((mask & bit) !== 0) all |= rights;
  return all;
}

/**
 * Computes the rights that an account's own entries grant, in order: a right that is denied first cannot be granted later.
 * `for` selects the rights on the object itself, or those of a new file or folder in it.
 */
export function rightsOf(
  entries: readonly AccessEntry[],
  sids: ReadonlySet<string>,
  of: 'itself' | 'files' | 'folders' = 'itself',
): number {
  let allowed = 0;
  let denied = 0;
  for (const entry of entries) {
    const applies = of === 'itself' ? !entry.inheritOnly : of === 'files' ? entry.toFiles : entry.toFolders;
    if (!applies || !sids.has(entry.sid)) continue;
    if (entry.allows) allowed |= specific(entry.mask) & ~denied;
    else denied |= specific(entry.mask) & ~allowed;
  }
  return allowed;
}

/** SYSTEM, Administrators, TrustedInstaller, and the entries that represent the owner, who is checked separately. */
const always: ReadonlySet<string> = new Set([
  'S-1-5-18',
  'S-1-5-32-544',
  'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464',
  'S-1-3-0',
  'S-1-3-4',
]);
/** The built-in Administrator, Domain Admins and Enterprise Admins, of any machine or domain. */
const administrators = /^S-1-5-21-\d+-\d+-\d+-(?:500|512|519)$/;

/** Whether an account can read and write everything on a machine anyway. */
export const isAdministrative = (sid: string): boolean => always.has(sid) || administrators.test(sid);

const reading = right.read | right.writeList | right.writeOwner;
const changing = right.write | right.append | right.deleteChild | right.remove;

/** The accounts other than administrators and one account that own something, or to which a list grants any of some rights; without a list, everybody. */
function holdersOf(
  { owner, entries }: Descriptor,
  own: string,
  holds: (entries: readonly AccessEntry[], account: ReadonlySet<string>) => boolean,
): string[] {
  if (entries === null) return ['S-1-1-0'];
  const accounts = new Set(entries.map(({ sid }) => sid));
  const holders = [...accounts].filter((sid) => holds(entries, new Set([sid])));
  // An owner can always change the list.
  const all = new Set([...(owner === null ? [] : [owner]), ...holders]);
  return [...all].filter((sid) => sid !== own && !isAdministrative(sid));
}

/** Returns the accounts other than administrators and one account that can read a file, or give themselves the right to. */
export const readersOf = (descriptor: Descriptor, own: string): string[] =>
  holdersOf(descriptor, own, (entries, account) => (rightsOf(entries, account) & reading) !== 0);

/**
 * Returns the accounts other than administrators and one account that can list or change a folder, or read or change a new
 * file in it, or give themselves the right to.
 */
export const folderUsersOf = (descriptor: Descriptor, own: string): string[] =>
  holdersOf(
    descriptor,
    own,
    (entries, account) =>
      ((rightsOf(entries, account) | rightsOf(entries, account, 'files')) & (reading | changing)) !== 0,
  );
