import { isMain, type Cause, type Draft, type Inspected } from './cause.ts';
import { addressNotLocal } from './causes/address-not-local.ts';
import { clientConnection } from './causes/client-connection.ts';
import { connection } from './causes/connection.ts';
import { container } from './causes/container.ts';
import { dockerAllocated } from './causes/docker-allocated.ts';
import { disagreement } from './causes/disagreement.ts';
import { dualStack } from './causes/dual-stack.ts';
import { dynamicReservation } from './causes/dynamic-reservation.ts';
import { excluded } from './causes/excluded.ts';
import { exhausted } from './causes/exhausted.ts';
import { free } from './causes/free.ts';
import { guestReservation } from './causes/guest-reservation.ts';
import { heldWithoutSocket } from './causes/held-without-socket.ts';
import { httpSys } from './causes/http-sys.ts';
import { instances } from './causes/instances.ts';
import { listenListMisses } from './causes/ip-listen-list.ts';
import { kernel } from './causes/kernel.ts';
import { kubernetesAllocated } from './causes/kubernetes-allocated.ts';
import { noRights } from './causes/no-rights.ts';
import { orphan } from './causes/orphan.ts';
import { outgoing } from './causes/outgoing.ts';
import { pairsExhausted } from './causes/pairs-exhausted.ts';
import { process } from './causes/process.ts';
import { relay } from './causes/relay.ts';
import { scopeMissing } from './causes/scope-missing.ts';
import { service } from './causes/service.ts';
import { shared } from './causes/shared.ts';
import { sharing } from './causes/sharing.ts';
import { timeWait } from './causes/time-wait.ts';
import { unknown } from './causes/unknown.ts';
import { urlReserved } from './causes/url-reserved.ts';
import { urlTaken } from './causes/url-taken.ts';
import { windowsHost } from './causes/windows-host.ts';
import { wildcardAgainstSpecific } from './causes/wildcard-against-specific.ts';

/** Every cause, in the order of evaluation: the first that applies is the cause of the verdict. */
export const causes: readonly Cause[] = [
  // Stated by the system's own answer or by an error text
  scopeMissing,
  addressNotLocal,
  listenListMisses,
  urlReserved,
  urlTaken,
  dockerAllocated,
  kubernetesAllocated,
  exhausted,
  pairsExhausted,
  noRights,
  free,
  disagreement,
  windowsHost,
  heldWithoutSocket,
  // Owners of another address, or of the same address with other options
  dualStack,
  sharing,
  wildcardAgainstSpecific,
  // Owners of this address
  instances,
  shared,
  httpSys,
  relay,
  kernel,
  orphan,
  container,
  service,
  process,
  // No owner
  clientConnection,
  connection,
  timeWait,
  guestReservation,
  dynamicReservation,
  excluded,
  // No port requested
  outgoing,
  unknown,
];

/** Returns the cause that explains the answer to one bind. */
export function causeOf(look: Inspected): Cause {
  return causes.find((cause) => cause.explains?.(look) ?? isMain(cause, look)) ?? unknown;
}

/**
 * Returns the answer to the whole request: from a cause that covers more than one bind, otherwise the answer so far.
 */
export function overruled(draft: Draft): Pick<Draft, 'can' | 'cause'> {
  for (const cause of causes) {
    const can = cause.overrules?.(draft);
    if (can !== undefined) return { can, cause };
  }
  return draft;
}
