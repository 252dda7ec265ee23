import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALL, choiceOfNode } from '../../daemon/web/page/choice.ts';
import { FOLDED, graphOf } from '../../daemon/web/page/graph/model.ts';
import { Layout } from '../../daemon/web/page/graph/layout.ts';
import { History, KEPT } from '../../daemon/web/page/history.ts';
import { largestPeers } from '../../daemon/web/page/peers.ts';
import { rowsOf } from '../../lib/top/rows.ts';
import { flowKey, type View } from '../../lib/top/view.ts';
import { shopAt } from './shop.ts';

const NONE: ReadonlySet<string> = new Set();
const OPTIONS = { by: 'workload', most: 50, wanted: NONE, drawn: NONE } as const;
const SIZE = { width: 950, height: 400 };

function view(own: string, kind: string, peer: string, send: number, receive: number): View {
  const rates = { send, receive };
  const names = {
    namespace: 'shop',
    pod: `${own}-0`,
    workload: `Deployment/${own}`,
    node: 'node-1',
    peer_kind: kind,
    peer_namespace: kind === 'pod' || kind === 'service' ? 'shop' : '-',
    peer: kind === 'pod' ? `${peer}-0` : peer,
    peer_workload: kind === 'pod' ? `Deployment/${peer}` : '-',
    port: '-',
  };
  const bytes = { sentBytes: send, receivedBytes: receive };
  return { key: flowKey(names), ...names, now: rates, mean10: rates, mean40: rates, ...bytes };
}

function edges(views: readonly View[], options: Parameters<typeof graphOf>[1] = OPTIONS) {
  const { edges } = graphOf(rowsOf(views, 'flow'), options);
  return Object.fromEntries(edges.map(({ from, to, rate }) => [`${from} > ${to}`, rate]));
}

test('what two workloads send each other is drawn once, though both see it', () => {
  assert.deepEqual(edges([view('web', 'pod', 'db', 5, 70), view('db', 'pod', 'web', 70, 5)]), {
    'in:shop/web > in:shop/db': 5,
    'in:shop/db > in:shop/web': 70,
  });
});

test('a service and the workload of its name are one node, with their bytes once', () => {
  const client = view('web', 'service', 'db', 5, 70);
  const server = view('db', 'pod', 'web', 70, 5);
  const both = { 'in:shop/web > in:shop/db': 5, 'in:shop/db > in:shop/web': 70 };
  assert.deepEqual(edges([client, server]), both);
  const { nodes } = graphOf(rowsOf([client, server], 'flow'), OPTIONS);
  assert.deepEqual(nodes.map(({ id, kind }) => `${kind} ${id}`).sort(), [
    'workload in:shop/db',
    'workload in:shop/web',
  ]);
  // Its pods do not report: the service is what is known.
  assert.deepEqual(edges([client]), both);
});

test('an address outside, a node and a service are nodes of their own kinds', () => {
  const views = [
    view('web', 'external', '192.0.2.0/24', 1, 2),
    view('web', 'node', 'node-1', 3, 4),
    view('web', 'service', 'kubernetes', 5, 6),
    view('web', 'unknown', '-', 7, 8),
    view('web', 'other', '-', 9, 10),
  ];
  const { nodes } = graphOf(rowsOf(views, 'flow'), OPTIONS);
  const kinds = nodes.map(({ kind }) => kind).sort();
  assert.deepEqual(kinds, ['external', 'node', 'other', 'service', 'unknown', 'workload']);
});

test('the smallest nodes are folded into one, with all that they send and receive', () => {
  const views = Array.from({ length: 60 }, (_, index) =>
    view('web', 'external', `n${index}`, index + 1, 0),
  );
  const { nodes, edges } = graphOf(rowsOf(views, 'flow'), { ...OPTIONS, most: 20 });
  assert.equal(nodes.length, 20);
  const folded = nodes.find(({ id }) => id === FOLDED);
  assert.equal(folded?.name, '42 others');
  assert.equal(folded.receive, (42 * 43) / 2);
  const sum = edges.reduce((total, { rate }) => total + rate, 0);
  assert.equal(sum, (60 * 61) / 2);
});

