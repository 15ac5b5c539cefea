import { existsSync } from 'node:fs';
import { isLate } from '../../io/errors.ts';
import { moreRights, type RawEntry, type RawSource } from '../../system/raw.ts';

const folders = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/** Runs a system program, never one from the search path, and returns its output. */
export function systemTool(program: string, args: readonly string[], seconds: number): Omit<RawEntry, 'at'> {
  const path = folders.map((folder) => `${folder}/${program}`).find((file) => existsSync(file));
  if (path === undefined) return { refusal: { code: 'NotSupported', text: `there is no ${program}` } };
  // Loaded only here: it takes milliseconds, and most runs start no program.
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const result = spawnSync(path, args, {
    env: { PATH: folders.join(':'), LC_ALL: 'C' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: seconds * 1000,
    maxBuffer: 256 * 1024 * 1024,
    encoding: 'utf8',
  });
  const call = [program, ...args].join(' ');
  if (result.error !== undefined) {
    const late = isLate(result.error);
    return {
      refusal: {
        code: 'Failed',
        text: late ? `${call} took longer than ${seconds} s` : `${call} could not be run: ${result.error.message}`,
      },
    };
  }
  if (result.status === 0) return { text: result.stdout };
  const denied = /not permitted|permission denied/i.test(result.stderr);
  return {
    refusal: denied
      ? { code: 'AccessDenied', text: `${call} was denied`, needs: moreRights.linux }
      : { code: 'Failed', text: `${call} ended with code ${result.status}` },
  };
}

/** The system's tools as a source of raw entries: `ss`, text. */
export function linuxTools(): RawSource {
  return {
    platform: 'linux',
    read(name) {
      const at = new Date().toISOString();
      if (name === 'ss') return { at, ...systemTool('ss', ['-H', '-tuanp'], 60) };
      return { at, refusal: { code: 'NotSupported', text: `Linux has no tool ${name}` } };
    },
  };
}
