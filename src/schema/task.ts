import type { RowOf, RowSchema } from './column.ts';

/** A scheduled audit, as it is on a machine or was left there. */
export const auditTask = {
  typeName: 'PortOwner.AuditTask',
  columns: [
    {
      name: 'TaskName',
      type: 'text',
      importance: 1,
      description: "The task's name in Task Scheduler, or the timer's in systemd.",
    },
    {
      name: 'State',
      type: 'text',
      importance: 1,
      description:
        'Installed, Updated (it was there before) or Removed by this command; Ready, Disabled, NotInstalled or Unknown as it was found.',
    },
    { name: 'UserName', type: 'text', description: 'The account that it runs as.' },
    {
      name: 'TimeOfDay',
      type: 'text',
      importance: 3,
      description: "When it starts each day, in the machine's local time: 03:00.",
    },
    {
      name: 'RandomDelayMinutes',
      type: 'uint32',
      description: 'The start is delayed by up to this many minutes, at random.',
    },
    { name: 'TimeLimitMinutes', type: 'uint32', description: 'It is ended after this many minutes.' },
    { name: 'Command', type: 'text', keeps: 'end', description: 'The executable that it starts.' },
    { name: 'Arguments', type: 'text', description: 'The words that it starts it with.' },
    { name: 'StorePath', type: 'text', keeps: 'end', description: 'The store that its audits are kept in.' },
    { name: 'LastAudit', type: 'date', importance: 2, description: 'The newest audit of this machine in that store.' },
    { name: 'LastFindings', type: 'uint32', importance: 2, description: 'How many findings it had.' },
    { name: 'EventSource', type: 'boolean', description: 'Whether the Windows event log knows the source PortOwner.' },
    { name: 'Reason', type: 'texts', description: 'What is not as it should be, and why something could not be told.' },
    { name: 'ComputerName', type: 'text', description: 'The machine.' },
  ],
} as const satisfies RowSchema;

export type AuditTaskRow = RowOf<typeof auditTask>;
