import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../lab/influx.ts';
import type { Daemon } from '../lab/lab.ts';
import { capturing, gauge, type Gauges, median, waiting } from './gauges.ts';
import { liveHeap } from './heap.ts';

export interface ObserverOptions {
  /** How many captures run when all is calm. */
  readonly pods: number;
  /** How long the daemon is left in peace before it is measured, in seconds. */
  readonly rest: number;
  readonly say: (line: string) => void;
}

const LOOK_EVERY = 10_000;
const SAY_EVERY = 30_000;
/** How long it may take to come to rest, in seconds. */
const PATIENCE = 90;
const READINGS = 3;
/** Fewer bytes than these in the spool belong to a window that is just being written. */
const DELIVERED = 100_000;
/** Where the daemon reports what it follows. */
const READY = 'http://127.0.0.1:9790/readyz';

/** Measures what the daemon holds, at rest and under faults. */
export class Observer {
  /** The most of each gauge that was measured. */
  most: Gauges | undefined;
  readonly #daemon: Daemon;
  readonly #spool: string;
  readonly #options: ObserverOptions;

  constructor(daemon: Daemon, spool: string, options: ObserverOptions) {
    [this.#daemon, this.#spool, this.#options] = [daemon, spool, options];
  }

  /**
   * Resolves when there is a capture for each pod and no other, the cluster is followed, and what
   * waited for InfluxDB has been delivered, which may be asked again as late as 45 s after an outage.
   */
  async calm(what: string): Promise<void> {
    const isCalm = () => {
      const { captures, zombies } = capturing(this.#pid);
      return captures === this.#options.pods && zombies === 0;
    };
    await until(isCalm, `a capture for each pod at the ${what}`, PATIENCE);
    await until(isFollowed, `the cluster followed at the ${what}`, PATIENCE);
    const isDelivered = () => waiting(this.#spool) < DELIVERED;
    await until(isDelivered, `the rows delivered at the ${what}`, PATIENCE);
  }

  /** Resolves to the middle of several readings, when nothing happens any more. */
  async rest(what: string): Promise<Gauges> {
    await this.calm(what);
    await sleep(this.#options.rest * 1000);
    const heap = await liveHeap(this.#pid);
    const readings: Gauges[] = [];
    while (readings.length < READINGS) {
      await sleep(1000);
      readings.push(this.#look());
    }
    const gauges = { ...median(readings), heap };
    this.#options.say(`${what}: ${text(gauges)}`);
    return gauges;
  }

  /** @throws Error when the daemon ends meanwhile */
  async watch(seconds: number, more: () => string): Promise<void> {
    const over = Date.now() + seconds * 1000;
    for (let said = Date.now(); Date.now() < over; ) {
      await sleep(Math.min(LOOK_EVERY, over - Date.now()));
      const gauges = this.#look();
      const { most = gauges } = this;
      const names = Object.keys(gauges) as (keyof Gauges)[];
      const highest = names.map((name) => [name, Math.max(most[name], gauges[name])] as const);
      this.most = Object.fromEntries(highest) as unknown as Gauges;
      if (Date.now() < said + SAY_EVERY) continue;
      said = Date.now();
      this.#options.say(`${text(gauges)}; ${more()}`);
    }
  }

  get #pid(): number {
    const { process, log } = this.#daemon;
    const ended = process.exitCode ?? process.signalCode;
    if (ended !== null)
      throw new Error(`the daemon has ended (${ended}):\n${log.slice(-20).join('\n')}`);
    return process.pid ?? 0;
  }

  #look(): Gauges {
    return gauge(this.#pid, this.#spool);
  }
}

function text(gauges: Gauges): string {
  const { memory, capturesMemory, descriptors, namespaces, threads, captures, zombies } = gauges;
  const held = `${descriptors} descriptors, ${namespaces} namespaces, ${threads} threads`;
  const running = `${captures} captures (${inMegabytes(capturesMemory)}), ${zombies} zombies`;
  const spool = `spool ${(gauges.spool / 1e3).toFixed(0)} kB`;
  return `${inMegabytes(memory)}, ${held}, ${running}, ${spool}`;
}

function inMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

async function isFollowed(): Promise<boolean> {
  return !/not (listed|followed)/.test(await (await fetch(READY)).text());
}
