import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameReader } from '../../lib/bpf/frames.ts';
import { ended, frame, fatal, record } from './making.ts';

const types = (frames: readonly { readonly type: string }[]) => frames.map(({ type }) => type);

test('frames come in any pieces', () => {
  const all = Buffer.concat([
    frame(1),
    frame(2, Buffer.from([7, 0, 0, 0])),
    ended(7, 100, 'count at the interface'),
    frame(4, Buffer.concat([record({}), record({ pod: 8 })])),
    frame(5, Buffer.from([1, 0, 0, 0, 0, 0, 0, 1])),
    fatal(1, 'create a map'),
  ]);
  const whole = new FrameReader().push(all);
  assert.deepEqual(types(whole), ['ready', 'attached', 'ended', 'records', 'drained', 'fatal']);
  assert.deepEqual(whole[2], {
    type: 'ended',
    pod: 7,
    end: { errno: 100, step: 'count at the interface' },
  });
  assert.deepEqual(whole[4], { type: 'drained', at: 2n ** 56n + 1n });
  for (const size of [1, 3, 7, 8, 9, 71, 200]) {
    const reader = new FrameReader();
    const pieces = Array.from({ length: Math.ceil(all.length / size) }, (_, nth) =>
      all.subarray(nth * size, (nth + 1) * size),
    );
    assert.deepEqual(
      pieces.flatMap((piece) => reader.push(piece)),
      whole,
    );
  }
});

for (const [name, bytes] of [
  ['an unknown type', frame(9)],
  ['type 0', frame(0)],
  ['a number that is too short', frame(2, Buffer.alloc(3))],
  ['half a record', frame(4, Buffer.alloc(36))],
  ['no record', frame(4)],
  ['a length that nobody would wait for', Buffer.from([4, 0, 0, 0, 255, 255, 255, 255])],
  ['text', Buffer.from('nstats-bpf: command not found\n')],
] as const) {
  test(`${name} is malformed, and nothing behind it counts`, () => {
    const reader = new FrameReader();
    assert.deepEqual(types(reader.push(Buffer.concat([frame(1), bytes, frame(1)]))), [
      'ready',
      'malformed',
    ]);
    assert.deepEqual(reader.push(frame(1)), []);
  });
}
