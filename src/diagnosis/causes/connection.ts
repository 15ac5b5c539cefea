import type { Cause } from '../cause.ts';
import { connectionEvidence, firstConnection, wantsReuse } from '../connections.ts';
import { isDynamic } from '../ranges.ts';
import { onWindows, otherwise, say, step } from '../remedy-steps.ts';

export const connection: Cause = {
  name: 'Connection',
  meaning: 'a connection still uses it as its local port',
  lingers: (left) => {
    const { facts, bind, connections } = left;
    if (connections.length === 0 || isDynamic(facts, bind)) return null;
    const first = firstConnection(left);
    return {
      ...first,
      effect: facts.machine.platform === 'linux' && !wantsReuse(bind) ? 'blocks' : 'depends',
      evidence: `${connectionEvidence(left, first)}.`,
      explainsItself: true,
    };
  },
  remedies: (patient) => [
    step(
      onWindows(patient) ? `portowner ${patient.request.port} --all` : `ss -tanp 'sport = :${patient.request.port}'`,
      'every connection on the port',
    ),
    ...(onWindows(patient)
      ? []
      : otherwise(patient.request, { sharing: 'reuse' }, 'whether it works with SO_REUSEADDR, which most servers set')),
    say('the port becomes free when the connections end'),
  ],
};
