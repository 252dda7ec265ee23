import assert from 'node:assert/strict';
import { afterEach, beforeEach, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { rows, Site } from './site.ts';

const BLAME = 'check INFLUX_URL';
let site: Site;
beforeEach(async () => {
  site = await Site.create();
});
afterEach(() => site[Symbol.asyncDispose]());

/** What is logged of an InfluxDB that answers so until it has been tried so many times. */
async function logged(t: TestContext, answer: number, tries: number, age = 0): Promise<string[]> {
  const now = performance.now.bind(performance);
  let later = 0;
  t.mock.method(performance, 'now', () => now() + later);
  site.influx.answer = () => answer;
  const { queue } = site.agent({ explain: () => ({ what: 'it fails', fix: BLAME }) });
  later = age;
  const stop = new AbortController();
  const running = queue.run(stop.signal);
  for (let end = 1; queue.figures.retries < tries; end += 1) {
    queue.push(rows(1), end);
    await sleep(20);
  }
  stop.abort();
  await running;
  return site.said.map(({ fields, message }) => `${message}: ${(fields as { fix: string }).fix}`);
}

for (const answer of [0, 502, 503]) {
  const what = answer === 0 ? 'does not answer' : `answers ${answer}`;
  test(`an InfluxDB that ${what} in the first minute of the agent may be starting too`, async (t) => {
    const [line = '', ...more] = await logged(t, answer, 3);
    assert.match(line, /does not take rows.*just starting/);
    assert.deepEqual(more, []);
  });

  test(`if it still ${what} after a minute, the configuration may be wrong`, async (t) => {
    const lines = await logged(t, answer, 3, 61_000);
    assert.equal(lines.length, 1);
    assert.ok(lines[0]?.endsWith(BLAME));
  });
}

for (const answer of [401, 404, 500]) {
  test(`a ${answer} is no sign of that`, async (t) => {
    assert.deepEqual(await logged(t, answer, 1), [
      `InfluxDB does not take rows; they are kept: ${BLAME}`,
    ]);
  });
}
