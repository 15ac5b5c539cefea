import type { Cause, Draft } from '../cause.ts';
import { asGoodAsFull, farEndStep, type PairUse } from '../pairs.ts';
import { moreDynamicPorts, onWindows, say, step } from '../remedy-steps.ts';

/** Returns the number of ports that stay in use: Linux reuses connections in TIME_WAIT automatically. */
const lasting = ({ facts }: Draft, { used, waiting }: PairUse): number =>
  facts.machine.platform === 'linux' ? used - waiting : used;

export const pairsExhausted: Cause = {
  name: 'PairsExhausted',
  meaning: 'connections to one address and port use up the dynamic ports',
  isOwnerless: true,
  overrules: (draft) => {
    const { pairs, error, can, request } = draft;
    if (pairs.length === 0 || can === false || request.port !== 0) return undefined;
    if (pairs.some((one) => lasting(draft, one) >= one.size)) return false;
    if (error?.meaning !== 'exhausted') return undefined;
    return pairs.some((one) => one.used >= one.size * asGoodAsFull) ? false : null;
  },
  evidence: 'Connections to other addresses and ports can still use all dynamic ports.',
  remedies: (patient) => [
    ...patient.pairs
      .filter(({ isHere }) => isHere)
      .slice(0, 3)
      .map(farEndStep),
    step('portowner --all --sort OwningProcess', 'how many connections each program has'),
    say('programs that connect there frequently should keep their connections open (keep-alive, a pool)'),
    say('the ports of closed connections become free after TIME_WAIT: one to four minutes'),
    ...(onWindows(patient)
      ? []
      : [
          step(
            'sudo sysctl -w net.ipv4.tcp_tw_reuse=1',
            'allows connections to reuse ports in TIME_WAIT after a second',
          ),
        ]),
    moreDynamicPorts(patient),
  ],
};
