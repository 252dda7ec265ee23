import type { Window } from '../model.ts';
import { type OpenWindow, windowOf } from './open-window.ts';

/** The windows of one interface that are not closed: one that runs, and those that have ended and still get late slots. */
export class OpenWindows {
  #running: OpenWindow;
  /** The oldest first. */
  readonly #ended: OpenWindow[] = [];
  #isLast = false;

  constructor(first: OpenWindow) {
    this.#running = first;
  }

  get running(): OpenWindow {
    return this.#running;
  }

  /** The oldest first; the last one runs. */
  get all(): readonly OpenWindow[] {
    return [...this.#ended, this.#running];
  }

  /** The window that runs ends at a moment, and the next one begins. `isLast`: that will be empty. */
  turn(at: number, next: OpenWindow, isLast: boolean): void {
    this.#running.end = at;
    this.#ended.push(this.#running);
    [this.#running, this.#isLast] = [next, isLast];
  }

  /** The window that runs will not be empty after all. */
  resume(): void {
    this.#isLast = false;
  }

  /** The last window of the interface has ended, and all are closed. */
  get isFinished(): boolean {
    return this.#isLast && this.#ended.length === 0;
  }

  /** The window that ended at a moment, as it is by now: slots that span its end may still come. */
  ended(at: number): Window | undefined {
    const window = this.#ended.find(({ end }) => end === at);
    return window && windowOf(window, at);
  }

  /** Removes the oldest window, if it has ended, and not after `at`. Later slots go to the window after it. */
  close(at = Infinity): Window | undefined {
    const [oldest] = this.#ended;
    if (oldest?.end === undefined || oldest.end > at) return undefined;
    this.#ended.shift();
    return windowOf(oldest, oldest.end);
  }
}
