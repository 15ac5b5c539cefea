import { eventSourceName, type LogEvent } from '../../system/log.ts';
import type { Refusal } from '../../system/raw.ts';
import { Refused } from './errors.ts';
import { addressOf, systemLibrary, wide } from './ffi.ts';
import { lastError } from './kernel32.ts';
import { registryNumbers, registryTexts } from './registry.ts';

const advapi32 = systemLibrary('advapi32.dll', {
  RegisterEventSourceW: { arguments: ['pointer', 'pointer'], return: 'uint64' },
  ReportEventW: {
    arguments: ['uint64', 'uint16', 'uint16', 'uint32', 'pointer', 'uint16', 'uint32', 'pointer', 'pointer'],
    return: 'int32',
  },
  DeregisterEventSource: { arguments: ['uint64'], return: 'int32' },
});

/** The key below HKEY_LOCAL_MACHINE that registers a source of the Application log. */
export const eventSourceKey = `SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\${eventSourceName}`;

/** https://learn.microsoft.com/windows/win32/eventlog/event-types */
const types = { Error: 1, Warning: 2, Information: 4 } as const;

function write(events: readonly LogEvent[]): void {
  const handle = advapi32.RegisterEventSourceW(null, wide(eventSourceName));
  if (handle === 0n) throw lastError('RegisterEventSource');
  try {
    for (const { id, level, text } of events) {
      const string = wide(text.replaceAll('\0', ' '));
      // An array of one pointer: the source's message file replaces %1 with the text.
      const strings = Buffer.alloc(8);
      strings.writeBigUInt64LE(addressOf(string));
      if (advapi32.ReportEventW(handle, types[level], 0, id, null, 1, 0, strings, null) === 0)
        throw lastError('ReportEvent');
    }
  } finally {
    advapi32.DeregisterEventSource(handle);
  }
}

/**
 * Writes events to the Application event log. Returns the reason if it fails, or null.
 * For an unregistered source, Event Viewer would show a message about a missing description instead of the text.
 * https://learn.microsoft.com/windows/win32/api/winbase/nf-winbase-reporteventw
 */
export function writeEventLog(events: readonly LogEvent[]): Refusal | null {
  try {
    if (registryTexts(eventSourceKey).length === 0 && registryNumbers(eventSourceKey).length === 0) {
      return {
        code: 'NotSupported',
        text: `the event source ${eventSourceName} is not registered`,
        needs: 'To register it, run portowner schedule install as an administrator.',
      };
    }
    write(events);
    return null;
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    throw error;
  }
}
