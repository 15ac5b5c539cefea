import { powershellCollector, shellCollector } from './collectors.ts';

/*
 * One connection serves both systems: the command begins with what a POSIX shell does not find and cmd does, and the
 * input has both collectors, each of which stops before, or begins behind, the other.
 */

const mark = '#PortOwner.PowerShell';

/** Runs what comes behind the mark in its input; the texts of both collectors are too long for a command line. */
const bootstrap = `$t = @($input) -join "\`n"; Invoke-Expression $t.Substring($t.IndexOf('${mark}'))`;

const powershell = [
  'powershell -NoLogo -NoProfile -NonInteractive -OutputFormat Text -EncodedCommand',
  Buffer.from(bootstrap, 'utf16le').toString('base64'),
].join(' ');

/** For the shell of a far machine: those of Linux, cmd, and PowerShell 7. */
export const command = `${powershell} || sh -s`;

/** For Windows PowerShell as the shell, which does not know `||`. */
export const powershellCommand = powershell;

/** For a shell that ends where it does not find a program, as fish does, and for Linux with a program of that name. */
export const shellCommand = 'sh -s';

/** What the program that `command` starts reads. */
export function collectorInput(commandLines: boolean): string {
  const script = powershellCollector.replace(
    /^param\(.*\)\n/m,
    `$CommandLines = $${String(commandLines)}\n$ShellScript = ''\n`,
  );
  return `command_lines=${commandLines ? 1 : 0}\n${shellCollector}${mark}\n${script}`;
}
