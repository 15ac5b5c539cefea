import type { Facts } from '../facts/model/facts.ts';
import type { ServiceId, ServiceState } from '../system/hands.ts';
import type { Situation } from './target.ts';

/** Its manager is asked by whoever stops it. */
function serviceState({ user }: ServiceId): ServiceState {
  return {
    foreign: user === null ? null : 'it is a unit of a user, whose manager is asked on that machine only',
    refusal: null,
    stopped: false,
    triggers: [],
    dependents: [],
    restarts: false,
    manager: [],
  };
}

/** The situation on a machine that told of itself: whoever stops something there looks again right before. */
export function situationOf(facts: Facts): Situation {
  return {
    facts,
    tree: facts.sections.processes.data.map(({ pid, parent, startTime, imageName }) => ({
      pid,
      parent: parent ?? 0,
      startTime,
      imageName,
    })),
    // Which of its programs serve the one who asks is not told: there it is looked at.
    self: { pid: 0, container: null, unit: null, unitUser: null },
    asking: facts.machine.platform === 'win32' ? 'by force: a program of another session cannot be asked' : 'SIGTERM',
    service: serviceState,
    sites: () => [],
    mayStop: () => null,
  };
}
