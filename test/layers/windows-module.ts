import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { moduleFolder } from '../../src/build/module.ts';
import { wine, windowsNode } from '../support/build-machine.ts';
import { type Layer, skipAll, total } from './layer.ts';
import { pesterFiles } from './pester.ts';

const name = "Windows' PowerShell";
const missing = "Windows' PowerShell is not installed (.ci/windows-powershell-setup, which needs the .NET SDK 10)";
/** How many files run at a time, each in a PowerShell of its own: that starts in a second. */
const atATime = 2;

/** Files whose tests do not depend on the system, or need one that Wine is not: each program that they start takes a second there. */
const elsewhere = ['Analysis', 'Docs', 'Package', 'RemoteDeploy', 'RemoteStop', 'Report', 'Rows', 'Views'];

/** Where .ci/windows-powershell-setup installs it. */
export function windowsPowerShell(): string | undefined {
  const named = process.env.PORTOWNER_WINDOWS_POWERSHELL_ROOT;
  const caches = ['/var/cache', process.env.XDG_CACHE_HOME || join(homedir(), '.cache')];
  const folders = named === undefined ? caches.map((cache) => join(cache, 'portowner/windows-powershell')) : [named];
  return folders.map((folder) => join(folder, 'pwsh.exe')).find((path) => existsSync(path));
}

/** A path as Windows programs say it under Wine. */
const windowsPath = (path: string): string => `Z:${path.replaceAll('/', '\\')}`;

/** The tests of the Windows module with its executable, in Windows' PowerShell. On Windows itself, moduleLayer has all of them. */
export const windowsModuleLayer: Layer = async () => {
  if (process.platform !== 'linux') return total([]);
  const runner = wine();
  if (runner === null) return skipAll(`ps/Tests in ${name}`, 'Wine is not installed (.ci/wine-setup)');
  const program = windowsPowerShell();
  if (program === undefined) return skipAll(`ps/Tests in ${name}`, missing);
  const env = {
    PORTOWNER_TEST_MODULE: windowsPath(moduleFolder('win')),
    PORTOWNER_TEST_NODE: windowsPath(windowsNode()),
    // It is Linux's.
    PSModulePath: undefined,
  };
  return pesterFiles({ name, command: [...runner, program], windows: true, env, path: windowsPath }, atATime, elsewhere);
};
