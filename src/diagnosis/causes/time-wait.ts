import type { Socket } from '../../facts/model/facts.ts';
import type { Cause } from '../cause.ts';
import { fewText, wantsReuse } from '../connections.ts';
import { onWindows, otherwise, say, takeAnother } from '../remedy-steps.ts';

/** Another state names the only connection that holds the port: it waits for its remote end. */
const isTimeWait = (socket: Socket | null): boolean => socket === null || socket.state === 'TimeWait';

export const timeWait: Cause = {
  name: 'TimeWait',
  meaning: 'closed connections (TIME_WAIT) hold it for a while',
  said: ({ socket }) =>
    isTimeWait(socket) ? null : `a closed connection (${socket!.state}) holds it until the remote end answers`,
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
    say(
      onWindows(patient)
        ? 'wait up to 4 minutes (TcpTimedWaitDelay)'
        : isTimeWait(patient.socket)
          ? 'wait a minute'
          : 'wait until the remote end closes its side or the system gives up: a minute in FinWait2 (net.ipv4.tcp_fin_timeout), otherwise a few minutes (net.ipv4.tcp_orphan_retries)',
    ),
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
