import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { decodeCgroup } from '../../facts/decode/linux-cgroup.ts';
import { programFile } from '../../facts/decode/linux-processes.ts';
import type { RunningProgram } from '../../system/configuration.ts';

/** A program, unless it is in a container, belongs to the kernel, or may not be seen by this user. */
function programOf(pid: number): RunningProgram | null {
  const folder = `/proc/${pid}`;
  try {
    const name = basename(programFile(readlinkSync(`${folder}/exe`), false));
    const { container } = decodeCgroup(readFileSync(`${folder}/cgroup`, 'utf8'));
    return container === null ? { pid, name, workingDirectory: readlinkSync(`${folder}/cwd`) } : null;
  } catch {
    return null;
  }
}

/** The programs that run, apart from this one; see ConfigurationMachine. */
export const runningPrograms = (): RunningProgram[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((name) => programOf(Number(name)))
    .filter((program) => program !== null);
