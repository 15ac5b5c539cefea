import type { RowOf, RowSchema } from './column.ts';

/** Whether a program could bind a port, and why not. */
export const verdict = {
  typeName: 'PortOwner.Verdict',
  columns: [
    { name: 'Port', type: 'uint16', importance: 1, description: 'The port asked about; 0 stands for any free one.' },
    { name: 'Protocol', type: 'text', importance: 3, description: 'TCP or UDP.' },
    {
      name: 'Address',
      type: 'text',
      importance: 3,
      description: 'The address asked about; * is every address, IPv4 and IPv6.',
    },
    {
      name: 'CanBind',
      type: 'boolean',
      importance: 1,
      description: 'Whether a program could bind it now; null when that cannot be told.',
    },
    { name: 'Cause', type: 'text', importance: 1, description: 'Why, as one of a fixed list of words.' },
    { name: 'Owner', type: 'text', keeps: 'process', importance: 2, description: 'Who holds it, in one line.' },
    { name: 'Evidence', type: 'texts', description: 'The facts that show it.' },
    {
      name: 'Remedy',
      type: 'texts',
      description:
        'What to do, the safest first: commands that can be pasted (PowerShell on Windows, sh on Linux), with what they do behind #.',
    },
    {
      name: 'Confidence',
      type: 'text',
      importance: 9,
      description:
        'High: the facts and a real attempt agree. Medium: one of them says so. Low: part of what is needed could not be seen.',
    },
    { name: 'ComputerName', type: 'text', description: 'The machine the verdict is about.' },
    { name: 'Summary', type: 'text', description: 'The answer in a sentence; null where no port is named.' },
  ],
} as const satisfies RowSchema;

export type Verdict = RowOf<typeof verdict>;
