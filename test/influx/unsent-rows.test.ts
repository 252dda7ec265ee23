import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { CONDITIONS } from '../../lib/conditions.ts';
import { drain, MIB, rows, Site } from './site.ts';

let site: Site;
beforeEach(async () => {
  site = await Site.create();
});
afterEach(() => site[Symbol.asyncDispose]());

describe('what waits', () => {
  test('is there for the next process, with its age', async () => {
    const { queue: first, unsent } = site.agent();
    first.push(rows(3, 'a'), 1000);
    first.push(rows(3, 'b'), 2000);
    await unsent.stored();
    await unsent.close();
    const { queue: second, unsent: theirs } = site.agent();
    theirs.open(() => {});
    await theirs.stored();
    assert.equal(second.figures.oldest, 1000);
    assert.equal(second.figures.kept, 6);
    await drain(second);
    assert.deepEqual([...site.influx.stored], [...rows(3, 'a'), ...rows(3, 'b')]);
    assert.deepEqual(site.files, []);
  });

  test('and is damaged on disk is counted and not sent, and the rest is', async () => {
    const { queue: first, unsent } = site.agent();
    first.push(rows(3, 'a'), 1000);
    first.push(rows(4, 'b'), 2000);
    await unsent.stored();
    const file = join(site.directory, site.files[0] ?? '');
    const bytes = readFileSync(file);
    writeFileSync(file, bytes.with(bytes.indexOf('a v=1i'), 0x7a));
    await drain(first);
    assert.deepEqual([...site.influx.stored], rows(4, 'b'));
    assert.equal(first.figures.damaged, 3);
    assert.equal(first.figures.written, 4);
  });

  test('and whose files have vanished is told of once, and is no sign of InfluxDB', async () => {
    const { queue: first, unsent } = site.agent();
    unsent.open(() => {});
    for (let end = 1; end <= 50; end += 1) first.push(rows(1, `w${end}`), end);
    await unsent.close();
    const { queue: waiting, unsent: theirs } = site.agent();
    theirs.open(() => {});
    await theirs.stored();
    for (const file of site.files) rmSync(join(site.directory, file));
    await drain(waiting);
    assert.equal(waiting.figures.damaged, 50);
    assert.deepEqual(site.said.slice(1), [
      {
        message: 'rows are damaged on disk; they are lost',
        fields: { rows: 1, total: 1, fix: CONDITIONS.rowsDamaged.remedy },
      },
    ]);
    assert.ok(!site.over.has('InfluxDB'));
  });

  test('is dropped from the oldest when there is no more room on disk, and counted', async () => {
    const { queue: waiting, unsent } = site.agent({ max: MIB });
    for (let end = 1; end <= 40; end += 1) {
      waiting.push(rows(1, `${end}${'x'.repeat(50_000)}`), end);
      await unsent.stored();
    }
    const { dropped, windowsDropped, kept } = waiting.figures;
    assert.equal(dropped + kept, 40);
    assert.equal(windowsDropped, dropped);
    assert.ok(dropped >= 20 && dropped <= 25, `${dropped}`);
    await drain(waiting);
    const ends = [...site.influx.stored].map((row) => Number.parseInt(row, 10));
    assert.deepEqual(
      ends,
      Array.from({ length: 40 - dropped }, (_, at) => at + dropped + 1),
    );
  });
});

describe('without a disk', () => {
  beforeEach(() => writeFileSync(join(site.root, 'file'), ''));

  test('rows are delivered from memory, and it is said once', async () => {
    const { queue: waiting, unsent } = site.agent({ at: join(site.root, 'file', 'spool') });
    waiting.push(rows(3, 'a'), 1);
    await unsent.stored();
    waiting.push(rows(3, 'b'), 2);
    await drain(waiting);
    assert.equal(site.influx.stored.size, 6);
    assert.ok(waiting.figures.failure);
    assert.deepEqual(site.messages, ['rows that wait are in memory, for want of the disk']);
  });

  test('the oldest rows in memory are dropped when there are too many', async () => {
    const { queue: waiting, unsent } = site.agent({
      at: join(site.root, 'file', 'spool'),
      memory: 100,
    });
    for (const [end, name] of ['a', 'b', 'c', 'd'].entries()) waiting.push(rows(4, name), end);
    await unsent.stored();
    // Of 36 bytes each.
    const { dropped, windowsDropped, bytes, inMemory } = waiting.figures;
    assert.deepEqual([dropped, windowsDropped, bytes, inMemory], [8, 2, 72, 8]);
  });

  test('rows that are dropped are in memory no more, whoever still knows of them', () => {
    const { unsent } = site.agent({ at: join(site.root, 'file', 'spool'), memory: 50 });
    const [first] = unsent.add(rows(4, 'a'), 1);
    assert.ok(first?.payload);
    unsent.add(rows(4, 'b'), 2);
    assert.equal(first.payload, undefined);
  });

  test('they go to the disk when it is there', async () => {
    const { queue: waiting, unsent } = site.agent({ at: join(site.root, 'file', 'spool') });
    waiting.push(rows(3, 'a'), 1);
    await unsent.stored();
    assert.equal(waiting.figures.inMemory, 3);
    rmSync(join(site.root, 'file'));
    waiting.push(rows(3, 'b'), 2);
    await unsent.stored();
    const { inMemory, kept, failure } = waiting.figures;
    assert.deepEqual([inMemory, kept, failure], [0, 6, undefined]);
    assert.ok(site.over.has('spool'));
  });

  test('so it is for a process whose directory another one has, until that one has gone', async () => {
    const { queue: other, unsent: first } = site.agent();
    other.push(rows(1, 'a'), 1);
    await first.stored();
    const { queue: waiting, unsent } = site.agent();
    waiting.push(rows(1, 'b'), 2);
    await unsent.stored();
    assert.ok(waiting.figures.failure);
    await first.close();
    waiting.push(rows(1, 'c'), 3);
    await drain(waiting);
    assert.equal(waiting.figures.failure, undefined);
    assert.deepEqual(
      [...site.influx.stored].toSorted(),
      ['a', 'b', 'c'].flatMap((name) => rows(1, name)),
    );
  });
});
