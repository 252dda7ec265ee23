/** What is measured of one pod. */
export interface Load {
  /** CPU seconds of the process that captures; undefined while there is none. */
  readonly cpu: number | undefined;
  /** Its capture is not to run: it ends, or has ended. */
  readonly paused: boolean;
  /** That its interface has counted, be there a capture or not; undefined if it cannot be read. */
  readonly packets: number | undefined;
}

/** /proc counts CPU time in hundredths of a second, so one may be of the time before. */
const TICK = 0.01;
/** A mean is one of the last 20 to 40 seconds: in less the ticks of a quiet capture are too few. */
const MEAN = 20;
/** What was the worst counts half after so many seconds. */
const HALF_LIFE = 60;

/**
 * What a capture costs, or would cost: in the mean, and at its worst, since who has had a burst may
 * have another. Shares are CPU time by time, 1 is one core; moments are seconds.
 */
export class CaptureLoad {
  #load: Load;
  /** When it was paused or resumed, or first heard of. */
  #since: number;
  /** How fast the CPU time of its process has grown, and the packets in that time. */
  #rates: { readonly cpu: Rate; readonly packets: Rate } | undefined;
  /** What the process has taken for certain since the measurement before. */
  #certain = 0;
  /** The most that its process has taken, and what it has for a packet. */
  #most = 0;
  #perPacket = 0;
  /** The worst lately: by its process or, while there is none, by the packets that pass. */
  #worst = 0;

  constructor(load: Load, now: number) {
    [this.#load, this.#since] = [load, now];
    this.#begin(now, 0, 0);
  }

  get paused(): boolean {
    return this.#load.paused;
  }

  get since(): number {
    return this.#since;
  }

  /** There is a process, be it one that ends. */
  get runs(): boolean {
    return this.#load.cpu !== undefined;
  }

  /** What it takes now, or is expected to when it has started. */
  get share(): number {
    return this.#rates ? Math.max(this.#certain, this.#rates.cpu.mean) : this.#worst;
  }

  /** What it may take, if it runs. */
  get price(): number {
    return this.paused ? this.#worst : Math.max(this.share, this.#worst);
  }

  /** The next measurement, and the seconds since the last. */
  measure(load: Load, now: number, seconds: number): void {
    const before = this.#load;
    const { cpu, paused, packets = before.packets } = load;
    this.#load = { cpu, paused, packets };
    if (paused !== before.paused) this.#since = now;
    const arrived = Math.max(0, (packets ?? 0) - (before.packets ?? packets ?? 0)) / seconds;
    const used = growth(before.cpu, cpu);
    let level = Math.min(this.#most, this.#perPacket * arrived);
    if (used === undefined || !this.#rates) this.#begin(now, level, arrived);
    else {
      this.#rates.cpu.add(now, cpu ?? 0);
      this.#rates.packets.add(now, packets ?? 0);
      this.#certain = level = (used - TICK) / seconds;
      this.#most = Math.max(this.#most, this.share);
      this.#perPacket = this.#rates.cpu.mean / Math.max(1, this.#rates.packets.mean);
    }
    this.#worst = Math.max(level, this.#worst * 0.5 ** (seconds / HALF_LIFE));
  }

  /** With a new process: what that has used already was its start, and tells nothing of its share. */
  #begin(now: number, share: number, arrived: number): void {
    const { cpu, packets = 0 } = this.#load;
    this.#rates = undefined;
    if (cpu === undefined) return;
    this.#rates = { cpu: new Rate(now, cpu, share), packets: new Rate(now, packets, arrived) };
    [this.#certain, this.#most] = [0, 0];
  }
}

/** How fast a counter grows, by the second. */
class Rate {
  #before: { readonly at: number; readonly value: number };
  #middle: { readonly at: number; readonly value: number };
  #last: { readonly at: number; readonly value: number };

  /** `rate`: what it has been until now, as far as that is known. */
  constructor(at: number, value: number, rate: number) {
    this.#before = { at: at - MEAN, value: value - rate * MEAN };
    this.#middle = this.#last = { at, value };
  }

  add(at: number, value: number): void {
    this.#last = { at, value };
    if (at - this.#middle.at < MEAN) return;
    [this.#before, this.#middle] = [this.#middle, this.#last];
  }

  get mean(): number {
    const grown = this.#last.value - this.#before.value;
    return Math.max(0, grown) / (this.#last.at - this.#before.at);
  }
}

/** Undefined if they are not of one process. */
function growth(before: number | undefined, now: number | undefined): number | undefined {
  if (before === undefined || now === undefined || now < before) return undefined;
  return now - before;
}
