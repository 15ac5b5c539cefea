import type { RowSchema } from './column.ts';

/** What headings call the rows of each kind. */
const headings: Readonly<Record<string, string>> = {
  'PortOwner.Endpoint': 'Ports',
  'PortOwner.Finding': 'Findings',
  'PortOwner.FreePort': 'Free ports',
  'PortOwner.Verdict': 'Verdicts',
  'PortOwner.Check': 'Checks',
  'PortOwner.StopResult': 'Stopped',
  'PortOwner.AuditRun': 'Audits',
  'PortOwner.PortHistory': 'History',
  'PortOwner.FleetMachine': 'Newest audits',
  'PortOwner.FleetListener': 'Current listeners',
  'PortOwner.ProgramVersion': 'Versions of programs',
  'PortOwner.AuditTask': 'Tasks',
  'PortOwner.Listener': 'Listeners',
  'PortOwner.Range': 'Ranges',
  'PortOwner.Conflict': 'Conflicts',
  'PortOwner.Traffic': 'Traffic',
  'PortOwner.Event': 'Events',
  'PortOwner.Configuration': 'Configurations',
  'PortOwner.MoveResult': 'Moves',
  'PortOwner.WaitResult': 'Waited for',
};

/** The heading of rows of a kind. */
export const headingOf = ({ typeName }: RowSchema): string => headings[typeName] ?? 'Rows';
