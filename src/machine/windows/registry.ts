import type { RegistryData, RegistryPlace } from '../../system/registry.ts';
import { Refused, refused, win32 } from './errors.ts';
import { systemLibrary, wide } from './ffi.ts';

// https://learn.microsoft.com/windows/win32/api/winreg/nf-winreg-regopenkeyexw
// https://learn.microsoft.com/windows/win32/api/winreg/nf-winreg-regenumvaluew
const advapi32 = systemLibrary('advapi32.dll', {
  RegOpenKeyExW: { arguments: ['pointer', 'pointer', 'uint32', 'uint32', 'pointer'], return: 'int32' },
  RegEnumValueW: {
    arguments: ['pointer', 'uint32', 'pointer', 'pointer', 'pointer', 'pointer', 'pointer', 'pointer'],
    return: 'int32',
  },
  RegEnumKeyExW: {
    arguments: ['pointer', 'uint32', 'pointer', 'pointer', 'pointer', 'pointer', 'pointer', 'pointer'],
    return: 'int32',
  },
  RegQueryValueExW: {
    arguments: ['pointer', 'pointer', 'pointer', 'pointer', 'pointer', 'pointer'],
    return: 'int32',
  },
  RegSetValueExW: {
    arguments: ['pointer', 'pointer', 'uint32', 'uint32', 'pointer', 'uint32'],
    return: 'int32',
  },
  RegFlushKey: { arguments: ['pointer'], return: 'int32' },
  RegCloseKey: { arguments: ['pointer'], return: 'int32' },
});

const localMachine = 0xffff_ffff_8000_0002n;
/** KEY_QUERY_VALUE, KEY_SET_VALUE, KEY_ENUMERATE_SUB_KEYS */
const access = { query: 0x1, set: 0x2, list: 0x8 } as const;
const kinds = { text: 1, expandable: 2, number: 4 } as const;
/** In UTF-16 units; a value's name has at most 16,383. */
const longestName = 16384;
const mostValues = 65536;

/** Calls `use` with an open key in HKEY_LOCAL_MACHINE; null if there is no such key. */
function withKey<T>(path: string, rights: number, use: (handle: bigint) => T): T | null {
  const key = Buffer.alloc(8);
  const error = advapi32.RegOpenKeyExW(localMachine, wide(path), 0, rights, key);
  if (error === win32.fileNotFound) return null;
  if (error !== 0) throw refused('RegOpenKeyExW', error);
  const handle = key.readBigUInt64LE();
  try {
    return use(handle);
  } finally {
    advapi32.RegCloseKey(handle);
  }
}

/** The values of a key in HKEY_LOCAL_MACHINE, as [name, kind, data]; empty if there is no such key. */
function registryValues(path: string): [name: string, kind: number, data: Buffer][] {
  const read = (handle: bigint): [string, number, Buffer][] => {
    const values: [string, number, Buffer][] = [];
    const [name, nameLength, kind, dataLength] = [
      Buffer.alloc(longestName * 2),
      Buffer.alloc(4),
      Buffer.alloc(4),
      Buffer.alloc(4),
    ];
    let data = Buffer.alloc(4096);
    for (let index = 0; index < mostValues;) {
      nameLength.writeUInt32LE(longestName);
      dataLength.writeUInt32LE(data.length);
      const result = advapi32.RegEnumValueW(handle, index, name, nameLength, null, kind, data, dataLength);
      if (result === win32.noMoreItems) return values;
      if (result === win32.moreData && dataLength.readUInt32LE() > data.length) {
        data = Buffer.alloc(dataLength.readUInt32LE());
        continue;
      }
      if (result !== 0) throw refused('RegEnumValueW', result);
      const content = Buffer.from(data.subarray(0, Math.min(dataLength.readUInt32LE(), data.length)));
      values.push([name.toString('utf16le', 0, nameLength.readUInt32LE() * 2), kind.readUInt32LE(), content]);
      index++;
    }
    throw new Refused('Failed', `the registry key ${path} has no end`);
  };
  return withKey(path, access.query, read) ?? [];
}

