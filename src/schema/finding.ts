import type { RowOf, RowSchema } from './column.ts';

/** How much a finding matters, least first. */
export const severities = ['Info', 'Low', 'Medium', 'High', 'Critical'] as const;
export type Severity = (typeof severities)[number];

/** One thing that an audit found, or that differs between two states. */
export const finding = {
  typeName: 'PortOwner.Finding',
  columns: [
    {
      name: 'Kind',
      type: 'text',
      importance: 1,
      description:
        'Opened, Closed, OwnerChanged, PathChanged, UserChanged, AddressChanged, Exposed (only this machine could reach it, and now others can), BinaryChanged, FileGone (its file was removed or replaced since it started, as an update does, too), Forbidden (by the policy), NotAllowed (neither a rule nor the baseline allows it, and the policy forbids by default) or ExpiredException.',
    },
    { name: 'Severity', type: 'text', importance: 1, description: 'Info, Low, Medium, High or Critical.' },
    {
      name: 'FirstSeen',
      type: 'date',
      importance: 2,
      description: 'The first of the audits in a row that found it, to the second; null without a store.',
    },
    {
      name: 'Endpoint',
      type: 'text',
      importance: 1,
      description:
        'The protocol, address and port it is about: TCP 0.0.0.0:443; of what a program took from the dynamic range the scope and the first numbers, TCP any:50000, or any:dynamic where none is known.',
    },
    {
      name: 'Owner',
      type: 'text',
      keeps: 'process',
      importance: 3,
      description:
        'Who listens there now or, where nobody does, who did: the file name of the program, its services and user.',
    },
    {
      name: 'Before',
      type: 'text',
      description:
        'Who listened there before, or is approved, with the endpoint where that was another one and the executable where that has changed; null for what is new.',
    },
    { name: 'After', type: 'text', description: 'Who listens there now; null for what is gone.' },
    {
      name: 'Rule',
      type: 'text',
      importance: 9,
      description: 'What decided: the baseline, the other snapshot, or the rule of the policy by its name.',
    },
    { name: 'Evidence', type: 'texts', importance: 9, description: 'What exactly differs, or fits the rule.' },
    { name: 'Remedy', type: 'texts', description: 'What to do about it.' },
    { name: 'Contact', type: 'text', description: 'The owner that the policy names for the rule.' },
    { name: 'Ticket', type: 'text', description: 'The ticket that the policy names for the rule.' },
    { name: 'Protocol', type: 'text', description: 'TCP or UDP.' },
    {
      name: 'LocalAddress',
      type: 'text',
      description: 'The local address; of a dynamic listener any, loopback or specific.',
    },
    { name: 'LocalPort', type: 'uint16', description: 'The local port; null for a dynamic one.' },
    { name: 'ComputerName', type: 'text', description: 'The machine it was found on.' },
  ],
} as const satisfies RowSchema;

export type Finding = RowOf<typeof finding>;
