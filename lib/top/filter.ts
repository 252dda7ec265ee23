import type { View } from './view.ts';

/** Whether a row has all words of a text somewhere in its names, in whatever case. */
export function matcher(text: string): (row: View) => boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return (row) => {
    if (words.length === 0) return true;
    const names = [
      `${row.namespace}/${row.pod}`,
      row.workload,
      row.node,
      row.peer_kind,
      `${row.peer_namespace}/${row.peer}`,
      row.peer_workload,
      row.port,
    ];
    const all = names.join('\n').toLowerCase();
    return words.every((word) => all.includes(word));
  };
}
