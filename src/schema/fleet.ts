import type { RowOf, RowSchema } from './column.ts';

/** A listener that the newest audit of its machine saw. */
export const fleetListener = {
  typeName: 'PortOwner.FleetListener',
  columns: [
    { name: 'ComputerName', type: 'text', importance: 1, description: 'The machine.' },
    { name: 'Protocol', type: 'text', importance: 3, description: 'TCP or UDP.' },
    {
      name: 'LocalAddress',
      type: 'text',
      keeps: 'all',
      importance: 3,
      description: 'The local address; for a dynamic listener, any, loopback, or specific.',
    },
    {
      name: 'Port',
      type: 'text',
      importance: 1,
      description: 'The local port, or dynamic for all ports that a program took from the dynamic range.',
    },
    { name: 'FirstSeen', type: 'date', importance: 2, description: 'The first audit that saw it.' },
    {
      name: 'LastSeen',
      type: 'date',
      importance: 4,
      description: 'The newest audit of the machine: later changes are unknown.',
    },
    {
      name: 'Machines',
      type: 'uint32',
      importance: 2,
      whenFilled: 'rare',
      description: 'The number of machines with this listener, if the question was how rare it is.',
    },
    { name: 'Program', type: 'text', keeps: 'end', importance: 1, description: 'The executable.' },
    { name: 'Services', type: 'texts', description: 'The services it runs.' },
    { name: 'UserName', type: 'text', inReport: true, description: 'The account it runs as.' },
    { name: 'Sha256', type: 'text', description: 'The SHA-256 hash of the executable, if an audit requested it.' },
    { name: 'Signer', type: 'text', description: 'The signer of the executable, if an audit requested it.' },
  ],
} as const satisfies RowSchema;

export type FleetListener = RowOf<typeof fleetListener>;

/** A machine, and when its newest audit was. */
export const fleetMachine = {
  typeName: 'PortOwner.FleetMachine',
  columns: [
    { name: 'ComputerName', type: 'text', importance: 1, description: 'The machine.' },
    {
      name: 'Status',
      type: 'text',
      importance: 1,
      description:
        'Current; Missing (its newest audit is older than the limit); or NeverReported (it is expected, but not in the store).',
    },
    { name: 'LastAudit', type: 'date', importance: 1, description: 'The time of its newest audit.' },
    { name: 'Listeners', type: 'uint32', importance: 2, description: 'The number of listeners in its newest audit.' },
    {
      name: 'Complete',
      type: 'boolean',
      importance: 2,
      description: 'Whether its newest audit was complete. Null for an audit by an older version.',
    },
    { name: 'Tool', type: 'text', importance: 3, description: 'The version of PortOwner that ran its newest audit.' },
  ],
} as const satisfies RowSchema;

export type FleetMachine = RowOf<typeof fleetMachine>;

/** One version of a program, and the machines where it listens. */
export const programVersion = {
  typeName: 'PortOwner.ProgramVersion',
  columns: [
    {
      name: 'Program',
      type: 'text',
      importance: 1,
      description: 'The name of the program, in lower case, without its folder, a version number with a dot, and .exe.',
    },
    { name: 'Machines', type: 'uint32', importance: 1, description: 'The number of machines where it listens.' },
    { name: 'ComputerNames', type: 'texts', importance: 2, description: 'The first five of these machines, by name.' },
    {
      name: 'FirstSeen',
      type: 'date',
      importance: 3,
      description: 'The first audit that saw one of these listeners, of all machines.',
    },
    {
      name: 'Sha256',
      type: 'text',
      importance: 2,
      description: 'The SHA-256 hash of the executable; null if no audit requested it, or it was unavailable.',
    },
    { name: 'Paths', type: 'texts', inReport: true, description: 'The first five paths of the executable, by name.' },
    { name: 'Signer', type: 'text', inReport: true, description: 'The signer, if an audit requested it.' },
  ],
} as const satisfies RowSchema;

export type ProgramVersion = RowOf<typeof programVersion>;
