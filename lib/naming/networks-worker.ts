import { parentPort, workerData } from 'node:worker_threads';
import { parseNetworks } from './networks.ts';

/** The thread of networks-file.ts: parses the text of a file, and sends what is in it. */
const { networks, mistakes } = parseNetworks(workerData as string);
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows
parentPort?.postMessage({ entries: networks.entries, mistakes });
