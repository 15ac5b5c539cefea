import type { Cause } from '../cause.ts';
import { look, otherwise, stopping, takeAnother } from '../remedy-steps.ts';

export const dualStack: Cause = {
  name: 'DualStack',
  meaning: 'a dual-stack IPv6 socket and an IPv4 socket exclude each other',
  holds: ({ overlap }) => overlap === 'dualStack',
  explains: ({ can, obstacle }) =>
    obstacle?.cause === dualStack && (can !== null || (obstacle.unsure === true && obstacle.effect === 'depends')),
  remedies: (patient) => [
    look(patient),
    ...(patient.socket?.localAddress.includes(':') !== true
      ? otherwise(
          patient.request,
          { address: '::', ipv6Only: true },
          'whether IPv6 only works: the program has to set IPV6_V6ONLY',
        )
      : []),
    takeAnother(patient.request),
    ...stopping(patient),
  ],
};
