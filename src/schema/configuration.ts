import type { RowOf, RowSchema } from './column.ts';

/** A port that the configuration of a server asks for. */
export const configuration = {
  typeName: 'PortOwner.Configuration',
  columns: [
    {
      name: 'Application',
      type: 'text',
      importance: 1,
      description: 'The server: nginx, PostgreSQL.',
    },
    { name: 'Port', type: 'uint16', importance: 1, description: 'The port; null if it is unknown, with a Reason.' },
    { name: 'Protocol', type: 'text', importance: 4, description: 'TCP or UDP.' },
    {
      name: 'Address',
      type: 'text',
      importance: 4,
      description: 'The address; null for every address, or if unknown.',
    },
    {
      name: 'File',
      type: 'text',
      importance: 1,
      keeps: 'end',
      description:
        'The file or the registry value that sets it; null for a command line, an environment variable, or a default.',
    },
    { name: 'Line', type: 'uint32', importance: 1, description: 'The line in the file; null for the registry.' },
    {
      name: 'Setting',
      type: 'text',
      importance: 2,
      description: 'The name of the setting, option, or environment variable.',
    },
    { name: 'Value', type: 'text', importance: 3, description: 'Its value, as it is written.' },
    {
      name: 'Source',
      type: 'text',
      description: 'Where it is set: File, Registry, CommandLine, Environment, or Default.',
    },
    {
      name: 'IsEffective',
      type: 'boolean',
      description: 'Whether the server uses it: false if another setting overrides it.',
    },
    {
      name: 'Overrides',
      type: 'texts',
      importance: 5,
      whenFilled: 'overrides',
      description: 'The settings that it overrides.',
    },
    {
      name: 'NeedsRestart',
      type: 'boolean',
      description: 'Whether the server uses a change only after a restart; false if a reload is enough.',
    },
    {
      name: 'Confidence',
      type: 'text',
      description:
        'Confirmed (the running server listens there), Configured (it is set, but nobody was seen listening there), or Unknown (something is missing: see Reason).',
    },
    { name: 'OwningProcess', type: 'uint32', description: 'The process of the server; null if it does not run.' },
    { name: 'Reason', type: 'texts', importance: 6, description: 'Why something is unknown, and other notes.' },
    { name: 'ComputerName', type: 'text', description: 'The machine it is on.' },
  ],
} as const satisfies RowSchema;

export type Configuration = RowOf<typeof configuration>;
