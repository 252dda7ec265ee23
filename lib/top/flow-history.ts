import type { LiveFlow, LivePeer, LiveSlot } from '../live/frame.ts';
import type { Rates } from './view.ts';

/** Milliseconds, as all times here, by the reader's `performance.now()`. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The rate of now is that of the latest slots, of so much time at least. */
const NOW = 1500;
/** What reports nothing for longer is at rest: iftop says within three seconds that nothing has passed. */
const AT_REST = 4500;
/** For the mean of forty seconds, and what is late. */
const KEPT = 60_000;

/** What is known of one peer of one interface. */
interface Flow {
  readonly peer: LivePeer;
  sentBytes: number;
  receivedBytes: number;
  /** When the latest slot ended that has it. */
  last: number;
  /** Its place among the flows whose rates are being made. */
  place: number;
}

/** A slot, whose figures have the order of its flows. There are very many: a crowd of agents has some million figures. */
interface Slot extends Span {
  readonly flows: readonly Flow[];
  readonly sent: Float64Array;
  readonly received: Float64Array;
}

/** The recent past of one interface of a pod: what its slots say of each peer. */
export class InterfaceHistory {
  readonly slot: Omit<LiveSlot, 'flows' | 'from' | 'to'>;
  readonly #since: number;
  readonly #flows = new Map<string, Flow>();
  #slots: Slot[] = [];

  /** Its agent is asked since this moment. */
  constructor(slot: LiveSlot, since: number) {
    const { namespace, pod, workload, interface: name } = slot;
    this.slot = { namespace, pod, workload, interface: name };
    this.#since = Math.min(since, slot.from);
  }

  /** Adds a slot with times of the reader's. `counted`: the time of which bytes are summed up. */
  add({ from, to, flows: given }: Pick<LiveSlot, 'from' | 'to' | 'flows'>, counted: Span): void {
    const flows = given.map((flow) => this.#flow(flow));
    const sent = Float64Array.from(given, ({ sentBytes }) => sentBytes);
    const received = Float64Array.from(given, ({ receivedBytes }) => receivedBytes);
    const part = shareOf({ from, to }, counted.from, counted.to);
    for (const [nth, flow] of flows.entries()) {
      flow.sentBytes += (sent[nth] ?? 0) * part;
      flow.receivedBytes += (received[nth] ?? 0) * part;
      flow.last = Math.max(flow.last, to);
    }
    this.#slots.push({ from, to, flows, sent, received });
  }

  #flow(given: LiveFlow): Flow {
    const key = peerKey(given);
    const known = this.#flows.get(key);
    if (known) return known;
    const { peer_kind, peer_namespace, peer: name, peer_workload, port } = given;
    const peer = { peer_kind, peer_namespace, peer: name, peer_workload, port };
    const flow = { peer, sentBytes: 0, receivedBytes: 0, last: 0, place: 0 };
    this.#flows.set(key, flow);
    return flow;
  }

  /**
   * Forgets what is too old to matter, and peers of which nothing is left but sums, unless these are wanted. Returns whether
   * anything is left.
   */
  forget(now: number, keepsSums: boolean): boolean {
    const oldest = now - KEPT;
    const [first] = this.#slots;
    if (first && first.to < oldest) {
      this.#slots = this.#slots.filter(({ to }) => to >= oldest);
      for (const [key, { last }] of this.#flows)
        if (last < oldest && !keepsSums) this.#flows.delete(key);
    }
    return this.#flows.size > 0 || this.#slots.length > 0;
  }

  /** The rates of each peer at a moment. */
  *flows(now: number) {
    const latest = this.#slots.at(-1)?.to ?? -Infinity;
    // Slots come some time after their end: what is not reported yet is not taken for nothing.
    const end = Math.max(latest, now - AT_REST);
    const recent = latest > now - AT_REST ? this.#recent(latest) : end;
    const mean = (length: number) => Math.max(end - length, this.#since);
    const spans = [recent, mean(10_000), mean(40_000)].map((from) => this.#rates(from, end));
    const [inNow, in10, in40] = spans as [RatesOf, RatesOf, RatesOf];
    for (const flow of this.#flows.values()) {
      const { peer, sentBytes, receivedBytes } = flow;
      const [now, mean10, mean40] = [inNow(flow), in10(flow), in40(flow)];
      yield { peer, now, mean10, mean40, sentBytes, receivedBytes };
    }
  }

  /** Bit/s between two moments; in a slot they are the same all the time. */
  #rates(from: number, to: number): RatesOf {
    let count = 0;
    for (const flow of this.#flows.values()) flow.place = count++;
    const [sent, received] = [new Float64Array(count), new Float64Array(count)];
    for (const slot of this.#slots) {
      const part = shareOf(slot, from, to);
      if (part === 0) continue;
      for (let nth = 0; nth < slot.flows.length; nth += 1) {
        const { place = 0 } = slot.flows[nth] ?? {};
        sent[place] = (sent[place] ?? 0) + (slot.sent[nth] ?? 0) * part;
        received[place] = (received[place] ?? 0) + (slot.received[nth] ?? 0) * part;
      }
    }
    const perSecond = to > from ? 8000 / (to - from) : 0;
    return ({ place }) => ({
      send: (sent[place] ?? 0) * perSecond,
      receive: (received[place] ?? 0) * perSecond,
    });
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

type RatesOf = (flow: Flow) => Rates;

/** How much of a span lies between two moments, from 0 to 1. */
function shareOf(span: Span, from: number, to: number): number {
  const common = Math.min(span.to, to) - Math.max(span.from, from);
  if (span.to <= span.from) return span.to >= from && span.to <= to ? 1 : 0;
  return Math.max(0, common) / (span.to - span.from);
}

export function peerKey({ peer_kind, peer_namespace, peer, port }: LivePeer): string {
  return `${peer_kind}\n${peer_namespace}\n${peer}\n${port}`;
}
