import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Session } from '../../lib/iftop/session.ts';
import type { Counters } from '../../lib/model.ts';
import { UNUSED } from '../../lib/linux/interface-counters.ts';
import { stay } from '../../lib/linux/netns-exec.ts';
import { captures } from './captures.ts';

const HOUR = 3_600_000;
const frameOf = (capture: string) =>
  captures.find(({ name }) => name === capture)?.frames[0]?.join('\n') ?? assert.fail(capture);
const [idle, busy] = [frameOf('idle'), frameOf('ipv4-tcp')];

const TWICE_A_SECOND = 'while sleep 0.5; do printf "%s\\n" "$1"; done';
/** Two busy frames and an idle one, and then a busy one whenever it is asked. */
const BURST =
  'for frame in "$2" "$2" "$1"; do printf "%s\\n" "$frame"; sleep 0.2; done; ' +
  'while [ "$(dd bs=1 count=1 2>/dev/null)" = u ]; do printf "%s\\n" "$2"; done';

/** A session of a script that prints like iftop, on an interface with these counters. */
async function start(
  script = TWICE_A_SECOND,
  read: () => Counters | undefined = () => undefined,
): Promise<Session> {
  const command = ['sh', '-c', `echo Listening on eth0; ${script}`, 'sh', idle, busy];
  return Session.start(stay(command), {
    counters: read,
    cpu: () => 0,
    overloaded: () => {},
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
  test(`a capture goes on when the clock is set by ${by} ms, and reports the new time`, async (t) => {
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

/** How many frames of a burst are seen, if nothing is counted behind the second. */
async function seen(read: () => Counters): Promise<number> {
  const stop = new AbortController();
  const session = await start(BURST, read);
  setTimeout(() => stop.abort(), 5000);
  let count = 0;
  for await (const { flows } of session.slots(stop.signal)) if (flows.length > 0) count += 1;
  return count;
}

test('an interface is at rest if its counters stand still, unless they have missed bytes before', async () => {
  const [counted, uncounted] = await Promise.all([seen(counting()), seen(() => UNUSED)]);
  assert.equal(counted, 2);
  assert.ok(uncounted > 2, `${uncounted}`);
});

/** Counters that have more each time they are read, three times. */
function counting(): () => Counters {
  let times = 0;
  return () => {
    times = Math.min(3, times + 1);
    const [bytes, packets] = [1e9 * times, 1e6 * times];
    return {
      sentBytes: bytes,
      sentPackets: packets,
      receivedBytes: bytes,
      receivedPackets: packets,
    };
  };
}

const bytes = (sentBytes: number): Counters => {
  return { sentBytes, sentPackets: 1, receivedBytes: 0, receivedPackets: 0 };
};

for (const [what, next] of [
  ['has gone', undefined],
  ['was replaced by another one of its name', bytes(90)],
] as const) {
  test(`a capture whose interface ${what} ends, with what it has reported by then`, async () => {
    let readings = 0;
    const session = await start(undefined, () => ((readings += 1) <= 3 ? bytes(1000) : next));
    const slots: unknown[] = [];
    const capture = async () => {
      for await (const slot of session.slots(new AbortController().signal)) slots.push(slot);
    };
    await assert.rejects(capture, { code: 'ERR_SESSION_LOST' });
    assert.ok(slots.length > 0);
  });
}

/** Idle frames for so many seconds, then busy ones. */
const DEAF_FOR = (seconds: number) =>
  `for i in $(seq ${2 * seconds}); do printf "%s\\n" "$1"; sleep 0.5; done; ` +
  'while sleep 0.5; do printf "%s\\n" "$2"; done';

/** How a session ends of whose interface 1 MB is counted at each reading. */
async function endOf(script: string): Promise<string | undefined> {
  let readings = 0;
  const session = await start(script, () => bytes((readings += 1) * 1e6));
  const stop = new AbortController();
  try {
    for await (const { flows } of session.slots(stop.signal)) if (flows.length > 0) stop.abort();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

test('a capture that sees nothing of what is counted ends, one that had to wait for the CPU does not', async () => {
  const [deaf, starved] = await Promise.all([endOf(DEAF_FOR(20)), endOf(DEAF_FOR(8))]);
  assert.match(deaf ?? '', /sees nothing of what is counted/);
  assert.equal(starved, undefined);
});
