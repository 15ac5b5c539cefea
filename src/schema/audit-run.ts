import type { RowOf, RowSchema } from './column.ts';

/** One audit in the store. */
export const auditRun = {
  typeName: 'PortOwner.AuditRun',
  columns: [
    { name: 'RunTime', type: 'date', importance: 1, description: 'The moment of the facts that were audited.' },
    { name: 'Listeners', type: 'uint32', importance: 2, description: 'How many listeners there were.' },
    { name: 'Appeared', type: 'uint32', importance: 9, description: 'How many were new since the run before.' },
    {
      name: 'Disappeared',
      type: 'uint32',
      importance: 9,
      description: 'How many were gone since the run before; what could not be read is not.',
    },
    { name: 'Findings', type: 'uint32', importance: 1, description: 'How many findings it had.' },
    {
      name: 'WorstSeverity',
      type: 'text',
      importance: 2,
      description: 'The severity of the worst of them; null when there were none.',
    },
    {
      name: 'Complete',
      type: 'boolean',
      importance: 1,
      description:
        'Whether it could tell all: without it no findings are no clean machine. Null for an audit of an older version.',
    },
    { name: 'Problem', type: 'text', importance: 9, description: 'Why it could not tell all.' },
    { name: 'Tool', type: 'text', description: 'The version of PortOwner that made the audit.' },
    { name: 'ComputerName', type: 'text', importance: 3, description: 'The machine that was audited.' },
  ],
} as const satisfies RowSchema;

export type AuditRun = RowOf<typeof auditRun>;

/** A time in which a listener stayed the same, from the audits in the store. */
export const portSpan = {
  typeName: 'PortOwner.PortHistory',
  columns: [
    { name: 'Protocol', type: 'text', importance: 2, description: 'TCP or UDP.' },
    {
      name: 'LocalAddress',
      type: 'text',
      importance: 2,
      description: 'The local address; of a dynamic listener any, loopback or specific.',
    },
    {
      name: 'Port',
      type: 'text',
      importance: 1,
      description:
        'The local port, or dynamic for all that a program took from the dynamic range; asked for by its number, a dynamic port is told by it, too.',
    },
    {
      name: 'Event',
      type: 'text',
      importance: 2,
      description:
        'How it began: Known (it was there at the first audit), Appeared, ChangedHands (somebody else had the endpoint before) or BinaryChanged (the same owner, and another executable).',
    },
    { name: 'FirstSeen', type: 'date', importance: 1, description: 'The first audit that saw it.' },
    { name: 'LastSeen', type: 'date', importance: 1, description: 'The last audit that saw it.' },
    {
      name: 'IsOpen',
      type: 'boolean',
      importance: 3,
      description: 'Whether the newest audit of the machine saw it, or could not tell that it is gone.',
    },
    { name: 'Program', type: 'text', keeps: 'end', importance: 1, description: 'The executable.' },
    { name: 'Services', type: 'texts', description: 'The services it ran.' },
    { name: 'UserName', type: 'text', description: 'The account it ran as.' },
    { name: 'PreviousOwner', type: 'text', description: 'Who had the endpoint before, when it changed hands.' },
    { name: 'Sha256', type: 'text', description: 'The SHA-256 of the executable, where the audit asked for it.' },
    { name: 'ComputerName', type: 'text', description: 'The machine.' },
  ],
} as const satisfies RowSchema;

export type PortSpanRow = RowOf<typeof portSpan>;
