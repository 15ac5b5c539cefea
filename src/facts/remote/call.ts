import { factsVersion } from '../model/facts-version.ts';
import { powershellCollector, shellCollector } from './collectors.ts';

/*
 * One connection serves both systems: the command begins with a program that cmd finds and a POSIX shell does not. The
 * input contains both collectors; each one stops before the other or begins after it.
 */

const mark = '#PortOwner.PowerShell';

/** Runs the part of its input that follows the mark; both collectors are too long for a command line. */
const bootstrap = `$t = @($input) -join "\`n"; Invoke-Expression $t.Substring($t.IndexOf('${mark}'))`;

const powershell = [
  'powershell -NoLogo -NoProfile -NonInteractive -OutputFormat Text -EncodedCommand',
  Buffer.from(bootstrap, 'utf16le').toString('base64'),
].join(' ');

/** The command for a far machine whose shell is a Linux shell, cmd or PowerShell 7. */
export const command = `${powershell} || sh -s`;

/** The command for Windows PowerShell as the shell, which does not support `||`. */
export const powershellCommand = powershell;

/**
 * The command for a shell that stops if a program does not exist, such as fish, and for Linux with a program named
 * powershell.
 */
export const shellCommand = 'sh -s';

/** The options of a collector. */
export interface CollectorOptions {
  readonly commandLines: boolean;
  /** Whether a portowner there may answer instead, with a snapshot. */
  readonly snapshot: boolean;
  /** After this number of seconds, the collector ends itself. */
  readonly seconds: number;
}

/** Returns the standard input of the program that `command` starts. */
export function collectorInput({ commandLines, snapshot, seconds }: CollectorOptions): string {
  const version = snapshot ? factsVersion : 0;
  const script = powershellCollector.replace(
    /^param\(.*\)\n/m,
    `$CommandLines = $${String(commandLines)}\n$FactsVersion = ${version}\n$ShellScript = $Calls = $Version = $Text = ''\n`,
  );
  return `limit=${Math.ceil(seconds)}\ncommand_lines=${commandLines ? 1 : 0}\nfacts_version=${version}\n${shellCollector}${mark}\n${script}`;
}
