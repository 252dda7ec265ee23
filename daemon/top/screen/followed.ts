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

  /**
   * The name of the pod to show now. Views outlive their pod, so it counts as gone already if it has been silent for ten
   * seconds while a pod that has come since has not. If it speaks again, it is shown again.
   */
  look(views: readonly View[]): string {
    const { namespace, pod, workload } = this.pod;
    const mates = views.filter(
      (view) => view.namespace === namespace && view.workload === workload,
    );
    for (const mate of mates) if (!this.#seen.has(mate.pod)) this.#seen.set(mate.pod, this.#looks);
    this.#looks += 1;
    if (workload === '-') return pod;
    const speaking = new Set(mates.filter(hasSpoken).map((mate) => mate.pod));
    if (speaking.has(pod)) return pod;
    const isThere = mates.some((mate) => mate.pod === pod);
    const candidates = [...speaking].filter((name) => !isThere || this.#firstSeen(name) > 0);
    const [newest = pod] = candidates.toSorted(
      (a, b) => this.#firstSeen(b) - this.#firstSeen(a) || (a < b ? -1 : 1),
    );
    return newest;
  }

  #firstSeen(pod: string): number {
    return this.#seen.get(pod) ?? 0;
  }
}

function hasSpoken({ mean10 }: View): boolean {
  return mean10.send + mean10.receive > 0;
}
