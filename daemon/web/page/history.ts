import type { View } from '../../../lib/top/view.ts';
import type { Update } from '../update.ts';

/** Updates that are remembered: five minutes. */
export const KEPT = 300;

/** Bit/s at a moment, in milliseconds since 1970. */
export interface Point {
  readonly at: number;
  readonly send: number;
  readonly receive: number;
}

/** The past of a pod and one of its peers, by the number of the update modulo `KEPT`. */
interface Past {
  view: View;
  readonly send: Float32Array;
  readonly receive: Float32Array;
  /** The last update that had it. */
  last: number;
}

/** The rates of the last minutes of all that was seen, so that a line can be drawn of whatever is chosen later. */
export class History {
  readonly #pasts = new Map<string, Past>();
  readonly #times: number[] = [];
  #updates = 0;

  add({ at, views }: Update): void {
    const now = this.#updates;
    const index = now % KEPT;
    this.#updates += 1;
    this.#times[index] = at;
    for (const [key, past] of this.#pasts) {
      past.send[index] = 0;
      past.receive[index] = 0;
      if (now - past.last >= KEPT) this.#pasts.delete(key);
    }
    for (const view of views) {
      const past = this.#of(view);
      past.view = view;
      past.last = now;
      past.send[index] = view.now.send;
      past.receive[index] = view.now.receive;
    }
  }

  /** The sums of those that match, the oldest moment first. */
  points(matches: (view: View) => boolean): Point[] {
    const pasts = [...this.#pasts.values()].filter(({ view }) => matches(view));
    const first = Math.max(0, this.#updates - KEPT);
    return Array.from({ length: this.#updates - first }, (_, offset) => {
      const index = (first + offset) % KEPT;
      let [send, receive] = [0, 0];
      for (const past of pasts) {
        send += past.send[index] ?? 0;
        receive += past.receive[index] ?? 0;
      }
      return { at: this.#times[index] ?? 0, send, receive };
    });
  }

  /** Whether anything in it matches. */
  has(matches: (view: View) => boolean): boolean {
    return this.#pasts.values().some(({ view }) => matches(view));
  }

  #of(view: View): Past {
    const { namespace, pod, peer_kind, peer_namespace, peer, port } = view;
    const key = [namespace, pod, peer_kind, peer_namespace, peer, port].join('\n');
    const known = this.#pasts.get(key);
    if (known) return known;
    const past = {
      view,
      send: new Float32Array(KEPT),
      receive: new Float32Array(KEPT),
      last: this.#updates,
    };
    this.#pasts.set(key, past);
    return past;
  }
}
