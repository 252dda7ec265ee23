import type { NamespaceRecord } from './records.ts';
import type { Change } from './reflector.ts';
import type { LocalPod } from '../model.ts';

/** A pod of this node as the API tells it: undefined if it is none to observe. */
export interface ListedPod {
  readonly cgroupUid: LocalPod['cgroupUid'];
  readonly pod: LocalPod | undefined;
  /** It was turned off before: what passed then is not to be counted. */
  readonly wasOff: boolean;
}

/** Where the pods to observe go. */
export interface PodSink {
  /** A pod to observe has come, has changed, or was off and is not any more. */
  put(pod: LocalPod, wasOff: boolean): void;
  /** A pod is gone, or not to be observed any more. */
  remove(cgroupUid: LocalPod['cgroupUid']): void;
  /** These are the pods of this node and no others. */
  replace(told: readonly ListedPod[]): void;
}

/** A pod of this node, and what it asks for. */
export interface Candidate {
  readonly cgroupUid: LocalPod['cgroupUid'];
  /** Undefined if there is nothing to observe. */
  readonly pod: LocalPod | undefined;
  /** What its own annotation says. */
  readonly observe: boolean | undefined;
}

interface Known {
  readonly candidate: Candidate;
  /** It was turned off before. */
  readonly wasOff: boolean;
}

/**
 * Which pods of this node are observed: by their own annotation, else by their namespace's. Until it
 * is known which namespaces are off the registry is told of no pod: meanwhile it captures what
 * it finds, and that is dropped if it turns out to be off.
 */
export class Selection {
  readonly #registry: PodSink;
  readonly #wanted: (pod: LocalPod) => boolean;
  #pods = new Map<Candidate['cgroupUid'], Known>();
  #off = new Set<NamespaceRecord['name']>();
  #listed = false;
  #waits = true;

  /** `wanted`: whether a pod is to be observed as far as the configuration goes. */
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
      this.#tellAll();
      return;
    }
    const { cgroupUid } = change.object;
    const wasOff = this.#pods.get(cgroupUid)?.wasOff ?? false;
    if (change.type === 'put') this.#pods.set(cgroupUid, { candidate: change.object, wasOff });
    else this.#pods.delete(cgroupUid);
    if (!this.#waits) this.#tell(cgroupUid);
  }

  namespaces(change: Change<NamespaceRecord>): void {
    if (change.type === 'replace') {
      const off = change.objects.filter(({ observe }) => observe === false);
      this.#off = new Set(off.map(({ name }) => name));
      if (this.#waits) this.doNotWait();
      else for (const cgroupUid of this.#pods.keys()) this.#tell(cgroupUid);
      return;
    }
    const { name, observe } = change.object;
    const isOff = change.type === 'put' && observe === false;
    if (isOff === this.#off.has(name)) return;
    if (isOff) this.#off.add(name);
    else this.#off.delete(name);
    for (const [cgroupUid, { candidate }] of this.#pods) {
      if (candidate.pod?.namespace === name && !this.#waits) this.#tell(cgroupUid);
    }
  }

  /** Namespaces are known, or will not be known soon: then only pods' own annotations count. */
  doNotWait(): void {
    if (!this.#waits) return;
    this.#waits = false;
    this.#tellAll();
  }

  #tellAll(): void {
    if (this.#waits || !this.#listed) return;
    const told = [...this.#pods.keys()].map((cgroupUid) => {
      const { wasOff } = this.#pods.get(cgroupUid) ?? {};
      return { cgroupUid, pod: this.#chosen(cgroupUid), wasOff: wasOff ?? false };
    });
    this.#registry.replace(told);
  }

  #tell(cgroupUid: Candidate['cgroupUid']): void {
    const { wasOff = false } = this.#pods.get(cgroupUid) ?? {};
    const pod = this.#chosen(cgroupUid);
    if (pod) this.#registry.put(pod, wasOff);
    else this.#registry.remove(cgroupUid);
  }

  /** The pod, if it is to be observed; if not, that is remembered. */
  #chosen(cgroupUid: Candidate['cgroupUid']): LocalPod | undefined {
    const known = this.#pods.get(cgroupUid);
    const { pod, observe } = known?.candidate ?? {};
    if (!known || !pod) return undefined;
    if (this.#wanted(pod) && (observe ?? !this.#off.has(pod.namespace))) return pod;
    this.#pods.set(cgroupUid, { ...known, wasOff: true });
    return undefined;
  }
}
