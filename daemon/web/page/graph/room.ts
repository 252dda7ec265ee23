import type { SimulationNodeDatum } from 'd3-force';
import type { Box } from './shapes.ts';

/** Pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A node that is being placed. One that has its place already has it in `fx` and `fy`, too. */
export interface Body extends SimulationNodeDatum {
  readonly id: string;
  readonly box: Box;
  x: number;
  y: number;
}

export interface Link {
  readonly source: Body;
  readonly target: Body;
}

/** Pixels from a line to a node that it passes. */
const AWAY = 24;
const EDGE = 4;

/** Stretches all places to the whole area. */
export function fit(bodies: readonly Body[], { width, height }: Size): void {
  for (const [axis, length, margin] of [
    ['x', width, 60],
    ['y', height, 34],
  ] as const) {
    const least = Math.min(...bodies.map((body) => body[axis]));
    const most = Math.max(...bodies.map((body) => body[axis]));
    const scale = most > least ? Math.min((length - 2 * margin) / (most - least), 3) : 1;
    for (const body of bodies) body[axis] = length / 2 + (body[axis] - (least + most) / 2) * scale;
  }
}

/** Moves nodes apart that lie on each other, with their texts. */
export function part(bodies: readonly Body[]): void {
  for (const [index, a] of bodies.entries()) {
    for (const b of bodies.slice(index + 1)) {
      const [dx, dy] = [b.x - a.x, b.y + b.box.middle - a.y - a.box.middle];
      const over = {
        x: (a.box.width + b.box.width) / 2 - Math.abs(dx),
        y: (a.box.height + b.box.height) / 2 - Math.abs(dy),
      };
      if (over.x <= 0 || over.y <= 0) continue;
      const along = over.x < over.y ? 'x' : 'y';
      const push = (over[along] / 2) * ((along === 'x' ? dx : dy) < 0 ? -1 : 1);
      if (a.fx === undefined) a[along] -= push;
      if (b.fx === undefined) b[along] += push;
    }
  }
}

/** Moves nodes out of the way of lines between others. */
export function unhide(bodies: readonly Body[], links: readonly Link[]): void {
  for (const { source, target } of links) {
    const [dx, dy] = [target.x - source.x, target.y - source.y];
    const length = Math.hypot(dx, dy);
    if (length < 1) continue;
    for (const body of bodies) {
      if (body === source || body === target || body.fx !== undefined) continue;
      const along = ((body.x - source.x) * dx + (body.y - source.y) * dy) / length;
      if (along < 0 || along > length) continue;
      const aside = ((body.x - source.x) * dy - (body.y - source.y) * dx) / length;
      const push = (AWAY - Math.abs(aside)) * 0.15 * (aside < 0 ? -1 : 1);
      if (Math.abs(aside) >= AWAY) continue;
      body.x += (push * dy) / length;
      body.y -= (push * dx) / length;
    }
  }
}

export function keepInside(bodies: readonly Body[], { width, height }: Size): void {
  for (const body of bodies) {
    if (body.fx !== undefined) continue;
    const { box } = body;
    const [x, y] = [box.width / 2 + EDGE, box.height / 2];
    body.x = Math.min(Math.max(body.x, x), Math.max(x, width - x));
    body.y = Math.min(Math.max(body.y, y - box.middle), Math.max(y, height - y) - box.middle);
  }
}
