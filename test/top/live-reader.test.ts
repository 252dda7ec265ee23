import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { encode } from '../../lib/live/frame.ts';
import { LiveReader, type LiveReaderOptions, type OpenStream } from '../../lib/top/live-reader.ts';
import { totals } from '../../lib/top/totals.ts';
import { helloOf, simulatedAgent, simulatedCluster } from './simulated-agent.ts';

function reader(t: TestContext, options: LiveReaderOptions = {}) {
  const ending = new AbortController();
  const live = new LiveReader(options);
  const following: Promise<void>[] = [];
  t.after(async () => {
    ending.abort();
    await Promise.all(following);
    assert.deepEqual(live.agents(), []);
  });
  const follow = (name: string, open: OpenStream) =>
    void following.push(live.follow(name, open, ending.signal));
  return { live, follow };
}

async function until(what: () => boolean, why: () => unknown): Promise<void> {
  for (let tries = 0; !what(); tries += 1) {
    if (tries > 1000) throw new Error(`it did not come to that: ${JSON.stringify(why())}`);
    await sleep(20);
  }
}

function frame(number = 1): string {
  return encode({ number, at: Date.now(), notCaptured: 3, slots: [] });
}

test('agents that answer are merged, and each byte is in the total once', async (t) => {
  const { live, follow } = reader(t);
  const { nodes, flows } = simulatedCluster({ nodes: 3, pods: 4, peers: 2 });
  for (const node of nodes)
    follow(node, async (signal) => simulatedAgent(helloOf(node, 3), () => flows, signal));
  const sent = flows.reduce((total, { send, receive }) => total + send + receive, 0);
  const isWhole = () => Math.abs(totals(live.views(), live.isComplete).once / sent - 1) < 0.02;
  await until(isWhole, () => [totals(live.views(), true), sent]);
  assert.ok(live.isComplete);
  assert.deepEqual(
    live.agents().map(({ state }) => state),
    ['live', 'live', 'live'],
  );
});

const lost: readonly (readonly [string, OpenStream, RegExp])[] = [
  ['that cannot be asked', async () => Promise.reject(new Error('no right')), /^no right$/],
  ['that ends at once', async () => Readable.from([]), /said nothing/],
  [
    'that ends',
    async () => Readable.from([Buffer.from(encode(helloOf('a', 1)) + frame())]),
    /ended/,
  ],
  [
    'of another version',
    async () => said(encode({ ...helloOf('a', 1), protocol: 2, version: '7.0.0' })),
    /nstats 7\.0\.0, which/,
  ],
  ['that is something else', async () => said('HTTP/1.1 400 Bad Request\n'), /no JSON/],
  [
    'that says nonsense',
    async () => said(encode(helloOf('a', 1)) + '{"at":[]}\n'),
    /slots is no list/,
  ],
  ['that never ends a line', async () => Readable.from(endless()), /a line has more than/],
  ['that hangs', async () => said(encode(helloOf('a', 1)) + frame()), /does not answer/],
];
for (const [what, open, reason] of lost) {
  test(`an agent ${what} is lost with the reason, and the others go on`, async (t) => {
    const { live, follow } = reader(t);
    const flows = simulatedCluster({ nodes: 1, pods: 2, peers: 1 }).flows;
    follow('well', async (signal) => simulatedAgent(helloOf('node-1', 1), () => flows, signal));
    follow('ill', open);
    const [well, ill] = ['well', 'ill'].map(
      (name) => () => live.agents().find(({ agent }) => agent === name),
    );
    await until(
      () => reason.test(ill?.()?.reason ?? ''),
      () => live.agents(),
    );
    await until(
      () => well?.()?.state === 'live' && live.views().length > 0,
      () => live.agents(),
    );
    assert.equal(live.isComplete, false);
  });
}

test('an agent that comes back is live again', async (t) => {
  const { live, follow } = reader(t);
  const streams: PassThrough[] = [];
  follow('a', async () => {
    const stream = said(encode(helloOf('a', 1)) + frame());
    streams.push(stream);
    return stream;
  });
  await until(
    () => live.isComplete,
    () => live.agents(),
  );
  assert.equal(live.agents()[0]?.notCaptured, 3);
  streams[0]?.destroy(new Error('gone'));
  await until(
    () => live.agents()[0]?.state === 'lost',
    () => live.agents(),
  );
  await until(
    () => live.isComplete && streams.length === 2,
    () => live.agents(),
  );
});

test('frames that were lost on the way are counted, those between two streams are not', async (t) => {
  const { live, follow } = reader(t);
  const streams = [
    [1, 2, 5],
    [9, 11],
  ].map((numbers) =>
    said(encode(helloOf('a', 1)) + numbers.map((number) => frame(number)).join('')),
  );
  const [first] = streams;
  follow('a', async () => streams.shift() ?? said(''));
  const lost = () => live.agents()[0]?.framesLost;
  await until(
    () => lost() === 2,
    () => live.agents(),
  );
  first?.end();
  await until(
    () => lost() === 3,
    () => live.agents(),
  );
});

test('an agent that is one of very many has time to be reached, but not to be silent then', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { live, follow } = reader(t);
  const opening = Promise.withResolvers<Readable>();
  follow('a', async () => opening.promise);
  t.mock.timers.tick(600_000);
  await setImmediate();
  assert.equal(live.agents()[0]?.state, 'connecting');
  opening.resolve(new PassThrough());
  await setImmediate();
  t.mock.timers.tick(20_000);
  await setImmediate();
  assert.match(live.agents()[0]?.reason ?? '', /does not answer/);
});

test('of pods that are not wanted nothing is kept', async (t) => {
  const { live, follow } = reader(t, { isWanted: ({ pod }) => pod === 'app-1-1' });
  const { flows } = simulatedCluster({ nodes: 1, pods: 3, peers: 2 });
  follow('a', async (signal) => simulatedAgent(helloOf('node-1', 1), () => flows, signal));
  await until(
    () => live.views().length > 0,
    () => live.agents(),
  );
  assert.deepEqual([...new Set(live.views().map(({ pod }) => pod))], ['app-1-1']);
  // What a service sends may come from pods that are not wanted.
  assert.equal(live.isComplete, false);
});

test('a stream is closed when its agent is followed no more', async () => {
  const ending = new AbortController();
  const live = new LiveReader();
  const stream = said(encode(helloOf('a', 1)));
  const followed = live.follow('a', async () => stream, ending.signal);
  await sleep(20);
  ending.abort();
  await Promise.all([followed, once(stream, 'close')]);
  assert.deepEqual(live.agents(), []);
});

test('one character may come in pieces', async (t) => {
  const { live, follow } = reader(t);
  const bytes = Buffer.from(encode({ ...helloOf('a', 1), cluster: 'ü' }) + frame());
  follow('a', async () => {
    const stream = new PassThrough();
    for (const byte of bytes) stream.write(Buffer.of(byte));
    return stream;
  });
  await until(
    () => live.isComplete,
    () => live.agents(),
  );
});

function said(text: string): PassThrough {
  const stream = new PassThrough();
  stream.write(text);
  return stream;
}

function* endless() {
  yield Buffer.from(encode(helloOf('a', 1)));
  for (;;) yield Buffer.alloc(1024 * 1024, 'x');
}
