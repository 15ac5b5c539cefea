import { spawnSync } from 'node:child_process';
import type { RawEntry, RawSource } from '../../facts/raw.ts';
import { Refused } from './errors.ts';
import { systemDirectory } from './ffi.ts';

const patience = 90_000;

/** Asks Windows PowerShell for objects as CSV, in plain sight; no profile, no question. The pipeline has no double quotes. */
function powershell(pipeline: string): readonly [program: string, ...args: string[]] {
  const script = `$ErrorActionPreference='Stop'; $ProgressPreference='SilentlyContinue'; ${pipeline} | ConvertTo-Csv -NoTypeInformation`;
  return ['WindowsPowerShell\\v1.0\\powershell.exe', '-NoLogo', '-NoProfile', '-NonInteractive', '-Command', script];
}

const commands: Readonly<Record<string, readonly [program: string, ...args: string[]]>> = {
  'netstat': ['netstat.exe', '-ano'],
  'net-tcp': powershell('Get-NetTCPConnection | Select-Object LocalAddress, LocalPort, RemoteAddress, RemotePort, @{ n = \'State\'; e = { [int] $_.State } }, OwningProcess'),
  'net-udp': powershell('Get-NetUDPEndpoint | Select-Object LocalAddress, LocalPort, OwningProcess'),
};

function answer(name: string): Omit<RawEntry, 'at'> {
  const [program, ...args] = commands[name] ?? [];
  if (program === undefined) throw new Refused('NotSupported', `Windows has no tool ${name}`);
  const directory = systemDirectory();
  const root = directory.slice(0, directory.lastIndexOf('\\'));
  const result = spawnSync(`${directory}\\${program}`, args, {
    cwd: directory,
    env: {
      SystemRoot: root, windir: root, SystemDrive: root.slice(0, 2), PATH: directory, ComSpec: `${directory}\\cmd.exe`,
      // PowerShell tries there whether scripts are restricted.
      ...Object.fromEntries(['TEMP', 'TMP', 'USERPROFILE'].flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))),
      // The modules of the system alone.
      PSModulePath: `${directory}\\WindowsPowerShell\\v1.0\\Modules`,
    },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: patience,
    maxBuffer: 256 * 1024 * 1024,
    windowsHide: true,
    // Only ASCII in it counts.
    encoding: 'latin1',
  });
  if (result.error !== undefined) {
    const late = 'code' in result.error && result.error.code === 'ETIMEDOUT';
    const missing = 'code' in result.error && result.error.code === 'ENOENT';
    throw new Refused(missing ? 'NotSupported' : 'Failed', late ? `${name} took longer than ${patience / 1000} s` : missing ? `this Windows has no ${program}` : `${name} could not be run: ${result.error.message}`);
  }
  if (result.status !== 0) throw new Refused('Failed', `${name} ended with code ${result.status}`);
  if (result.stdout.trim() === '') throw new Refused('NotSupported', `${name} said nothing`);
  return { text: result.stdout };
}

/** The system's own tools as a source of raw: `netstat`, `net-tcp` and `net-udp`, text. */
export function windowsTools(): RawSource {
  return {
    platform: 'win32',
    read(name) {
      const at = new Date().toISOString();
      try {
        return { at, ...answer(name) };
      } catch (error) {
        if (error instanceof Refused) return { at, refusal: error.refusal };
        throw error;
      }
    },
  };
}
