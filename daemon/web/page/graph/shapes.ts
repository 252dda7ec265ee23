import type { GraphNode } from './model.ts';

type Kind = GraphNode['kind'];

/** Pixels that a node takes with its text, and how much lower than its shape the middle of them is. */
export interface Box {
  readonly width: number;
  readonly height: number;
  readonly middle: number;
}

const LONGEST = 26;
/** Pixels: of a letter of a name, from one line to the next, and around all. */
const LETTER = 6.4;
const LINE = 13;
const MARGIN = 10;

/** Pixels from the middle of a node to its edge. */
export function radiusOf({ send, receive }: Pick<GraphNode, 'send' | 'receive'>): number {
  // From 1 kbit/s to 10 Gbit/s: who sends a thousand times as much must not hide all others.
  return 5 + 1.4 * Math.max(0, Math.min(7, Math.log10(send + receive + 1) - 3));
}

export function boxOf(node: GraphNode): Box {
  const { namespace, name } = node;
  // Room for corners and for growth, since a place is kept.
  const radius = 1.25 * radiusOf(node) + 2;
  const lines = namespace === '-' ? 1 : 2;
  const text = Math.max(shortened(name).length, namespace.length) * LETTER;
  const height = 2 * radius + lines * LINE + MARGIN;
  return {
    width: Math.max(text, 2 * radius) + MARGIN,
    height,
    middle: (height - 2 * radius) / 2,
  };
}

/** Without its middle if it is too long: the ends of names tell them apart. */
export function shortened(name: string): string {
  const letters = Array.from(name);
  if (letters.length <= LONGEST) return name;
  const end = Math.floor((LONGEST - 1) / 2);
  return `${letters.slice(0, LONGEST - 1 - end).join('')}…${letters.slice(-end).join('')}`;
}

/** The outline of each kind of node, so that no colour is needed to tell them apart. */
export function outline(kind: Kind, radius: number): string {
  if (kind === 'service') return polygon(4, radius * 1.2, 0);
  if (kind === 'node') return polygon(6, radius * 1.1, 0);
  if (kind === 'namespace') return polygon(4, radius * 1.35, Math.PI / 4);
  return kind === 'external' ? circle(radius) + circle(radius * 0.5) : circle(radius);
}

function circle(radius: number): string {
  const r = radius.toFixed(1);
  return `M${r},0A${r},${r} 0 1 1 -${r},0A${r},${r} 0 1 1 ${r},0Z`;
}

function polygon(corners: number, radius: number, turn: number): string {
  const points = Array.from({ length: corners }, (_, corner) => {
    const angle = turn + (corner * 2 * Math.PI) / corners;
    return `${(radius * Math.cos(angle)).toFixed(1)},${(radius * Math.sin(angle)).toFixed(1)}`;
  });
  return `M${points.join('L')}Z`;
}
