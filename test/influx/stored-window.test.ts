import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { zstdCompressSync as packed, zstdDecompressSync as unpacked } from 'node:zlib';
import { encodeRecord, payloadOf } from '../../lib/influx/spool/record.ts';
import { decodeWindow, encodeWindow } from '../../lib/influx/spool/stored-window.ts';
import { windowOf } from './windows.ts';

const window = windowOf(20_000);
const record = encodeWindow(window);
/** The agent, the pod, and its one peer. */
const ROWS = 3;

const stored = (content: object) =>
  encodeRecord({ end: window.end, rows: ROWS, payload: packed(JSON.stringify(content)) });

/** The window with a field more in its pair. */
const withPair = (fields: object) => ({
  ...window,
  pods: window.pods.map((closed) => {
    const pairs = closed.window.pairs.map((pair) => ({ ...pair, ...fields }));
    return { ...closed, window: { ...closed.window, pairs } };
  }),
});

test('what is written has the fields that its version says', () => {
  const file = join(import.meta.dirname, '../fixtures/spool/window-2.json');
  const kept = JSON.parse(readFileSync(file, 'utf8')) as typeof window & { version: number };
  const whole = withPair({ port: '443/tcp' });
  const [closed] = whole.pods;
  assert.ok(closed);
  const pod = { ...closed.pod, terminating: true };
  const paused = { sent: 20, received: 10 };
  const pods = [{ ...closed, pod, window: { ...closed.window, paused } }];
  const written = JSON.parse(
    unpacked(payloadOf(encodeWindow({ ...whole, pods }))).toString(),
  ) as unknown;
  const what = 'raise VERSION, and keep what is written now as a file of that version';
  assert.deepEqual(written, kept, what);
  const { version, ...read } = kept;
  assert.equal(version, 2);
  assert.deepEqual(decodeWindow(stored(kept)), read, what);
});

test('a window is read back as it was, with its ports and fields that are not known here', () => {
  const more = { ...withPair({ port: '443/tcp' }), interface: 'net1' };
  assert.deepEqual(decodeWindow(encodeWindow(more)), JSON.parse(JSON.stringify(more)));
});

test('one that is cut off anywhere is lost, and counted', () => {
  for (let length = 0; length < record.length; length += 1) {
    const { lost } = decodeWindow(record.subarray(0, length)) as { lost: number };
    assert.ok(lost >= 1 && lost <= ROWS, `at ${length}`);
  }
});

test('one in which a bit has changed is lost, and counted', () => {
  for (let at = 0; at < record.length; at += 1) {
    const flipped = Buffer.from(record);
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    assert.ok('lost' in decodeWindow(flipped), `at ${at}`);
  }
});

test('one of another version, or of another end than its header, is lost with all its rows', () => {
  assert.deepEqual(decodeWindow(stored({ ...window, version: 1 })), { lost: ROWS });
  assert.deepEqual(decodeWindow(stored(window)), { lost: ROWS });
  assert.deepEqual(decodeWindow(stored({ ...window, version: 2, end: 30_000 })), { lost: ROWS });
  assert.ok(!('lost' in decodeWindow(stored({ ...window, version: 2 }))));
});

test('one that is not packed, or is cut when it is unpacked, is lost too', () => {
  const text = JSON.stringify({ ...window, version: 2 });
  for (const payload of [Buffer.from(text), packed(text).subarray(0, -9), packed('')])
    assert.deepEqual(decodeWindow(encodeRecord({ end: window.end, rows: ROWS, payload })), {
      lost: ROWS,
    });
});
