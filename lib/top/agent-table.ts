import { sum } from '../sum.ts';
import { type Frame, FLOWS_MOST, type LiveSlot } from '../live/frame.ts';
import { InterfaceHistory, type Span } from './flow-history.ts';
import { plus, type View } from './view.ts';

/**
 * What is kept of an agent in all. 250 pods, each with fifty new peers in every slot of a minute, come to 400,000 pods and peers;
 * frames as full as they may be, twice a second for a minute, to six million figures.
 */
const KEPT_MOST = { entries: 500_000, figures: 120 * FLOWS_MOST };

/** What the pods of one agent have sent and received lately. */
export class AgentTable {
  /** The name of its node. */
  node = '-';
  readonly #counted: Span;
  readonly #interfaces = new Map<string, InterfaceHistory>();
  #since: number | undefined;

  /** `counted`: the time of which bytes are summed up, by the reader's `performance.now()`. */
  constructor(counted: Span = { from: 0, to: Infinity }) {
    this.#counted = counted;
  }

  /**
   * Takes in a frame that has arrived now. The agent's clock may differ from the reader's.
   * @throws Error if it is too much to be kept: then all is forgotten
   */
  add(frame: Pick<Frame, 'at' | 'slots'>, now: number): void {
    this.#since ??= now;
    const offset = now - frame.at;
    for (const slot of frame.slots) {
      const [from, to] = [slot.from + offset, slot.to + offset];
      // The agent may have been kept from running, or its clock have been set.
      if (to > now + 1 || from < 0) continue;
      this.#of(slot, from).add({ from, to, flows: slot.flows }, this.#counted);
    }
    const keepsSums = this.#counted.to < Infinity;
    for (const [key, history] of this.#interfaces)
      if (!history.forget(now, keepsSums)) this.#interfaces.delete(key);
    const histories = [...this.#interfaces.values()];
    const isTooMuch =
      sum(histories, ({ entries }) => entries) > KEPT_MOST.entries ||
      sum(histories, ({ figures }) => figures) > KEPT_MOST.figures;
    if (!isTooMuch) return;
    this.#interfaces.clear();
    throw new Error('it tells of more pods, peers and slots than an agent can have');
  }

  /** Each pod and each of its peers, once, whatever interfaces they reach each other by. */
  views(now: number): View[] {
    const pods = Map.groupBy(this.#interfaces.values(), ({ slot }) => podKey(slot));
    return [...pods.values()].flatMap((interfaces) => {
      const views = interfaces.flatMap((each) => each.views(now));
      return interfaces.length === 1 ? views : merged(views);
    });
  }

  #of(slot: LiveSlot, from: number): InterfaceHistory {
    const key = `${podKey(slot)}\n${slot.interface}`;
    const known = this.#interfaces.get(key);
    if (known) return known;
    const history = new InterfaceHistory({ ...slot, from, node: this.node }, this.#since ?? from);
    this.#interfaces.set(key, history);
    return history;
  }
}

function podKey({ namespace, pod }: Pick<LiveSlot, 'namespace' | 'pod'>): string {
  return `${namespace}\n${pod}`;
}

/** One view of each peer. */
function merged(views: readonly View[]): View[] {
  const sums = new Map<string, View>();
  for (const view of views) {
    const known = sums.get(view.key);
    sums.set(view.key, known ? plus(known, view) : view);
  }
  return [...sums.values()];
}
