/** The types on the arrows of the pipeline, and nothing else. Times are milliseconds since 1970. */

import type { Condition } from './conditions.ts';

/** A pod of this node that is to be observed. */
export interface LocalPod {
  readonly uid: string;
  /** What its cgroup path bears: the UID, or for a static pod the hash of its manifest. */
  readonly cgroupUid: string;
  readonly namespace: string;
  readonly name: string;
  readonly workload: string;
  /** The values of the labels that become tags, by their keys: the pod's own, else its namespace's. */
  readonly labels?: Labels;
  /** Empty until the kubelet has reported them. */
  readonly ips: readonly string[];
  /** It is being deleted: its interface may vanish at any moment. */
  readonly terminating?: boolean;
}

/** Values of labels of Kubernetes by their keys. */
export type Labels = Readonly<{ [key: string]: string }>;

/** A network namespace and a process that was seen in it, or the agent itself. */
export interface Netns {
  readonly inode: number;
  readonly pid: number | 'self';
}

/** Counters of a network interface as the kernel has them: they only grow while it exists. */
export interface Counters {
  readonly sentBytes: number;
  readonly sentPackets: number;
  readonly receivedBytes: number;
  readonly receivedPackets: number;
}

/** Bytes in the two directions, as the pod sees them. */
export interface Bytes {
  readonly sent: number;
  readonly received: number;
}

/** Whether something holds for each of the two directions. */
export interface Directions {
  readonly sent: boolean;
  readonly received: boolean;
}

/** A number that was printed rounded: the truth lies within `bytes` ± `slack`. */
export interface Amount {
  readonly bytes: number;
  readonly slack: number;
}

/** IP bytes between two addresses. */
export interface Flow {
  readonly local: string;
  readonly remote: string;
  readonly sent: Amount;
  readonly received: Amount;
}

/** One report of iftop: what passed since the report before it. */
export interface Frame {
  readonly flows: readonly Flow[];
  /** What passed in total, the flows that are not listed included. */
  readonly total: { readonly sent: Amount; readonly received: Amount };
  /** Lines that should have been numbers and were not. */
  readonly unparsed: number;
}

/** What a source reports of an interface for the time since its last report. */
export interface Slot {
  readonly from: number;
  readonly to: number;
  readonly pairs: readonly Pair[];
  /** Bytes of the slot that belong to none of the pairs. */
  readonly rest: Bytes;
  /** Bytes that the kernel had counted by `to` and that are in no slot yet: they waited to be captured. */
  readonly lag: Bytes;
  /** The interface's counters at `from` and at `to`, if they could be read. */
  readonly before: Counters | undefined;
  readonly after: Counters | undefined;
}

/** Bytes between two addresses in a slot or a window. */
export interface Pair extends Bytes {
  readonly local: string;
  readonly remote: string;
  /** Of the listening side, such as `443/tcp`; undefined if the source cannot tell. */
  readonly port?: string;
  /** All of them passed between these moments, which may lie beyond the ends of the slot or window. */
  readonly from: number;
  readonly to: number;
}

/** What passed an interface between two readings of its counters. */
export interface KernelBytes extends Bytes {
  readonly sentPackets: number;
  readonly receivedPackets: number;
}

/** A window of one interface of a pod, complete: by address, not yet by name. */
export interface Window {
  readonly start: number;
  readonly end: number;
  readonly pairs: readonly Pair[];
  readonly rest: Bytes;
  /** By the kernel's counters over the same time; undefined if they could not be read. */
  readonly kernel: KernelBytes | undefined;
  /** Where the counters have been found not to count all that passes. */
  readonly miscounted: Directions;
  /** What the kernel counted while nothing captured. */
  readonly uncaptured: Bytes;
  /** The source was at its limits in it, or was kept from running since it had been. */
  readonly overloaded: boolean;
  /** What it counted while the capture was paused; undefined if it was not. */
  readonly paused: Bytes | undefined;
}

/** A window with its pod, whose name the API server may not have reported yet, and its interface. */
export interface ClosedWindow {
  readonly pod: LocalPod;
  /** What the API server has reported of the pod; while that is unknown `pod` has only the UID of its cgroup. */
  readonly selection: 'unknown' | 'selected' | 'excluded';
  readonly iface: string;
  readonly window: Window;
}

/** Bytes in both directions that the kernel has counted and no row has, by the likely reason. */
export interface Missing {
  /** They passed while nothing captured. */
  readonly uncaptured: number;
  /** There were more flows than the source could follow. */
  readonly overload: number;
  /** They passed while the capture was paused, so that the agent stays within its CPU budget. */
  readonly paused: number;
  /** What is not IP, packets whose length the source cannot tell, packets dropped on a busy node. */
  readonly other: number;
}

type PeerKind = 'pod' | 'service' | 'node' | 'external' | 'other' | 'unknown';

/** What kind of way bytes go between a pod and its peer; `-` where that cannot be known. */
export type Scope = 'zone' | 'cross-zone' | 'cross-region' | 'internet' | 'private' | '-';

/** The other end of a flow. A field that does not apply is `-`. */
export interface Peer {
  readonly kind: PeerKind;
  readonly namespace: string;
  readonly name: string;
  readonly workload: string;
  readonly zone: string;
  /** The way that bytes go to it from the agent's node. */
  readonly scope: Scope;
}

/** Whole IP bytes between a pod and one peer in a window, of one port where ports are known. */
export interface Edge extends Bytes {
  readonly peer: Peer;
  readonly port?: string;
}

/** All that is written about one interface of a pod and one window: the edges add up to `attributed`. */
export interface Traffic {
  readonly pod: LocalPod;
  /** The interface that it passed, by its name in the pod. */
  readonly iface: string;
  readonly end: number;
  readonly edges: readonly Edge[];
  readonly attributed: Bytes;
  /** By the kernel's counters, whether they have all of it or not. */
  readonly kernel: KernelBytes | undefined;
  /** What the edges have and the counters have not, where these have been found not to count all. */
  readonly uncounted: Bytes;
  readonly missing: Missing;
  readonly overloaded: boolean;
  readonly paused: boolean;
}

/** Structured log, pino's shape. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** The log of what may go on for hours: it is not logged each time. */
export interface ProblemLog {
  /** `subject` and `condition` tell one problem from another. `fix` of `fields` goes before the condition's remedy. */
  report(subject: string, condition: Condition, fields: object): void;
  /** All problems of a subject are over, or the subject is gone. */
  resolve(subject: string): void;
}
