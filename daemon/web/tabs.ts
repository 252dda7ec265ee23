import type { ServerResponse } from 'node:http';
import type { Live } from '../../lib/top/view.ts';
import { encodeUpdate } from './update.ts';

/** Milliseconds from one update to the next. */
const PERIOD = 1000;

/** The tabs that read updates. While there is none nothing is done. */
export class Tabs {
  readonly #live: Live;
  readonly #tabs = new Set<ServerResponse>();
  #timer: NodeJS.Timeout | undefined;

  constructor(live: Live) {
    this.#live = live;
  }

  /** Sends updates until the tab goes, the first one at once. */
  add(tab: ServerResponse): void {
    this.#tabs.add(tab);
    this.#timer ??= setInterval(() => this.#send(this.#tabs), PERIOD);
    tab.once('close', () => {
      this.#tabs.delete(tab);
      if (this.#tabs.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    });
    this.#send([tab]);
  }

  /** A tab that has not taken the last update gets none until it has: updates do not queue up. */
  #send(tabs: Iterable<ServerResponse>): void {
    const ready = [...tabs].filter((tab) => !tab.writableNeedDrain);
    if (ready.length === 0) return;
    const { isComplete } = this.#live;
    const agents = this.#live.agents();
    const line = encodeUpdate({ at: Date.now(), isComplete, agents, views: this.#live.views() });
    for (const tab of ready) tab.write(line);
  }
}
