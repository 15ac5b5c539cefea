import { counted } from '../../io/counted.ts';
import type { AnyRow, RowSchema } from '../../schema/column.ts';
import { endpoint, type Endpoint } from '../../schema/endpoint.ts';
import { finding, severities } from '../../schema/finding.ts';
import { answerIn } from '../../schema/exit-code.ts';
import { portCount, shownSockets } from './port-space.ts';
import type { Whole } from './model.ts';

/** The verdict of an answer. */
export interface PageVerdict {
  readonly tone: 'good' | 'bad' | 'unknown' | 'plain';
  readonly text: string;
  /** Short facts shown next to it. */
  readonly facts: readonly { readonly text: string; readonly severity?: string }[];
  /** Additional notes, as paragraphs. */
  readonly notes: readonly string[];
}

const hasSeverities = ({ columns }: RowSchema): boolean => columns.some(({ name }) => name === 'Severity');

function toneOf({ frame, rows }: Whole, schema: RowSchema): PageVerdict['tone'] {
  const answer = answerIn(frame.exitCode);
  if (answer === null) return 'unknown';
  if (hasSeverities(schema)) return !answer ? 'bad' : rows.length === 0 ? 'good' : 'plain';
  if (schema.columns.some(({ name }) => name === 'CanBind')) return answer ? 'good' : 'bad';
  return 'plain';
}

const placeOf = ({ Protocol, LocalAddress, LocalPort }: Partial<Endpoint>): string =>
  `${Protocol ?? ''} ${LocalAddress?.includes(':') ? `[${LocalAddress}]` : (LocalAddress ?? '*')}:${LocalPort ?? '*'}`.trim();

/** The number of ports and their owners; for a single port, its owner. */
function portsText(sockets: readonly Partial<Endpoint>[]): string {
  const [only] = sockets;
  if (sockets.length === 1) return `${placeOf(only!)} belongs to ${only!.Owner ?? 'an unknown owner'}`;
  const shown = shownSockets(sockets);
  const owners = new Set(shown.map((one) => `${one.ComputerName} ${one.Application ?? one.ImageName ?? one.Owner}`))
    .size;
  return `${counted(portCount(shown), 'port')} in use by ${counted(owners, 'program')}`;
}

function portFacts(sockets: readonly Partial<Endpoint>[]): PageVerdict['facts'] {
  const shown = shownSockets(sockets);
  const connections = sockets.filter(({ RemotePort }) => RemotePort != null).length;
  const unknown = shown.filter(({ OwnerKind }) => OwnerKind === 'Unknown').length;
  const open = shown.filter(({ AddressScope }) => AddressScope === 'Any' || AddressScope === 'Specific').length;
  return [
    ...(open > 0 ? [{ text: `${counted(open, 'socket')} on addresses that other machines can reach` }] : []),
    ...(shown.length - open > 0 ? [{ text: `${counted(shown.length - open, 'socket')} for this machine only` }] : []),
    ...(connections > 0 ? [{ text: counted(connections, 'connection') }] : []),
    ...(unknown > 0 ? [{ text: `${counted(unknown, 'socket')} with an unknown owner` }] : []),
  ];
}

const severityFacts = (rows: readonly AnyRow[]): PageVerdict['facts'] =>
  severities
    .toReversed()
    .map((severity) => ({ severity, count: rows.filter((row) => row['Severity'] === severity).length }))
    .filter(({ count }) => count > 0)
    .map(({ severity, count }) => ({ text: `${count} ${severity}`, severity }));

/** The number of rows, with what they are called. */
function rowsText(count: number, title: string): string {
  const name = title.toLowerCase();
  return count === 1 ? `1 ${name.replace(/s$/, '')}` : `${count === 0 ? 'No' : count} ${name}`;
}

const paragraphs = (text: string | null): string[] => (text ?? '').split('\n').filter((line) => line.trim() !== '');

/** Returns the answer as a sentence, and the facts that a reader needs next. */
export function verdictOf(whole: Whole, schema: RowSchema): PageVerdict {
  const { rows, frame } = whole;
  const tone = toneOf(whole, schema);
  const remarks = frame.tables.flatMap(({ title, remark }) => (remark == null ? [] : [`${title}: ${remark}.`]));
  const [told, notes] = [paragraphs(frame.headline), [...paragraphs(frame.note), ...remarks]];
  const all = [...told, ...notes];
  const count = rowsText(rows.length, frame.rowsTitle);
  if (schema === finding) {
    // The sentence about an audit is too long for a heading.
    const isOpen = rows.length === 0 && tone === 'unknown';
    return {
      tone,
      text: isOpen ? 'No findings, but not everything could be checked' : count,
      facts: severityFacts(rows),
      notes: all,
    };
  }
  if (schema === endpoint && rows.length > 0) {
    const sockets = rows as readonly Partial<Endpoint>[];
    return {
      tone,
      text: told.length === 1 ? told[0]! : portsText(sockets),
      facts: portFacts(sockets),
      notes: told.length === 1 ? notes : all,
    };
  }
  const [text = count, ...more] = all;
  return { tone, text, facts: hasSeverities(schema) ? severityFacts(rows) : [], notes: more };
}
