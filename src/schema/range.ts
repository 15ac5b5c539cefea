import type { RowOf, RowSchema } from './column.ts';

/** A range of port numbers and what it means on this machine. */
export const range = {
  typeName: 'PortOwner.Range',
  machines: 'column',
  columns: [
    {
      name: 'Kind',
      type: 'text',
      importance: 1,
      description:
        "What the range is: WellKnown, Registered and Dynamic are IANA's classes; LocalDynamic is the machine's own dynamic range; Reserved and ExcludedAdministered are excluded from automatic assignment; Excluded, ExcludedPersistent (also after a restart), and ReservedForGuests (virtual machines, WSL) cannot be bound; Privileged needs root.",
    },
    {
      name: 'Protocol',
      type: 'text',
      importance: 3,
      whenFilled: 'limited',
      description: 'TCP or UDP; null if the range applies to both.',
    },
    {
      name: 'AddressFamily',
      type: 'text',
      importance: 3,
      whenFilled: 'limited',
      description: 'IPv4 or IPv6; null if the range applies to both.',
    },
    { name: 'StartPort', type: 'uint16', importance: 1, description: 'The first port.' },
    { name: 'EndPort', type: 'uint16', importance: 1, description: 'The last port.' },
    { name: 'Count', type: 'uint32', importance: 4, description: 'The number of ports.' },
    { name: 'Source', type: 'text', importance: 2, description: 'Where the fact comes from.' },
    { name: 'Reason', type: 'texts', description: 'Why a value is missing: "Column: code: text".' },
    {
      name: 'ComputerName',
      type: 'text',
      description: 'The machine the row is about; in reports, null if it is the same on every machine.',
    },
  ],
} as const satisfies RowSchema;

export type Range = RowOf<typeof range>;
