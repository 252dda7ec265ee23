import { rate, short } from '../../../../lib/top/format.ts';
import { Children, set, setText, svg } from '../dom.ts';
import { arrow } from './arrow.ts';
import { Layout, type Place } from './layout.ts';
import type { Graph, GraphEdge, GraphNode } from './model.ts';
import { nodeAfter } from './steps.ts';
import { outline, radiusOf, shortened } from './shapes.ts';

export interface GraphOptions {
  /** Is told of a node that is chosen. */
  readonly onChoose: (node: GraphNode) => void;
}

/** IDs of nodes that are marked. */
export interface Marked {
  readonly ids: ReadonlySet<string>;
  /** Those of them whose own pods say what they send and receive; if it is none, others say it of them. */
  readonly own: ReadonlySet<string>;
  /** Whether only what passes between marked nodes is meant. */
  readonly between: boolean;
}

export const NOTHING: Marked = { ids: new Set(), own: new Set(), between: false };

/** Pixels of the widest line. */
const WIDEST = 9;

/** The picture of who sends to whom. To assistive technology it is a list of nodes, of which one can be chosen. */
export class GraphView {
  readonly #root: SVGSVGElement;
  readonly #layout = new Layout();
  readonly #edges: Children<GraphEdge, SVGGElement>;
  readonly #nodes: Children<GraphNode, SVGGElement>;
  readonly #options: GraphOptions;
  #graph: Graph = { nodes: [], edges: [] };
  #byId = new Map<string, GraphNode>();
  #places: ReadonlyMap<string, Place> = new Map();
  #marked: Marked = NOTHING;
  #hovered: string | undefined;
  #active: string | undefined;
  /** Bit/s of the widest line. */
  #most = 1;

