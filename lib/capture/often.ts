const EVERY = 200;

/** Does something five times a second for as long as each time may be the last one. */
export class Often {
  readonly #act: () => void;
  readonly #isWanted: () => boolean;
  #timer: NodeJS.Timeout | undefined;

  constructor(act: () => void, isWanted: () => boolean) {
    [this.#act, this.#isWanted] = [act, isWanted];
  }

  begin(): void {
    this.#timer ??= setInterval(() => {
      if (this.#isWanted()) {
        this.#act();
        return;
      }
      clearInterval(this.#timer);
      this.#timer = undefined;
    }, EVERY).unref();
  }
}
