import { spawnSync } from 'node:child_process';
import { noPowerShell, pwsh } from '../support/powershell.ts';
import { failure, type Layer, type Result, skipAll, total } from './layer.ts';
import { pesterFiles, runShell } from './pester.ts';

const windows = process.platform === 'win32';
/** The PowerShells that the module is made for: their names, and the programs where there are any. */
const shells: readonly (readonly [name: string, program: string | null])[] = [['pwsh', pwsh], ...(windows ? [['powershell', 'powershell'] as const] : [])];
const noPester = windows ? 'Pester 5 or newer is not installed: Install-Module Pester -Force -SkipPublisherCheck' : 'PowerShell has no Pester 5 or newer (.ci/powershell-setup)';

/** Starts a program in a network of its own, where nobody else listens: an answer may have more rows otherwise. */
const inside = ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];
const hasNetworks = process.getuid?.() === 0 && spawnSync(inside[0]!, [...inside.slice(1), 'true']).status === 0;
/** How many files run at a time. They would see each other's ports in one network. */
const atATime = hasNetworks ? 2 : 1;

async function runIn(name: string, program: string | null): Promise<Result> {
  const title = `ps/Tests in ${name}`;
  if (program === null) return skipAll(title, noPowerShell);
  const shell = { name, command: hasNetworks ? [...inside, program] : [program], windows, env: { PORTOWNER_TEST_NODE: process.execPath } };
  const probe = await runShell(shell, '-Command', "'Pester ' + [bool](Get-Module -ListAvailable Pester | Where-Object Version -GE '5.0')").catch(String);
  if (probe.includes('Pester False')) return skipAll(title, noPester);
  if (!probe.includes('Pester True')) return failure(title, `${program} does not start\n${probe}`);
  return pesterFiles(shell, atATime);
}

/** The module's own tests, in every PowerShell there is. */
export const moduleLayer: Layer = async () => {
  const results: Result[] = [];
  for (const [name, program] of shells) results.push(await runIn(name, program));
  return total(results);
};
