import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { encode, type Frame, parseFrame, parseHello } from '../../lib/live/frame.ts';

const FLOW = {
  peer_kind: 'pod',
  peer_namespace: 'data',
  peer: 'db-0',
  peer_workload: 'StatefulSet/db',
  port: '5432/tcp',
  sentBytes: 1500,
  receivedBytes: 0,
};
const SLOT = {
  namespace: 'shop',
  pod: 'web-1',
  workload: 'Deployment/web',
  interface: 'eth0',
  from: 1000,
  to: 3000,
  flows: [FLOW],
};
const FRAME: Frame = { number: 7, at: 3100, notCaptured: 2, slots: [SLOT] };

test('a frame is read as it was written', () => {
  assert.deepEqual(parseFrame(encode(FRAME)), FRAME);
});

test('what is new in a frame of a later version is left out', () => {
  const later = {
    ...FRAME,
    more: 1,
    slots: [{ ...SLOT, more: [], flows: [{ ...FLOW, more: {} }] }],
  };
  assert.deepEqual(parseFrame(JSON.stringify(later)), FRAME);
});

test('names cannot reach a terminal or turn a text around', () => {
  const peer = 'a\u001b]0;x\u0007\u009b31m\u202e\u2066\u200b\u2028b';
  const frame = { ...FRAME, slots: [{ ...SLOT, flows: [{ ...FLOW, peer }] }] };
  const [slot] = parseFrame(encode(frame)).slots;
  assert.equal(
    slot?.flows[0]?.peer,
    'a\u{FFFD}]0;x\u{FFFD}\u{FFFD}31m\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}b',
  );
});

test('names of other languages stay', () => {
  const frame = { ...FRAME, slots: [{ ...SLOT, namespace: 'büro-東京', pod: 'x'.repeat(1000) }] };
  const [slot] = parseFrame(encode(frame)).slots;
  assert.equal(slot?.namespace, 'büro-東京');
  assert.equal(slot?.pod.length, 320);
});

const wrong: readonly (readonly [string, unknown, RegExp])[] = [
  ['no object', 7, /a frame is no object/],
  ['a time before 1970', { ...FRAME, at: -1 }, /at is no number/],
  ['no slots', { ...FRAME, slots: undefined }, /slots is no list/],
  ['a slot that ends too soon', { ...FRAME, slots: [{ ...SLOT, to: 1 }] }, /ends before it begins/],
  ['a name that is none', { ...FRAME, slots: [{ ...SLOT, pod: {} }] }, /pod is no text/],
  [
    'too many flows',
    { ...FRAME, slots: [{ ...SLOT, flows: Array.from({ length: 50_001 }, () => FLOW) }] },
    /more than 50000 flows/,
  ],
];
for (const [what, frame, error] of wrong)
  test(`${what} is refused`, () => assert.throws(() => parseFrame(JSON.stringify(frame)), error));

test('whatever a line is, it is read or refused with a sentence', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
      for (const parse of [parseFrame, parseHello]) {
        try {
          parse(line);
        } catch (error) {
          assert.match((error as Error).message, /^[\w ]+ (is|has|ends) [\w ]+$/);
        }
      }
    }),
  );
});
