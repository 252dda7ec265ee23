/** What a pod, its interfaces and their captures know of each other. */
import type { WindowLedger } from '../accounting/window-ledger.ts';
import type { ClosedWindow, Counters, LocalPod, Log, ProblemLog } from '../model.ts';
import type { StartSource } from './source.ts';

export interface InterfaceCaptureOptions {
  /** Where the node's /proc is. */
  readonly proc: string;
  readonly startSource: StartSource;
  /** Makes the ledger for the slots of such sources; `start` is the beginning of its first window. */
  readonly createLedger: (start: number) => WindowLedger;
  readonly log: Log;
  readonly problems: ProblemLog;
  /** A source has failed and will be started again. */
  readonly restarted: () => void;
}

/** The pod that an interface belongs to. */
export interface Owner {
  readonly pod: LocalPod;
  /** What the API server has reported: before it does `pod` has nothing but the UID of its cgroup. */
  readonly selection: ClosedWindow['selection'];
  /** The pod is not to be measured any more. */
  readonly gone: boolean;
  /** When the agent first heard of the pod, by `performance.now()`. */
  readonly since: number;
}

/** What the capture of an interface reports to the one that started it. */
export interface CaptureListener {
  /** The text of /proc/net/dev was read in the namespace of the interface. */
  seen(netDev: string): void;
  /** The interface has gone. */
  lost(): void;
  /** The process, by which the namespace is reached, is not in it any more. */
  left(): void;
  /** The interface cannot be captured, for that reason. */
  refused(name: string, error: string): void;
}

/** What is known of an interface when its capture is started. */
export interface Found {
  /** The kernel's index of the interface, which no other one ever gets; undefined if it is not known. */
  readonly index: number | undefined;
  /** The interface was made while the agent ran, so all that it has counted is to be accounted for. */
  readonly isNew: boolean;
  /** What the interface has counted, if that was read. */
  readonly counters: Counters | undefined;
}
