import type { RowOf, RowSchema } from './column.ts';

/** A scheduled audit on a machine. */
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
        'Installed, Updated (it existed before), or Removed by this command; otherwise the current state: Ready, Disabled, NotInstalled, or Unknown.',
    },
    { name: 'UserName', type: 'text', description: 'The account it runs as.' },
    {
      name: 'TimeOfDay',
      type: 'text',
      importance: 3,
      whenFilled: 'scheduled',
      description: "When it starts each day, in the machine's local time: 03:00.",
    },
    {
      name: 'RandomDelayMinutes',
      type: 'uint32',
      description: 'The start is delayed by up to this many minutes, at random.',
    },
    { name: 'TimeLimitMinutes', type: 'uint32', description: 'The audit is ended after this many minutes.' },
    { name: 'Command', type: 'text', keeps: 'end', description: 'The executable that it starts.' },
    { name: 'Arguments', type: 'text', description: 'The arguments of the executable.' },
    { name: 'StorePath', type: 'text', keeps: 'end', description: 'The store for its audits.' },
    {
      name: 'LastAudit',
      type: 'date',
      importance: 2,
      whenFilled: 'stored',
      description: 'The newest audit of this machine in that store.',
    },
    {
      name: 'LastFindings',
      type: 'uint32',
      importance: 2,
      whenFilled: 'stored',
      description: 'The number of findings in that audit.',
    },
    { name: 'EventSource', type: 'boolean', description: 'Whether the Windows event log knows the source PortOwner.' },
    { name: 'Reason', type: 'texts', description: 'Problems, and why a value is missing.' },
    { name: 'ComputerName', type: 'text', description: 'The machine.' },
  ],
} as const satisfies RowSchema;

export type AuditTaskRow = RowOf<typeof auditTask>;
