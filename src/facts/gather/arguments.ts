import { argumentsOfLine, needsArguments, toldApplication } from '../decode/application/application.ts';
import { decodeProcess, startTime, withoutEnd } from '../decode/linux-processes.ts';
import { decodeBoot } from '../decode/linux-system.ts';
import { createdText, decodeProcessDetails } from '../decode/windows-processes.ts';
import { valueOf } from '../decode/windows-told.ts';
import type { RawSource } from '../../system/raw.ts';

/** A process as it was seen before. */
export interface SeenProcess {
  readonly pid: number;
  readonly imageName: string | null;
  readonly startTime: string | null;
}

/** The arguments and the start time in a raw entry `process/PID`; null if unavailable. */
type Decoder = (
  imageName: string,
  text: string,
) => { readonly started: string | null; readonly arguments: readonly string[] } | null;

function linuxDecoder(source: RawSource): Decoder {
  const boot = decodeBoot(source.read('boot').text ?? '');
  return (_imageName, text) => {
    const details = decodeProcess(text);
    if (details?.cmdline == null) return null;
    const started = boot === null ? null : startTime(boot.btime, boot.hertz, details.stat.startTicks);
    return { started, arguments: withoutEnd(details.cmdline).split('\0') };
  };
}

const windowsDecoder: Decoder = (imageName, text) => {
  const { created, commandLine } = decodeProcessDetails(text);
  const line = commandLine === null ? null : valueOf(commandLine);
  return line === null ? null : { started: createdText(created), arguments: argumentsOfLine(line, imageName) };
};

/**
 * Returns a function that reads the arguments of a process that can be identified only by them; null for other processes,
 * and if they are unavailable.
 */
export function argumentsReader(source: RawSource): (process: SeenProcess) => readonly string[] | null {
  let decode: Decoder | undefined;
  return ({ pid, imageName, startTime: seen }) => {
    if (imageName === null || !needsArguments(imageName)) return null;
    const { text } = source.read(`process/${pid}`, { commandLine: true });
    decode ??= source.platform === 'win32' ? windowsDecoder : linuxDecoder(source);
    const found = text === undefined ? null : decode(imageName, text);
    // Another process may have reused its PID in the meantime.
    return found === null || found.started !== seen ? null : found.arguments;
  };
}

/** Returns a function that names the application of a process; null if its file name says as much. */
export function applicationReader(source: RawSource): (process: SeenProcess) => string | null {
  const argumentsOf = argumentsReader(source);
  return (process) => {
    const found = argumentsOf(process);
    return found === null ? null : toldApplication({ imageName: process.imageName!, arguments: found });
  };
}
