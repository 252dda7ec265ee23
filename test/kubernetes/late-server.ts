/** A server that answers each request a moment later, in a thread of its own. It says at which port, and when it is asked. */
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';

/** Milliseconds. */
const LATER = 300;

const server = createSecureServer(
  {
    ...workerData.tls,
    allowHTTP1: true,
    ...(!workerData.http2 && { ALPNProtocols: ['http/1.1'] }),
  },
  (_, response) => {
    say('asked');
    setTimeout(() => response.end('{"items":[]}'), LATER);
  },
);
server.listen(0, '127.0.0.1', () => say((server.address() as AddressInfo).port));

function say(what: string | number): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows
  parentPort?.postMessage(what);
}
