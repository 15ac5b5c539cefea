import { refused, win32 } from './errors.ts';
import { systemLibrary, wide } from './ffi.ts';
import { registryTexts } from './registry.ts';

// https://learn.microsoft.com/windows/win32/eventlog/event-sources
const advapi32 = systemLibrary('advapi32.dll', {
  RegCreateKeyExW: {
    arguments: ['pointer', 'pointer', 'uint32', 'pointer', 'uint32', 'uint32', 'pointer', 'pointer', 'pointer'],
    return: 'int32',
  },
  RegSetValueExW: { arguments: ['pointer', 'pointer', 'uint32', 'uint32', 'pointer', 'uint32'], return: 'int32' },
  RegDeleteKeyExW: { arguments: ['pointer', 'pointer', 'uint32', 'uint32'], return: 'int32' },
  RegCloseKey: { arguments: ['pointer'], return: 'int32' },
});

const localMachine = 0xffff_ffff_8000_0002n;
const setValue = 0x2;
const wow64 = 0x100;
const kind = { expandable: 2, number: 4 } as const;

const keyOf = (source: string): string => `SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\${source}`;

/** The message file of a source of the Application log; null if there is no such source. */
export function eventSource(source: string): string | null {
  return registryTexts(keyOf(source)).find(([name]) => name.toLowerCase() === 'eventmessagefile')?.[1] ?? null;
}

/** Creates or updates a source of the Application log. `messageFile` may have variables such as %SystemRoot%. */
export function addEventSource(source: string, messageFile: string): void {
  const place = Buffer.alloc(8);
  const made = advapi32.RegCreateKeyExW(
    localMachine,
    wide(keyOf(source)),
    0,
    null,
    0,
    setValue | wow64,
    null,
    place,
    null,
  );
  if (made !== 0) throw refused('RegCreateKeyExW', made);
  const key = place.readBigUInt64LE();
  try {
    const set = (name: string, type: number, data: Buffer): void => {
      const error = advapi32.RegSetValueExW(key, wide(name), 0, type, data, data.length);
      if (error !== 0) throw refused('RegSetValueExW', error);
    };
    const number = (value: number): Buffer => Buffer.from([value, 0, 0, 0]);
    set('EventMessageFile', kind.expandable, wide(messageFile));
    // Errors, warnings, and information.
    set('TypesSupported', kind.number, number(7));
    // eventcreate.exe marks the sources it may write to with this value.
    set('CustomSource', kind.number, number(1));
  } finally {
    advapi32.RegCloseKey(key);
  }
}

/** Removes a source, if it exists; its events stay in the log. */
export function removeEventSource(source: string): void {
  const error = advapi32.RegDeleteKeyExW(localMachine, wide(keyOf(source)), wow64, 0);
  if (error !== 0 && error !== win32.fileNotFound) throw refused('RegDeleteKeyExW', error);
}
