import { html, nothing, render, type TemplateResult } from 'lit-html';
import { isLong, isNumeric, readableDate, wordsOf } from '../formats/text.ts';
import { sanitize } from '../io/sanitize.ts';
import { about, columnNamed, textAt, type UnpackedColumn, type UnpackedTable } from './data.ts';
import { shownColumns, type State } from './state.ts';

/** The height of a row in pixels, as in the style sheet. */
const rowHeight = 34;
/** The number of rows to render above and below the visible ones. */
const spare = 12;
/** The maximum number of rows to print. */
const mostPrinted = 500;

/** Formats a value for people. */
export const shown = (column: UnpackedColumn, row: number): string => {
  const text = sanitize(textAt(column, row));
  return column.type === 'date' ? readableDate(text) : text;
};

/** The machine of a row, if there are several. */
export const rowMachine = (table: UnpackedTable, row: number): string => {
  const column = about.machines.length > 1 ? columnNamed(table, 'ComputerName') : undefined;
  return column === undefined ? '' : shown(column, row);
};

export interface Actions {
  readonly sort: (name: string) => void;
  readonly open: (row: number) => void;
}

/** A list that renders only its visible rows. */
export class WindowedList {
  readonly #state: State;
  readonly #viewport: HTMLElement;
  readonly #actions: Actions;
  #isNarrow = false;

  constructor(state: State, viewport: HTMLElement, actions: Actions) {
    [this.#state, this.#viewport, this.#actions] = [state, viewport, actions];
    const narrow = matchMedia('(max-width: 40rem)');
    this.#isNarrow = narrow.matches;
    narrow.addEventListener('change', () => {
      this.#isNarrow = narrow.matches;
      this.draw();
    });
    viewport.addEventListener('scroll', () => this.draw(), { passive: true });
    viewport.addEventListener('keydown', (event) => this.#move(event));
    new ResizeObserver(() => this.draw()).observe(viewport);
  }

  get columns(): UnpackedColumn[] {
    return shownColumns(this.#state, this.#isNarrow);
  }

  toTop(): void {
    this.#viewport.scrollTop = 0;
  }

  draw(): void {
    const { rows } = this.#state;
    const { scrollTop, clientHeight } = this.#viewport;
    const from = Math.max(0, Math.min(rows.length - 1, Math.floor(scrollTop / rowHeight) - spare));
    const to = Math.min(rows.length, from + Math.ceil(clientHeight / rowHeight) + 2 * spare);
    render(this.#table(from, to), this.#viewport);
    // The Content Security Policy does not allow styles in the markup.
    const [above, below] = this.#viewport.querySelectorAll<HTMLElement>('.space td');
    above!.style.height = `${from * rowHeight}px`;
    below!.style.height = `${(rows.length - to) * rowHeight}px`;
  }

  #table(from: number, to: number): TemplateResult {
    const { rows } = this.#state;
    const { columns } = this;
    return html`<table aria-rowcount=${rows.length + 1}>
      <thead>
        <tr aria-rowindex="1">
          ${columns.map((column) => this.#head(column))}
        </tr>
      </thead>
      <tbody class="space" aria-hidden="true">
        <tr>
          <td colspan=${columns.length}></td>
        </tr>
      </tbody>
      <tbody>
        ${Array.from(rows.subarray(from, to), (row, i) => this.#row(columns, row, from + i))}
      </tbody>
      <tbody class="space" aria-hidden="true">
        <tr>
          <td colspan=${columns.length}></td>
        </tr>
      </tbody>
    </table>`;
  }

  #head(column: UnpackedColumn): TemplateResult {
    const { sort } = this.#state;
    const order = sort?.name !== column.name ? 'none' : sort.down ? 'descending' : 'ascending';
    return html`<th scope="col" aria-sort=${order} class=${isNumeric(column) ? 'number' : ''}>
      <button title=${column.description} @click=${() => this.#actions.sort(column.name)}>${wordsOf(column.name)}</button>
    </th>`;
  }

  #row(columns: readonly UnpackedColumn[], row: number, index: number): TemplateResult {
    const open = (): void => this.#actions.open(row);
    return html`<tr aria-rowindex=${index + 2} data-index=${index} class=${index % 2 === 0 ? '' : 'odd'} @click=${open}>
      ${columns.map((column, i) => {
        const text = shown(column, row);
        const content =
          i === 0
            ? html`<button class="open" aria-haspopup="dialog" aria-label=${`${this.#name(row)}: all details`}>
                ${text || '…'}
              </button>
              ${this.#isNarrow && columns.every(({ name }) => name !== 'ComputerName') ? html`<small>${rowMachine(this.#state.table, row)}</small>` : nothing}`
            : text;
        return html`<td class=${isNumeric(column) ? 'number' : ''} title=${text.length > 24 ? text : ''}>
          ${content}
        </td>`;
      })}
    </tr>`;
  }

  /** The subject of a row, in a few words. */
  #name(row: number): string {
    const named = this.#state.table.columns.filter(({ narrow }) => narrow);
    return (
      named
        .map((column) => shown(column, row))
        .join(' ')
        .trim() || 'Row'
    );
  }

  /** Moves from row to row with the arrow keys. */
  #move(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const row = (event.target as HTMLElement).closest<HTMLElement>('tr[data-index]');
    if (step === undefined || row === null) return;
    event.preventDefault();
    const index = Number(row.dataset['index']) + step;
    if (index < 0 || index >= this.#state.rows.length) return;
    const top = index * rowHeight;
    const { scrollTop, clientHeight } = this.#viewport;
    if (top < scrollTop) this.#viewport.scrollTop = top;
    else if (top + 2 * rowHeight > scrollTop + clientHeight)
      this.#viewport.scrollTop = top + 2 * rowHeight - clientHeight;
    this.draw();
    this.#viewport.querySelector<HTMLElement>(`tr[data-index="${index}"] .open`)?.focus({ preventScroll: true });
  }

  /** Renders the list for printing. */
  printed(): TemplateResult {
    const { rows, table } = this.#state;
    const columns = shownColumns(this.#state, false);
    const printed = rows.subarray(0, mostPrinted);
    const long = new Set(columns.filter((column) => printed.some((row) => isLong(shown(column, row)))));
    const cls = (column: UnpackedColumn): string => (isNumeric(column) ? 'number' : long.has(column) ? 'long' : '');
    return html`<table>
      <caption>
        ${table.title}${rows.length > mostPrinted ? `: the first ${mostPrinted} of ${rows.length}` : ''}
      </caption>
      <thead>
        <tr>
          ${columns.map((column) => html`<th scope="col" class=${cls(column)}>${wordsOf(column.name)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${Array.from(
          printed,
          (row) =>
            html`<tr>
              ${columns.map((column) => html`<td class=${cls(column)}>${shown(column, row)}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>`;
  }
}
