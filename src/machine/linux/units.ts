import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { isSea } from 'node:sea';
import { replaceFile } from '../../io/temporary.ts';
import type { LinuxScheduler } from '../../system/scheduler.ts';
import { accountText, lookAt } from './permissions.ts';

const systemctlPaths = ['/usr/bin/systemctl', '/bin/systemctl'];
const timeoutMs = 60_000;

const unitPath = (root: string | null, name: string): string => join(root ?? '/', 'etc/systemd/system', name);

function replace(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  replaceFile(path, text, 0o644);
}

/** This Linux machine's systemd. */
export function linuxScheduler(): LinuxScheduler {
  const systemctl = systemctlPaths.find((path) => existsSync(path));
  return {
    platform: 'linux',
    executable: isSea() ? process.execPath : null,
    dataFolder: '/var/lib/portowner',
    mayInstall: process.geteuid?.() === 0,
    machine: hostname(),
    look: lookAt,
    file: (path) => path,
    accountName: accountText,
    makeFolder: (path) => void mkdirSync(path, { mode: 0o700 }),
    readUnit(root, name) {
      try {
        return readFileSync(unitPath(root, name), 'utf8');
      } catch (error) {
        if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
          return null;
        throw error;
      }
    },
    changedAt(root, name) {
      try {
        return statSync(unitPath(root, name)).mtime;
      } catch {
        return null;
      }
    },
    writeUnit: (root, name, text) => replace(unitPath(root, name), text),
    removeUnit(root, name) {
      const path = unitPath(root, name);
      if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return false;
      rmSync(path);
      return true;
    },
    // sd_booted(3)
    isRunning: systemctl !== undefined && existsSync('/run/systemd/system'),
    systemctl(...words) {
      if (systemctl === undefined) return { done: false, text: 'this machine has no systemctl' };
      const { status, stdout, stderr, error } = spawnSync(systemctl, ['--system', '--no-ask-password', ...words], {
        encoding: 'utf8',
        timeout: timeoutMs,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
      });
      return { done: status === 0, text: (error?.message ?? `${stdout ?? ''}${stderr ?? ''}`).trim() };
    },
  };
}
