import { argumentsOfLine, recordedApplication, recordedFor, toldApplication } from './application/application.ts';
import { filetimeAt, filetimeText, unicodeString, type Decoded, type Memory } from './windows-memory.ts';
import { members, told, valueOf, type Told } from './windows-told.ts';

/** What the list of processes says of one. */
export interface ProcessEntry {
  readonly pid: number;
  /** Its parent when it was started; that number may have been given to another process since. */
  readonly parent: number;
  readonly imageName: string | null;
  readonly started: string | null;
}

/** Up to InheritedFromUniqueProcessId: what is read of an entry. */
const entrySize = 96;
/** A file name has at most 255 UTF-16 units; a bound keeps hostile bytes from costing much. */
const longestName = 1024;

/**
 * SYSTEM_PROCESS_INFORMATION on 64 bits: a chain of entries, each followed by its threads and its name.
 * https://learn.microsoft.com/windows/win32/api/winternl/nf-winternl-ntquerysysteminformation; the members it calls
 * reserved are CreateTime (32) and InheritedFromUniqueProcessId (88).
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
  /** FILETIME as decimal text: tells whether it still is the process of the list. */
  readonly created: Told;
  readonly path: Told;
  /** `DOMAIN\name`, or the SID where no name is known for it. */
  readonly user: Told;
  /** The account for whom Windows made that one, to run elevated programs; null where it did not. */
  readonly realUser: Told | null;
  /** Null when it was not asked for. */
  readonly commandLine: Told | null;
  /** There when it was asked for. */
  readonly workingDirectory?: Told;
  /** What it runs, in recordings that do not have its command line. */
  readonly application?: string;
}

/** Total: what is not as it should be is refused. */
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

/** What a process runs, where its command line says it and its file name does not. A recording may have the name alone. */
export function applicationIn(imageName: string, { application, commandLine }: ProcessDetails): string | null {
  if (application !== undefined) return recordedFor(application, imageName);
  const line = commandLine === null ? null : valueOf(commandLine);
  return line === null ? null : toldApplication({ imageName, arguments: argumentsOfLine(line, imageName) });
}

/** `ProcessDetails.created` as ISO 8601, to be compared with `ProcessEntry.started`; null if unknown. */
export function createdText(created: Told): string | null {
  const text = valueOf(created);
  if (text === null || !/^\d{1,19}$/.test(text)) return null;
  const ticks = BigInt(text);
  return filetimeText(Number(ticks & 0xffffffffn), Number(ticks >> 32n));
}
