import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Session } from '../../lib/iftop/session.ts';
import type { Counters } from '../../lib/model.ts';
import { stay } from '../../lib/netns/enter.ts';
import { captures } from './captures.ts';

const HOUR = 3_600_000;
const [frame = []] = captures.find(({ name }) => name === 'idle')?.frames ?? [];

/** What looks like an iftop that prints a frame twice a second, of an interface with these counters, or none. */
async function start(counters = (): Counters | undefined => undefined): Promise<Session> {
  const script = 'echo Listening on eth0; while sleep 0.5; do printf "%s\\n" "$1"; done';
  return Session.start(stay(['sh', '-c', script, 'sh', frame.join('\n')]), {
    counters,
    cpu: () => 0,
    strained: () => {},
    unparsed: () => {},
    frame: () => {},
  });
}

/** Sets the clock. */
function set(t: TestContext, by: number): void {
  const now = Date.now;
  t.mock.method(Date, 'now', () => now() + by);
}

for (const by of [-HOUR, HOUR]) {
  test(`a capture goes on when the clock is set by ${by} ms, and tells the new time`, async (t) => {
    const session = await start();
    const stop = new AbortController();
    let count = 0;
    for await (const { since, from, to } of session.slots(stop.signal)) {
      count += 1;
      assert.ok(since <= from && from <= to, `${since} ${from} ${to}`);
      assert.ok(Math.abs(Date.now() - to) < 1000);
      assert.ok(performance.now() - session.heard < 1000);
      if (count === 2) set(t, by);
      if (count === 4) stop.abort();
    }
    assert.ok(count >= 4);
  });
}

const counted = (sentBytes: number): Counters => {
  return { sentBytes, sentPackets: 1, receivedBytes: 0, receivedPackets: 0 };
};

for (const [what, next] of [
  ['has gone', undefined],
  ['was replaced by another one of its name', counted(90)],
] as const) {
  test(`a capture whose interface ${what} ends, with what it has reported by then`, async () => {
    let readings = 0;
    const session = await start(() => ((readings += 1) <= 3 ? counted(1000) : next));
    const slots: unknown[] = [];
    const capture = async () => {
      for await (const slot of session.slots(new AbortController().signal)) slots.push(slot);
    };
    await assert.rejects(capture, { code: 'ERR_SESSION_LOST' });
    assert.ok(slots.length > 0);
  });
}
