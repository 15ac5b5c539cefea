import { isSelfExplained, type Cause, type Inspected } from '../cause.ts';
import { ruleForAny } from '../binding-rules.ts';
import { isSharedPort } from '../shared-ports.ts';
import { look, otherwise, stopping, takeAnother } from '../remedy-steps.ts';

/** Whether exclusive use is the only obstacle. */
function isOnlyExclusive({ facts, bind, obstacle }: Inspected): boolean {
  return (
    facts.machine.platform === 'win32' &&
    bind.sharing === 'exclusive' &&
    obstacle?.socket != null &&
    obstacle.row !== null &&
    (obstacle.overlap === 'same' || obstacle.overlap === 'wildcard') &&
    ruleForAny(bind, 'default', obstacle.socket) === 'allows'
  );
}

export const sharing: Cause = {
  name: 'Sharing',
  meaning: 'it depends on the options of both programs: exclusive use, reuse, or neither',
  explains: (look) => {
    if (look.can !== null) return isOnlyExclusive(look);
    return look.obstacle?.effect === 'depends' && !isSelfExplained(look);
  },
  remedies: (patient) => [
    look(patient),
    // Without reuse, nobody gets a port that all share by it.
    ...(isSharedPort(patient.request.protocol, patient.request.port) && patient.request.sharing !== 'exclusive'
      ? []
      : otherwise(
          patient.request,
          { sharing: 'default' },
          patient.request.sharing === 'exclusive'
            ? 'whether it works without exclusive use'
            : 'whether it works without reuse',
        )),
    takeAnother(patient.request),
    ...stopping(patient),
  ],
};
