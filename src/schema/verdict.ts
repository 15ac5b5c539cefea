import type { RowOf, RowSchema } from './column.ts';

/** Whether a program could bind a port, and why not. */
export const verdict = {
  typeName: 'PortOwner.Verdict',
  machines: 'text',
  columns: [
    { name: 'Port', type: 'uint16', importance: 1, description: 'The requested port; 0 stands for any free port.' },
    { name: 'Protocol', type: 'text', importance: 3, usual: 'TCP', description: 'TCP or UDP.' },
    {
      name: 'Address',
      type: 'text',
      keeps: 'all',
      importance: 3,
      usual: '*',
      description: 'The requested address; * is every IPv4 and IPv6 address.',
    },
    {
      name: 'CanBind',
      type: 'boolean',
      importance: 1,
      description: 'Whether a program could bind it now; null if unknown.',
    },
    { name: 'Cause', type: 'text', importance: 1, description: 'Why, as one of a fixed list of words.' },
    { name: 'Owner', type: 'text', keeps: 'process', importance: 2, description: 'Who holds it, in one line.' },
    { name: 'Evidence', type: 'texts', description: 'The facts that show it.' },
    {
      name: 'Remedy',
      type: 'texts',
      description:
        'What to do, safest first: commands to paste (PowerShell on Windows, sh on Linux), with an explanation after #.',
    },
    {
      name: 'Confidence',
      type: 'text',
      importance: 9,
      description:
        'High: the facts and a real bind attempt agree. Medium: only one of them shows it. Low: some of the necessary facts could not be seen.',
    },
    { name: 'ComputerName', type: 'text', description: 'The machine the verdict is about.' },
    { name: 'Summary', type: 'text', description: 'The answer as a sentence.' },
  ],
} as const satisfies RowSchema;

export type Verdict = RowOf<typeof verdict>;
