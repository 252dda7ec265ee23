import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { encode, type Hello, type LiveSlot, PROTOCOL } from '../../lib/live/frame.ts';

/** A pod of a simulated cluster. */
export interface SimulatedPod {
  readonly namespace: string;
  readonly pod: string;
  readonly workload: string;
  readonly node: string;
}

/** Steady traffic, in bit/s of IP, between a pod and another one or something else. */
export interface SimulatedFlow {
  readonly from: SimulatedPod;
  readonly to: SimulatedPod | { readonly kind: string; readonly name: string };
  readonly send: number;
  readonly receive: number;
}

export function helloOf(node: string, nodes: number): Hello {
  return { protocol: PROTOCOL, version: '0.0.0', cluster: 'lab', node, nodes, source: 'simulated' };
}

/** Milliseconds between two frames, and frames from one slot of a pod to the next. */
const [FRAME, FRAMES] = [500, 4];

/**
 * What the agent of a node says of some flows until the signal is aborted: two frames a second, and of each pod a slot of two
 * seconds, which iftop reports for each at another time.
 */
export function simulatedAgent(
  hello: Hello,
  flows: () => readonly SimulatedFlow[],
  signal: AbortSignal,
): Readable {
  return Readable.from(lines(hello, flows, signal), { objectMode: false });
}

async function* lines(
  hello: Hello,
  flows: () => readonly SimulatedFlow[],
  signal: AbortSignal,
): AsyncGenerator<string> {
  yield encode(hello);
  const ends = new Map<string, number>();
  const begun = Date.now();
  for (let tick = 1; !signal.aborted; tick += 1) {
    await sleep(FRAME, undefined, { signal }).catch(() => {});
    const at = Date.now();
    const slots = slotsOf(hello.node, flows(), tick % FRAMES).map(({ pod, flows }) => {
      const key = `${pod.namespace}/${pod.pod}`;
      const from = ends.get(key) ?? begun;
      ends.set(key, at);
      return slotOf(pod, flows, from, at);
    });
    yield encode({ number: tick, at, notCaptured: 0, slots });
  }
}

/** A pod of the node, and what it sends and receives, in bit/s. */
interface PodFlows {
  readonly pod: SimulatedPod;
  readonly flows: { peer: SimulatedFlow['to']; send: number; receive: number }[];
}

/** Of every fourth pod of the node, with both ends of what passes between its own pods. */
function slotsOf(node: string, flows: readonly SimulatedFlow[], phase: number): PodFlows[] {
  const pods = new Map<string, PodFlows>();
  const add = (pod: SimulatedPod, peer: SimulatedFlow['to'], send: number, receive: number) => {
    if (pod.node !== node) return;
    const key = `${pod.namespace}/${pod.pod}`;
    const known = pods.get(key) ?? { pod, flows: [] };
    pods.set(key, known);
    known.flows.push({ peer, send, receive });
  };
  for (const flow of flows) {
    add(flow.from, flow.to, flow.send, flow.receive);
    if ('pod' in flow.to) add(flow.to, flow.from, flow.receive, flow.send);
  }
  return [...pods.values()].filter((_pod, nth) => nth % FRAMES === phase);
}

function slotOf(
  { namespace, pod, workload }: SimulatedPod,
  flows: PodFlows['flows'],
  from: number,
  to: number,
): LiveSlot {
  const bytes = (bits: number) => Math.round((bits * (to - from)) / 8000);
  return {
    namespace,
    pod,
    workload,
    interface: 'eth0',
    from,
    to,
    flows: flows.map(({ peer, send, receive }) => ({
      ...peerOf(peer),
      sentBytes: bytes(send),
      receivedBytes: bytes(receive),
    })),
  };
}

function peerOf(peer: SimulatedFlow['to']) {
  return 'pod' in peer
    ? {
        peer_kind: 'pod',
        peer_namespace: peer.namespace,
        peer: peer.pod,
        peer_workload: peer.workload,
        port: '-',
      }
    : {
        peer_kind: peer.kind,
        peer_namespace: '-',
        peer: peer.name,
        peer_workload: '-',
        port: '-',
      };
}

/** A cluster of nodes with so many pods each, of which each sends to so many others. */
export function simulatedCluster({
  nodes,
  pods,
  peers,
}: {
  readonly nodes: number;
  readonly pods: number;
  readonly peers: number;
}): { readonly nodes: readonly string[]; readonly flows: readonly SimulatedFlow[] } {
  const names = Array.from({ length: nodes }, (_, node) => `node-${node + 1}`);
  const all = names.flatMap((node, row) =>
    Array.from({ length: pods }, (_, column): SimulatedPod => {
      const app = `app-${column + 1}`;
      const namespace = `team-${(column % 5) + 1}`;
      return { namespace, pod: `${app}-${row + 1}`, workload: `Deployment/${app}`, node };
    }),
  );
  const flows = all.flatMap((from, index) =>
    Array.from({ length: peers }, (_, peer): SimulatedFlow => {
      const to = all[(index + 1 + peer * 37) % all.length] ?? from;
      return { from, to, send: 1000 * (1 + ((index + peer) % 100)), receive: 500 * (1 + peer) };
    }),
  );
  return { nodes: names, flows };
}
