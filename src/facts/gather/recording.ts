import { needsArguments } from '../decode/application/application.ts';
import { applicationIn as applicationOnLinux, decodeProcess } from '../decode/linux-processes.ts';
import { applicationIn as applicationOnWindows, decodeProcessDetails } from '../decode/windows-processes.ts';
import { valueOf } from '../decode/windows-told.ts';
import type { Platform, RawEntry, Recording } from '../../system/raw.ts';

/** Returns a Linux process with its application name in place of its arguments. */
function linuxProcess(text: string): string {
  const details = decodeProcess(text);
  if (details === null) return '';
  const { cmdline: _, ...members } = JSON.parse(text) as Record<string, unknown>;
  return JSON.stringify({ ...members, application: applicationOnLinux(details) ?? undefined });
}

/** Returns a Windows process with its application name in place of its command line. */
function windowsProcess(text: string): string {
  const details = decodeProcessDetails(text);
  const path = valueOf(details.path) ?? '';
  const application = applicationOnWindows(path.slice(path.lastIndexOf('\\') + 1), details) ?? undefined;
  return JSON.stringify({ ...details, commandLine: null, application });
}

/**
 * Returns how a machine is recorded. If command lines were not requested, they are read only for programs that cannot
 * be identified in another way, and only the application name is kept.
 */
export function recordingOf(platform: Platform, commandLines: boolean): Recording {
  if (commandLines) return { hint: { commandLine: true } };
  const process = platform === 'linux' ? linuxProcess : windowsProcess;
  return {
    hint: { commandLineOf: needsArguments },
    kept: (name: string, entry: RawEntry): RawEntry =>
      entry.text !== undefined && /^process\/\d+$/.test(name) ? { ...entry, text: process(entry.text) } : entry,
  };
}
