import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesObject } from '../../lib/kubernetes/object-schema.ts';
import type { Change } from '../../lib/kubernetes/reflector.ts';

/** A pod of the DaemonSet. */
export interface AgentPod {
  readonly uid: string;
  readonly name: string;
  readonly node: string;
  /** When it was made, in milliseconds since 1970. */
  readonly made: number;
  /** Why it cannot be asked. */
  readonly problem: string | undefined;
}

export function agentPod({ metadata = {}, spec = {}, status = {} }: KubernetesObject): AgentPod {
  const { uid = '', name = '', creationTimestamp = '' } = metadata;
  const isRunning = status.containerStatuses?.some(({ state }) => state?.running) ?? false;
  const phase = status.phase === 'Running' ? 'not running' : (status.phase ?? 'not there');
  return {
    uid,
    name,
    node: spec.nodeName ?? '',
    made: Date.parse(creationTimestamp) || 0,
    problem: isRunning ? undefined : `its pod ${name} is ${phase}`,
  };
}

/** Asks the agent of a node until the signal is aborted. */
export type Follow = (node: string, signal: AbortSignal) => Promise<void>;

/** Milliseconds to wait for the pod of a node to run. */
const PATIENCE = 4000;
/** Milliseconds without a pod after which a node is no longer one of those with an agent. */
const GONE = 60_000;

/** The pods of the DaemonSet: each node that has one is followed, by whatever pod it has. */
export class AgentPods {
  readonly #follow: Follow;
  readonly #pods = new Map<string, AgentPod>();
  readonly #followed = new Map<string, AbortController>();
  readonly #changes = new EventEmitter().setMaxListeners(0);
  readonly #signal: AbortSignal;
  /** Undefined: all. */
  #wanted: ((node: string) => boolean) | undefined;

  constructor(follow: Follow, signal: AbortSignal) {
    this.#follow = follow;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#followed.forEach((each) => each.abort()));
  }

  get nodes(): string[] {
    return [...this.#followed.keys()];
  }

  apply(change: Change<AgentPod>): void {
    if (change.type === 'replace') {
      this.#pods.clear();
      for (const pod of change.objects) this.#pods.set(pod.uid, pod);
    } else if (change.type === 'put') this.#pods.set(change.object.uid, change.object);
    else this.#pods.delete(change.object.uid);
    this.#update();
  }

  /** Follows these nodes and no others. */
  choose(wanted: (node: string) => boolean): void {
    this.#wanted = wanted;
    this.#update();
  }

  /**
   * The pod of a node that can be asked; waits for it a while, since the DaemonSet may be about to replace it.
   * @throws Error that says why there is none
   */
  async running(node: string, signal: AbortSignal): Promise<AgentPod> {
    const either = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);
    for (;;) {
      const pod = this.#of(node);
      if (pod && pod.problem === undefined) return pod;
      if (either.aborted) throw new Error(pod?.problem ?? 'its pod has gone');
      await once(this.#changes, 'change', { signal: either }).catch(() => {});
    }
  }

  /** The newest that runs, or else the newest. */
  #of(node: string): AgentPod | undefined {
    const newest = [...this.#pods.values()]
      .filter((pod) => pod.node === node)
      .toSorted((a, b) => b.made - a.made);
    return newest.find(({ problem }) => problem === undefined) ?? newest[0];
  }

  #update(): void {
    if (this.#signal.aborted) return;
    const { wanted = () => true } = { wanted: this.#wanted };
    const nodes = new Set([...this.#pods.values()].map(({ node }) => node));
    nodes.delete('');
    for (const node of nodes)
      if (wanted(node) && !this.#followed.has(node)) {
        const stop = new AbortController();
        this.#followed.set(node, stop);
        void this.#follow(node, stop.signal);
      }
    for (const node of this.#followed.keys()) {
      if (!wanted(node)) this.#forget(node);
      else if (!nodes.has(node)) void this.#forgetLater(node);
    }
    this.#changes.emit('change');
  }

  #forget(node: string): void {
    this.#followed.get(node)?.abort();
    this.#followed.delete(node);
  }

  async #forgetLater(node: string): Promise<void> {
    await sleep(GONE, undefined, { ref: false });
    if (this.#of(node) === undefined) this.#forget(node);
  }
}
