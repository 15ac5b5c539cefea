// The script of the page: the list, its filters and columns, and the selected machine.
import { html, nothing, render, type TemplateResult } from 'lit-html';
import { wordsOf } from '../formats/text.ts';
import { counted } from '../io/counted.ts';
import { sanitize } from '../io/sanitize.ts';
import { asCommand, asObject, copy, csv, download } from './copy.ts';
import { about, textAt, tables, type UnpackedColumn, type UnpackedTable } from './data.ts';
import { rowMachine, shown, WindowedList } from './list.ts';
import { facets, select, stateOf, type State } from './state.ts';

const app = document.getElementById('app')!;
document.documentElement.classList.add('scripted');

/** Shows the content of one machine, or of all. */
function showMachine(machine: string): void {
  // The markup has names as they are shown.
  const shown = new Set(['', sanitize(machine)]);
  for (const part of document.querySelectorAll<HTMLElement>('main [data-machine]'))
    part.hidden = machine !== '' && !shown.has(part.dataset['machine']!);
  // A section without content for this machine is hidden, unless a text says that there is more.
  for (const section of document.querySelectorAll('section')) {
    const parts = [...section.querySelectorAll<HTMLElement>('[data-machine]')];
    if (parts.length > 0 && section.querySelector(':scope > p:not(.legend)') === null)
      section.hidden = parts.every((part) => part.hidden);
  }
  const ofAll = document.getElementById('of-all');
  if (ofAll !== null) ofAll.hidden = machine === '';
}

class Page {
  readonly #state: State;
  readonly #tables: readonly UnpackedTable[];
  readonly #list: WindowedList;
  readonly #dialog: HTMLDialogElement;
  #row = 0;
  #copied = '';

