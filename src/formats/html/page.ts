import { counted } from '../../io/counted.ts';
import { script, scriptHash, style, styleHash } from '../../generated/page.js';
import type { AnyRow, Column, RowSchema } from '../../schema/column.ts';
import type { AuditRun } from '../../schema/audit-run.ts';
import type { Problem } from '../../schema/problems.ts';
import type { Range } from '../../schema/range.ts';
import { version } from '../../schema/version.ts';
import type { DocumentFrame } from '../writer.ts';
import { summaryOf } from '../summary.ts';
import { isLong, isNumeric, plainText, readableDate, wordsOf } from '../text.ts';
import { card, isTold, mostCards, toldRows } from './cards.ts';
import { packed, type PageAbout } from './data.ts';
import { html, jsonText, raw, type Markup } from './markup.ts';
import { machineNames, rangesOf, socketsOf, tablesOf, type RowTable, type Wanted, type Whole } from './model.ts';
import { inBothWidths } from './picture.ts';
import { portSpace, shownSockets } from './port-space.ts';
import { talks, talksOf } from './talks.ts';
import { timeline } from './timeline.ts';
import { verdictOf, type PageVerdict } from './verdict.ts';

/** The maximum number of rows for a browser without scripts, and on paper. */
const mostPlainRows = 500;
/** The maximum number of audits in a timeline. */
const mostNights = 100;
/** A page about more machines than this has no pictures: nobody would look at all of them. */
const mostPictures = 40;

const policy = `default-src 'none'; script-src ${scriptHash}; style-src ${styleHash}; img-src data:; base-uri 'none'; form-action 'none'`;

/** The rows of one machine; the name is empty if the rows do not name a machine. */
const ofMachine = <R extends { readonly ComputerName?: unknown }>(rows: readonly R[], machine: string): readonly R[] =>
  machine === '' ? rows : rows.filter(({ ComputerName }) => ComputerName === machine || ComputerName == null);

function section(id: string, title: string, content: Markup | readonly Markup[]): Markup {
  return html`<section aria-labelledby="${id}">
    <h2 id="${id}">${title}</h2>
    ${content}
  </section> `;
}

const figure = (machine: string, several: boolean, content: Markup): Markup =>
  html`<figure data-machine="${machine}">
    ${several ? html`<figcaption>${machine}</figcaption>` : null}${content}
  </figure> `;

function problemList(problems: readonly Problem[]): Markup | null {
  if (problems.length === 0) return null;
  return section(
    'problems',
    'What could not be determined',
    html`<ul class="problems">
      ${problems.map(({ severity, code, message, hint }) => html`<li><span class="badge ${severity === 'Error' ? 'tone-bad' : 'tone-unknown'}">${severity}</span> ${message} <span class="quiet">${code}</span>${hint === undefined ? null : html`<br /><span class="hint">${hint}</span>`}</li>`)}
    </ul>`,
  );
}

function verdictPart({ tone, text, facts, notes }: PageVerdict): Markup {
  return html`<p class="verdict tone-${tone}">${text}</p>
    ${
      facts.length === 0
        ? null
        : html`<ul class="facts">
            ${facts.map((fact) => html`<li${fact.severity === undefined ? null : html` class="severity-${fact.severity.toLowerCase()}"`}>${fact.text}</li>`)}
          </ul>`
    }
    ${notes.map((note) => html`<p class="note">${note}</p>`)}`;
}

/** Which audits a timeline shows. */
function nightsCaption(shown: readonly AuditRun[], of: number): Markup {
  const [newest, oldest] = [shown[0]!, shown.at(-1)!].map(({ RunTime }) => RunTime!.slice(0, 10));
  const count = shown.length < of ? `The last ${shown.length} of ${of} audits` : counted(shown.length, 'audit');
  return html`<p class="quiet">${count}, ${oldest === newest ? newest! : `${oldest} to ${newest}`}.</p>`;
}

