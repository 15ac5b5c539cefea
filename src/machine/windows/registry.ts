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
  RegCloseKey: { arguments: ['pointer'], return: 'int32' },
});

const localMachine = 0xffff_ffff_8000_0002n;
const queryValue = 0x1;
const kinds = { text: 1, expandable: 2, number: 4 } as const;
/** In UTF-16 units; a value's name has at most 16,383. */
const longestName = 16384;
const mostValues = 65536;

/** The values of a key in HKEY_LOCAL_MACHINE, as [name, kind, data]; empty if there is no such key. */
function registryValues(path: string): [name: string, kind: number, data: Buffer][] {
  const key = Buffer.alloc(8);
  const error = advapi32.RegOpenKeyExW(localMachine, wide(path), 0, queryValue, key);
  if (error === win32.fileNotFound) return [];
  if (error !== 0) throw refused('RegOpenKeyExW', error);
  const handle = key.readBigUInt64LE();
  try {
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
  } finally {
    advapi32.RegCloseKey(handle);
  }
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
