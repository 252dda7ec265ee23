/** What a pod, its interfaces and their captures know of each other. */
import type { WindowLedger } from '../accounting/window-ledger.ts';
import type { Counters, Log, ProblemLog, Slot } from '../model.ts';
import type { PodCapture } from './pod-capture.ts';
import type { PodInterfaces } from './pod-interfaces.ts';
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
  readonly tap: SlotTap;
}

/** Where slots are seen on their way into the windows, while somebody watches. */
export interface SlotTap {
  watcher: SlotWatcher | undefined;
}

/** Is told of every slot of every interface. What is known of the pod may change later. */
export type SlotWatcher = (owner: Owner, iface: string, slot: Slot) => void;

/** The pod that an interface belongs to. */
export type Owner = Pick<PodCapture, 'pod' | 'selection' | 'gone' | 'since'>;

/** What the capture of an interface reports to. */
export type CaptureListener = Pick<PodInterfaces, 'seen' | 'lost' | 'left' | 'refused'>;

/** What is known of an interface when its capture is started. */
export interface Found {
  /** The kernel's index of the interface, which no other one ever gets; undefined if it is not known. */
  readonly index: number | undefined;
  /** The interface was made while the agent ran, so all that it has counted is to be accounted for. */
  readonly isNew: boolean;
  /** What the interface has counted, if that was read. */
  readonly counters: Counters | undefined;
}
