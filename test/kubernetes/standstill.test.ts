import assert from 'node:assert/strict';
import { once } from 'node:events';
import { json } from 'node:stream/consumers';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { connect } from '../../lib/kubernetes/client/client.ts';
import { site } from './site.ts';

/** Milliseconds. */
const PATIENCE = 2000;

const { tls, kubeconfig, write } = site();

for (const http2 of [true, false])
  test(`an answer over ${http2 ? 'HTTP/2' : 'HTTP/1.1'} that arrived while the process stood still is not given up`, async (t) => {
    const server = new Worker(new URL('late-server.ts', import.meta.url), {
      workerData: { tls, http2 },
    });
    t.after(async () => server.terminate());
    const [port] = await once(server, 'message');
    write(`https://127.0.0.1:${port}`);
    const client = connect(kubeconfig, { patience: PATIENCE });
    const asked = once(server, 'message');
    const answer = client.get('/api/v1/pods', new AbortController().signal);
    await Promise.race([asked, answer]);
    standStill(2 * PATIENCE);
    assert.deepEqual(await json(await answer), { items: [] });
  });

/** For so many milliseconds nothing in this thread goes on. */
function standStill(time: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, time);
}
