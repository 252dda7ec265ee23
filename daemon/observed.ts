import { Ledger } from '../lib/flows/window.ts';
import type { LocalPod, Netns, Window } from '../lib/model.ts';
import { NetnsGoneError } from '../lib/netns/enter.ts';
import { Capture, type CaptureOptions } from './capture.ts';
import type { Troubles } from './log.ts';

export interface ObservedOptions extends CaptureOptions {
  readonly troubles: Troubles;
  /** A capture has ended by itself and will be started again. */
  readonly restarted: () => void;
}

const BACKOFF = { first: 1000, most: 30_000 };
/** A capture that has lasted this long was a success. */
const PROVEN = 60_000;

/** One pod of this node: its ledger, and its captures one after the other. */
export class Observed {
  pod: LocalPod;
  /** What the API has told of it: before it does `pod` has nothing but the UID of its cgroup. */
  told: 'nothing' | 'wanted' | 'unwanted';
  readonly #options: ObservedOptions;
  readonly #ledger = new Ledger(Date.now());
  #capture: Capture | undefined;
  #failures = 0;
  #notBefore = 0;
  /** It is no pod to observe any more; it stays until its last window is closed. */
  #gone = false;
  #last = false;

  constructor(pod: LocalPod, told: Observed['told'], options: ObservedOptions) {
    this.pod = pod;
    this.told = told;
    this.#options = options;
  }

  get gone(): boolean {
    return this.#gone;
  }

  /** The last window of a pod that is gone has been closed. */
  get finished(): boolean {
    return this.#last;
  }

  get capture(): Capture | undefined {
    return this.#capture;
  }

  /** Whether a capture is to be started now. */
  get waits(): boolean {
    return !this.#gone && !this.#capture && this.#notBefore <= Date.now();
  }

  /** The API tells of it, for the first time or again. */
  tell(pod: LocalPod): void {
    [this.pod, this.told, this.#gone] = [pod, 'wanted', false];
  }

  start(netns: Netns): void {
    const capture = new Capture(this.pod, netns, this.#ledger, this.#options);
    this.#capture = capture;
    capture.done.then(
      () => this.#ended(capture, undefined),
      (error: Error) => this.#ended(capture, error),
    );
  }

  /** It is not to be observed any more; its capture ends with a last slot. */
  remove(): void {
    this.#gone = true;
    this.#capture?.stop();
    this.#options.troubles.over(nameOf(this.pod));
  }

  turn(at: number): void {
    this.#last = this.#gone && !this.#capture;
    this.#ledger.turn(at, this.#capture?.counters());
  }

  close(): Window | undefined {
    return this.#ledger.close();
  }

  #ended({ started }: Capture, error: Error | undefined): void {
    const { troubles, log, restarted } = this.#options;
    this.#capture = undefined;
    const who = identity(this.pod);
    if (!error || error instanceof NetnsGoneError) {
      log.debug({ ...who, error: error?.message }, 'capture ended');
      return;
    }
    restarted();
    this.#failures = Date.now() - started > PROVEN ? 1 : this.#failures + 1;
    const backoff = Math.min(BACKOFF.most, BACKOFF.first * 2 ** (this.#failures - 1));
    this.#notBefore = Date.now() + backoff;
    const subject = nameOf(this.pod);
    if (this.#failures === 1) troubles.over(subject);
    troubles.say(subject, 'capture failed; it is tried again', { ...who, error: error.message });
  }
}

/** What troubles with a pod are filed under. */
export function nameOf(pod: LocalPod): string {
  return `${pod.namespace}/${pod.name}`;
}

/** What a log line about a pod says of it. */
export function identity({ namespace, name }: LocalPod): { namespace: string; pod: string } {
  return { namespace, pod: name };
}
