import type { RowOf, RowSchema } from './column.ts';

/** A port that can be bound now, or with --explain also a skipped port with the reason. */
export const freePort = {
  typeName: 'PortOwner.FreePort',
  machines: 'column',
  columns: [
    {
      name: 'LocalPort',
      type: 'uint16',
      importance: 1,
      description: 'The port, or the first of several ports that were skipped for the same reason.',
    },
    {
      name: 'EndPort',
      type: 'uint16',
      importance: 3,
      toldBy: 'LocalPort',
      description: 'The last of these ports; the same as LocalPort for a single one.',
    },
    {
      name: 'IsFree',
      type: 'boolean',
      importance: 2,
      description: 'Whether it can be bound now; ports that cannot, or should not, are only shown with --explain.',
    },
    {
      name: 'Protocol',
      type: 'text',
      importance: 4,
      usual: 'TCP',
      description: 'The protocol it was tried with: TCP, UDP, or both (TCP,UDP).',
    },
    {
      name: 'LocalAddress',
      type: 'text',
      keeps: 'all',
      importance: 5,
      usual: '*',
      description: 'The address it was tried on; * is every IPv4 and IPv6 address.',
    },
    { name: 'PortRange', type: 'text', description: "IANA's class of the port: WellKnown, Registered, or Dynamic." },
    {
      name: 'HeldUntil',
      type: 'date',
      importance: 4,
      whenFilled: 'held',
      description: 'Until when no other call of free returns it (--hold).',
    },
    {
      name: 'Reason',
      type: 'text',
      importance: 2,
      wraps: true,
      whenFilled: 'explained',
      description: 'Why it was skipped; null for a free port.',
    },
    { name: 'ComputerName', type: 'text', description: 'The machine the port is free on.' },
  ],
} as const satisfies RowSchema;

export type FreePort = RowOf<typeof freePort>;
