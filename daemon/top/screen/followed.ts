import type { View } from '../../../lib/top/view.ts';

type Pod = Pick<View, 'namespace' | 'pod' | 'workload'>;

/** A pod that is followed through restarts: when it is gone, the newest pod of its workload stands for it. */
export class Followed {
  readonly pod: Pod;
  /** The pods of the workload, with when each was first seen: the count of looks before. */
  readonly #seen = new Map<string, number>();
  #looks = 0;

  constructor({ namespace, pod, workload }: Pod) {
    this.pod = { namespace, pod, workload };
  }

  /** The name of the pod to show now. One that has no traffic for a while may be taken for gone: it comes back with it. */
  look(views: readonly View[]): string {
    const { namespace, pod, workload } = this.pod;
    const mates = views.filter(
      (view) => view.namespace === namespace && view.workload === workload,
    );
    for (const mate of mates) if (!this.#seen.has(mate.pod)) this.#seen.set(mate.pod, this.#looks);
    this.#looks += 1;
    const present = new Set(mates.map((mate) => mate.pod));
    if (present.has(pod) || workload === '-') return pod;
    const [newest = pod] = [...present].toSorted(
      (a, b) => this.#firstSeen(b) - this.#firstSeen(a) || (a < b ? -1 : 1),
    );
    return newest;
  }

  #firstSeen(pod: string): number {
    return this.#seen.get(pod) ?? -1;
  }
}
