import type { Counters, LocalPod, Netns, Slot } from '../model.ts';

/** The interface that a source captures. The API server may name the pod, and its process may be replaced, meanwhile. */
export interface SourceTarget {
  readonly iface: string;
  readonly pod: () => LocalPod;
  readonly netns: () => Netns;
  /** Reads the counters of the interface. */
  readonly counters: () => Counters | undefined;
}

export interface SourceListener {
  /** The source begins in a moment. What passes after this reading, the latest one, is in its slots if it succeeds. */
  beginning?(counters: Counters | undefined): void;
  /**
   * The source captures from now on, and this process is in the namespace. `counters`: those of the interface at that
   * moment, if the source has read them.
   */
  capturing(pid: Netns['pid'] | undefined, counters?: Counters): void;
  slot(slot: Slot): void;
  /** Whether the source is at its limits; the call may repeat the last one. */
  overloaded(is: boolean): void;
}

/** Why a source has ended. */
export interface SourceEnd {
  /**
   * `lost`: its interface has gone. `left`: the process through which the namespace is reached has left the namespace.
   * `shared`: what all sources share has failed, and is reported by itself.
   */
  readonly reason: 'stopped' | 'lost' | 'left' | 'refused' | 'overload' | 'failed' | 'shared';
  readonly error: string | undefined;
}

/** What captures one interface in one network namespace, gaplessly from its start to its end. */
export interface Source {
  /** The process that captures, while it does. */
  readonly pid: number | undefined;
  /** When the source last reported, or was seen to be at rest, by `performance.now()`. */
  readonly heard: number | undefined;
  readonly done: Promise<SourceEnd>;
  /** Ends the source, with a last slot if that can be had within so many milliseconds. */
  stop(patience?: number): void;
}

export type StartSource = (target: SourceTarget, listener: SourceListener) => Source;
