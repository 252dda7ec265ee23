import assert from 'node:assert/strict';
import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FlowCounter } from '../../lib/bpf/flow-counter.ts';
import { whyNotBpf } from '../../lib/bpf/probe.ts';
import { ended, fatal, frame, record } from './making.ts';

const NUMBER = Buffer.alloc(4);
const READY = frame(1);
const ATTACHED = frame(2, NUMBER);
const DRAINED = frame(5, Buffer.alloc(8));

/** A line of a shell script. */
function print(bytes: Uint8Array = new Uint8Array()): string {
  const octal = [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`);
  return `printf '${octal.join('')}'\n`;
}

/** Starts a helper that prints some bytes, and more for each line that it reads. */
async function start(
  [first, ...others]: readonly Buffer[],
  use: (counter: FlowCounter) => Promise<void>,
): Promise<void> {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'nstats-bpf-'));
  const helper = join(directory.path, 'helper');
  const answers = others.map((bytes) => `read -r _ || exit 3\n${print(bytes)}`);
  const script = ['#!/bin/sh\n', print(first), ...answers, 'cat >/dev/null\n'].join('');
  writeFileSync(helper, script, { mode: 0o755 });
  const counter = await FlowCounter.start({ flows: 1, flowsPerPod: 1, ports: false, helper });
  try {
    await use(counter);
  } finally {
    await counter.end();
  }
}

test('counts come by interface', async () => {
  const records = Buffer.concat([record({ pod: 0 }), record({ pod: 0, kind: 2 })]);
  await start([READY, ATTACHED, Buffer.concat([frame(4, records), DRAINED])], async (counter) => {
    const counted = await counter.attach({ pid: 1, inode: 2 }, 'eth0');
    const { at, counts } = await counter.drain();
    assert.ok(at < performance.now());
    assert.deepEqual([...counts.keys()], [counted]);
    assert.equal(counts.get(counted)?.flows.length, 1);
  });
});

test('an interface that ends is in the next drain, and in none behind that', async () => {
  const records = frame(4, record({ pod: 0 }));
  const script = [
    READY,
    Buffer.concat([ATTACHED, ended(0, 100, 'count at the interface')]),
    Buffer.concat([records, DRAINED]),
    Buffer.concat([records, DRAINED]),
  ];
  await start(script, async (counter) => {
    const counted = await counter.attach({ pid: 1, inode: 2 }, 'eth0');
    assert.equal(await counted.ended, 'cannot count at the interface: network is down (ENETDOWN)');
    assert.ok((await counter.drain()).counts.has(counted));
    await assert.rejects(counter.drain(), {
      code: 'ERR_BPF_ENDED',
      message: /without being asked/,
    });
  });
});

for (const [name, answer] of [
  ['garbage', Buffer.from('garbage, and more of it')],
  ['a number that was not attached', frame(2, Buffer.from([9, 0, 0, 0]))],
  ['the end of a number that was not attached', ended(9, 0, 'detach')],
  ['records of a number that was not attached', Buffer.concat([frame(4, record({})), DRAINED])],
  ['records that cannot be', frame(4, record({ pod: 0, kind: 9 }))],
  ['its end, with the reason', fatal(12, 'read the flows')],
] as const) {
  test(`${name} ends the helper and all that wait for it`, async () => {
    await start([READY, ATTACHED, answer], async (counter) => {
      const counted = await counter.attach({ pid: 1, inode: 2 }, 'eth0');
      const drain = assert.rejects(counter.drain(), { code: 'ERR_BPF_ENDED' });
      await drain;
      const why =
        /no frame|not asked for|not attached|without being asked|cannot read the flows: .*ENOMEM/;
      assert.match(await counted.ended, why);
      assert.match(await counter.ended, why);
      await assert.rejects(counter.drain(), { code: 'ERR_BPF_ENDED' });
    });
  });
}

test('a helper that is given up has ended at once', async () => {
  await start([READY, ATTACHED], async (counter) => {
    const counted = await counter.attach({ pid: 1, inode: 2 }, 'eth0');
    const drain = assert.rejects(counter.drain(), { code: 'ERR_BPF_ENDED' });
    counter.kill();
    await drain;
    assert.equal(await counted.ended, 'it was given up');
  });
});

test('a helper that is not ready yet can be given up', async () => {
  using directory = mkdtempDisposableSync(join(tmpdir(), 'nstats-bpf-'));
  const helper = join(directory.path, 'helper');
  writeFileSync(helper, '#!/bin/sh\nexec sleep 60\n', { mode: 0o755 });
  const options = { flows: 1, flowsPerPod: 1, ports: false, helper };
  const message = 'it was given up';
  await assert.rejects(FlowCounter.start(options, AbortSignal.timeout(50)), { message });
});

test('more records than there is room for end it', async () => {
  const many = frame(4, Buffer.concat(Array<Buffer>(500).fill(record({ pod: 0 }))));
  const script = [READY, ATTACHED, ...Array<Buffer>(20).fill(many)];
  await start(script, async (counter) => {
    await counter.attach({ pid: 1, inode: 2 }, 'eth0');
    const drains = script.slice(2).map(() => counter.drain());
    for (const drain of drains) await assert.rejects(drain, { message: /no frame/ });
  });
});

test('a helper that does not start says why', async () => {
  await assert.rejects(
    start([fatal(0, 'malformed command line')], async () => {}),
    {
      code: 'ERR_BPF_START',
    },
  );
  assert.match((await whyNotBpf('/nowhere/nstats-bpf')) ?? '', /ENOENT.*`npm run bpf`/);
  assert.match((await whyNotBpf('/bin/false')) ?? '', /^1: /);
});
