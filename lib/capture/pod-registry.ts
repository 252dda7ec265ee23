import type { ClosedWindow, LocalPod } from '../model.ts';
import type { ListedPod, PodSink } from '../kubernetes/selection.ts';
import { PodCapture } from './pod-capture.ts';
import type { PodInterfacesOptions } from './pod-interfaces.ts';

type CgroupUid = LocalPod['cgroupUid'];

/** The pods of this node by the UID in their cgroups, each with its capture. */
export class PodRegistry implements PodSink {
  readonly #options: PodInterfacesOptions;
  readonly #changed: (pod: PodCapture, isNews: boolean) => void;
  readonly #pods = new Map<CgroupUid, PodCapture>();
  #isListed = false;

  /** `changed` is called for each pod that was put; `isNews`: it may have another network than before. */
  constructor(options: PodInterfacesOptions, changed: (pod: PodCapture, isNews: boolean) => void) {
    [this.#options, this.#changed] = [options, changed];
  }

  /** All pods, those included that are gone and whose last windows are not closed yet. */
  get pods(): PodCapture[] {
    return [...this.#pods.values()];
  }

  /** The API server has reported all pods of the node. */
  get isListed(): boolean {
    return this.#isListed;
  }

  /** What is known by now of the pod with this UID in its cgroup. */
  known(cgroupUid: CgroupUid): Pick<ClosedWindow, 'pod' | 'selection'> | undefined {
    return this.#pods.get(cgroupUid);
  }

  /** A pod to measure has come, has changed, or was excluded and is not any more. */
  put(pod: LocalPod, wasOff: boolean): void {
    const known = this.#pods.get(pod.cgroupUid);
    if (known) this.#changed(known, known.update(pod));
    else this.#changed(this.#add(pod, 'selected', wasOff), true);
  }

  /** A pod is gone, or not to be measured any more; its capture ends. */
  remove(cgroupUid: CgroupUid): void {
    this.#pods.get(cgroupUid)?.remove();
  }

  /** These are the pods of this node and no others. */
  replace(listed: readonly ListedPod[]): void {
    this.#isListed = true;
    const wanted = new Set(listed.filter(({ pod }) => pod).map(({ cgroupUid }) => cgroupUid));
    for (const [cgroupUid, known] of this.#pods) if (!wanted.has(cgroupUid)) known.remove();
    for (const { cgroupUid, pod, wasOff } of listed) {
      if (pod) this.put(pod, wasOff);
      else this.#pods.get(cgroupUid)?.exclude();
    }
  }

  /** Processes of a pod were found of which the API server has not reported anything yet. */
  discover(cgroupUid: CgroupUid): void {
    if (this.#pods.has(cgroupUid)) return;
    const pod = { uid: '', cgroupUid, namespace: '-', name: cgroupUid, workload: '-', ips: [] };
    this.#add(pod, 'unknown', false);
  }

  /** Forgets the pods that are gone and whose windows are closed. */
  forgetFinished(): void {
    for (const [cgroupUid, { isFinished }] of this.#pods)
      if (isFinished) this.#pods.delete(cgroupUid);
  }

  #add(pod: LocalPod, selection: ClosedWindow['selection'], wasOff: boolean): PodCapture {
    const added = new PodCapture(pod, { selection, wasOff }, this.#options);
    this.#pods.set(pod.cgroupUid, added);
    return added;
  }
}
