import assert from 'node:assert/strict';
import { test } from 'node:test';

import { exchange, get, start } from './exchange.ts';
import { load, replay } from './load.ts';
import { eventsOf, headOf, listOf, recorded, request, type WatchEvent } from './recording.ts';
import type { Store } from './store.ts';

/** What happened to the pod `brief`, from the stream that shows all of it. */
function brief(store: Store): void {
  for (const event of noBookmarks(eventsOf(recorded('watch/brief-pods-labelselector')))) {
    // 984 is a DELETED in this stream only: the label that it selects by was changed.
    const relabelled = event.object.metadata.resourceVersion === '984';
    replay(store, 'pods', relabelled ? { ...event, type: 'MODIFIED' } : event);
  }
}

const version = ({ object }: WatchEvent) => Number(object.metadata.resourceVersion);
const noBookmarks = (events: WatchEvent[]) => events.filter(({ type }) => type !== 'BOOKMARK');
const summary = (events: WatchEvent[]) =>
  noBookmarks(events).map(({ type, object }) => `${type} ${object.metadata.resourceVersion}`);

test('a node watch says ADDED when a pod is bound, and follows it under any label', async () => {
  await using server = await start();
  server.store.advance(963);
  const path =
    '/api/v1/pods?watch=1&fieldSelector=spec.nodeName%3Dvm&resourceVersion=963&timeoutSeconds=20';
  const response = await exchange(server, get(path), { answering: () => brief(server.store) });
  // The part of brief-pods-fieldselector-node.resp that is about the pod brief.
  const first = '965 967 976 981 984 986 999 1003 1004 1005';
  const second = '1008 1010 1017 1020 1021';
  const expected = [first, second].flatMap((life) =>
    life.split(' ').map((version, at, { length }) => {
      const type = at === 0 ? 'ADDED' : at === length - 1 ? 'DELETED' : 'MODIFIED';
      return `${type} ${version}`;
    }),
  );
  assert.deepEqual(summary(eventsOf(response)), expected);
});

test('a service watch is as recorded, its bookmarks included', async () => {
  await using server = await start({ second: 10, bookmarkInterval: 600 });
  server.store.advance(963);
  const expected = recorded('watch/brief-services');
  const response = await exchange(server, request('watch/brief-services'), {
    answering: () => {
      for (const event of noBookmarks(eventsOf(expected))) replay(server.store, 'services', event);
    },
  });
  assert.deepEqual(headOf(response), headOf(expected));
  assert.deepEqual(response.chunks, expected.chunks);
});

test('a resource without a write since the list has no bookmarks', async () => {
  await using server = await start({ second: 10, bookmarkInterval: 10 });
  server.store.advance(963);
  const response = await exchange(server, request('watch/brief-nodes'));
  assert.deepEqual(headOf(response), headOf(recorded('watch/brief-nodes')));
  assert.deepEqual(response.chunks, []);
});

test('a watch of an empty selection still gets its bookmark', async () => {
  await using server = await start();
  server.store.advance(882);
  server.store.put('pods', { metadata: { name: 'elsewhere', namespace: 'demo' } });
  const response = await exchange(server, request('watch/fieldselector-none'));
  assert.deepEqual(headOf(response), headOf(recorded('watch/fieldselector-none')));
  assert.deepEqual(response.chunks, recorded('watch/fieldselector-none').chunks);
});

for (const name of ['no-rv', 'rv0-initial-added']) {
  test(`${name}: everything is ADDED first, then what changes`, async () => {
    await using server = await start({ second: 200 });
    const expected = recorded(`watch/${name}`);
    const events = eventsOf(expected);
    const initial = events
      .filter(({ type }) => type === 'ADDED')
      .sort((a, b) => version(a) - version(b));
    for (const event of initial) replay(server.store, 'pods', event);
    const later = events.slice(initial.length);
    const response = await exchange(server, request(`watch/${name}`), {
      answering: () => later.forEach((event) => replay(server.store, 'pods', event)),
    });
    const actual = noBookmarks(eventsOf(response));
    const added = actual.slice(0, initial.length).sort((a, b) => version(a) - version(b));
    assert.deepEqual(headOf(response), headOf(expected));
    assert.deepEqual([...added, ...actual.slice(initial.length)], [...initial, ...later]);
  });
}

test('a watch from a version in the cache replays what came after it', async () => {
  await using server = await start();
  const [two] = eventsOf(recorded('watch/rv-old-but-in-cache'));
  assert(two);
  server.store.put('pods', two.object);
  server.store.advance(868);
  replay(server.store, 'pods', two);
  const response = await exchange(server, request('watch/rv-old-but-in-cache'));
  assert.deepEqual(headOf(response), headOf(recorded('watch/rv-old-but-in-cache')));
  assert.deepEqual(noBookmarks(eventsOf(response)), [two]);
});

test('between a list and a watch from its version nothing is lost and nothing sent twice', async () => {
  await using server = await start();
  load(server.store, 'pods', listOf(recorded('api/pods-rv0')));
  const { metadata } = listOf(await exchange(server, get('/api/v1/pods?resourceVersion=0')));
  const between = server.store.put('pods', { metadata: { name: 'between', namespace: 'demo' } });
  const path = `/api/v1/pods?watch=true&timeoutSeconds=1&resourceVersion=${metadata.resourceVersion}`;
  const response = await exchange(server, get(path));
  assert.deepEqual(summary(eventsOf(response)), [`ADDED ${between.metadata.resourceVersion}`]);
});
