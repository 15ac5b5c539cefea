import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { moduleFolder } from '../../src/build/module.ts';
import { nodeBinary, root, runtimes } from '../../src/build/runtime.mjs';
import { wine } from '../build/machine.ts';
import { type Layer, skipAll, total } from './layer.ts';
import { pester, type Shell } from './pester.ts';

const name = "ps/Tests in Windows' PowerShell under Wine";
const missing = "Windows' PowerShell is not installed (.ci/windows-powershell-setup, which needs the .NET SDK 10)";

/** Where .ci/windows-powershell-setup installs it. */
function host(): string | undefined {
  const named = process.env.PORTOWNER_WINDOWS_POWERSHELL_ROOT;
  const caches = ['/var/cache', process.env.XDG_CACHE_HOME || join(homedir(), '.cache')];
  const folders = named === undefined ? caches.map((cache) => join(cache, 'portowner/windows-powershell')) : [named];
  return folders.map((folder) => join(folder, 'pwsh.exe')).find((path) => existsSync(path));
}

/** A path as Windows programs say it under Wine. */
const windowsPath = (path: string): string => `Z:${path.replaceAll('/', '\\')}`;

/** The files that take longest run in one process, all others in another beside it. */
const slow = ['Surroundings', 'Fleet', 'Views', 'Binding'];

/** The tests of the Windows module with its executable, in Windows' PowerShell. On Windows itself, moduleLayer has them. */
export const windowsModuleLayer: Layer = async () => {
  if (process.platform !== 'linux') return total([]);
  const runner = wine();
  if (runner === null) return skipAll(name, 'Wine is not installed (.ci/wine-setup)');
  const program = host();
  if (program === undefined) return skipAll(name, missing);
  const env = {
    PORTOWNER_TEST_MODULE: windowsPath(moduleFolder('win')),
    PORTOWNER_TEST_NODE: windowsPath(nodeBinary(runtimes['win32-x64'])),
    POWERSHELL_TELEMETRY_OPTOUT: '1',
    POWERSHELL_UPDATECHECK: 'Off',
    PSModulePath: undefined,
  };
  const shell: Shell = { name, command: [...runner, program], windows: true, env, path: windowsPath };
  const others = readdirSync(join(root, 'ps/Tests'))
    .filter((file) => file.endsWith('.Tests.ps1'))
    .map((file) => file.slice(0, -'.Tests.ps1'.length))
    .filter((file) => !slow.includes(file));
  return total(await Promise.all([slow, others].map((files) => pester(shell, files))));
};
