import type { Cause } from '../cause.ts';
import { fewText, wantsReuse } from '../connections.ts';
import { onWindows, otherwise, say, takeAnother } from '../remedy-steps.ts';

export const timeWait: Cause = {
  name: 'TimeWait',
  meaning: 'closed connections (TIME_WAIT) hold it for a while',
  lingers: ({ facts, bind, waiting }) =>
    waiting.length === 0
      ? null
      : {
          effect:
            facts.machine.platform === 'linux'
              ? wantsReuse(bind)
                ? 'depends'
                : 'blocks'
              : bind.sharing === 'exclusive'
                ? 'depends'
                : 'allows',
          overlap: null,
          row: null,
          socket: waiting[0]!,
          range: null,
          evidence: `${fewText(waiting)} has been closed and waits for ${waiting[0]!.state === 'TimeWait' ? 'stray packets' : 'the remote end'}; it no longer has a process.`,
          explainsItself: true,
        },
  remedies: (patient) => [
    say(onWindows(patient) ? 'wait up to 4 minutes (TcpTimedWaitDelay)' : 'wait a minute'),
    ...(onWindows(patient)
      ? []
      : otherwise(
          patient.request,
          { sharing: 'reuse' },
          'whether it works with SO_REUSEADDR, which most servers set for exactly this',
        )),
    takeAnother(patient.request),
  ],
};
