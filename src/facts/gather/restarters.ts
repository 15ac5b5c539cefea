import { argumentsOfLine, needsArguments } from '../decode/application/application.ts';
import { restartsBy } from '../decode/application/restarts.ts';
import { decodeProcess, startTime, withoutEnd } from '../decode/linux-processes.ts';
import { decodeBoot } from '../decode/linux-system.ts';
import { createdText, decodeProcessDetails } from '../decode/windows-processes.ts';
import { valueOf } from '../decode/windows-told.ts';
import type { Process, Sections } from '../model/facts.ts';
import type { RawSource } from '../../system/raw.ts';

/** Returns the arguments and the start time of a process; null if unavailable. */
type ArgumentsOf = (
  process: Process,
  text: string,
) => { readonly started: string | null; readonly arguments: readonly string[] } | null;

function argumentsOnLinux(source: RawSource): ArgumentsOf {
  const boot = decodeBoot(source.read('boot').text ?? '');
  return (_process, text) => {
    const details = decodeProcess(text);
    if (details?.cmdline == null) return null;
    const started = boot === null ? null : startTime(boot.btime, boot.hertz, details.stat.startTicks);
    return { started, arguments: withoutEnd(details.cmdline).split('\0') };
  };
}

const argumentsOnWindows: ArgumentsOf = ({ imageName }, text) => {
  const { created, commandLine } = decodeProcessDetails(text);
  const line = commandLine === null ? null : valueOf(commandLine);
  return line === null ? null : { started: createdText(created), arguments: argumentsOfLine(line, imageName!) };
};

/** Sets, for each process, which of its arguments makes it restart its child processes. */
export function markRestarters(source: RawSource, { processes }: Pick<Sections, 'processes'>): void {
  const found = processes.data.filter(({ imageName }) => imageName !== null && needsArguments(imageName));
  if (found.length === 0) return;
  const argumentsOf = source.platform === 'win32' ? argumentsOnWindows : argumentsOnLinux(source);
  for (const process of found) {
    const { text } = source.read(`process/${process.pid}`, { commandLine: true });
    const told = text === undefined ? null : argumentsOf(process, text);
    // Another process may have reused its PID in the meantime.
    if (told === null || told.started !== process.startTime) continue;
    const by = restartsBy({ imageName: process.imageName!, arguments: told.arguments });
    if (by !== null) process.restartsBy = by;
  }
}
