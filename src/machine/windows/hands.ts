import type { Hands } from '../../system/hands.ts';
import { interruptConsole } from './console.ts';
import { endService, serviceState, stopService } from './servicecontrol.ts';
import { iisSites, stopSite } from './servicecontrol-iis.ts';
import { allProcesses, holdProcess } from './terminate.ts';

/** Stops programs on this Windows machine. */
export function windowsHands(): Hands {
  return {
    self: { pid: process.pid, container: null, unit: null, unitUser: null },
    asking: 'close its windows, or Ctrl+C if nothing else uses its console',
    processes: allProcesses,
    hold: holdProcess,
    service: serviceState,
    stopService,
    endService,
    sites: iisSites,
    stopSite,
    interrupt(pid, startTime) {
      const held = holdProcess(pid, startTime);
      try {
        return interruptConsole(pid);
      } finally {
        held.release();
      }
    },
  };
}
