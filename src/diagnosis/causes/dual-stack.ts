import type { Cause } from '../cause.ts';
import { look, otherwise, stopping, takeAnother } from '../remedy-steps.ts';

export const dualStack: Cause = {
  name: 'DualStack',
  meaning: 'an IPv6 socket that is for IPv4 too, against an IPv4 socket',
  holds: ({ overlap }) => overlap === 'dualStack',
  explains: ({ can, obstacle }) =>
    obstacle?.cause === dualStack && (can !== null || (obstacle.unsure === true && obstacle.effect === 'depends')),
  remedies: (patient) => [
    look(patient),
    ...(patient.socket?.localAddress.includes(':') !== true
      ? otherwise(
          patient.request,
          { address: '::', ipv6Only: true },
          'whether IPv6 alone works: the program has to set IPV6_V6ONLY',
        )
      : []),
    takeAnother(patient.request),
    ...stopping(patient),
  ],
};
