import type { Cause } from '../cause.ts';
import { look, onWindows, say, step, takeAnother } from '../remedy-steps.ts';

export const orphan: Cause = {
  name: 'Orphan',
  meaning: 'a socket whose process has ended holds it',
  holds: ({ kind }) => kind === 'Orphan',
  remedies: (patient) => [
    look(patient),
    ...(patient.socket?.heirs ?? []).map((pid) =>
      step(
        onWindows(patient) ? `Get-Process -Id ${pid}` : `ps -fp ${pid}`,
        'may have inherited the socket: when it ends, the port is free',
      ),
    ),
    takeAnother(patient.request),
    say('when no process is left that may have it, only a restart of the machine gives it back'),
  ],
};
