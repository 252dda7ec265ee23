import { json } from 'node:stream/consumers';
import type { ApiClient } from './client.ts';

/** So that agents that start at once (a rollout, a power cut) list some thirty a second. */
const PER_NODE = 30;
const MOST = 60_000;
/** When the nodes cannot be counted. */
const UNCOUNTED = 5000;

/**
 * How long to wait, in milliseconds, before everything in the cluster is listed: a random time that
 * grows with the number of agents, which is that of the nodes. Reads one node of the API server.
 */
export async function startDelay(client: ApiClient, signal: AbortSignal): Promise<number> {
  try {
    const list = (await json(await client.get('/api/v1/nodes?limit=1', signal))) as {
      metadata?: { remainingItemCount?: number };
    };
    const nodes = 1 + (list.metadata?.remainingItemCount ?? 0);
    return Math.random() * Math.min(MOST, nodes * PER_NODE);
  } catch {
    return Math.random() * UNCOUNTED;
  }
}
