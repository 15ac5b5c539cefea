import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFlags, root } from '../../src/build/runtime.mjs';
import { snapshotFile } from './harness.ts';
import { facts, process as named, socket } from './example.ts';

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

/** Names that programs and users may give themselves. */
export const hostileNames: readonly string[] = [
  'good.exe',
  'evil\nextra',
  'evil\r\nextra2,more',
  'a"b\nextra3',
  '"\nextra4\n"',
  'tab\textra5',
  'rtl\u202efdp.exe',
  'isolate\u2066x',
  'zero\u200bwidth',
  'c1\u0085x',
  'esc\x1b[31m',
  '--output',
  '-x',
  '$(touch pwned)',
  '`touch pwned`',
  "x'; touch pwned; '",
  'x\u2019; touch pwned; \u2018',
  'a b',
  'ending\n',
];

/** A `portowner` as prepare makes it, of a machine whose programs, users and units have these names. */
export function prepareHostile(folder: string): void {
  const file = snapshotFile(
    facts(
      hostileNames.map((_, index) => socket({ localPort: 7000 + index, pid: 100 + index })),
      { processes: hostileNames.map((imageName, index) => named({ pid: 100 + index, imageName, user: imageName, unit: imageName })) },
    ),
    folder,
  );
  const program = join(folder, 'portowner');
  writeFileSync(program, `#!/bin/sh\nexec '${[process.execPath, ...nodeFlags, join(root, 'src/main.ts')].join("' '")}' "$@" --from '${file}'\n`);
  chmodSync(program, 0o755);
}
