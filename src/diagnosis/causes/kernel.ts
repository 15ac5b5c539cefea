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
        ? 'a driver holds it: turn off the feature that it belongs to (Reason and Owner tell what is known)'
        : 'a module of the kernel holds it (NFS, SMB, WireGuard …): stop the service that set it up',
    ),
  ],
};
