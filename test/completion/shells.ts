import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFlags, root } from '../../src/build/runtime.mjs';

/** A folder with a `portowner` that runs the sources, and the script for a shell. Gives the script's path. */
export function prepare(folder: string, shell: 'bash' | 'powershell'): string {
  const main = [...nodeFlags, join(root, 'src/main.ts')];
  const program = join(folder, 'portowner');
  writeFileSync(program, `#!/bin/sh\nexec '${[process.execPath, ...main].join("' '")}' "$@"\n`);
  chmodSync(program, 0o755);
  const { stdout, stderr, status } = spawnSync(process.execPath, [...main, 'completion', shell], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  const script = join(folder, shell === 'bash' ? 'portowner.bash' : 'portowner.ps1');
  writeFileSync(script, stdout);
  return script;
}

export const environment = (folder: string): NodeJS.ProcessEnv => ({ ...process.env, PATH: `${folder}:${process.env.PATH}`, POWERSHELL_TELEMETRY_OPTOUT: '1' });
