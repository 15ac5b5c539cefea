import type { RowOf, RowSchema } from './column.ts';

/** A port that can be bound now, or with --explain also one that was passed over, and why. */
export const freePort = {
  typeName: 'PortOwner.FreePort',
  columns: [
    {
      name: 'LocalPort',
      type: 'uint16',
      importance: 1,
      description: 'The port, or the first of those that were passed over for the same reason.',
    },
    {
      name: 'EndPort',
      type: 'uint16',
      importance: 3,
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
      description: 'What it was tried for: TCP, UDP or both (TCP,UDP).',
    },
    {
      name: 'LocalAddress',
      type: 'text',
      importance: 5,
      description: 'The address it was tried on; * is every address, IPv4 and IPv6.',
    },
    { name: 'PortRange', type: 'text', description: "IANA's class of the port: WellKnown, Registered or Dynamic." },
    {
      name: 'HeldUntil',
      type: 'date',
      importance: 4,
      description: 'Until when no other call of free hands it out (--hold).',
    },
    { name: 'Reason', type: 'text', importance: 2, description: 'Why it was passed over; null for a free port.' },
    { name: 'ComputerName', type: 'text', description: 'The machine the port is free on.' },
  ],
} as const satisfies RowSchema;

export type FreePort = RowOf<typeof freePort>;
