/** What a pod, its interfaces and their captures tell each other. */
import type { Counters, LocalPod, Log, ProblemLog } from '../model.ts';
import type { CaptureOptions } from './capture.ts';
import type { InterfaceCapture } from './interface-capture.ts';

export interface InterfaceCaptureOptions extends CaptureOptions {
  readonly log: Log;
  readonly problems: ProblemLog;
  readonly unparsed: (pod: LocalPod, lines: number) => void;
  /** A capture has ended by itself and will be started again. */
  readonly restarted: () => void;
}

/** The pod that an interface belongs to. */
export interface Owner {
  readonly pod: LocalPod;
  readonly gone: boolean;
  /** When we first heard of it, by `performance.now()`. */
  readonly since: number;
  /** The namespace, or the process by which it was reached, is none of the pod any more. */
  left(): void;
}

/** What it tells of what it meets with. */
export interface Events {
  /** The text of /proc/net/dev was read in its namespace. */
  seen(netDev: string): void;
  /** The interface that was captured is not there any more. */
  changed(): void;
  /** iftop cannot capture this interface, for that reason. */
  refused(iface: InterfaceCapture, reason: string): void;
}

/** What is known of an interface when its capture is begun. */
export interface Found {
  readonly index: number | undefined;
  /** It was made while we watched, so all that it counted is to be accounted for. */
  readonly isNew: boolean;
  /** What it has counted, if that has been read. */
  readonly counters: Counters | undefined;
}

/**
 * Without a capture are those that are pending (by the API the pod has no network yet, or is losing it), waiting, which
 * is a matter of moments, or unavailable.
 */
export type State =
  | 'pending'
  | 'waiting'
  | 'starting'
  | 'running'
  | 'overloaded'
  | 'paused'
  | 'unavailable';

/** What a pod without a capture does. */
export function idleState({ ips, terminating }: LocalPod): 'pending' | 'waiting' {
  return ips.length > 0 && !terminating ? 'waiting' : 'pending';
}
