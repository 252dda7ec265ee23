import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { readers } from './readers.ts';

/** In milliseconds: a square of a million steps takes far longer, on any computer. */
const HANGS = 120_000;

test('a mebibyte of what almost matches is read to its end', async (t) => {
  const worker = new Worker(new URL('hostile-worker.ts', import.meta.url));
  t.after(() => worker.terminate());
  for (const name of Object.keys(readers)) {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows
    worker.postMessage(name);
    const read = once(worker, 'message', { signal: AbortSignal.timeout(HANGS) });
    await assert.doesNotReject(read, `${name} hangs`);
  }
});
