import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  encode,
  type Hello,
  type LiveFlow,
  type LiveSlot,
  PROTOCOL,
} from '../../lib/live/frame.ts';

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

/** What the agent of a node says of some flows, in slots of two seconds and a frame each second, until the signal is aborted. */
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
  let from = Date.now();
  for (let tick = 1; !signal.aborted; tick += 1) {
    const at = Date.now();
    const isSlot = tick % 2 === 0;
    const slots = isSlot ? slotsOf(hello.node, flows(), from, at) : [];
    if (isSlot) from = at;
    yield encode({ number: tick, at, notCaptured: 0, slots });
    await sleep(1000, undefined, { signal }).catch(() => {});
  }
}

/** One slot for each pod of the node, with both ends of what passes between its own pods. */
function slotsOf(
  node: string,
  flows: readonly SimulatedFlow[],
  from: number,
  to: number,
): LiveSlot[] {
  const slots = new Map<string, LiveSlot & { flows: LiveFlow[] }>();
  const seconds = (to - from) / 1000;
  const bytes = (bits: number) => Math.round((bits * seconds) / 8);
  const add = (pod: SimulatedPod, peer: SimulatedFlow['to'], send: number, receive: number) => {
    if (pod.node !== node) return;
    const { namespace, pod: name, workload } = pod;
    const key = `${namespace}/${name}`;
    const slot = slots.get(key) ?? {
      namespace,
      pod: name,
      workload,
      interface: 'eth0',
      from,
      to,
      flows: [],
    };
    slots.set(key, slot);
    slot.flows.push({ ...peerOf(peer), sentBytes: bytes(send), receivedBytes: bytes(receive) });
  };
  for (const flow of flows) {
    add(flow.from, flow.to, flow.send, flow.receive);
    if ('pod' in flow.to) add(flow.to, flow.from, flow.receive, flow.send);
  }
  return [...slots.values()];
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
