import type { Place } from './layout.ts';
import type { GraphNode } from './model.ts';

const STEPS: Readonly<{ [key: string]: Place }> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

/** The ID of the node that a key leads to from the active one; undefined if it is no such key. The largest node is the first. */
export function nodeAfter(
  key: string,
  active: string | undefined,
  nodes: readonly GraphNode[],
  places: ReadonlyMap<string, Place>,
): string | undefined {
  if (key === 'Home') return nodes[0]?.id;
  if (key === 'End') return nodes.at(-1)?.id;
  const step = STEPS[key];
  if (!step) return undefined;
  const here = places.get(active ?? '');
  if (!here) return nodes[0]?.id;
  let best: { readonly id: string; readonly far: number } | undefined;
  for (const { id } of nodes) {
    const place = places.get(id);
    if (!place || id === active) continue;
    const [dx, dy] = [place.x - here.x, place.y - here.y];
    const ahead = dx * step.x + dy * step.y;
    const aside = Math.abs(dx * step.y) + Math.abs(dy * step.x);
    const far = ahead + 1.5 * aside;
    // Rather in the direction of the key than near.
    if (ahead > 0 && aside <= 2 * ahead && (!best || far < best.far)) best = { id, far };
  }
  return best?.id ?? active;
}
