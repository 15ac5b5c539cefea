import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownProgram } from './own-program.ts';

/** Puts a `portowner` into a folder. */
export function placeProgram(folder: string): void {
  const program = join(folder, 'portowner');
  writeFileSync(program, `#!/bin/sh\nexec '${ownProgram.join("' '")}' "$@"\n`);
  chmodSync(program, 0o755);
}

/**
 * The environment of a user whose home is the folder, and who finds what is in it. Nothing else is handed on:
 * EDITOR=vi alone changes what the keys of a shell do.
 */
export const environment = (folder: string): NodeJS.ProcessEnv => ({
  HOME: folder,
  TERM: 'xterm',
  LC_ALL: 'C.UTF-8',
  PATH: `${folder}:${process.env.PATH}`,
  POWERSHELL_TELEMETRY_OPTOUT: '1',
});

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
