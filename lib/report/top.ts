import type { Bytes, Edge } from '../model.ts';
import { nameless } from '../naming/directory.ts';
import { keyOf } from '../naming/attribute.ts';

const OTHER = nameless('other', '-');
/** An edge that was kept in the window before stays until a new one has so many times its bytes. */
const LOYALTY = 2;

/**
 * Keeps the `limit` edges with the most bytes; all others and `rest` become one edge of kind `other`.
 * `before` has the edges that were kept in the window before, by `keyOf`. Their bytes count `LOYALTY` times, so
 * that edges around the limit do not come and go with every window.
 */
export function top(
  edges: readonly Edge[],
  rest: Bytes,
  limit: number,
  before: ReadonlySet<string> = new Set(),
): Edge[] {
  // Few pods have more.
  const sorted = edges.length > limit ? byWeight(edges, before) : edges;
  const other = sorted.slice(limit).reduce<Edge>(
    (sum, { sent, received }) => ({
      peer: OTHER,
      sent: sum.sent + sent,
      received: sum.received + received,
    }),
    { peer: OTHER, sent: Math.round(rest.sent), received: Math.round(rest.received) },
  );
  const kept = sorted.slice(0, limit);
  return other.sent + other.received > 0 ? [...kept, other] : kept;
}

function byWeight(edges: readonly Edge[], before: ReadonlySet<string>): readonly Edge[] {
  const weighed = edges.map((edge) => {
    const weight = before.size > 0 && before.has(keyOf(edge)) ? LOYALTY : 1;
    return { edge, score: weight * (edge.sent + edge.received) };
  });
  return weighed.sort((a, b) => b.score - a.score).map(({ edge }) => edge);
}
