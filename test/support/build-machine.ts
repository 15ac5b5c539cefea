import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { withAlignedSections } from '../../src/build/alignment.ts';
import { cache, nodeBinary, nodeFlags, root, runtimes, writeExecutable } from '../../src/build/runtime.mjs';

export const dist = join(root, 'dist');

/** The built executables, each with the command line that runs it here: null where nothing does. */
export function products(): { name: string; command: string[] | null; without: string }[] {
  const own = process.platform === 'win32' ? 'portowner.exe' : 'portowner';
  return ['portowner', 'portowner.exe'].map((name) => {
    const command = name === own ? [] : name === 'portowner.exe' ? wine() : null;
    const without = name === 'portowner.exe' ? 'Wine is not installed (.ci/wine-setup)' : 'this machine is not Linux';
    return { name, command: command && [...command, join(dist, name)], without };
  });
}

/** The command line that runs Windows programs here, or null. */
export function wine(): string[] | null {
  const command = process.env.PORTOWNER_WINE ?? 'portowner-wine';
  return spawnSync(command, ['cmd.exe', '/c', 'exit'], { timeout: 120_000 }).status === 0 ? [command] : null;
}

/** Windows' Node, for programs under Wine: a copy that starts in half the time there. */
export function windowsNode(): string {
  const node = nodeBinary(runtimes['win32-x64']);
  const folder = join(cache, 'aligned');
  const path = join(folder, basename(node));
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    // Other tests may do the same.
    const own = `${path}.${process.pid}`;
    try {
      writeExecutable(own, withAlignedSections(readFileSync(node)));
      renameSync(own, path);
    } finally {
      rmSync(own, { force: true });
    }
  }
  return path;
}

/** How scripts of Windows' Node are run here; null where they are not. */
export function windowsNodeCommand(): string[] | null {
  if (process.platform === 'win32') return [process.execPath, ...nodeFlags];
  const runner = process.platform === 'linux' ? wine() : null;
  return runner && [...runner, windowsNode(), ...nodeFlags];
}

export const has = (program: string, ...args: string[]): boolean => spawnSync(program, args).error === undefined;

/** Calls `use` with a new folder that is removed afterwards. */
export async function withFolder(use: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'portowner-test-'));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
