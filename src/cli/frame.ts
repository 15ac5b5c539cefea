import { capitalized } from '../io/capitalized.ts';
import type { DocumentFrame, DocumentTable } from '../formats/writer.ts';
import { counted } from '../io/counted.ts';
import type { Answer } from '../schema/answer.ts';
import { auditRun, portSpan, type AuditRun } from '../schema/audit-run.ts';
import type { AnyRow, RowSchema } from '../schema/column.ts';
import { endpoint } from '../schema/endpoint.ts';
import { headingOf } from '../schema/heading.ts';
import { exitCodesOf, type CommandAbout } from './about.ts';

/** The request for a document. */
export interface Asker {
  readonly about: CommandAbout;
  /** The subject of the document, besides the machines; null if the heading of the rows names it. */
  readonly subject: string | null;
  /** The words of the command line; null if the document is not about one. */
  readonly question: readonly string[] | null;
  /** Whether it asked machines over SSH. */
  readonly overSsh?: boolean;
  readonly at: () => Date;
}

const quoted = (word: string): string => (/^[\w@%+=:,./\\-]+$/.test(word) ? word : `"${word.replaceAll('"', '\\"')}"`);

/** Names two machines, and the number of others. */
function machineText(rows: readonly AnyRow[], { typeName }: RowSchema): string {
  const names = [...new Set(rows.map((row) => row['ComputerName']).filter((name) => typeof name === 'string'))];
  if (names.length === 0) return '';
  const word = typeName === 'PortOwner.StopResult' || typeName === 'PortOwner.Verdict' ? 'on' : 'of';
  return ` ${word} ${names.length > 3 ? `${names.length} machines` : names.join(', ')}`;
}

/** Removes the title from a sentence: below the title `Audit of box`, `Audit of box: clean` becomes `Clean`. */
function withoutTitle(sentence: string | null, title: string): string | null {
  const start = `${title}: `;
  if (sentence?.toLowerCase().startsWith(start.toLowerCase()) !== true) return sentence;
  return capitalized(sentence.slice(start.length));
}

/** Returns the audits that a chart can show, newest first: saved ones may lack their time, and have any order. */
export const nightsOf = (rows: readonly AnyRow[]): readonly AuditRun[] =>
  (rows as readonly AnyRow[] as readonly AuditRun[])
    .filter(({ RunTime }) => !Number.isNaN(Date.parse(RunTime ?? '')))
    .sort((a, b) => (a.RunTime! < b.RunTime! ? 1 : -1));

/** Why there are more sockets than the listeners that an audit counts; null if there are not. */
const listenerRemark = (sockets: number, audited: number): string | null =>
  sockets === audited
    ? null
    : `${counted(sockets, 'socket')} of ${counted(audited, 'listener')}: an audit counts the sockets of a program as one listener if they have the same address and port, or ports from the dynamic range`;

/** The parts of a document about an answer, except its rows. */
export async function frameOf(answer: Answer, schema: RowSchema, asker: Asker): Promise<DocumentFrame> {
  const { rows, problems, exitCode, headline = null, note = null } = answer;
  const {
    listeners = [],
    audited = listeners.length,
    changes,
    runs = [],
    ranges = [],
    audits = [],
    binaries = [],
  } = (await answer.background?.()) ?? {};
  const tables: DocumentTable[] = [
    ...(listeners.length === 0
      ? []
      : [{ title: 'Listeners', schema: endpoint, rows: listeners, remark: listenerRemark(listeners.length, audited) }]),
    ...(changes === undefined ? [] : [{ title: 'Changes', schema: portSpan, rows: changes }]),
  ];
  const rowsTitle = headingOf(schema);
  // A machine without findings has only listeners.
  const title = `${asker.subject ?? rowsTitle}${machineText([...listeners, ...rows, ...(changes ?? [])], schema)}`;
  return {
    title,
    rowsTitle,
    question: asker.question === null ? null : asker.question.map(quoted).join(' '),
    overSsh: asker.overSsh === true,
    at: asker.at().toISOString(),
    exitCode,
    meaning: exitCodesOf(asker.about).find(([code]) => code === exitCode)?.[1] ?? null,
    headline: withoutTitle(headline === null ? (answer.summary ?? null) : [headline].flat().join(' '), title),
    note,
    problems,
    tables,
    ranges,
    audits,
    binaries,
    nights: schema === (auditRun as RowSchema) ? nightsOf(rows) : runs,
  };
}
