import type { Cause, Patient } from '../cause.ts';
import { look, onWindows, say, step, takeAnother } from '../remedy-steps.ts';

const heirStep = (patient: Patient, pid: number, what: string): string =>
  step(onWindows(patient) ? `Get-Process -Id ${pid}` : `ps -fp ${pid}`, `${what}: when it ends, the port is free`);

export const orphan: Cause = {
  name: 'Orphan',
  meaning: 'a socket whose process has ended holds it',
  holds: ({ kind }) => kind === 'Orphan',
  remedies: (patient) => [
    look(patient),
    ...(patient.socket?.heirs ?? []).map((pid) => heirStep(patient, pid, 'may have inherited the socket')),
    ...(patient.socket?.heirCandidates ?? [])
      .slice(0, 5)
      .map((pid) => heirStep(patient, pid, 'was started after the socket was bound and may have inherited it')),
    takeAnother(patient.request),
    say('if no process is left that may hold it, only restarting the machine frees it'),
  ],
};
