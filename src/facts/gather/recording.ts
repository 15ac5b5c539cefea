import { needsArguments } from '../decode/application/application.ts';
import { applicationIn as applicationOnLinux, decodeProcess } from '../decode/linux-processes.ts';
import { applicationIn as applicationOnWindows, decodeProcessDetails } from '../decode/windows-processes.ts';
import { valueOf } from '../decode/windows-told.ts';
import type { Platform, RawEntry, Recording } from '../../system/raw.ts';

/** A process of Linux with the name of what it runs instead of its arguments. */
function linuxProcess(text: string): string {
  const details = decodeProcess(text);
  if (details === null) return '';
  const { cmdline: _, ...members } = JSON.parse(text) as Record<string, unknown>;
  return JSON.stringify({ ...members, application: applicationOnLinux(details) ?? undefined });
}

/** A process of Windows with the name of what it runs instead of its command line. */
function windowsProcess(text: string): string {
  const details = decodeProcessDetails(text);
  const path = valueOf(details.path) ?? '';
  const application = applicationOnWindows(path.slice(path.lastIndexOf('\\') + 1), details) ?? undefined;
  return JSON.stringify({ ...details, commandLine: null, application });
}

/**
 * How a machine is recorded. Command lines, where nobody asked for them, are read only of programs that do not say
 * otherwise what they run, and of what they say only that is kept.
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
