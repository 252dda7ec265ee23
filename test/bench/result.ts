/** What a section of the bench has measured: figures for machines, tables of the same for people. */
export interface Result {
  readonly figures: { readonly [name: string]: unknown };
  readonly tables: readonly Table[];
}

export interface Table {
  /** Its name in the documentation: the table stands between `<!-- bench:NAME -->` and `<!-- /bench -->`. */
  readonly name: string;
  /** A sentence above it: what was done, and to what it is compared. */
  readonly text: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function markdown({ text, head, rows }: Table): string {
  return [text, '', line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}