  constructor(all: readonly UnpackedTable[]) {
    this.#tables = all;
    this.#state = stateOf(all[0]!);
    render(
      html`<div id="tools"></div>
        <div id="viewport" class="scroll" role="region" tabindex="0" aria-label="Rows"></div>
        <dialog id="row" aria-labelledby="row-title"></dialog>`,
      app,
    );
    this.#dialog = document.querySelector('#row')!;
    this.#dialog.addEventListener('click', (event) => event.target === this.#dialog && this.#dialog.close());
    this.#list = new WindowedList(this.#state, document.querySelector('#viewport')!, {
      sort: (name) => {
        const { sort } = this.#state;
        this.#change({ sort: { name, down: sort?.name === name && !sort.down } });
      },
      open: (row) => this.#open(row),
    });
    const print = document.getElementById('print')!;
    addEventListener('beforeprint', () => render(this.#list.printed(), print));
    // A click on a port in a picture shows its rows.
    document.addEventListener('click', (event) => {
      const port = (event.target as Element).closest<HTMLElement>('[data-find]')?.dataset['find'];
      if (port === undefined || port === '') return;
      const table = this.#tables.find(({ kind }) => kind === 'PortOwner.Endpoint') ?? this.#state.table;
      this.#change({ table, query: `localport:${port}`, filters: new Map(), chosen: null });
      app.scrollIntoView();
    });
    this.#draw();
    performance.mark('list');
  }

  #change(part: Partial<State>): void {
    Object.assign(this.#state, part);
    select(this.#state);
    this.#list.toTop();
    this.#draw();
  }

  #draw(): void {
    render(this.#tools(), document.getElementById('tools')!);
    const picker = document.getElementById('picker');
    if (picker !== null) render(this.#picker(), picker);
    this.#list.draw();
  }

  #picker(): TemplateResult {
    const choose = (event: Event): void => {
      const machine = (event.target as HTMLSelectElement).value;
      showMachine(machine);
      this.#change({ machine });
    };
    return html`<label
      >Machine
      <select id="machine" @change=${choose}>
        <option value="">All ${about.machines.length} machines</option>
        ${about.machines.map((machine) => html`<option value=${machine}>${sanitize(machine)}</option>`)}
      </select></label
    >`;
  }

  #tools(): TemplateResult {
    const { table, query, rows } = this.#state;
    const all = table.rows;
    return html`${this.#tables.length < 2 ? nothing : this.#tabs()}
      <div class="tools">
        <label class="search"
          >Search
          <input
            type="search"
            id="search"
            spellcheck="false"
            autocomplete="off"
            .value=${query}
            @input=${(event: Event) => this.#change({ query: (event.target as HTMLInputElement).value })}
        /></label>
        ${facets(table).map((column) => this.#facet(column))}${this.#columnPicker()}
        <button id="download" @click=${() => this.#download()}>Download as CSV</button>
      </div>
      <p class="count" role="status">${rows.length === all ? counted(all, 'row') : `${rows.length} of ${counted(all, 'row')}`}</p>`;
  }

  #tabs(): TemplateResult {
    const show = (table: UnpackedTable): void =>
      this.#change({ table, query: '', filters: new Map(), sort: null, chosen: null });
    return html`<div class="tabs" role="group" aria-label="Lists">
      ${this.#tables.map((table) => html`<button aria-pressed=${table === this.#state.table} @click=${() => show(table)}>${table.title} <span class="quiet">${table.rows}</span></button>`)}
    </div>`;
  }

  #facet(column: UnpackedColumn): TemplateResult {
    const { filters } = this.#state;
    const choose = (event: Event): void => {
      const value = (event.target as HTMLSelectElement).value;
      if (value === '') filters.delete(column.name);
      else filters.set(column.name, column.texts[Number(value)]!);
      this.#change({});
    };
    const now = filters.get(column.name);
    const values = column.texts.map((text, i) => ({ text, i })).sort((a, b) => (a.text < b.text ? -1 : 1));
    return html`<label
      >${wordsOf(column.name)}
      <select data-column=${column.name} @change=${choose}>
        <option value="" .selected=${now === undefined}>any</option>
        ${values.map(({ text, i }) => html`<option value=${i} .selected=${now === text}>${text === '' ? 'none' : sanitize(text)}</option>`)}
      </select></label
    >`;
  }

  #columnPicker(): TemplateResult {
    const shown = new Set(this.#list.columns.map(({ name }) => name));
    const toggle = (name: string): void => {
      if (!shown.delete(name)) shown.add(name);
      if (shown.size > 0) this.#change({ chosen: shown });
    };
    return html`<details class="columns">
      <summary>Columns</summary>
      <div>
        ${this.#state.table.columns
          .filter(({ isEmpty }) => !isEmpty)
          .map(
            ({ name, description }) =>
              html`<label title=${description}
                ><input type="checkbox" .checked=${shown.has(name)} @change=${() => toggle(name)} />
                ${wordsOf(name)}</label
              >`,
          )}
      </div>
    </details>`;
  }

  /** All columns that have values, the visible ones first. */
  #download(): void {
    const shown = this.#list.columns;
    const rest = this.#state.table.columns.filter((column) => !column.isEmpty && !shown.includes(column));
    download(`${about.file}-${this.#state.table.name}.csv`, csv([...shown, ...rest], this.#state.rows));
  }

  #open(row: number): void {
    [this.#row, this.#copied] = [row, ''];
    render(this.#details(), this.#dialog);
    this.#dialog.showModal();
  }

  #details(): TemplateResult {
    const { table } = this.#state;
    const command = asCommand(table, this.#row, about.machineParameter);
    const take = async (text: string, what: string): Promise<void> => {
      await copy(text);
      this.#copied = `Copied ${what}.`;
      render(this.#details(), this.#dialog);
    };
    return html`<h3 id="row-title">
        ${sanitize(
          table.columns
            .filter(({ narrow }) => narrow)
            .map((column) => textAt(column, this.#row))
            .join(' '),
        )}
        ${table.columns.some(({ name, narrow }) => narrow && name === 'ComputerName') ? nothing : rowMachine(table, this.#row)}
      </h3>
      ${command === null ? nothing : html`<pre><code>${command}</code></pre>`}
      <p class="buttons">
        ${command === null ? nothing : html`<button id="copy" @click=${() => take(command, 'the PowerShell command')}>Copy the PowerShell command</button>`}
        <button id="copy-object" @click=${() => take(asObject(table, this.#row), 'the row as a PowerShell object')}>
          Copy as a PowerShell object
        </button>
        <button id="close" autofocus @click=${() => this.#dialog.close()}>Close</button>
      </p>
      <p role="status">${this.#copied}</p>
      <dl>
        ${table.columns
          .filter((column) => textAt(column, this.#row) !== '')
          .map(
            (column) =>
              html`<div>
                <dt title=${column.description}>${wordsOf(column.name)}</dt>
                <dd>${shown(column, this.#row)}</dd>
              </div>`,
          )}
      </dl>`;
  }
}

// Without the rows, the rest of the page still works.
tables().then(
  (all) => new Page(all),
  (error: unknown) => {
    document.documentElement.classList.remove('scripted');
    app.textContent = `The list could not be read: ${String(error)}`;
  },
);
