import { readFileSync } from 'node:fs';
import type { Hands, Self } from '../../system/hands.ts';
import { decodeCgroup } from '../../facts/decode/linux-cgroup.ts';
import { PortOwnerError } from '../../schema/problems.ts';
import { allProcesses, canTellStart, holdProcess } from './signal.ts';
import { endUnit, stopUnit, unitState } from './systemd.ts';

const cannotTell = (text: string, hint: string): PortOwnerError => new PortOwnerError('PO3001', text, { hint });

/** A /proc file of this process; null if it cannot be read. */
function ownFile(name: string): string | null {
  try {
    return readFileSync(`/proc/self/${name}`, 'utf8');
  } catch {
    return null;
  }
}

/**
 * Throws PO3001 unless the process IDs in /proc are those that signals use here: in the /proc of another PID
 * namespace, an ID refers to one process, but to a different one for the kernel.
 */
function checkProcesses(): void {
  const status = ownFile('status');
  if (status === null)
    throw cannotTell(
      'nothing can be stopped here: /proc does not show this process',
      'Mount /proc of this PID namespace: mount -t proc proc /proc',
    );
  // Kernels before 4.1 have only Pid. https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
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

/** Stops programs on this Linux machine. Throws PO3001 if its processes cannot be identified with certainty. */
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