/** The text values of a key in HKEY_LOCAL_MACHINE, as [name, text]; empty if there is no such key. */
export function registryTexts(path: string): [string, string][] {
  return registryValues(path)
    .filter(([, kind]) => kind === kinds.text || kind === kinds.expandable)
    .map(([name, , data]) => [name, data.toString('utf16le').replace(/\0[\s\S]*$/, '')]);
}

/** The 32-bit number values of such a key, as [name, number]. */
export function registryNumbers(path: string): [string, number][] {
  return registryValues(path)
    .filter(([, kind, data]) => kind === kinds.number && data.length === 4)
    .map(([name, , data]) => [name, data.readUInt32LE()]);
}

/** The names of the values of a key, and of the keys in it; null if there is no such key. */
export function registryNames(path: string): string[] | null {
  const keys = (handle: bigint): string[] => {
    const names: string[] = [];
    const [name, length] = [Buffer.alloc(512), Buffer.alloc(4)];
    for (let index = 0; index < mostValues; index++) {
      length.writeUInt32LE(name.length / 2);
      const result = advapi32.RegEnumKeyExW(handle, index, name, length, null, null, null, null);
      if (result === win32.noMoreItems) return names;
      if (result !== 0) throw refused('RegEnumKeyExW', result);
      names.push(name.toString('utf16le', 0, length.readUInt32LE() * 2));
    }
    throw new Refused('Failed', `the registry key ${path} has no end`);
  };
  const found = withKey(path, access.list, keys);
  return found === null ? null : [...found, ...registryValues(path).map(([name]) => name)];
}

/** More than any configuration has. */
const largestData = 1024 * 1024;

/** A value with its type; null if there is none. Throws Refused. */
export function registryValue({ key, name }: RegistryPlace): RegistryData | null {
  return withKey(key, access.query, (handle) => {
    const [kind, length] = [Buffer.alloc(4), Buffer.alloc(4)];
    let data = Buffer.alloc(512);
    for (let attempt = 0; attempt < 4; attempt++) {
      length.writeUInt32LE(data.length);
      const result = advapi32.RegQueryValueExW(handle, wide(name), null, kind, data, length);
      if (result === win32.fileNotFound) return null;
      if (result === 0) return { kind: kind.readUInt32LE(), data: data.subarray(0, length.readUInt32LE()) };
      if (result !== win32.moreData) throw refused('RegQueryValueExW', result);
      if (length.readUInt32LE() > largestData) throw new Refused('Failed', `it has more than ${largestData} bytes`);
      data = Buffer.alloc(length.readUInt32LE());
    }
    throw new Refused('Failed', 'it changes all the time');
  });
}

/** Whether this process can change the values of a key. */
export function canChange({ key }: RegistryPlace): boolean {
  try {
    withKey(key, access.set, () => {});
    return true;
  } catch (error) {
    if (error instanceof Refused && error.refusal.code === 'AccessDenied') return false;
    throw error;
  }
}

/** Changes a value, which has to exist with the same type. Throws Refused. */
export function setRegistryValue(place: RegistryPlace, { kind, data }: RegistryData): void {
  const present = registryValue(place);
  if (present?.kind !== kind)
    throw new Refused(
      'Failed',
      `${place.name} ${present === null ? 'does not exist' : 'has another type'} in the registry`,
    );
  const bytes = Buffer.from(data);
  withKey(place.key, access.set, (handle) => {
    const result = advapi32.RegSetValueExW(
      handle,
      wide(place.name),
      0,
      kind,
      bytes.length === 0 ? null : bytes,
      bytes.length,
    );
    if (result !== 0) throw refused('RegSetValueExW', result);
    // A move that the journal calls done has to survive a power failure. Where that is not possible, it is written soon.
    advapi32.RegFlushKey(handle);
  });
}
