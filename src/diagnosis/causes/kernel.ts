import type { Cause } from '../cause.ts';
import { look, onWindows, say, takeAnother } from '../remedy-steps.ts';

export const kernel: Cause = {
  name: 'Kernel',
  meaning: 'the kernel itself holds it',
  holds: ({ kind }) => kind === 'Kernel',
  remedies: (patient) => [
    look(patient),
    takeAnother(patient.request),
    say(
      onWindows(patient)
        ? 'a driver holds it: turn off the corresponding feature (see Owner and Reason)'
        : 'a kernel module holds it (NFS, SMB, WireGuard …): stop the service that configured it',
    ),
  ],
};
