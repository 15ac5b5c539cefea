import { counted } from '../../io/counted.ts';
import type { AnyRow, RowSchema } from '../../schema/column.ts';
import { endpoint, type Endpoint } from '../../schema/endpoint.ts';
import { severities } from '../../schema/finding.ts';
import { answerIn } from '../../schema/exit-code.ts';
import { shownSockets } from './port-space.ts';
import { titleOf, type Whole } from './model.ts';

/** What an answer amounts to. */
export interface PageVerdict {
  readonly tone: 'good' | 'bad' | 'unknown' | 'plain';
  readonly text: string;
  /** Short facts beside it. */
  readonly facts: readonly { readonly text: string; readonly severity?: string }[];
  /** What is told besides, in paragraphs. */
  readonly notes: readonly string[];
}

const hasSeverities = ({ columns }: RowSchema): boolean => columns.some(({ name }) => name === 'Severity');

function toneOf({ exitCode, rows }: Whole, schema: RowSchema): PageVerdict['tone'] {
  const answer = answerIn(exitCode);
  if (answer === null) return 'unknown';
  if (hasSeverities(schema)) return !answer ? 'bad' : rows.length === 0 ? 'good' : 'plain';
  if (schema.columns.some(({ name }) => name === 'CanBind')) return answer ? 'good' : 'bad';
  return 'plain';
}

const placeOf = ({ Protocol, LocalAddress, LocalPort }: Partial<Endpoint>): string =>
  `${Protocol ?? ''} ${LocalAddress?.includes(':') ? `[${LocalAddress}]` : (LocalAddress ?? '*')}:${LocalPort ?? '*'}`.trim();

/** How many ports there are, and whose; of one its owner. */
function portsText(sockets: readonly Partial<Endpoint>[]): string {
  const [only] = sockets;
  if (sockets.length === 1) return `${placeOf(only!)} belongs to ${only!.Owner ?? 'an unknown owner'}`;
  const shown = shownSockets(sockets);
  const ports = new Set(shown.map((one) => `${one.ComputerName} ${one.Protocol} ${one.LocalPort}`)).size;
  const owners = new Set(shown.map((one) => `${one.ComputerName} ${one.Application ?? one.ImageName ?? one.Owner}`))
    .size;
  return `${counted(ports, 'port')} in use by ${counted(owners, 'program')}`;
}

function portFacts(sockets: readonly Partial<Endpoint>[]): PageVerdict['facts'] {
  const shown = shownSockets(sockets);
  const connections = sockets.filter(({ RemotePort }) => RemotePort != null).length;
  const unknown = shown.filter(({ OwnerKind }) => OwnerKind === 'Unknown').length;
  const open = shown.filter(({ AddressScope }) => AddressScope === 'Any' || AddressScope === 'Specific').length;
  return [
    ...(open > 0 ? [{ text: `${open} on addresses that other machines can reach` }] : []),
    ...(shown.length - open > 0 ? [{ text: `${shown.length - open} for this machine only` }] : []),
    ...(connections > 0 ? [{ text: counted(connections, 'connection') }] : []),
    ...(unknown > 0 ? [{ text: `${unknown} with an unknown owner` }] : []),
  ];
}

const severityFacts = (rows: readonly AnyRow[]): PageVerdict['facts'] =>
  severities
    .toReversed()
    .map((severity) => ({ severity, count: rows.filter((row) => row['Severity'] === severity).length }))
    .filter(({ count }) => count > 0)
    .map(({ severity, count }) => ({ text: `${count} ${severity}`, severity }));

/** A number of rows by what they are called. */
function rowsText(count: number, schema: RowSchema): string {
  const title = titleOf(schema).toLowerCase();
  return count === 1 ? `1 ${title.replace(/s$/, '')}` : `${count === 0 ? 'No' : count} ${title}`;
}

const paragraphs = (text: string | undefined): string[] =>
  (text ?? '').split('\n').filter((line) => line.trim() !== '');

/** The answer in a sentence, and what a reader wants to know next. */
export function verdictOf(whole: Whole, schema: RowSchema): PageVerdict {
  const { rows, headline, summary, note } = whole;
  const tone = toneOf(whole, schema);
  const notes = [...paragraphs(summary), ...paragraphs(note)];
  const told = paragraphs(headline);
  if (told.length > 0)
    return {
      tone,
      text: told[0]!,
      facts: hasSeverities(schema) ? severityFacts(rows) : [],
      notes: [...told.slice(1), ...notes],
    };
  if (schema === endpoint) {
    const sockets = rows as readonly Partial<Endpoint>[];
    if (sockets.length === 0) return { tone, text: notes[0] ?? 'No socket matches', facts: [], notes: notes.slice(1) };
    return { tone, text: portsText(sockets), facts: portFacts(sockets), notes };
  }
  if (hasSeverities(schema)) {
    const text =
      rows.length === 0 && tone === 'unknown'
        ? 'No findings, but not everything could be checked'
        : rowsText(rows.length, schema);
    return { tone, text, facts: severityFacts(rows), notes };
  }
  return { tone, text: rowsText(rows.length, schema), facts: [], notes };
}
