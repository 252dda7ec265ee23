/** Bytes a second by group; the tags of a group are separated by ` | `. */
export type Groups = { readonly [group: string]: number };

export interface Expected {
  /** The dashboard, panel and query, separated by ` / `. */
  readonly query: string;
  /** The tags that make a group. */
  readonly by: readonly string[];
  /** What each group must have, of a column if the query has several. What is not here is near nothing. */
  readonly columns: { readonly [column: string]: Groups };
  /** What all groups together must have, if they must have something. */
  readonly sum?: number;
}
