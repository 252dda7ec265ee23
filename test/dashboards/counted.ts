import type { Made } from './made.ts';

/** What bytes count as, each once, by the rule of docs/data-model.md; `all` is the sum of the other columns. */
export function counted(rows: readonly Made[]): { all: number; [column: string]: number } {
  const columns: { all: number; [column: string]: number } = { all: 0 };
  const add = (column: string, bytes: number) => {
    columns[column] = (columns[column] ?? 0) + bytes;
    columns.all += bytes;
  };
  for (const { peer, sent, received } of rows) {
    const [out, back] = columnsOf(peer.scope);
    add(out, sent);
    if (peer.kind === 'node' || peer.kind === 'external') add(back, received);
  }
  return columns;
}

function columnsOf(scope: Made['peer']['scope']): [string, string] {
  if (scope === '-') return ['not_priced', 'not_priced'];
  if (scope === 'internet') return ['internet_out', 'internet_in'];
  const column = scope.replace('-', '_');
  return [column, column];
}
