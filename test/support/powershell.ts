// The PowerShell that the tests use, and how it is started.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Why a test of it is skipped; the closing lines of a test run say what installs it. */
export const noPowerShell =
  process.platform === 'win32'
    ? 'PowerShell 7 is not installed: winget install Microsoft.PowerShell'
    : 'PowerShell 7 is not installed (.ci/powershell-setup, which needs the .NET SDK 10)';
export const plain: readonly string[] = ['-NoProfile', '-NonInteractive'];

function find(): string | null {
  // The test run looks once and tells its test files; an empty name means that it is not installed.
  const named = process.env.PORTOWNER_PWSH;
  if (named !== undefined) return named === '' ? null : named;
  const folders = ['/var/cache', process.env.XDG_CACHE_HOME || join(homedir(), '.cache')];
  const installed = folders.map((cache) => join(cache, 'portowner/powershell/pwsh')).find((path) => existsSync(path));
  if (installed !== undefined) return installed;
  return spawnSync('pwsh', [...plain, '-Command', 'exit 0']).status === 0 ? 'pwsh' : null;
}

/** The program: PORTOWNER_PWSH, else what .ci/powershell-setup installed, else pwsh on the PATH. */
export const pwsh = find();
process.env.PORTOWNER_PWSH = pwsh ?? '';
process.env.POWERSHELL_TELEMETRY_OPTOUT = '1';
process.env.POWERSHELL_UPDATECHECK = 'Off';
