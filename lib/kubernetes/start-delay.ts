import type { ApiClient } from './client/client.ts';
import { readList } from './list.ts';

/** Milliseconds for each node: agents that start at once (a rollout, a power cut) list some thirty a second. */
const PER_NODE = 30;
const MOST = 60_000;
/** The longest delay, in milliseconds, when the nodes cannot be counted. */
const UNCOUNTED = 5000;

/**
 * How long to wait, in milliseconds, before everything in the cluster is listed: a random time that
 * grows with the number of nodes, each of which has an agent. Reads one node of the API server, for
 * no longer than `patience`.
 */
export async function startDelay(
  client: ApiClient,
  signal: AbortSignal,
  patience = 10_000,
): Promise<number> {
  try {
    const enough = AbortSignal.any([signal, AbortSignal.timeout(patience)]);
    // A server may ignore the limit.
    let nodes = 0;
    const body = await client.get('/api/v1/nodes?limit=1', enough);
    const { remainingItemCount = 0 } = await readList(body, () => void (nodes += 1));
    return Math.random() * Math.min(MOST, (nodes + remainingItemCount) * PER_NODE);
  } catch {
    return Math.random() * UNCOUNTED;
  }
}
