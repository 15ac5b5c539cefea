import { spawnSync } from 'node:child_process';

/** Runs the command in PORTOWNER_SIGN, if any, with the file's path as its last argument. Throws if it fails. */
export function sign(path: string): void {
  const command = process.env.PORTOWNER_SIGN;
  if (!command) return;
  const result = spawnSync(`${command} "${path}"`, { shell: true, stdio: 'inherit' });
  if (result.status !== 0) throw new Error(`PORTOWNER_SIGN failed for ${path}`);
}