/** The pictures of each machine, and the names of the machines that have one. */
function pictures(whole: Whole, { schema }: Wanted, machines: readonly string[]): Markup {
  const names = machines.length === 0 ? [''] : machines.slice(0, mostPictures);
  const several = names.length > 1;
  const sockets = socketsOf(whole, schema);
  const ranges: readonly Range[] = rangesOf(whole, schema);
  const { nights: runs } = whole.frame;
  const left = machines.length - names.length;
  const more =
    left > 0
      ? html`<p class="quiet">The pictures show the first ${names.length} of ${machines.length} machines.</p>`
      : null;
  const drawn = (draw: (machine: string, i: number) => Markup | null): Markup[] =>
    names.flatMap((machine, i) => {
      const content = draw(machine, i);
      return content === null ? [] : [figure(machine, several, content)];
    });
  const spaces = drawn((machine, i) => {
    const space = { machine, sockets: shownSockets(ofMachine(sockets, machine)), ranges: ofMachine(ranges, machine) };
    if (space.sockets.length === 0 && ranges.length === 0) return null;
    return inBothWidths(`space${i}`, (frame) => portSpace(space, frame));
  });
  const nights = drawn((machine, i) => {
    const all = ofMachine(runs, machine);
    const own = all.slice(0, mostNights);
    if (own.length === 0) return null;
    return html`${inBothWidths(`nights${i}`, (frame) => timeline(own, machine, frame))}${nightsCaption(own, all.length)}`;
  });
  const connections = drawn((machine, i) => {
    const own = talksOf(ofMachine(sockets, machine));
    return own.length === 0 ? null : inBothWidths(`talks${i}`, (frame) => talks(own, machine, frame));
  });
  const key = (kind: string, text: string): Markup => html`<span><span class="key ${kind}"></span>${text}</span>`;
  const legend = html`<p class="legend" aria-hidden="true">
${key('reachable', 'other machines can reach it')} ${key('', 'this machine only')}
${key('handed', 'handed out by the system')} ${key('kept', 'excluded or reserved')}
<span class="quiet">TCP above, UDP below</span>
</p>
`;
  return html`${spaces.length === 0 ? null : section('space', 'The port space', [legend, ...spaces, more ?? html``])}${nights.length === 0 ? null : section('nights', 'The last nights', [...nights, more ?? html``])}${connections.length === 0 ? null : section('talks', 'Who talks to whom', connections)}`;
}

const cellText = (row: AnyRow, { name, type }: Column): string => {
  const text = plainText(row[name], '; ');
  return type === 'date' ? readableDate(text) : text;
};

