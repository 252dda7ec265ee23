import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { UnsentRows } from '../../lib/influx/spool/unsent-rows.ts';
import { drain, MIB, rows, Site } from './site.ts';
import { windowOf } from './windows.ts';

const END = 20_000;
const window = windowOf(END);
let site: Site;
beforeEach(async () => {
  site = await Site.create();
});
afterEach(() => site[Symbol.asyncDispose]());

const windows = (at = site.directory) => readdirSync(at).filter((name) => name.endsWith('.window'));

/** What does not repeat cannot be packed to less than half. */
const unpackable = () => randomBytes(50_000).toString('hex');

/** What a process finds that starts when this one has been killed. */
async function afterKill(name: string) {
  const at = join(site.root, name);
  cpSync(site.directory, at, { recursive: true, filter: (path) => !path.includes('lock') });
  const { queue, unsent } = site.agent({ at });
  unsent.open(() => {});
  await unsent.stored();
  return { queue, unsent, at, left: unsent.takeLeft(), kept: queue.figures.kept };
}

async function opened(): Promise<UnsentRows> {
  const { unsent } = site.agent();
  unsent.open(() => {});
  await unsent.stored();
  return unsent;
}

describe('a process that is killed', () => {
  test('when a window has just ended leaves it to the next, once', async () => {
    const unsent = await opened();
    unsent.keep(window);
    await unsent.stored();
    const { left, unsent: next } = await afterKill('next');
    assert.deepEqual(left, [JSON.parse(JSON.stringify(window))]);
    assert.deepEqual(next.takeLeft(), []);
    assert.ok(next.keeps(END), 'until its rows are added');
  });

  test('when the window is complete leaves the last state of it', async () => {
    const unsent = await opened();
    unsent.keep({ ...window, pods: [] });
    await unsent.stored();
    unsent.keep(window);
    await unsent.stored();
    assert.equal(windows().length, 1);
    assert.equal((await afterKill('next')).left[0]?.pods.length, 1);
  });

  test('while it writes the complete one leaves the one before', async () => {
    const unsent = await opened();
    unsent.keep(window);
    await unsent.stored();
    writeFileSync(join(site.directory, `${END}.window.new`), 'half of');
    const { left, at } = await afterKill('next');
    assert.equal(left.length, 1);
    assert.deepEqual(windows(at), [`${END}.window`]);
    assert.ok(!readdirSync(at).some((name) => name.endsWith('.new')));
  });

  for (const [what, count] of [
    ['all', 8000],
    ['some', 3],
  ] as const) {
    test(`when ${what} of its rows are on disk and the window is too leaves the window alone`, async () => {
      const unsent = await opened();
      unsent.keep(window);
      await unsent.stored();
      const before = join(site.root, 'before');
      cpSync(site.directory, before, { recursive: true });
      unsent.add(rows(count), END);
      await unsent.stored();
      assert.deepEqual(windows(), []);
      // As it was before the window was removed.
      cpSync(join(before, `${END}.window`), join(site.directory, `${END}.window`));
      const { left, kept } = await afterKill('next');
      assert.deepEqual([left.length, kept], [1, 0]);
    });
  }

  test('when the window has gone leaves its rows, and those alone are delivered', async () => {
    const unsent = await opened();
    unsent.keep(window);
    unsent.add(rows(3), END);
    await unsent.stored();
    const { left, kept, queue } = await afterKill('next');
    assert.deepEqual([left.length, kept], [0, 3]);
    await drain(queue);
    assert.deepEqual([...site.influx.stored], rows(3));
  });
});

test('no row is sent while the window that it was made of is on disk', async () => {
  const { queue, unsent } = site.agent();
  let seen: string[] | undefined;
  site.influx.answer = () => {
    seen ??= windows();
    return 204;
  };
  const running = queue.run(AbortSignal.timeout(30_000));
  unsent.keep(window);
  await unsent.stored();
  queue.push(rows(3), END);
  queue.close();
  await running;
  assert.deepEqual(seen, []);
  assert.equal(site.influx.stored.size, 3);
});

test('one that cannot be read is counted, and does not keep its rows from being sent', async () => {
  const unsent = await opened();
  unsent.keep(window);
  unsent.add(rows(3), END);
  await unsent.stored();
  writeFileSync(join(site.directory, `${END}.window`), 'noise');
  const { left, kept, queue } = await afterKill('next');
  assert.deepEqual([left.length, kept, queue.figures.damaged], [0, 3, 1]);
});

test('windows have half of the bound at most, and rows make room for them', async () => {
  const { unsent, queue } = site.agent({ max: MIB });
  unsent.open(() => {});
  for (let end = 1; end <= 30; end += 1) {
    unsent.add(rows(1, `${end}${'x'.repeat(50_000)}`), end);
    await unsent.stored();
  }
  const [closed] = window.pods;
  assert.ok(closed);
  const large = (end: number) => ({
    ...window,
    end,
    pods: [{ ...closed, pod: { ...closed.pod, name: unpackable() } }],
  });
  for (let end = 100; end <= 110; end += 1) {
    unsent.keep(large(end));
    await unsent.stored();
  }
  const kept = Array.from({ length: 11 }, (_, at) => unsent.keeps(100 + at));
  assert.ok(kept[0] && !kept[10], kept.join());
  const { dropped, failure } = queue.figures;
  assert.ok(dropped > 0);
  assert.match(String(failure), /half of SPOOL_MAX/);
});

test('without a disk rows are sent all the same', async () => {
  const { queue, unsent } = site.agent({ at: '/dev/null/spool' });
  unsent.keep(window);
  queue.push(rows(3), END);
  await drain(queue);
  assert.equal(site.influx.stored.size, 3);
  assert.ok(!unsent.keeps(END));
});

test('a window that vanishes from the disk keeps nothing up', async () => {
  const { queue, unsent } = site.agent();
  unsent.open(() => {});
  unsent.keep(window);
  await unsent.stored();
  rmSync(join(site.directory, `${END}.window`));
  queue.push(rows(3), END);
  await drain(queue);
  assert.equal(site.influx.stored.size, 3);
});

test('a window that the disk does not let go of keeps up no rows but its own', async () => {
  const { queue, unsent } = site.agent();
  unsent.open(() => {});
  for (const end of [END, 2 * END]) unsent.keep(windowOf(end));
  await unsent.stored();
  const stuck = join(site.directory, `${END}.window`);
  rmSync(stuck);
  mkdirSync(stuck);
  queue.push(rows(3), END);
  queue.push(rows(4, 'next'), 2 * END);
  await unsent.stored();
  await drain(queue);
  assert.deepEqual([...site.influx.stored], rows(4, 'next'));
  assert.equal(queue.figures.waiting, 3);
});
