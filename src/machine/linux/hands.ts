import { readFileSync } from 'node:fs';
import type { Hands, Self } from '../../actions/hands.ts';
import { decodeCgroup } from '../../facts/decode/linux-cgroup.ts';
import { allProcesses, holdProcess } from './signal.ts';
import { endUnit, stopUnit, unitState } from './systemd.ts';

function self(): Self {
  const { unit, container } = decodeCgroup(readFileSync('/proc/self/cgroup', 'utf8'));
  return { pid: process.pid, unit, container: container?.id ?? null };
}

/** This Linux machine, to stop what runs on it. */
export function linuxHands(): Hands {
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
