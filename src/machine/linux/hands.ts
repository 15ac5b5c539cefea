import { readFileSync } from 'node:fs';
import type { Hands, Self } from '../../system/hands.ts';
import { decodeCgroup } from '../../facts/decode/linux-cgroup.ts';
import { PortOwnerError } from '../../schema/problems.ts';
import { allProcesses, canTellStart, holdProcess } from './signal.ts';
import { endUnit, stopUnit, unitState } from './systemd.ts';

const cannotTell = (text: string, hint: string): PortOwnerError => new PortOwnerError('PO3001', text, { hint });

/** A file of /proc about this process; null where it cannot be read. */
function ownFile(name: string): string | null {
  try {
    return readFileSync(`/proc/self/${name}`, 'utf8');
  } catch {
    return null;
  }
}

/**
 * Throws PO3001 unless the numbers in /proc are those by which processes are ended here: in the /proc of another PID
 * namespace a number is one process's, and to the kernel another one's.
 */
function checkProcesses(): void {
  const status = ownFile('status');
  if (status === null)
    throw cannotTell(
      'nothing can be stopped here: /proc does not show this process',
      'Mount /proc of this PID namespace: mount -t proc proc /proc',
    );
  // Kernels before 4.1 have Pid alone. https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
  const numbers = (/^NSpid:\s*(.+)$/m.exec(status) ?? /^Pid:\s*(.+)$/m.exec(status))?.[1]?.trim();
  if (numbers !== String(process.pid))
    throw cannotTell(
      'nothing can be stopped here: /proc shows the processes of another PID namespace',
      'Run it on the host itself, or mount /proc of this PID namespace: mount -t proc proc /proc',
    );
  if (!canTellStart())
    throw cannotTell(
      'nothing can be stopped here: /proc/stat, which tells when processes were started, cannot be read',
      'Mount /proc without subset=pid.',
    );
}

function self(): Self {
  const { unit, unitUser, container } = decodeCgroup(ownFile('cgroup') ?? '');
  return { pid: process.pid, unit, unitUser, container: container?.id ?? null };
}

/** This Linux machine, to stop what runs on it. Throws PO3001 where its processes cannot be told for certain. */
export function linuxHands(): Hands {
  checkProcesses();
  return {
    self: self(),
    asking: 'SIGTERM',
    processes: allProcesses,
    hold: holdProcess,
    service: unitState,
    stopService: stopUnit,
    endService: endUnit,
    sites: () => [],
    stopSite() {},
  };
}