/** The first rows of a list, for a browser without scripts. */
function plainTable({ title, columns, rows, shown, narrow }: RowTable): Markup {
  const chosen = columns.filter(({ name }) => shown.has(name));
  const first = rows.slice(0, mostPlainRows);
  const long = new Set(chosen.filter((column) => first.some((row) => isLong(cellText(row, column)))));
  const cls = (column: Column): Markup => {
    const words = [
      narrow.has(column.name) ? '' : 'spare',
      isNumeric(column) ? 'number' : '',
      long.has(column) ? 'long' : '',
    ];
    return raw(` class="${words.filter((word) => word !== '').join(' ')}"`);
  };
  return html`<div class="plain" role="region" aria-label="${title}, the first rows" tabindex="0">
    <table>
      <caption>
        ${title}${rows.length > first.length ? `: the first ${first.length} of ${rows.length}` : ''}
      </caption>
      <thead>
        <tr>
          ${chosen.map((column) => html`<th scope="col" ${cls(column)}>${wordsOf(column.name)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${first.map(
          (row) =>
            html`<tr>
              ${chosen.map((column) => html`<td${cls(column)}>${cellText(row, column)}</td>`)}
            </tr> `,
        )}
      </tbody>
    </table>
  </div> `;
}

/** The number of rows and findings of each machine. */
function machineTable(machines: readonly string[], { rows, frame }: Whole, schema: RowSchema): Markup | null {
  if (machines.length < 2) return null;
  const counts = new Map(summaryOf(schema, rows).machines.map((one) => [one.name, one.rows]));
  return section(
    'machines',
    'Machines',
    html`<div id="picker"></div>
      <div class="scroll" role="region" aria-label="Rows of each machine" tabindex="0">
        <table>
          <thead>
            <tr>
              <th scope="col">Machine</th>
              <th scope="col" class="number">${frame.rowsTitle}</th>
            </tr>
          </thead>
          <tbody>
            ${machines.map(
              (machine) =>
                html`<tr data-machine="${machine}">
                  <th scope="row">${machine}</th>
                  <td class="number">${counts.get(machine) ?? 0}</td>
                </tr> `,
            )}
          </tbody>
        </table>
      </div>`,
  );
}

function cards({ rows, frame }: Whole, schema: RowSchema, several: boolean): Markup | null {
  if (!isTold(schema) || rows.length === 0) return null;
  const more =
    rows.length > mostCards ? html`<p class="note">The list below has ${rows.length - mostCards} more.</p>` : html``;
  return section('told', frame.rowsTitle, [...toldRows(rows).map((row) => card(row, several)), more]);
}

function aboutOf(tables: readonly RowTable[], machines: readonly string[], { at, overSsh }: DocumentFrame): PageAbout {
  const [machine] = machines;
  const name = machines.length === 1 ? machine!.replaceAll(/[^\w.-]+/g, '_') : '';
  return {
    file: ['portowner', name, at.slice(0, 10)].filter((part) => part !== '').join('-'),
    machines,
    machineParameter: overSsh === true ? '-HostName' : machines.length > 1 ? '-ComputerName' : null,
    tables: tables.map(({ name, title, schema, columns, rows, shown, narrow }) => ({
      name,
      title,
      kind: schema.typeName,
      rows: rows.length,
      columns: columns.map((column) => ({
        name: column.name,
        type: column.type,
        description: column.description,
        shown: shown.has(column.name),
        narrow: narrow.has(column.name),
      })),
    })),
  };
}

/** Returns the page, in parts. */
export function page(whole: Whole, wanted: Wanted): string[] {
  const { schema } = wanted;
  const { frame } = whole;
  const machines = machineNames(whole);
  const tables = tablesOf(whole, wanted, machines);
  const about = aboutOf(tables, machines, frame);
  const verdict = verdictOf(whole, schema);
  const { title, question } = frame;
  const written = `${frame.at.slice(0, 16).replace('T', ' ')} UTC`;
  const head = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="generator" content="PortOwner ${version}">
<link rel="icon" href="data:,">
<title>${title}: ${verdict.text}</title>
<style>${raw(style)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
${verdictPart(verdict)}
${machines.length < 2 ? null : html`<p id="of-all" class="note" hidden>This is the answer for all ${machines.length} machines.</p>`}
</header>
<main>
`;
  // A row that has a card needs no line in a table.
  const plain = tables.filter(
    ({ name, rows }) => rows.length > 0 && (name !== 'rows' || !isTold(schema) || rows.length > mostCards),
  );
  const body = html`${machineTable(machines, whole, schema)}${cards(whole, schema, machines.length > 1)}${problemList(frame.problems)}
${pictures(whole, wanted, machines)}
<section aria-labelledby="list"${tables.some(({ rows }) => rows.length > 0) ? null : raw(' hidden')}>
<h2 id="list">The whole list</h2>
<div id="app"></div>
${plain.map(plainTable)}
<div id="print"></div>
</section>
</main>
<footer>${question === null ? null : html`<p><code>${question}</code></p>`}<p>Written by PortOwner ${version} at <time datetime="${frame.at}">${written}</time>. Times are UTC.</p></footer>
`;
  // The Content Security Policy contains the hash of the script and style: not even whitespace may be added.
  const data = html`<script type="application/json" id="about">${jsonText(about)}</script>
<script type="application/json" id="data">${jsonText(packed(tables))}</script>
<script>${raw(script)}</script>
</body>
</html>
`;
  return [head.text, body.text, data.text];
}
