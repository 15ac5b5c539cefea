import type { Facts } from '../facts/model/facts.ts';
import type { ServiceId, ServiceState } from '../system/hands.ts';
import type { Situation } from './target.ts';

/** Returns the state of a service on another machine, whose manager is queried there when the service is stopped. */
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

/**
 * Returns the situation on another machine, from its facts. It is checked again there right before something is
 * stopped.
 */
export function situationOf(facts: Facts): Situation {
  return {
    facts,
    tree: facts.sections.processes.data.map(({ pid, parent, startTime, imageName }) => ({
      pid,
      parent: parent ?? 0,
      startTime,
      imageName,
    })),
    // The facts do not show which programs serve the caller: this is checked there.
    self: { pid: 0, container: null, unit: null, unitUser: null },
    asking: facts.machine.platform === 'win32' ? 'by force: a program of another session cannot be asked' : 'SIGTERM',
    service: serviceState,
    sites: () => [],
    mayStop: () => null,
  };
}
