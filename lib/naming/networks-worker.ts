import { parentPort, workerData } from 'node:worker_threads';
import { parseNetworks } from './networks.ts';

/** The thread of networks-file.ts: gets the text of a file, and answers with all that is in it. */
const { networks, mistakes } = parseNetworks(workerData as string);
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- that is for windows
parentPort?.postMessage({ entries: networks.entries, mistakes });
