import type { Group, Row } from '../../../lib/top/rows.ts';
import type { Column } from '../../../lib/top/sort.ts';
import { rowKey } from './choice.ts';
import { type Field, fieldsOf } from './columns.ts';
import { Children, html, set, setText } from './dom.ts';

/** More rows would be slow, and nobody reads them: a filter finds what is looked for. */
export const MOST = 200;

export interface TableOptions {
  readonly onSort: (column: Column, isNumber: boolean) => void;
  readonly onChoose: (row: Row) => void;
}

export interface TableState {
  readonly group: Group;
  /** In the order in which they are shown. */
  readonly rows: readonly Row[];
  readonly column: Column;
  readonly descending: boolean;
  /** The key of what is chosen. */
  readonly chosen: string;
}

/**
 * The rows. The table as a whole has the focus, and a row of it is the active one: rows change their places while somebody goes
 * through them.
 */
export class Table {
  readonly #root: HTMLTableElement;
  readonly #head = html('tr');
  readonly #body = html('tbody');
  readonly #options: TableOptions;
  readonly #headers: Children<Field, HTMLTableCellElement>;
  readonly #rows: Children<Row, HTMLTableRowElement>;
  #state: TableState = {
    group: 'flow',
    rows: [],
    column: 'rate',
    descending: true,
    chosen: '',
  };
  #fields: readonly Field[] = [];
  #most = 1;
  #active: string | undefined;

  constructor(root: HTMLTableElement, options: TableOptions) {
    this.#root = root;
    this.#options = options;
    root.append(html('thead', {}, this.#head), this.#body);
    this.#headers = new Children(
      this.#head,
      (key) => this.#makeHeader(key),
      (cell, field) => this.#drawHeader(cell, field),
    );
    this.#rows = new Children(
      this.#body,
      (key) => html('tr', { id: `row-${encodeURIComponent(key)}` }),
      (element, row) => this.#drawRow(element, row),
    );
    this.#body.addEventListener('click', (event) => this.#click(event));
    root.addEventListener('keydown', (event) => this.#key(event));
  }

  show(state: TableState): void {
    const rows = state.rows.slice(0, MOST);
    this.#state = { ...state, rows };
    this.#fields = fieldsOf(state.group, state.rows);
    this.#most = Math.max(1, ...rows.map(({ now }) => now.send + now.receive));
    this.#draw();
  }

  #draw(): void {
    const { rows, group } = this.#state;
    this.#headers.show(this.#fields, ({ column }) => column);
    this.#rows.show(rows, (row) => rowKey(row, group));
    const active = this.#index >= 0 ? this.#active : undefined;
    if (active === undefined) this.#root.removeAttribute('aria-activedescendant');
    else set(this.#root, { 'aria-activedescendant': `row-${encodeURIComponent(active)}` });
  }

  #makeHeader(key: string): HTMLTableCellElement {
    const button = html('button', { type: 'button' });
    button.addEventListener('click', () => {
      const field = this.#fields.find(({ column }) => column === key);
      if (field) this.#options.onSort(field.column, field.isNumber);
    });
    return html('th', { scope: 'col' }, button);
  }

  #drawHeader(cell: HTMLTableCellElement, field: Field): void {
    const { column, descending } = this.#state;
    const isSorted = column === field.column;
    const order = descending ? 'descending' : 'ascending';
    set(cell, { class: classesOf(field), 'aria-sort': isSorted ? order : 'none' });
    const button = cell.firstElementChild;
    if (button) setText(button, field.title);
  }

  #drawRow(element: HTMLTableRowElement, row: Row): void {
    const key = rowKey(row, this.#state.group);
    const isChosen = key === this.#state.chosen;
    set(element, {
      'aria-selected': String(isChosen),
      class: key === this.#active ? 'active' : '',
    });
    for (const [index, field] of this.#fields.entries()) {
      const cell = element.cells[index] ?? element.insertCell();
      if (cell.childElementCount === 0) cell.append(html('small'), html('span'));
      const [before, text] = cell.children;
      const [quiet, loud] = field.text(row);
      set(cell, { class: classesOf(field) });
      if (before) setText(before, quiet);
      if (text) setText(text, loud);
      if (!field.isNumber) set(cell, { title: quiet + loud });
      else if (cell.title) cell.removeAttribute('title');
      const share =
        field.column === 'sendRate'
          ? row.now.send
          : field.column === 'receiveRate'
            ? row.now.receive
            : 0;
      cell.style.setProperty('--share', `${((100 * share) / this.#most).toFixed(1)}%`);
    }
    while (element.cells.length > this.#fields.length) element.deleteCell(-1);
  }

  get #index(): number {
    const { rows, group } = this.#state;
    return rows.findIndex((row) => rowKey(row, group) === this.#active);
  }

  #click(event: MouseEvent): void {
    const element = event.target instanceof Element ? event.target.closest('tr') : null;
    const row = this.#state.rows[element ? element.sectionRowIndex : -1];
    if (!row) return;
    this.#active = rowKey(row, this.#state.group);
    this.#options.onChoose(row);
  }

  #key(event: KeyboardEvent): void {
    if (event.target !== this.#root || event.ctrlKey || event.metaKey || event.altKey) return;
    const { rows, group } = this.#state;
    const [index, last] = [this.#index, rows.length - 1];
    const row = rows[index];
    if (row && (event.key === 'Enter' || event.key === ' ')) this.#options.onChoose(row);
    else {
      const to = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: last }[event.key];
      const next = to === undefined ? undefined : rows[Math.min(Math.max(to, 0), last)];
      if (!next) return;
      this.#active = rowKey(next, group);
      this.#draw();
      this.#body.querySelector('.active')?.scrollIntoView({ block: 'nearest' });
    }
    event.preventDefault();
  }
}

function classesOf({ column, isNumber, isExtra }: Field): string {
  return [column, isNumber ? 'number' : 'name', isExtra ? 'extra' : ''].filter(Boolean).join(' ');
}