  constructor(root: SVGSVGElement, options: GraphOptions) {
    this.#root = root;
    this.#options = options;
    const [edges, nodes] = [
      svg('g', { 'aria-hidden': 'true' }),
      svg('g', { role: 'presentation' }),
    ];
    root.append(edges, nodes);
    this.#edges = new Children(edges, makeEdge, (element, edge) => this.#drawEdge(element, edge));
    this.#nodes = new Children(
      nodes,
      (id) => this.#makeNode(id),
      (element, node) => this.#drawNode(element, node),
    );
    root.addEventListener('keydown', (event) => this.#key(event));
    root.addEventListener('focus', () => this.#setActive(this.#active ?? this.#graph.nodes[0]?.id));
  }

  /** IDs of the nodes that are there. */
  get drawn(): ReadonlySet<string> {
    return new Set(this.#byId.keys());
  }

  show(graph: Graph, marked: Marked): void {
    this.#graph = graph;
    this.#marked = marked;
    this.#byId = new Map(graph.nodes.map((node) => [node.id, node]));
    this.#draw();
  }

  /** Places all nodes afresh. */
  arrange(): void {
    this.#layout.clear();
    this.#draw();
  }

  #draw(): void {
    const { width, height } = this.#root.getBoundingClientRect();
    if (width === 0 || height === 0) return;
    set(this.#root, { viewBox: `0 0 ${width} ${height}` });
    this.#places = this.#layout.place(this.#graph, { width, height });
    this.#most = roundUp(Math.max(1000, ...this.#graph.edges.map(({ rate }) => rate)));
    const lit = this.#lit();
    set(this.#root, { class: lit.ids.size > 0 ? 'some-marked' : '' });
    this.#edges.show(
      this.#graph.edges.toSorted((a, b) => a.rate - b.rate),
      ({ id }) => id,
    );
    // In an order that does not change: an element that is moved loses the pointer.
    const nodes = this.#graph.nodes.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    this.#nodes.show(nodes, ({ id }) => id);
    if (this.#active && !this.#byId.has(this.#active)) this.#setActive(undefined);
  }

  /** What is pointed at, else what is chosen. */
  #lit(): Marked {
    const hovered = this.#byId.get(this.#hovered ?? '');
    if (hovered) {
      const ids = new Set([hovered.id]);
      return { ids, own: isReporting(hovered) ? ids : new Set(), between: false };
    }
    const ids = new Set([...this.#marked.ids].filter((id) => this.#byId.has(id)));
    return { ...this.#marked, ids };
  }

  #isLit({ from, to }: GraphEdge): boolean {
    const { ids, between } = this.#lit();
    return between && ids.size > 1 ? ids.has(from) && ids.has(to) : ids.has(from) || ids.has(to);
  }

  #drawEdge(element: SVGGElement, edge: GraphEdge): void {
    const [from, to] = [this.#places.get(edge.from), this.#places.get(edge.to)];
    const [source, target] = [this.#byId.get(edge.from), this.#byId.get(edge.to)];
    const [line, head] = element.children;
    if (!from || !to || !source || !target || !line || !head) return;
    const share = (edge.rate / this.#most) ** 0.5;
    const width = 1 + (WIDEST - 1) * share;
    const gap = { from: radiusOf(source) + 2, to: radiusOf(target) + 2 };
    const drawn = arrow(from, to, width, gap);
    set(line, { d: drawn.line, 'stroke-width': width.toFixed(2) });
    set(head, { d: drawn.head });
    const isLit = this.#isLit(edge);
    const { ids, own } = this.#lit();
    const isSent = own.size > 0 ? own.has(edge.from) : ids.has(edge.to);
    const way = isSent ? 'sent' : 'received';
    set(element, { class: isLit ? `edge lit ${way}` : 'edge' });
    element.style.setProperty('--strength', (0.4 + 0.45 * share).toFixed(2));
  }

  /** What the marked nodes send to a node and receive from it; undefined if that is nothing. */
  #shared(id: string): { sent: number; received: number } | undefined {
    const { ids, own, between } = this.#lit();
    let [to, from] = [0, 0];
    for (const edge of between ? [] : this.#graph.edges) {
      if (edge.to === id && ids.has(edge.from)) to += edge.rate;
      if (edge.from === id && ids.has(edge.to)) from += edge.rate;
    }
    if (to + from === 0) return undefined;
    return own.size > 0 ? { sent: to, received: from } : { sent: from, received: to };
  }

  #makeNode(id: string): SVGGElement {
    const element = svg(
      'g',
      { role: 'option', id: `graph-${encodeURIComponent(id)}` },
      svg('title'),
      svg('path', { class: 'shape' }),
      svg('text', { class: 'name' }),
      svg('text', { class: 'of' }),
      svg(
        'text',
        { class: 'rates' },
        svg('tspan', { class: 'sent' }),
        svg('tspan', { class: 'received' }),
      ),
    );
    element.addEventListener('pointerenter', () => this.#hover(id));
    element.addEventListener('pointerleave', () => this.#hover(undefined));
    element.addEventListener('pointerdown', (event) => this.#drag(id, event));
    return element;
  }

  #drawNode(element: SVGGElement, node: GraphNode): void {
    const place = this.#places.get(node.id);
    const [title, shape, name, of, rates] = element.children;
    if (!place || !title || !shape || !name || !of || !rates) return;
    const radius = radiusOf(node);
    const { ids } = this.#lit();
    const isLit = ids.has(node.id);
    const shared = isLit ? undefined : this.#shared(node.id);
    const classes = [
      'node',
      `kind-${node.kind}`,
      isLit ? 'lit' : shared ? 'near' : '',
      this.#active === node.id ? 'active' : '',
    ];
    set(element, {
      class: classes.filter(Boolean).join(' '),
      transform: `translate(${place.x.toFixed(1)},${place.y.toFixed(1)})`,
      'aria-selected': String(this.#marked.ids.has(node.id)),
      'aria-label': describe(node),
    });
    setText(title, describe(node));
    set(shape, { d: outline(node.kind, radius) });
    set(name, { y: (radius + 13).toFixed(1) });
    setText(name, shortened(node.name));
    set(of, { y: (radius + 25).toFixed(1) });
    setText(of, shared || node.namespace === '-' ? '' : shortened(node.namespace));
    set(rates, { y: (radius + 25).toFixed(1) });
    const [sent, received] = rates.children;
    if (sent) setText(sent, shared ? `↑${short(shared.sent)} ` : '');
    if (received) setText(received, shared ? `↓${short(shared.received)}` : '');
  }

  #hover(id: string | undefined): void {
    this.#hovered = id;
    this.#draw();
  }

  /** A node that is not moved is chosen. */
  #drag(id: string, down: PointerEvent): void {
    if (down.button !== 0) return;
    const start = this.#places.get(id);
    const element = down.currentTarget;
    if (!start || !(element instanceof Element)) return;
    element.setPointerCapture(down.pointerId);
    let isMoved = false;
    const end = new AbortController();
    const { signal } = end;
    const move = (event: PointerEvent) => {
      const [dx, dy] = [event.clientX - down.clientX, event.clientY - down.clientY];
      isMoved ||= Math.hypot(dx, dy) > 4;
      if (!isMoved) return;
      this.#layout.move(id, { x: start.x + dx, y: start.y + dy });
      this.#draw();
    };
    this.#root.addEventListener('pointermove', move, { signal });
    this.#root.addEventListener('pointercancel', () => end.abort(), { signal });
    const up = () => {
      end.abort();
      if (isMoved) return;
      this.#setActive(id);
      this.#choose(id);
    };
    this.#root.addEventListener('pointerup', up, { signal });
  }

  #choose(id: string): void {
    const node = this.#byId.get(id);
    if (node) this.#options.onChoose(node);
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const active = this.#active;
    if (active !== undefined && (event.key === 'Enter' || event.key === ' ')) this.#choose(active);
    else {
      const next = nodeAfter(event.key, active, this.#graph.nodes, this.#places);
      if (next === undefined) return;
      this.#setActive(next);
    }
    event.preventDefault();
  }

  #setActive(id: string | undefined): void {
    this.#active = id;
    if (id === undefined) this.#root.removeAttribute('aria-activedescendant');
    else set(this.#root, { 'aria-activedescendant': `graph-${encodeURIComponent(id)}` });
    this.#draw();
  }
}

function makeEdge(): SVGGElement {
  return svg('g', {}, svg('path', { class: 'line' }), svg('path', { class: 'head' }));
}

/** Whether its own pods say what it sends and receives: `sent` is always what pods send. */
function isReporting({ kind }: GraphNode): boolean {
  return ['workload', 'namespace', 'pod', 'folded'].includes(kind);
}

/** The next of 1, 2, 5, 10, ...: widths do not change with every update. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 2, 5].find((step) => step * power >= value) ?? 10);
}

function describe({ name, namespace, kind, send, receive }: GraphNode): string {
  const what = namespace === '-' ? name : `${namespace}/${name}`;
  return `${what}, ${kind === 'folded' ? 'the smallest' : kind}: sends ${rate(send)}, receives ${rate(receive)}`;
}
