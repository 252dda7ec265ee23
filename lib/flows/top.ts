import type { Bytes, Edge } from '../model.ts';
import { nameless } from '../kubernetes/directory.ts';

const OTHER = nameless('other', '-');

/** Keeps the `limit` edges with the most bytes; all others, and `rest`, become one of kind `other`. */
export function top(edges: readonly Edge[], rest: Bytes, limit: number): Edge[] {
  const sorted = [...edges].sort((a, b) => b.sent + b.received - a.sent - a.received);
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
