import { max, ticks } from 'd3-array';
import { line } from 'd3-shape';
import { rate } from '../../../lib/top/format.ts';
import { byId, Children, set, setText, svg } from './dom.ts';
import { KEPT, type Point } from './history.ts';

const SPAN = KEPT * 1000;
/** Pixels around the drawing. */
const LEFT = 74;
const RIGHT = 6;
const TOP = 8;
const BOTTOM = 20;
/** Milliseconds. Where nothing came for longer the line is broken. */
const GAP = 3000;

/** A line for each direction over the last minutes. */
export class Chart {
  readonly #root: SVGSVGElement;
  readonly #readout = byId('readout', HTMLElement);
  readonly #across: Children<number, SVGGElement>;
  readonly #along: Children<number, SVGTextElement>;
  readonly #paths = {
    send: svg('path', { class: 'line sent' }),
    receive: svg('path', { class: 'line received' }),
  };
  readonly #cursor = svg('line', { class: 'cursor', visibility: 'hidden' });
  #points: readonly Point[] = [];
  #pointer: number | undefined;

  constructor(root: SVGSVGElement) {
    this.#root = root;
    const [across, along] = [svg('g'), svg('g')];
    const { send, receive } = this.#paths;
    root.append(across, along, receive, send, this.#cursor);
    this.#across = new Children(
      across,
      () => svg('g', { class: 'tick' }, svg('line'), svg('text')),
      () => {},
    );
    this.#along = new Children(
      along,
      () => svg('text', { class: 'time' }),
      () => {},
    );
    root.addEventListener('pointermove', (event) => this.#point(event));
    root.addEventListener('pointerleave', () => this.#point(undefined));
  }

  show(points: readonly Point[]): void {
    this.#points = points;
    this.#draw();
  }

  #draw(): void {
    const { width, height } = this.#root.getBoundingClientRect();
    if (width === 0 || height === 0) return;
    set(this.#root, { viewBox: `0 0 ${width} ${height}` });
    const end = this.#points.at(-1)?.at ?? Date.now();
    const highest = max(this.#points, ({ send, receive }) => Math.max(send, receive)) ?? 0;
    const marks = marksUpTo(Math.max(highest, 1000), height);
    const top = marks.at(-1) ?? 1;
    const x = (at: number) => LEFT + (width - LEFT - RIGHT) * (1 - (end - at) / SPAN);
    const y = (bits: number) => TOP + (height - TOP - BOTTOM) * (1 - bits / top);

    this.#across.show(marks, String);
    for (const [index, mark] of marks.entries()) {
      const [rule, text] = this.#root.children[0]?.children[index]?.children ?? [];
      if (!rule || !text) continue;
      set(rule, { x1: LEFT, x2: width - RIGHT, y1: y(mark), y2: y(mark) });
      set(text, { x: LEFT - 8, y: y(mark) + 4 });
      setText(text, mark === 0 ? '0' : rate(mark));
    }
    const minutes = [0, 1, 2, 3, 4, 5];
    this.#along.show(minutes, String);
    for (const minute of minutes) {
      const text = this.#root.children[1]?.children[minute];
      if (!text) continue;
      set(text, { x: x(end - minute * 60_000), y: height - 4, class: `time at-${minute}` });
      setText(text, minute === 0 ? 'now' : `−${minute} min`);
    }
    const known = broken(this.#points);
    for (const direction of ['send', 'receive'] as const) {
      const has = (point: Point) => !Number.isNaN(point[direction]);
      const path = line<Point>(
        ({ at }) => x(at),
        (point) => y(point[direction]),
      ).defined(has);
      set(this.#paths[direction], { d: path(known) ?? '' });
    }
    this.#read(x, height, width);
  }

  /** The values where the pointer is. */
  #read(x: (at: number) => number, height: number, width: number): void {
    const pointer = this.#pointer;
    const near =
      pointer === undefined
        ? undefined
        : this.#points.reduce<Point | undefined>((best, point) => {
            const isNearer =
              !best || Math.abs(x(point.at) - pointer) < Math.abs(x(best.at) - pointer);
            return isNearer ? point : best;
          }, undefined);
    set(this.#cursor, { visibility: near ? 'visible' : 'hidden' });
    setText(this.#readout, near ? readoutOf(near) : '');
    if (!near || width === 0) return;
    const at = x(near.at).toFixed(1);
    set(this.#cursor, { x1: at, x2: at, y1: TOP, y2: height - BOTTOM });
  }

  #point(event: PointerEvent | undefined): void {
    this.#pointer = event && event.clientX - this.#root.getBoundingClientRect().left;
    this.#draw();
  }
}

function readoutOf({ at, send, receive }: Point): string {
  return `${new Date(at).toLocaleTimeString()}  ↑ ${rate(send)}  ↓ ${rate(receive)}`;
}

/** Round numbers from 0 to beyond the highest. */
function marksUpTo(highest: number, height: number): number[] {
  const marks = ticks(0, highest, Math.max(2, Math.floor(height / 55)));
  const step = (marks[1] ?? highest) - (marks[0] ?? 0);
  const last = marks.at(-1) ?? 0;
  return last < highest ? [...marks, last + step] : marks;
}

/** With a point without values in each gap. */
function broken(points: readonly Point[]): Point[] {
  return points.flatMap((point, index) => {
    const before = points[index - 1];
    const isGap = before !== undefined && point.at - before.at > GAP;
    const nothing = { at: point.at, send: Number.NaN, receive: Number.NaN };
    return isGap ? [nothing, point] : [point];
  });
}
