import type { RowOf, RowSchema } from './column.ts';

/** One audit in the store. */
export const auditRun = {
  typeName: 'PortOwner.AuditRun',
  columns: [
    { name: 'RunTime', type: 'date', importance: 1, description: 'The time of the audited facts.' },
    { name: 'Listeners', type: 'uint32', importance: 2, description: 'The number of listeners.' },
    {
      name: 'Appeared',
      type: 'uint32',
      importance: 9,
      description: 'The number of new listeners since the previous audit.',
    },
    {
      name: 'Disappeared',
      type: 'uint32',
      importance: 9,
      description:
        'The number of closed listeners since the previous audit; listeners that could not be read do not count.',
    },
    { name: 'Findings', type: 'uint32', importance: 1, description: 'The number of findings.' },
    {
      name: 'WorstSeverity',
      type: 'text',
      importance: 2,
      whenFilled: 'found',
      description: 'The highest severity among the findings; null if there were none.',
    },
    {
      name: 'Complete',
      type: 'boolean',
      importance: 1,
      description:
        'Whether the audit was complete: if not, a machine without findings is not necessarily clean. Null for an audit by an older version.',
    },
    { name: 'Problem', type: 'text', importance: 9, description: 'Why the audit was incomplete.' },
    { name: 'Tool', type: 'text', description: 'The version of PortOwner that ran the audit.' },
    { name: 'ComputerName', type: 'text', importance: 3, description: 'The audited machine.' },
  ],
} as const satisfies RowSchema;

export type AuditRun = RowOf<typeof auditRun>;

/** A period in which a listener stayed the same, from the audits in the store. */
export const portSpan = {
  typeName: 'PortOwner.PortHistory',
  machines: 'column',
  columns: [
    { name: 'Protocol', type: 'text', importance: 2, description: 'TCP or UDP.' },
    {
      name: 'LocalAddress',
      type: 'text',
      keeps: 'all',
      importance: 2,
      description: 'The local address; for a dynamic listener, any, loopback, or specific.',
    },
    {
      name: 'Port',
      type: 'text',
      importance: 1,
      description:
        'The local port, or dynamic for all ports that a program took from the dynamic range; a query for a port number also shows dynamic ports with this number.',
    },
    {
      name: 'Event',
      type: 'text',
      importance: 2,
      description:
        'How it began: Known (it existed at the first audit), Appeared, ChangedHands (the endpoint had a different owner before), or BinaryChanged (the same owner with a different executable).',
    },
    { name: 'FirstSeen', type: 'date', importance: 1, description: 'The first audit that saw it.' },
    { name: 'LastSeen', type: 'date', importance: 1.5, description: 'The last audit that saw it.' },
    {
      name: 'IsOpen',
      type: 'boolean',
      importance: 3,
      description: 'Whether the newest audit of the machine saw it, or could not confirm that it was gone.',
    },
    { name: 'Program', type: 'text', keeps: 'end', importance: 1, description: 'The executable.' },
    { name: 'Services', type: 'texts', description: 'The services it ran.' },
    { name: 'UserName', type: 'text', inReport: true, description: 'The account it ran as.' },
    { name: 'PreviousOwner', type: 'text', description: 'The previous owner of the endpoint, if it changed hands.' },
    { name: 'Sha256', type: 'text', description: 'The SHA-256 hash of the executable, if the audit requested it.' },
    { name: 'ComputerName', type: 'text', description: 'The machine.' },
  ],
} as const satisfies RowSchema;

export type PortSpanRow = RowOf<typeof portSpan>;
