import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameSplitter } from '../../lib/iftop/frames.ts';
import { captures } from './captures.ts';

const MIB = 1024 * 1024;
const whole = captures.filter(({ name }) => name !== 'truncated');

test('every capture is cut into its frames', () => {
  for (const { name, text, frames } of whole) {
    assert.deepEqual(new FrameSplitter().push(text), frames, name);
  }
});

test('a frame that has not ended is not handed out', () => {
  const text = captures.find(({ name }) => name === 'truncated')?.text ?? '';
  assert.notEqual(text, '');
  assert.deepEqual(new FrameSplitter().push(text), []);
});

for (const [what, piece] of [
  ['one endless line', 'x'.repeat(MIB)],
  ['endless lines', 'x\n'.repeat(MIB / 2)],
] as const) {
  test(`${what}: it is thrown away and counted, and the frames after it are found`, () => {
    const splitter = new FrameSplitter();
    for (let i = 0; i < 20; i += 1) assert.deepEqual(splitter.push(piece), []);
    assert.ok(splitter.dropped >= 4);
    const end = '='.repeat(92);
    const [first, second] = [`\n${end}\n`, `a\n${end}\n`].flatMap((text) => splitter.push(text));
    assert.equal(first?.at(-1), end);
    assert.deepEqual(second, ['a', end]);
    assert.ok((first?.join('\n').length ?? Infinity) <= 4 * MIB);
  });
}

test('many frames in a row are no endless text', () => {
  const text = captures.find(({ name }) => name === 'pairs-1200')?.text ?? '';
  const splitter = new FrameSplitter();
  for (let i = 0; i < 30; i += 1) assert.equal(splitter.push(text).length, 1);
  assert.equal(splitter.dropped, 0);
});

test('a frame is open from its first line to its last', () => {
  const splitter = new FrameSplitter();
  const end = '='.repeat(92);
  for (const [piece, open] of [
    ['', false],
    ['a', true],
    ['b\n', true],
    [`${end}\n`, false],
    ['\n', false],
    ['c\n', true],
    [`${end}\n\n`, false],
  ] as const) {
    splitter.push(piece);
    assert.equal(splitter.isOpen, open, piece);
  }
});
