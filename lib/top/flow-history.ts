import type { LiveFlow, LivePeer, LiveSlot } from '../live/frame.ts';
import { sum } from '../sum.ts';
import { flowKey, nothing, type View } from './view.ts';

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
  readonly view: View;
  /** When the latest slot ended that has it. */
  last: number;
  /** Bytes in the span whose rates are being made. */
  sent: number;
  received: number;
}

/** A slot, whose figures have the order of its flows. There are very many: a crowd of agents has some million figures. */
interface Slot extends Span {
  readonly flows: readonly Flow[];
  readonly sent: readonly number[];
  readonly received: readonly number[];
}

/** The recent past of one interface of a pod: what its slots say of each peer. */
export class InterfaceHistory {
  readonly slot: Omit<LiveSlot, 'flows' | 'from' | 'to'>;
  readonly #node: string;
  readonly #since: number;
  readonly #flows = new Map<string, Flow>();
  #slots: Slot[] = [];
  /** The moment of the rates that the views have; undefined if a slot has come since. */
  #ratedAt: number | undefined;

  /** Its agent is asked since this moment. */
  constructor(slot: LiveSlot & Pick<View, 'node'>, since: number) {
    const { namespace, pod, workload, interface: name } = slot;
    this.#node = slot.node;
    this.slot = { namespace, pod, workload, interface: name };
    this.#since = Math.min(since, slot.from);
  }

  /** How much it keeps: itself, its slots and its peers. */
  get entries(): number {
    return 1 + this.#slots.length + this.#flows.size;
  }

  /** How many peers its slots have in all. */
  get figures(): number {
    return sum(this.#slots, ({ flows }) => flows.length);
  }

  /** Adds a slot with times of the reader's. `counted`: the time of which bytes are summed up. */
  add({ from, to, flows: given }: Pick<LiveSlot, 'from' | 'to' | 'flows'>, counted: Span): void {
    const flows = this.#same(given.map((flow) => this.#flow(flow)));
    const sent = given.map(({ sentBytes }) => sentBytes);
    const received = given.map(({ receivedBytes }) => receivedBytes);
    const part = shareOf({ from, to }, counted.from, counted.to);
    for (const [nth, flow] of flows.entries()) {
      flow.view.sentBytes += (sent[nth] ?? 0) * part;
      flow.view.receivedBytes += (received[nth] ?? 0) * part;
      flow.last = Math.max(flow.last, to);
    }
    this.#slots.push({ from, to, flows, sent, received });
    this.#ratedAt = undefined;
  }

  /** Mostly the peers are those of the slot before: one list of them is enough. */
  #same(flows: readonly Flow[]): readonly Flow[] {
    const last = this.#slots.at(-1)?.flows;
    const isSame = last?.length === flows.length && last.every((flow, nth) => flow === flows[nth]);
    return isSame ? last : flows;
  }

  #flow(given: LiveFlow): Flow {
    const key = peerKey(given);
    const known = this.#flows.get(key);
    if (known) return known;
    const { namespace, pod, workload } = this.slot;
    const { peer_kind, peer_namespace, peer, peer_workload, port } = given;
    const names = { namespace, pod, workload, node: this.#node };
    const peerNames = { peer_kind, peer_namespace, peer, peer_workload, port };
    const view = { key: flowKey({ ...names, ...peerNames }), ...names, ...peerNames, ...nothing() };
    const flow = { view, last: 0, sent: 0, received: 0 };
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

  /** Each peer, with its rates at a moment. */
  views(now: number): View[] {
    const latest = this.#slots.at(-1)?.to ?? -Infinity;
    // Slots come some time after their end: what is not reported yet is not taken for nothing.
    const end = Math.max(latest, now - AT_REST);
    if (end !== this.#ratedAt) {
      this.#rate('now', latest > now - AT_REST ? this.#recent(latest) : end, end);
      this.#rate('mean10', Math.max(end - 10_000, this.#since), end);
      this.#rate('mean40', Math.max(end - 40_000, this.#since), end);
      this.#ratedAt = end;
    }
    return Array.from(this.#flows.values(), ({ view }) => view);
  }

  /** Sets rates to what they are between two moments; in a slot they are the same all the time. */
  #rate(rates: 'now' | 'mean10' | 'mean40', from: number, to: number): void {
    for (const flow of this.#flows.values()) flow.sent = flow.received = 0;
    for (const slot of this.#slots) {
      const part = shareOf(slot, from, to);
      if (part === 0) continue;
      for (let nth = 0; nth < slot.flows.length; nth += 1) {
        const flow = slot.flows[nth] as Flow;
        flow.sent += (slot.sent[nth] ?? 0) * part;
        flow.received += (slot.received[nth] ?? 0) * part;
      }
    }
    const perSecond = to > from ? 8000 / (to - from) : 0;
    for (const { view, sent, received } of this.#flows.values()) {
      view[rates].send = sent * perSecond;
      view[rates].receive = received * perSecond;
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

function peerKey({ peer_kind, peer_namespace, peer, port }: LivePeer): string {
  return `${peer_kind}\n${peer_namespace}\n${peer}\n${port}`;
}
