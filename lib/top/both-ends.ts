import type { Rates, View } from './view.ts';

/**
 * What passes between two pods that both see it: the first one's names, and of each direction what its sender has counted.
 * There are very many of which few are shown, so nothing is copied.
 */
export class BothEnds implements View {
  readonly #first: View;
  readonly #second: View;

  constructor(first: View, second: View) {
    this.#first = first;
    this.#second = second;
  }

  get key(): string {
    return this.#first.key;
  }
  get namespace(): string {
    return this.#first.namespace;
  }
  get pod(): string {
    return this.#first.pod;
  }
  get workload(): string {
    return this.#first.workload;
  }
  get node(): string {
    return this.#first.node;
  }
  get peer_kind(): string {
    return this.#first.peer_kind;
  }
  get peer_namespace(): string {
    return this.#first.peer_namespace;
  }
  get peer(): string {
    return this.#first.peer;
  }
  get peer_workload(): string {
    return this.#first.peer_workload;
  }
  get port(): string {
    return this.#first.port;
  }
  get now(): Rates {
    return sent(this.#first.now, this.#second.now);
  }
  get mean10(): Rates {
    return sent(this.#first.mean10, this.#second.mean10);
  }
  get mean40(): Rates {
    return sent(this.#first.mean40, this.#second.mean40);
  }
  get sentBytes(): number {
    return this.#first.sentBytes;
  }
  get receivedBytes(): number {
    return this.#second.sentBytes;
  }
}

function sent(first: Rates, second: Rates): Rates {
  return { send: first.send, receive: second.send };
}
