import { argumentsOfLine, recordedApplication, recordedFor, toldApplication } from './application/application.ts';
import { filetimeAt, filetimeText, unicodeString, type Decoded, type Memory } from './windows-memory.ts';
import { members, told, valueOf, type Told } from './windows-told.ts';

/** A process in the process list. */
export interface ProcessEntry {
  readonly pid: number;
  /** Its parent when it started; that PID may have been reused since. */
  readonly parent: number;
  readonly imageName: string | null;
  readonly started: string | null;
}

/** The part of an entry that is read, up to InheritedFromUniqueProcessId. */
const entrySize = 96;
/** A file name has at most 255 UTF-16 units; this limit keeps malformed data from being expensive. */
const longestName = 1024;

/**
 * Parses SYSTEM_PROCESS_INFORMATION on 64-bit Windows: a chain of entries, each followed by its threads and its name.
 * https://learn.microsoft.com/windows/win32/api/winternl/nf-winternl-ntquerysysteminformation; the members that it
 * calls reserved are CreateTime (32) and InheritedFromUniqueProcessId (88).
 */
export function decodeProcesses(memory: Memory): Decoded<Map<number, ProcessEntry>> {
  const { bytes, view } = memory;
  const data = new Map<number, ProcessEntry>();
  for (let offset = 0; ;) {
    if (offset + entrySize > bytes.length) return { data, flaw: 'the list of processes is cut off' };
    const pid = view.getUint32(offset + 80, true);
    data.set(pid, {
      pid,
      parent: view.getUint32(offset + 88, true),
      imageName: unicodeString(memory, offset + 56, longestName),
      started: filetimeAt(view, offset + 32),
    });
    const next = view.getUint32(offset, true);
    if (next === 0) return { data, flaw: null };
    if (next < entrySize) return { data, flaw: 'the list of processes is broken' };
    offset += next;
  }
}

/** The raw entry `process/PID`, as JSON text. */
export interface ProcessDetails {
  /** FILETIME as decimal text: shows whether this is still the process in the list. */
  readonly created: Told;
  readonly path: Told;
  /** `DOMAIN\name`, or the SID if it has no known name. */
  readonly user: Told;
  /** The account for which Windows created `user` to run elevated programs; null if it did not. */
  readonly realUser: Told | null;
  /** Null if it was not requested. */
  readonly commandLine: Told | null;
  /** Present if it was requested. */
  readonly workingDirectory?: Told;
  /** The application name, in recordings that do not contain the command line. */
  readonly application?: string;
}

/** Parses the raw entry `process/PID`. Never throws: an invalid value becomes a refusal. */
export function decodeProcessDetails(text: string): ProcessDetails {
  const { created, path, user, realUser, commandLine, workingDirectory, application: name } = members(text) ?? {};
  const application = recordedApplication(name);
  return {
    created: told(created),
    path: told(path),
    user: told(user),
    realUser: realUser == null ? null : told(realUser),
    commandLine: commandLine === null ? null : told(commandLine),
    ...(workingDirectory === undefined ? {} : { workingDirectory: told(workingDirectory) }),
    ...(application === null ? {} : { application }),
  };
}

/**
 * Returns the application that a process runs, if its command line says more than its file name. A recording may
 * contain only the name.
 */
export function applicationIn(imageName: string, { application, commandLine }: ProcessDetails): string | null {
  if (application !== undefined) return recordedFor(application, imageName);
  const line = commandLine === null ? null : valueOf(commandLine);
  return line === null ? null : toldApplication({ imageName, arguments: argumentsOfLine(line, imageName) });
}

/** Returns `ProcessDetails.created` as ISO 8601, for comparison with `ProcessEntry.started`; null if unknown. */
export function createdText(created: Told): string | null {
  const text = valueOf(created);
  if (text === null || !/^\d{1,19}$/.test(text)) return null;
  const ticks = BigInt(text);
  return filetimeText(Number(ticks & 0xffffffffn), Number(ticks >> 32n));
}
