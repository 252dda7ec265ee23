import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { Problems } from '../../daemon/log.ts';
import { WindowQueue } from '../../lib/report/window-queue.ts';
import type { StoredWindow } from '../../lib/influx/spool/stored-window.ts';
import { Directory } from '../../lib/naming/directory.ts';
import type { ClosedWindow } from '../../lib/model.ts';
import { windowOf } from '../influx/windows.ts';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const [WEB] = windowOf(0).pods;
assert.ok(WEB);

/** The windows on disk, those that an earlier process left, those that were reported, and the pods known by now. */
let disk: Map<number, StoredWindow>;
let left: StoredWindow[];
let named: StoredWindow[];
let known: Map<string, Pick<ClosedWindow, 'pod' | 'selection'>>;
let directory: Directory;
/** Resolves when the writes to the disk are done. */
let stored: Promise<void>;
const sync = { since: Infinity, lateFor: () => [] };

beforeEach(() => {
  [disk, left, named, known] = [new Map(), [], [], new Map()];
  directory = new Directory();
  stored = Promise.resolve();
  sync.since = Infinity;
});

function queue(pods: readonly ClosedWindow[] = []): WindowQueue {
  return new WindowQueue({
    capture: {
      ended: () => pods.slice(0, 1),
      close: () => [...pods],
      known: (cgroupUid) => known.get(cgroupUid),
    },
    directory,
    sync,
    agentFields: { read: () => ({}) },
    reporter: {
      report(window) {
        named.push(window);
        disk.delete(window.end);
      },
    },
    sink: {
      keep: (window) => void disk.set(window.end, window),
      keeps: (end) => disk.has(end),
      stored: () => stored,
      takeLeft: () => left.splice(0),
    },
    log: quiet,
    problems: new Problems(quiet),
  });
}

const isFollowed = () => void (sync.since = performance.now() - 60_000);
const ends = (windows: Iterable<StoredWindow>) => [...windows].map(({ end }) => end);

test('a window is on disk from its end on, complete when it is closed, until it is reported', () => {
  const windows = queue([WEB, WEB]);
  windows.ended(10_000);
  assert.equal(disk.get(10_000)?.pods.length, 1);
  windows.close(10_000);
  assert.equal(disk.get(10_000)?.pods.length, 2);
  isFollowed();
  windows.flush();
  assert.deepEqual([ends(named), disk.size], [[10_000], 0]);
});

test('what an earlier process left is named before later windows, by the owners that it knew', () => {
  left = [windowOf(20_000), windowOf(10_000)];
  isFollowed();
  const windows = queue();
  windows.close(30_000);
  assert.deepEqual(ends(named), [10_000, 20_000, 30_000]);
  assert.equal(directory.peer('10.0.0.2', 11_000, 15_000).name, 'db');
});

test('a window that was left waits for names like any other', () => {
  left = [windowOf(10_000)];
  const windows = queue();
  windows.flush();
  assert.deepEqual(ends(named), []);
  isFollowed();
  windows.flush();
  assert.deepEqual(ends(named), [10_000]);
});

test('a pod that was unknown has the name that the API server reports before the window is named', () => {
  const nobody = { ...WEB.pod, namespace: '-', name: 'web-uid', ips: [] };
  const [window] = [windowOf(10_000)];
  left = [{ ...window, pods: [{ ...WEB, selection: 'unknown', pod: nobody }] }];
  const windows = queue();
  windows.flush();
  known.set('web-uid', { selection: 'selected', pod: WEB.pod });
  windows.flush();
  // It may have gone again before the cluster is followed.
  known.clear();
  isFollowed();
  windows.flush();
  assert.deepEqual(named[0]?.pods[0]?.pod, WEB.pod);
  assert.equal(named[0]?.pods[0]?.selection, 'selected');
});

test('a pod that was known keeps its name, whoever has its cgroup now', () => {
  left = [windowOf(10_000)];
  known.set('web-uid', { selection: 'selected', pod: { ...WEB.pod, name: 'other' } });
  isFollowed();
  queue().flush();
  assert.equal(named[0]?.pods[0]?.pod.name, 'web');
});

test('at the end a window is named if the cluster is followed, without the grace', async () => {
  const windows = queue([WEB]);
  windows.ended(10_000);
  windows.close(10_000);
  sync.since = performance.now();
  await windows.end(true);
  assert.deepEqual([ends(named), disk.size], [[10_000], 0]);
});

for (const [handOver, isKept] of [
  [true, true],
  [true, false],
  [false, true],
] as const) {
  const goes = handOver && isKept ? 'is left to the next process' : 'is named as far as it can be';
  test(`without the cluster a window ${goes}: on disk ${isKept}, another process to come ${handOver}`, async () => {
    const windows = queue([WEB]);
    windows.ended(10_000);
    windows.close(10_000);
    if (!isKept) disk.clear();
    await windows.end(handOver);
    assert.deepEqual(ends(named), handOver && isKept ? [] : [10_000]);
  });
}

test('at the end a disk that does not answer is not waited for', { timeout: 10_000 }, async (t) => {
  stored = new Promise(() => {});
  const windows = queue([WEB]);
  windows.close(10_000);
  disk.clear();
  // As long as a server listens the process goes on.
  const listening = setInterval(() => {}, 1000);
  t.after(() => clearInterval(listening));
  await windows.end(true);
  assert.deepEqual(ends(named), [10_000]);
});
