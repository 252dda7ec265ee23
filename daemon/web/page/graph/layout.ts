import { forceLink, forceManyBody, forceSimulation, forceX, forceY } from 'd3-force';
import type { Graph, GraphNode } from './model.ts';
import { type Body, fit, keepInside, type Link, part, type Size, unhide } from './room.ts';
import { boxOf } from './shapes.ts';

export interface Place {
  readonly x: number;
  readonly y: number;
}

const TICKS = { free: 250, inside: 150, apart: 50 };
/** If more of the nodes are new than this part, all are placed afresh. */
const MANY = 0.2;
/** Places of nodes that have gone are kept until there are so many. */
const REMEMBERED = 2000;
/** Radians: no two turns by it end in the same direction. */
const GOLDEN = Math.PI * (3 - Math.sqrt(5));

/**
 * Where the nodes are. Those that have a place keep it, also when they go and come again: who looks at the graph finds them
 * again. The same nodes are always placed in the same way.
 */
export class Layout {
  readonly #places = new Map<string, Place>();
  #size: Size = { width: 1, height: 1 };

  /** Forgets all places. */
  clear(): void {
    this.#places.clear();
  }

  /** Finds places for nodes that have none, in an area of pixels. */
  place({ nodes, edges }: Graph, size: Size): ReadonlyMap<string, Place> {
    this.#resize(size);
    const unplaced = nodes.filter(({ id }) => !this.#places.has(id));
    if (unplaced.length === 0) return this.#places;
    if (unplaced.length > nodes.length * MANY || this.#places.size > REMEMBERED) this.clear();
    const bodies = nodes.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map((node) => this.#body(node));
    const byId = new Map(bodies.map((body) => [body.id, body]));
    const links = edges.flatMap(({ from, to }): Link[] => {
      const [source, target] = [byId.get(from), byId.get(to)];
      return source && target && from < to ? [{ source, target }] : [];
    });
    simulate(bodies, links, size);
    for (const { id, x, y } of bodies) this.#places.set(id, { x, y });
    return this.#places;
  }

  /** Moves a node. */
  move(id: string, place: Place): void {
    this.#places.set(id, place);
  }

  #resize(size: Size): void {
    const [right, down] = [size.width / this.#size.width, size.height / this.#size.height];
    this.#size = size;
    if (right === 1 && down === 1) return;
    for (const [id, { x, y }] of this.#places) this.#places.set(id, { x: x * right, y: y * down });
  }

  #body(node: GraphNode): Body {
    const place = this.#places.get(node.id);
    const body = { id: node.id, box: boxOf(node), x: 0, y: 0 };
    return place ? { ...body, ...place, fx: place.x, fy: place.y } : body;
  }
}

/** First as if there were room without end; then within the area, beside each other. Nodes that have a place do not move. */
function simulate(bodies: Body[], links: Link[], size: Size): void {
  const { width, height } = size;
  const room = Math.sqrt((width * height) / Math.max(bodies.length, 4));
  const areAllFree = bodies.every(({ fx }) => fx === undefined);
  for (const [index, body] of bodies.entries())
    if (body.fx === undefined) start(body, index, links, size);
  const simulation = forceSimulation(bodies)
    .force('link', forceLink<Body, Link>(links).distance(room * 0.8))
    .force('charge', forceManyBody().strength(-room * 8))
    .force('x', forceX(width / 2).strength((0.12 * height) / width))
    .force('y', forceY(height / 2).strength(0.12))
    .stop();
  if (areAllFree) {
    simulation.tick(TICKS.free);
    fit(bodies, size);
    simulation.alpha(0.15);
  }
  for (let tick = 0; tick < TICKS.inside; tick += 1) {
    simulation.tick();
    unhide(bodies, links);
    part(bodies);
    keepInside(bodies, size);
  }
  // Without forces that push them on each other again.
  for (let tick = 0; tick < TICKS.apart; tick += 1) {
    part(bodies);
    keepInside(bodies, size);
  }
}

/** What has no place yet starts beside what it is linked to, or else on a spiral around the middle. */
function start(body: Body, index: number, links: readonly Link[], size: Size): void {
  const middle = { x: size.width / 2, y: size.height / 2 };
  const angle = index * GOLDEN;
  const away = Math.sqrt(index + 0.5) / 10;
  const spiral = { x: Math.cos(angle) * away * middle.x, y: Math.sin(angle) * away * middle.y };
  const other = links
    .flatMap(({ source, target }) => (source === body ? [target] : target === body ? [source] : []))
    .find(({ fx }) => fx !== undefined);
  if (!other) [body.x, body.y] = [middle.x + spiral.x, middle.y + spiral.y];
  // Towards the middle, where there is room on all sides.
  else [body.x, body.y] = [(other.x * 4 + middle.x) / 5, (other.y * 4 + middle.y) / 5];
}
