import { isDeepStrictEqual } from 'node:util';
import type { NamespaceRecord } from './records.ts';
import type { Change } from './reflector.ts';
import type { Labels, LocalPod } from '../model.ts';

/** A pod of this node in the API; `pod` is undefined if it is not to be observed. */
export interface ListedPod {
  readonly cgroupUid: LocalPod['cgroupUid'];
  readonly pod: LocalPod | undefined;
  /** The pod was turned off before: the traffic of that time is not counted. */
  readonly wasOff: boolean;
}

/** Takes the pods to observe. */
export interface PodSink {
  /** A pod to observe was added, has changed, or has been turned on. */
  put(pod: LocalPod, wasOff: boolean): void;
  /** A pod is gone, or not to be observed any more. */
  remove(cgroupUid: LocalPod['cgroupUid']): void;
  /** These are the pods of this node and no others. */
  replace(pods: readonly ListedPod[]): void;
}

/** A pod of this node, with its annotation. */
export interface Candidate {
  readonly cgroupUid: LocalPod['cgroupUid'];
  /** Undefined if there is nothing to observe. */
  readonly pod: LocalPod | undefined;
  /** The pod's own annotation. */
  readonly observe: boolean | undefined;
}

/**
 * Which pods of this node are observed: by their own annotation, else by their namespace's; so it is with labels. The
 * registry gets no pod until it is known which namespaces are off. Meanwhile it captures the pods that
 * it finds, and drops the traffic of those that are off.
 */
export class Selection {
  readonly #registry: PodSink;
  readonly #wanted: (pod: LocalPod) => boolean;
  /** `wasOff`: the pod was turned off before. */
  #pods = new Map<Candidate['cgroupUid'], { candidate: Candidate; wasOff: boolean }>();
  #off = new Set<NamespaceRecord['name']>();
  #labels = new Map<NamespaceRecord['name'], Labels | undefined>();
  #listed = false;
  #waits = true;

  /** `wanted`: whether the configuration lets a pod be observed. */
  constructor(registry: PodSink, wanted: (pod: LocalPod) => boolean) {
    this.#registry = registry;
    this.#wanted = wanted;
  }

  pods(change: Change<Candidate>): void {
    if (change.type === 'replace') {
      const before = this.#pods;
      this.#pods = new Map(
        change.objects.map((candidate) => [
          candidate.cgroupUid,
          { candidate, wasOff: before.get(candidate.cgroupUid)?.wasOff ?? false },
        ]),
      );
      this.#listed = true;
      this.#passAll();
      return;
    }
    const { cgroupUid } = change.object;
    const wasOff = this.#pods.get(cgroupUid)?.wasOff ?? false;
    if (change.type === 'put') this.#pods.set(cgroupUid, { candidate: change.object, wasOff });
    else this.#pods.delete(cgroupUid);
    if (!this.#waits) this.#pass(cgroupUid);
  }

  namespaces(change: Change<NamespaceRecord>): void {
    if (change.type === 'replace') {
      const off = change.objects.filter(({ observe }) => observe === false);
      this.#off = new Set(off.map(({ name }) => name));
      this.#labels = new Map(change.objects.map(({ name, labels }) => [name, labels]));
      if (this.#waits) this.doNotWait();
      else for (const cgroupUid of this.#pods.keys()) this.#pass(cgroupUid);
      return;
    }
    const { name, observe, labels } = change.object;
    const isGone = change.type === 'remove';
    const isOff = !isGone && observe === false;
    // The pods of a namespace that is gone are gone as well, even if that is reported later.
    const isSame = isGone || isDeepStrictEqual(this.#labels.get(name), labels);
    if (isGone) this.#labels.delete(name);
    else this.#labels.set(name, labels);
    if (isOff === this.#off.has(name) && isSame) return;
    if (isOff) this.#off.add(name);
    else this.#off.delete(name);
    for (const [cgroupUid, { candidate }] of this.#pods) {
      if (candidate.pod?.namespace === name && !this.#waits) this.#pass(cgroupUid);
    }
  }

  /** Passes the pods on: namespaces are known, or until they are only the pods' own annotations count. */
  doNotWait(): void {
    if (!this.#waits) return;
    this.#waits = false;
    this.#passAll();
  }

  #passAll(): void {
    if (this.#waits || !this.#listed) return;
    const pods = [...this.#pods].map(([cgroupUid, { wasOff }]) => {
      return { cgroupUid, pod: this.#chosen(cgroupUid), wasOff };
    });
    this.#registry.replace(pods);
  }

  #pass(cgroupUid: Candidate['cgroupUid']): void {
    const { wasOff = false } = this.#pods.get(cgroupUid) ?? {};
    const pod = this.#chosen(cgroupUid);
    if (pod) this.#registry.put(pod, wasOff);
    else this.#registry.remove(cgroupUid);
  }

  /** The pod, if it is to be observed; else the selection remembers that it was turned off. */
  #chosen(cgroupUid: Candidate['cgroupUid']): LocalPod | undefined {
    const known = this.#pods.get(cgroupUid);
    const { pod, observe } = known?.candidate ?? {};
    if (!known || !pod) return undefined;
    if (this.#wanted(pod) && (observe ?? !this.#off.has(pod.namespace))) {
      const labels = this.#labels.get(pod.namespace);
      return labels ? { ...pod, labels: { ...labels, ...pod.labels } } : pod;
    }
    this.#pods.set(cgroupUid, { ...known, wasOff: true });
    return undefined;
  }
}
