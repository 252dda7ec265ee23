import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../../lab/lab.ts';
import { ip } from '../../lab/shell.ts';

/** Milliseconds. */
const LIFE = 3000;

/**
 * One pod after the other that sends from its first moment on and is killed with its interface three seconds later,
 * until the signal. Resolves to the IP bytes of all, sent and received, when the last one has ended.
 */
export async function lives(
  lab: Lab,
  { name, traffic }: { readonly name: string; readonly traffic: readonly (string | number)[] },
  signal: AbortSignal,
): Promise<number> {
  let bytes = 0;
  for (let nth = 0; !signal.aborted; nth += 1) {
    const ips = [`10.244.0.${100 + nth}`];
    const spec = { namespace: 'bench', name: `${name}-${nth}`, ips, announced: true };
    const pod = await lab.pod(spec);
    pod.traffic(...traffic);
    await sleep(LIFE);
    const { sent = 0, received = 0 } = (await pod.remove()) ?? {};
    bytes += sent + received;
    // Otherwise the node looks for it, and floods all pods with ARP.
    ip([`neigh flush to ${ips[0]} dev cni0`]);
  }
  return bytes;
}
