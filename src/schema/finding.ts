import { spare, type RowOf, type RowSchema } from './column.ts';

/** The severities of findings, lowest first. */
export const severities = ['Info', 'Low', 'Medium', 'High', 'Critical'] as const;
export type Severity = (typeof severities)[number];

/** One finding of an audit, or one difference between two states. */
export const finding = {
  typeName: 'PortOwner.Finding',
  machines: 'column',
  columns: [
    {
      name: 'Kind',
      type: 'text',
      importance: 1.8,
      description:
        'Opened, Closed, OwnerChanged, PathChanged, UserChanged, AddressChanged, Exposed (only this machine could reach it before; now other machines can), BinaryChanged, FileGone (its file was removed or replaced after it started; updates do this, too), Forbidden (by the policy), NotAllowed (neither a rule nor the baseline allows it, and the policy has default: forbid), or ExpiredException.',
    },
    { name: 'Severity', type: 'text', importance: 1, description: 'Info, Low, Medium, High, or Critical.' },
    {
      name: 'FirstSeen',
      type: 'date',
      importance: spare,
      isInModule: true,
      whenFilled: 'stored',
      description: 'The first of the consecutive audits that found it, to the second; null without a store.',
    },
    {
      name: 'Endpoint',
      type: 'text',
      keeps: 'all',
      importance: 1,
      description:
        'The protocol, address, and port: TCP 0.0.0.0:443. For ports from the dynamic range, the scope and the first port numbers: TCP any:50000, or any:dynamic if the numbers are unknown.',
    },
    {
      name: 'Owner',
      type: 'text',
      keeps: 'process',
      importance: 3,
      description:
        'Who listens there now or, if nobody does, who did: the application if it is known, otherwise the file name of the program, its services, and its user.',
    },
    {
      name: 'Before',
      type: 'text',
      inReport: true,
      description:
        'Who listened there before, or is approved, with the endpoint or executable if it changed; null for a new listener.',
    },
    { name: 'After', type: 'text', description: 'Who listens there now; null for a closed listener.' },
    {
      name: 'Rule',
      type: 'text',
      importance: spare,
      wraps: true,
      isInModule: true,
      description: 'What decided: the baseline, the other snapshot, or the name of the policy rule.',
    },
    { name: 'Evidence', type: 'texts', importance: spare, description: 'What exactly differs, or matches the rule.' },
    { name: 'Remedy', type: 'texts', description: 'What to do about it.' },
    { name: 'Contact', type: 'text', description: 'The owner that the policy names for the rule.' },
    { name: 'Ticket', type: 'text', description: 'The ticket that the policy names for the rule.' },
    { name: 'Protocol', type: 'text', description: 'TCP or UDP.' },
    {
      name: 'LocalAddress',
      type: 'text',
      description: 'The local address; for a dynamic listener, any, loopback, or specific.',
    },
    { name: 'LocalPort', type: 'uint16', description: 'The local port; null for a dynamic listener.' },
    { name: 'ComputerName', type: 'text', description: 'The machine with the finding.' },
  ],
} as const satisfies RowSchema;

export type Finding = RowOf<typeof finding>;
