/** Milliseconds. */
const INTERVAL = 200;

/** Calls a function five times a second, from `start` until it is not wanted any more. */
export class Poll {
  readonly #act: () => void;
  readonly #isWanted: () => boolean;
  #timer: NodeJS.Timeout | undefined;

  constructor(act: () => void, isWanted: () => boolean) {
    [this.#act, this.#isWanted] = [act, isWanted];
  }

  start(): void {
    this.#timer ??= setInterval(() => {
      if (this.#isWanted()) {
        this.#act();
        return;
      }
      clearInterval(this.#timer);
      this.#timer = undefined;
    }, INTERVAL).unref();
  }
}
