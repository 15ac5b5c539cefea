import type { Service } from '../model/facts.ts';
import { memoryOf, wideString, type Decoded } from './windows-memory.ts';

/** sizeof(ENUM_SERVICE_STATUS_PROCESSW) on 64-bit Windows. */
const entrySize = 56;
/** Both names have at most 256 UTF-16 units; this limit keeps malformed data from being expensive. */
const longestName = 1024;

/** dwCurrentState, with the names of Get-Service. */
const states: readonly string[] = [
  'Unknown',
  'Stopped',
  'StartPending',
  'StopPending',
  'Running',
  'ContinuePending',
  'PausePending',
  'Paused',
];
const sharedProcess = 0x20;

/**
 * Parses the services of EnumServicesStatusEx. `pages` describes how the bytes were read: `BASE:LENGTH:COUNT` for each
 * call, separated by spaces, the base address in hex, the others decimal.
 * https://learn.microsoft.com/windows/win32/api/winsvc/ns-winsvc-enum_service_status_processw
 */
export function decodeServices(bytes: Uint8Array, pages: string | number | undefined): Decoded<Service[]> {
  const data: Service[] = [];
  let start = 0;
  for (const page of String(pages ?? '').split(' ')) {
    const match = /^([0-9a-f]{1,16}):(\d{1,9}):(\d{1,9})$/i.exec(page);
    const length = Number(match?.[2]);
    const count = Number(match?.[3]);
    const memory =
      match === null || start + length > bytes.length
        ? null
        : memoryOf(bytes.subarray(start, start + length), match[1]);
    if (memory === null || count * entrySize > length) return { data, flaw: 'the list of services is not whole' };
    for (let i = 0; i < count; i++) {
      const entry = i * entrySize;
      const name = wideString(memory, entry, longestName);
      if (name === null) return { data, flaw: 'the list of services is broken' };
      data.push({
        name,
        displayName: wideString(memory, entry + 8, longestName) || null,
        pid: memory.view.getUint32(entry + 44, true),
        state: states[memory.view.getUint32(entry + 20, true)] ?? 'Unknown',
        shared: (memory.view.getUint32(entry + 16, true) & sharedProcess) !== 0,
      });
    }
    start += length;
  }
  return { data, flaw: null };
}
