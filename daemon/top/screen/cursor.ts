/** Which row of a list is chosen, and which one is the first on the screen. */
export interface Cursor {
  /** Of the chosen row, which may change its place; undefined for the first row, whichever it is. */
  readonly key: string | undefined;
  readonly index: number;
  readonly first: number;
}

export const AT_TOP: Cursor = { key: undefined, index: 0, first: 0 };

type Rows = readonly { readonly key: string }[];

/** Where the cursor is among these rows: at its row, or where that was. `room`: rows on the screen. */
export function placed({ key, index, first }: Cursor, rows: Rows, room: number): Cursor {
  if (key === undefined) return AT_TOP;
  const found = rows.findIndex((row) => row.key === key);
  return at(key, found >= 0 ? found : index, first, rows, room);
}

/** The cursor moved down, or up by less than 0. On the first row it stays on the first row. */
export function moved(cursor: Cursor, by: number, rows: Rows, room: number): Cursor {
  const { index, first } = placed(cursor, rows, room);
  const next = Math.max(0, Math.min(index + by, rows.length - 1));
  return next === 0 ? AT_TOP : at(rows[next]?.key, next, first, rows, room);
}

function at(key: string | undefined, wanted: number, from: number, rows: Rows, room: number) {
  const index = Math.max(0, Math.min(wanted, rows.length - 1));
  const highest = Math.max(0, Math.min(from, rows.length - room));
  const first = Math.max(index - room + 1, Math.min(highest, index));
  return { key, index, first: Math.max(0, first) };
}
