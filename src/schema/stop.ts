import type { RowOf, RowSchema } from './column.ts';

/** One target of a stop: what would end, or the result. */
export const stopResult = {
  typeName: 'PortOwner.StopResult',
  machines: 'column',
  columns: [
    {
      name: 'Result',
      type: 'text',
      importance: 1,
      description:
        'Planned (it would be stopped), Stopped, Gone (nothing was left to stop), NotStopped, Retaken (the port has a new owner), Refused (it is never stopped, or not from here), or Declined (the answer was no).',
    },
    { name: 'Protocol', type: 'text', importance: 3, description: 'TCP or UDP.' },
    { name: 'LocalAddress', type: 'text', description: 'The local address of the first of its Endpoints.' },
    { name: 'LocalPort', type: 'uint16', importance: 1, description: 'The local port of the first of its Endpoints.' },
    { name: 'Endpoints', type: 'texts', description: 'The listeners to close: TCP/0.0.0.0:8080.' },
    { name: 'OwningProcess', type: 'uint32', description: 'The process that owns them.' },
    { name: 'ImageName', type: 'text', description: "The owner's file name." },
    { name: 'StartTime', type: 'date', description: 'When the owner started.' },
    { name: 'Owner', type: 'text', keeps: 'process', importance: 1, description: 'The owner in one line.' },
    { name: 'Method', type: 'text', importance: 2, description: 'How it is, or was, stopped.' },
    {
      name: 'Command',
      type: 'text',
      description: 'The command that stops it manually, if it belongs to another tool.',
    },
    {
      name: 'Holders',
      type: 'texts',
      description: 'Other processes that hold the listener, which are asked to end after the owner.',
    },
    {
      name: 'Children',
      type: 'texts',
      description: 'The descendants of the owner, which may end with it.',
    },
    { name: 'Services', type: 'texts', description: 'The services that are stopped.' },
    {
      name: 'DependentServices',
      type: 'texts',
      description: 'Services that are stopped as well, because they depend on these services.',
    },
    { name: 'OtherPorts', type: 'texts', description: 'Other listeners that close with it.' },
    { name: 'Connections', type: 'uint32', description: 'Live connections of the owner when the plan was made.' },
    {
      name: 'LingeringConnections',
      type: 'uint32',
      description: 'Connections that remain on the port afterwards; they end by themselves.',
    },
    { name: 'NewOwner', type: 'text', keeps: 'process', description: 'Who took the port instead.' },
    {
      name: 'Supervisor',
      type: 'text',
      description: 'What restarted the owner, or started the new one, or may do so.',
    },
    {
      name: 'Reason',
      type: 'texts',
      importance: 4,
      whenFilled: 'explained',
      description: 'Why it was not stopped, and other notes.',
    },
    {
      name: 'Identity',
      type: 'text',
      description: 'Identifies exactly this target for `portowner stop`: endpoints; process; start time; computer.',
    },
    { name: 'ComputerName', type: 'text', description: 'The machine it is on.' },
  ],
} as const satisfies RowSchema;

export type StopResult = RowOf<typeof stopResult>;
