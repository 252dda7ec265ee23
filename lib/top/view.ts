import type { LivePeer } from '../live/frame.ts';

/** Bit/s. */
export interface Rates {
  send: number;
  receive: number;
}

/** A pod and one of its peers as the pod sees them: an object for as long as they are known, whose figures change. */
export interface View extends LivePeer {
  /** Tells the flow from others; the same at both ends. */
  readonly key: string;
  readonly namespace: string;
  readonly pod: string;
  readonly workload: string;
  readonly node: string;
  /** In the last slot, of some two seconds. */
  readonly now: Rates;
  /** In the last ten and forty seconds, or since the agent is asked, if that is less. */
  readonly mean10: Rates;
  readonly mean40: Rates;
  /** IP bytes since the agent is asked. */
  sentBytes: number;
  receivedBytes: number;
}

type Ends = Omit<LivePeer, 'peer_workload'> & Pick<View, 'namespace' | 'pod'>;

/** The key of a view of these two. */
export function flowKey(ends: Ends): string {
  const { namespace, pod, peer_kind, peer_namespace, peer, port } = ends;
  const own = `pod\n${namespace}\n${pod}`;
  const other = `${peer_kind}\n${peer_namespace}\n${peer}`;
  return isFirstEnd(ends) ? `${own}\n${other}\n${port}` : `${other}\n${own}\n${port}`;
}

/** Of the two ends of a flow always the same one. */
export function isFirstEnd({ namespace, pod, peer_kind, peer_namespace, peer }: Ends): boolean {
  if (peer_kind !== 'pod' || namespace < peer_namespace) return true;
  return namespace === peer_namespace && pod < peer;
}

/** Adds the figures of a view to those of another. */
export function add(sum: View, view: View): void {
  for (const rates of ['now', 'mean10', 'mean40'] as const) {
    sum[rates].send += view[rates].send;
    sum[rates].receive += view[rates].receive;
  }
  sum.sentBytes += view.sentBytes;
  sum.receivedBytes += view.receivedBytes;
}

/** The figures of both, with the names of the busier one: a pod that has moved is still remembered where it was. */
export function plus(a: View, b: View): View {
  const busier = total(a.mean10) > total(b.mean10) ? a : b;
  const sum = { ...busier, ...nothing() };
  add(sum, a);
  add(sum, b);
  return sum;
}

function total({ send, receive }: Rates): number {
  return send + receive;
}

/** The figures of a view in which nothing has passed. */
export function nothing() {
  return { now: rest(), mean10: rest(), mean40: rest(), sentBytes: 0, receivedBytes: 0 };
}

function rest(): Rates {
  return { send: 0, receive: 0 };
}

/** What is known of one agent. */
export interface AgentState {
  /** Its node, or what else it is asked by. */
  readonly agent: string;
  /** `connecting`: no frame yet; `live`: frames come; `lost`: they have stopped, and it is asked again. */
  readonly state: 'connecting' | 'live' | 'lost';
  /** Why it is lost. */
  readonly reason: string | undefined;
  /** Captures that should run and do not. */
  readonly notCaptured: number;
  /** Frames that were lost on the way since the agent is asked: sums and means are too low by them. */
  readonly framesLost: number;
}

/** What all who show something read: the flows of all agents that answer, and how these are. */
export interface Live {
  /** Of every pod of the agents that answer, at this moment; their figures change with the next call. */
  views(): View[];
  agents(): AgentState[];
  /** Whether the agents that answer are those of all nodes of the cluster. */
  readonly isComplete: boolean;
}