test('what is chosen is not folded, and what is drawn stays while it is about as large as others', () => {
  const views = Array.from({ length: 60 }, (_, index) =>
    view('web', 'external', `n${index}`, 100 + index, 0),
  );
  const has = (options: Partial<typeof OPTIONS>, id: string) =>
    graphOf(rowsOf(views, 'flow'), { ...OPTIONS, most: 20, ...options }).nodes.some(
      (node) => node.id === id,
    );
  assert.equal(has({}, 'external:n0'), false);
  assert.equal(has({ wanted: new Set(['external:n0']) }, 'external:n0'), true);
  assert.equal(has({ drawn: new Set(['external:n35']) }, 'external:n35'), true);
});

test('nodes keep their places when others come, go and come again', () => {
  const views = shopAt(0);
  const all = graphOf(rowsOf(views, 'flow'), OPTIONS);
  const layout = new Layout();
  const before = new Map(layout.place(all, SIZE));
  assert.equal(before.size, all.nodes.length);
  const more = graphOf(
    rowsOf([...views, view('new', 'service', 'cart', 9e6, 9e6)], 'flow'),
    OPTIONS,
  );
  const after = new Map(layout.place(more, SIZE));
  assert.equal(after.size, all.nodes.length + 1);
  for (const [id, place] of before) assert.deepEqual(after.get(id), place);
  layout.place({ nodes: all.nodes.slice(0, 3), edges: [] }, SIZE);
  assert.deepEqual(new Map(layout.place(more, SIZE)), after);
});

test('nodes are placed in the area, each time in the same way', () => {
  const graph = graphOf(rowsOf(shopAt(0), 'flow'), OPTIONS);
  const places = new Map(new Layout().place(graph, SIZE));
  for (const { x, y } of places.values())
    assert.ok(x > 0 && x < SIZE.width && y > 0 && y < SIZE.height, `${x} ${y}`);
  const reversed = { ...graph, nodes: graph.nodes.toReversed() };
  assert.deepEqual(
    new Map(new Layout().place(reversed, SIZE)).get('in:shop/cart'),
    places.get('in:shop/cart'),
  );
});

test('the past of whatever is chosen later is remembered for five minutes', () => {
  const history = new History();
  const rest = { isComplete: true, agents: [] };
  const updates = KEPT + 50;
  for (let at = 0; at < updates; at += 1)
    history.add({
      at,
      ...rest,
      views: [view('web', 'pod', 'db', at, 2 * at), view('db', 'pod', 'web', 1, 1)],
    });
  const web = choiceOfNode(
    { id: 'in:shop/web', kind: 'workload', name: 'web', namespace: 'shop' },
    'workload',
  );
  const points = history.points(web.isOwn);
  assert.equal(points.length, KEPT);
  assert.deepEqual(points[0], { at: 50, send: 50, receive: 100 });
  assert.deepEqual(points.at(-1), {
    at: updates - 1,
    send: updates - 1,
    receive: 2 * (updates - 1),
  });
  assert.equal(history.points(ALL.isOwn)[0]?.send, 51);
  for (let at = updates; at <= updates + KEPT; at += 1) history.add({ at, ...rest, views: [] });
  assert.equal(history.has(ALL.isOwn), false);
});

test('the largest peers are those of what is chosen', () => {
  const views = shopAt(10);
  const cart = choiceOfNode(
    { id: 'in:shop/cart', kind: 'workload', name: 'cart', namespace: 'shop' },
    'workload',
  );
  const peers = largestPeers(views, cart, 3).map(({ end }) => end.id);
  assert.deepEqual(peers, ['in:data/redis', 'in:shop/frontend', 'in:shop/checkout']);
  const store = choiceOfNode(
    { id: 'external:object-store', kind: 'external', name: 'object-store', namespace: '-' },
    'workload',
  );
  assert.equal(largestPeers(views, store, 1)[0]?.end.id, 'in:shop/images');
});
