import type { Cli } from 'clipanion';

/** Every command and option as JSON: the PowerShell module's tests compare the module with it. */
export function definitionsText(cli: Cli<never>): string {
  return `${JSON.stringify(cli.definitions())}\n`;
}
