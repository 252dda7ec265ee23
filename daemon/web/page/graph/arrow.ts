import type { Place } from './layout.ts';

export interface Arrow {
  /** A line from one node to another, bent so that the one of the other direction lies beside it. */
  readonly line: string;
  readonly head: string;
}

/** How far it is bent, as a part of its length. */
const BEND = 0.1;

/** `gap`: pixels from the nodes' middles to their edges. */
export function arrow(
  from: Place,
  to: Place,
  width: number,
  gap: { readonly from: number; readonly to: number },
): Arrow {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const bent = {
    x: (from.x + to.x) / 2 - dy * BEND,
    y: (from.y + to.y) / 2 + dx * BEND,
  };
  const head = 3.5 + width * 1.1;
  const start = towards(from, bent, gap.from);
  const tip = towards(to, bent, gap.to + 1);
  const base = towards(to, bent, gap.to + 1 + head);
  const [ux, uy] = [(tip.x - base.x) / head, (tip.y - base.y) / head];
  const half = head * 0.48;
  return {
    line: `M${at(start)}Q${at(bent)} ${at(base)}`,
    head: `M${at(tip)}L${at({ x: base.x - uy * half, y: base.y + ux * half })}L${at({ x: base.x + uy * half, y: base.y - ux * half })}Z`,
  };
}

/** So many pixels from a point towards another one. */
function towards(from: Place, to: Place, pixels: number): Place {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  return {
    x: from.x + ((to.x - from.x) * pixels) / length,
    y: from.y + ((to.y - from.y) * pixels) / length,
  };
}

function at({ x, y }: Place): string {
  return `${x.toFixed(1)},${y.toFixed(1)}`;
}
