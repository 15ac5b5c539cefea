import { errorCode, isLate } from '../../io/errors.ts';
import { decodeConsoleText } from '../../facts/decode/windows-text.ts';
import { Refused } from './errors.ts';
import { systemDirectory } from './ffi.ts';
import { oemCodePage } from './kernel32.ts';

const timeoutMs = 90_000;

export interface ToolCall {
  /** The name of the tool in messages. */
  readonly name: string;
  /** The path of the program below the system directory. */
  readonly program: string;
  readonly args: readonly string[];
  /** The text for standard input. */
  readonly input?: string;
}

/** A call that runs a Windows PowerShell script, unencoded, with no profile and no prompts. It has no double quotes. */
export function powershellCall(name: string, script: string, input?: string): ToolCall {
  const args = ['-NoLogo', '-NoProfile', '-NonInteractive', '-Command', script];
  return { name, program: 'WindowsPowerShell\\v1.0\\powershell.exe', args, ...(input === undefined ? {} : { input }) };
}

/** Returns the output of a system tool, decoded from its code page. Throws Refused. */
export function systemTool({ name, program, args, input }: ToolCall): string {
  const directory = systemDirectory();
  const root = directory.slice(0, directory.lastIndexOf('\\'));
  // Loaded only here: most queries need no tool.
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const result = spawnSync(`${directory}\\${program}`, args, {
    cwd: directory,
    env: {
      SystemRoot: root,
      windir: root,
      SystemDrive: root.slice(0, 2),
      PATH: directory,
      ComSpec: `${directory}\\cmd.exe`,
      // PowerShell tests there whether scripts are restricted.
      ...Object.fromEntries(
        ['TEMP', 'TMP', 'USERPROFILE'].flatMap((name) =>
          process.env[name] === undefined ? [] : [[name, process.env[name]]],
        ),
      ),
      // Only the system's modules.
      PSModulePath: `${directory}\\WindowsPowerShell\\v1.0\\Modules`,
    },
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'ignore'],
    ...(input === undefined ? {} : { input }),
    timeout: timeoutMs,
    maxBuffer: 256 * 1024 * 1024,
    windowsHide: true,
  });
  // A program that ends without reading its input has still answered.
  if (result.error !== undefined && errorCode(result.error) !== 'EPIPE') {
    const late = isLate(result.error);
    const missing = errorCode(result.error) === 'ENOENT';
    throw new Refused(
      missing ? 'NotSupported' : 'Failed',
      late
        ? `${name} took longer than ${timeoutMs / 1000} s`
        : missing
          ? `this Windows has no ${program}`
          : `${name} could not be run: ${result.error.message}`,
    );
  }
  if (result.status !== 0) throw new Refused('Failed', `${name} ended with code ${result.status}`);
  const text = decodeConsoleText(result.stdout, oemCodePage());
  if (text.trim() === '') throw new Refused('NotSupported', `${name} printed nothing`);
  return text;
}
