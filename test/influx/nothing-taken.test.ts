import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { rows, Site } from './site.ts';

let site: Site;
beforeEach(async () => {
  site = await Site.create();
});
afterEach(() => site[Symbol.asyncDispose]());

for (const status of [0, 401, 404, 500, 503]) {
  test(`an InfluxDB that takes nothing for long (${status || 'no answer'}) refuses nothing`, async () => {
    const { queue } = site.agent();
    const running = queue.run(AbortSignal.timeout(60_000));
    queue.push(rows(1, 'first'), 0);
    while (queue.figures.written === 0) await sleep(5);
    site.influx.answer = () => status;
    queue.push(rows(3, 'w1'), 1);
    // By then it is doubted, and what was taken before is not taken either.
    while (queue.figures.retries < 5) await sleep(20);
    queue.push(rows(3, 'w2'), 2);
    while (queue.figures.retries < 6) await sleep(20);
    site.influx.requests.length = 0;
    site.influx.answer = () => 204;
    queue.push(rows(3, 'w3'), 3);
    queue.close();
    await running;
    const { written, refused, bytes } = queue.figures;
    assert.deepEqual([written, refused, bytes], [10, 0, 0]);
    const order = site.influx.requests.flatMap(({ rows }) => rows.map((row) => row.split(' ')[0]));
    // The fresh one goes first, and a row of before may tell whether any is taken.
    const old = order.filter((name) => name === 'w1' || name === 'w2');
    assert.deepEqual([...new Set(old)], ['w1', 'w2']);
  });
}
