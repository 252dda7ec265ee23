import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab, Pod } from '../lab/lab.ts';
import type { Random } from '../lab/random.ts';
import type { Life } from './counts.ts';
import { nameOf, type Traffic } from './traffic.ts';

/** An address is used again after so many births. */
const ADDRESSES = { first: 100, count: 150 };
const LIFE = { least: 4000, most: 14_000 };
const BIRTH_EVERY = 1000;
/** The most that live at once, with those that are being born and dying. */
export const AT_ONCE = LIFE.most / BIRTH_EVERY + 3;
/** Half of them are idle at the end, the others die in the midst of sending. */
const LAST_IDLE = 1300;

interface Guest {
  readonly pod: Pod;
  readonly from: number;
  readonly dies: number;
  readonly falls: number;
}

/** Pods that come and go, one each second. */
export class Guests {
  /** What the kernel had counted of each when its interface was taken away. */
  readonly lives: Life[] = [];
  readonly #lab: Lab;
  readonly #traffic: Traffic;
  readonly #random: Random;
  readonly #residents: readonly Pod[];
  readonly #living = new Set<Guest>();
  #born = 0;

  constructor(lab: Lab, traffic: Traffic, residents: readonly Pod[], random: Random) {
    [this.#lab, this.#traffic, this.#residents, this.#random] = [lab, traffic, residents, random];
  }

  get born(): number {
    return this.#born;
  }

  get living(): number {
    return this.#living.size;
  }

  /** A guest is born every second until the signal; then the last ones die. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const next = Date.now() + BIRTH_EVERY;
      // On a machine that is too slow for their ends there are fewer births, not more guests.
      if (this.living < AT_ONCE) await this.#bear();
      await this.#reap(Date.now());
      await sleep(Math.max(0, next - Date.now()), undefined, { signal }).catch(() => {});
    }
    await this.#reap(Infinity);
  }

  async #bear(): Promise<void> {
    const from = Date.now();
    const number = this.#born++;
    const ip = `10.244.0.${ADDRESSES.first + (number % ADDRESSES.count)}`;
    const pod = await this.#lab.pod({ namespace: 'guests', name: `guest-${number}`, ips: [ip] });
    const [a, b] = [this.#random.of(this.#residents), this.#random.of(this.#residents)];
    await this.#traffic.add(pod);
    for (const [from, to] of [
      [pod, a],
      [pod, b],
      [a, pod],
    ] as const)
      this.#traffic.connect(from, to);
    const dies = Date.now() + this.#random.between(LIFE.least, LIFE.most);
    this.#living.add({ pod, from, dies, falls: number % 2 === 0 ? dies : dies - LAST_IDLE });
  }

  async #reap(now: number): Promise<void> {
    for (const guest of this.#living) {
      const { pod, from, dies, falls } = guest;
      if (falls <= now) this.#traffic.remove(pod);
      if (dies > now) continue;
      this.#living.delete(guest);
      const to = Date.now();
      const { sent = 0, received = 0 } = (await pod.remove()) ?? {};
      this.lives.push({ pod: nameOf(pod), sent, received, from, to });
    }
  }
}
