import type { LivePeer, LiveSlot } from '../live/frame.ts';
import type { Rates } from './view.ts';

/** Milliseconds, as all times here, by the reader's `performance.now()`. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What passed between a pod and a peer in one slot. */
interface Sample extends Span {
  readonly sent: number;
  readonly received: number;
}

/** The rate of now is that of the latest slots, of so much time at least. */
const NOW = 1500;
/** What reports nothing for longer is at rest: iftop says within three seconds that nothing has passed. */
const AT_REST = 4500;
/** For the mean of forty seconds, and what is late. */
const KEPT = 60_000;

/** The recent past of one peer of one interface. */
class FlowHistory {
  readonly peer: LivePeer;
  readonly samples: Sample[] = [];
  sentBytes = 0;
  receivedBytes = 0;

  constructor(peer: LivePeer) {
    this.peer = peer;
  }

  /** Bit/s in a span of time, in which a sample is spread evenly. */
  rates({ from, to }: Span): Rates {
    let [send, receive] = [0, 0];
    for (const sample of this.samples) {
      const part = shareOf(sample, from, to);
      send += sample.sent * part;
      receive += sample.received * part;
    }
    const perSecond = to > from ? 8000 / (to - from) : 0;
    return { send: send * perSecond, receive: receive * perSecond };
  }
}

/** The recent past of one interface of a pod: what its slots say of each peer. */
export class InterfaceHistory {
  readonly slot: Omit<LiveSlot, 'flows' | 'from' | 'to'>;
  readonly #since: number;
  readonly #flows = new Map<string, FlowHistory>();
  #slots: Span[] = [];

  /** Its agent is asked since this moment. */
  constructor(slot: LiveSlot, since: number) {
    const { namespace, pod, workload, interface: name } = slot;
    this.slot = { namespace, pod, workload, interface: name };
    this.#since = Math.min(since, slot.from);
  }

  /** Adds a slot with times of the reader's. `counted`: the time of which bytes are summed up. */
  add({ from, to, flows }: Pick<LiveSlot, 'from' | 'to' | 'flows'>, counted: Span): void {
    this.#slots.push({ from, to });
    const part = shareOf({ from, to }, counted.from, counted.to);
    for (const { sentBytes, receivedBytes, ...peer } of flows) {
      const key = peerKey(peer);
      const history = this.#flows.get(key) ?? new FlowHistory(peer);
      this.#flows.set(key, history);
      history.samples.push({ from, to, sent: sentBytes, received: receivedBytes });
      history.sentBytes += sentBytes * part;
      history.receivedBytes += receivedBytes * part;
    }
  }

  /**
   * Forgets what is too old to matter, and peers of which nothing is left but sums, unless these are wanted. Returns whether
   * anything is left.
   */
  forget(now: number, keepsSums: boolean): boolean {
    const isOld = ({ to }: Span) => to < now - KEPT;
    this.#slots = this.#slots.filter((slot) => !isOld(slot));
    for (const [key, { samples }] of this.#flows) {
      const young = samples.findIndex((sample) => !isOld(sample));
      samples.splice(0, young < 0 ? samples.length : young);
      if (samples.length === 0 && !keepsSums) this.#flows.delete(key);
    }
    return this.#flows.size > 0 || this.#slots.length > 0;
  }

  /** The rates of each peer at a moment. */
  *flows(now: number) {
    const latest = this.#slots.at(-1)?.to ?? -Infinity;
    // Slots come some time after their end: what is not reported yet is not taken for nothing.
    const end = Math.max(latest, now - AT_REST);
    const mean = (length: number) => ({ from: Math.max(end - length, this.#since), to: end });
    const recent = { from: latest > now - AT_REST ? this.#recent(latest) : end, to: end };
    for (const flow of this.#flows.values()) {
      yield {
        peer: flow.peer,
        now: flow.rates(recent),
        mean10: flow.rates(mean(10_000)),
        mean40: flow.rates(mean(40_000)),
        sentBytes: flow.sentBytes,
        receivedBytes: flow.receivedBytes,
      };
    }
  }

  /** The beginning of the latest slots that have enough time together: a slot at the end of a window may be short. */
  #recent(latest: number): number {
    let from = latest;
    for (const slot of this.#slots.toReversed()) {
      if (latest - from >= NOW) break;
      from = Math.min(from, slot.from);
    }
    return from;
  }
}

/** How much of a span lies between two moments, from 0 to 1. */
function shareOf(span: Span, from: number, to: number): number {
  const common = Math.min(span.to, to) - Math.max(span.from, from);
  if (span.to <= span.from) return span.to >= from && span.to <= to ? 1 : 0;
  return Math.max(0, common) / (span.to - span.from);
}

export function peerKey({ peer_kind, peer_namespace, peer, port }: LivePeer): string {
  return [peer_kind, peer_namespace, peer, port].join('\n');
}
