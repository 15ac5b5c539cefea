import type { AnyRow, RowSchema } from '../../schema/column.ts';
import { worstFirst } from '../summary.ts';
import { itemText, plainText, readableDate, wordsOf } from '../text.ts';
import { html, type Markup } from './markup.ts';
import { severityClass } from './timeline.ts';

/** The maximum number of cards, because nobody reads more: the list contains the other rows. */
export const mostCards = 200;

/** Whether rows of this kind describe a problem and its remedy: each gets a card. */
export const isTold = ({ columns }: RowSchema): boolean => columns.some(({ name }) => name === 'Remedy');

/** The rows that get a card, worst first. */
export const toldRows = (rows: readonly AnyRow[]): readonly AnyRow[] => worstFirst(rows).slice(0, mostCards);

/** The maximum length of a text in a card; the list has it whole. */
const mostText = 500;

const cut = (text: string): string =>
  text.length > mostText ? `${text.slice(0, mostText).replace(/[\ud800-\udbff]$/, '')}…` : text;

const items = (value: AnyRow[string]): string[] =>
  (value == null ? [] : typeof value === 'object' ? value.map(itemText) : [String(value)]).map(cut);

function list(title: string, value: AnyRow[string], kind = ''): Markup | null {
  const texts = items(value);
  if (texts.length === 0) return null;
  return html`<h4>${title}</h4>
    <ul class="${kind}">
      ${texts.map((text) => html`<li>${text}</li>`)}
    </ul>`;
}

/** The subject of a card, in a few words. */
function heading(row: AnyRow): string {
  const { Kind, Endpoint, Protocol, Address, Port } = row;
  const what = Kind ?? row['Cause'];
  const place =
    Endpoint ??
    (Port == null
      ? null
      : `${plainText(Protocol, '')} ${plainText(Address, '')}:${plainText(Port, '')}`.replace(/ :/, ' '));
  return [what == null ? null : wordsOf(String(what)), place].filter((part) => part != null).join(': ') || 'Answer';
}

/** Details below the heading. */
const details = [
  'Owner',
  'Before',
  'After',
  'Rule',
  'Confidence',
  'FirstSeen',
  'Contact',
  'Ticket',
  'ComputerName',
] as const;

function badge({ Severity, CanBind }: AnyRow): Markup | null {
  if (typeof Severity === 'string') return html`<span class="badge ${severityClass(Severity)}">${Severity}</span> `;
  if (CanBind == null) return null;
  const isYes = CanBind === true || CanBind === 'Yes';
  const text = typeof CanBind === 'string' ? `Can bind: ${CanBind}` : isYes ? 'Can bind' : 'Cannot bind';
  return html`<span class="badge ${isYes ? 'tone-good' : 'tone-bad'}">${text}</span> `;
}

const factText = (row: AnyRow, name: string): string =>
  name === 'FirstSeen' ? readableDate(String(row[name])) : plainText(row[name], ', ');

/** A card with the text of a row, its evidence, and its remedy. */
export function card(row: AnyRow, several: boolean): Markup {
  const said = row['Description'] ?? row['Summary'];
  const facts = details.filter(
    (name) =>
      row[name] != null && (name !== 'ComputerName' || several) && (name !== 'After' || row[name] !== row['Owner']),
  );
  const severity = typeof row['Severity'] === 'string' ? row['Severity'] : null;
  const lines = facts.map((name) => html`<div><dt>${wordsOf(name)}</dt><dd>${cut(factText(row, name))}</dd></div>`);
  return html`<article class="card ${severityClass(severity)}" data-machine="${plainText(row['ComputerName'], '')}">
<h3>${badge(row)}${cut(heading(row))}</h3>
${said == null ? null : html`<p>${cut(plainText(said, ', '))}</p>`}
${lines.length === 0 ? null : html`<dl>${lines}</dl>`}
${list('Owners', row['Owners'])}${list('Evidence', row['Evidence'])}${list('What to do', row['Remedy'], 'remedy')}
</article>
`;
}
