import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matcher } from '../../lib/top/filter.ts';
import { rowsOf } from '../../lib/top/rows.ts';
import { sorted } from '../../lib/top/sort.ts';
import { totals } from '../../lib/top/totals.ts';
import { flowKey, type View } from '../../lib/top/view.ts';
import { amount, rate, short } from '../../lib/top/format.ts';

interface End {
  readonly namespace: string;
  readonly pod: string;
  readonly workload: string;
}

function end(namespace: string, pod: string): End {
  return { namespace, pod, workload: `Deployment/${pod.split('-')[0]}` };
}

function toPod({ namespace, pod, workload }: End) {
  return {
    peer_kind: 'pod',
    peer_namespace: namespace,
    peer: pod,
    peer_workload: workload,
    port: '-',
  };
}

function to(kind: string, peer: string) {
  return { peer_kind: kind, peer_namespace: '-', peer, peer_workload: '-', port: '-' };
}

function view(own: End, peer: ReturnType<typeof to>, send: number, receive: number): View {
  const rates = { send, receive };
  const bytes = { sentBytes: send, receivedBytes: receive };
  const names = { ...own, node: 'n', ...peer };
  const key = flowKey(names);
  return { key, ...names, now: rates, mean10: rates, mean40: rates, ...bytes };
}

const [WEB, DB] = [end('shop', 'web-1'), end('data', 'db-0')];

test('what two agents see from both ends is one row, in which each direction is what its sender sees', () => {
  const views = [view(WEB, toPod(DB), 100, 19), view(DB, toPod(WEB), 20, 99)];
  for (const each of [views, views.toReversed()]) {
    const [row, ...more] = rowsOf(each, 'flow');
    assert.deepEqual(more, []);
    assert.deepEqual([row?.pod, row?.peer], ['db-0', 'web-1']);
    assert.deepEqual(
      [row?.now, row?.sentBytes, row?.receivedBytes],
      [{ send: 20, receive: 100 }, 20, 100],
    );
  }
});

test('a flow of which one end is seen is as this end sees it', () => {
  const [row] = rowsOf([view(WEB, toPod(DB), 100, 19)], 'flow');
  assert.deepEqual([row?.pod, row?.peer, row?.now], ['web-1', 'db-0', { send: 100, receive: 19 }]);
});

test('flows of other ports, kinds and namespaces are not taken for one another', () => {
  const views = [
    view(WEB, { ...toPod(DB), port: '5432/tcp' }, 1, 0),
    view(DB, { ...toPod(WEB), port: '80/tcp' }, 1, 0),
    view(DB, to('node', 'web-1'), 1, 0),
    view(end('other', 'db-0'), toPod(WEB), 1, 0),
  ];
  assert.equal(rowsOf(views, 'flow').length, 4);
});

test('a pod that has moved to another node has one row for a peer, of the node where it is', () => {
  const before = { ...view(WEB, toPod(DB), 0, 0), node: 'old', sentBytes: 7 };
  const now = { ...view(WEB, toPod(DB), 100, 20), node: 'new' };
  for (const views of [
    [before, now],
    [now, before],
  ]) {
    const [row, ...others] = rowsOf(views, 'flow');
    assert.deepEqual(others, []);
    assert.deepEqual([row?.node, row?.now.send, row?.sentBytes], ['new', 100, 107]);
  }
});

test('a pod that talks to itself by its service keeps its row', () => {
  assert.equal(rowsOf([view(WEB, toPod(WEB), 5, 5)], 'flow').length, 1);
});

test('groups are sums of what their pods see, with the names that all of them share', () => {
  const other = end('shop', 'web-2');
  const views = [
    view(WEB, toPod(DB), 100, 20),
    view(WEB, to('external', 'cdn'), 7, 0),
    view(other, to('external', 'cdn'), 3, 0),
    view(DB, toPod(WEB), 20, 100),
  ];
  const of = (group: Parameters<typeof rowsOf>[1]) =>
    rowsOf(views, group).map(({ namespace, pod, workload, peer, now }) => {
      return [namespace, pod, workload, peer, now.send, now.receive];
    });
  assert.deepEqual(of('pod'), [
    ['shop', 'web-1', 'Deployment/web', '-', 107, 20],
    ['shop', 'web-2', 'Deployment/web', '-', 3, 0],
    ['data', 'db-0', 'Deployment/db', '-', 20, 100],
  ]);
  assert.deepEqual(of('workload'), [
    ['shop', '-', 'Deployment/web', '-', 110, 20],
    ['data', '-', 'Deployment/db', '-', 20, 100],
  ]);
  assert.deepEqual(of('namespace'), [
    ['shop', '-', '-', '-', 110, 20],
    ['data', '-', '-', '-', 20, 100],
  ]);
  assert.deepEqual(of('peer'), [
    ['-', '-', '-', 'db-0', 100, 20],
    ['-', '-', '-', 'cdn', 10, 0],
    ['-', '-', '-', 'web-1', 20, 100],
  ]);
});

test('the total has each byte once, by services too', () => {
  const api = view(WEB, to('service', 'db'), 50, 500);
  const behind = view(DB, toPod(WEB), 500, 50);
  const outside = view(WEB, to('external', 'cdn'), 1, 10);
  assert.equal(totals([api, behind, outside], true).once, 50 + 500 + 1 + 10);
  assert.deepEqual(totals([api, behind], true), { send: 550, receive: 550, once: 550 });
});

test('what is received from pods of which no agent reports is in the total', () => {
  assert.equal(totals([view(WEB, toPod(DB), 1, 10)], true).once, 11);
  assert.equal(totals([view(WEB, to('service', 'db'), 1, 10)], false).once, 11);
});

test('a filter wants each word in any name', () => {
  const rows = rowsOf([view(WEB, toPod(DB), 1, 1), view(WEB, to('external', 'cdn'), 1, 1)], 'flow');
  const found = (text: string) =>
    rows
      .filter(matcher(text))
      .map(({ peer }) => peer)
      .toSorted();
  assert.deepEqual(found(''), ['cdn', 'db-0']);
  assert.deepEqual(found('WEB data/'), ['db-0']);
  assert.deepEqual(found('deployment external'), ['cdn']);
  assert.deepEqual(found('web nothing'), []);
});

test('rows are sorted by numbers and names, equal ones by their names', () => {
  const names = ['c', 'a', 'b'];
  const rows = rowsOf(
    names.map((name, index) => view(end('x', name), to('external', 'y'), index === 0 ? 5 : 1, 0)),
    'pod',
  );
  const order = (...sort: [Parameters<typeof sorted>[1], boolean]) =>
    sorted(rows, ...sort).map(({ pod }) => pod);
  assert.deepEqual(order('sendRate', true), ['c', 'a', 'b']);
  assert.deepEqual(order('rate', false), ['a', 'b', 'c']);
  assert.deepEqual(order('pod', true), ['c', 'b', 'a']);
});

test('rates have three digits', () => {
  const texts = [
    0, 7.4, 999.4, 999.5, 1234, 12_345, 123_456, 999_499, 999_500, 1.5e9, 2e15, 9e21,
  ].map(short);
  assert.deepEqual(texts, [
    '0',
    '7',
    '999',
    '1.00 k',
    '1.23 k',
    '12.3 k',
    '123 k',
    '999 k',
    '1.00 M',
    '1.50 G',
    '2.00 P',
    '9000000 P',
  ]);
  assert.deepEqual(
    [rate(5), rate(1e6), amount(12), amount(1500)],
    ['5 bit/s', '1.00 Mbit/s', '12 B', '1.50 kB'],
  );
});
