import { type Asked, start } from '../api/channel.ts';
import type { Usage } from '../api/usage.ts';
import type { Followed, Total, Wanted } from './agents.ts';

/** Delays in milliseconds, of the middle and of the slowest hundredth. */
export interface Delays {
  readonly median: number;
  readonly p99: number;
  readonly count: number;
}

/** Agents in some processes. */
export class Crowd {
  readonly #processes: readonly Asked[];

  /** In so many processes. */
  constructor(processes: number) {
    this.#processes = Array.from({ length: processes }, () => start('../relay/agents.ts'));
  }

  /** Starts so many agents at once. Resolves to the seconds until the last watch began, and how many have not. */
  async follow({ agents, ...wanted }: Wanted) {
    const began = Date.now();
    const each = Math.ceil(agents / this.#processes.length);
    const ends = await Promise.all(
      this.#processes.map(async (process, nth) => {
        const own = { ...wanted, agents: Math.max(0, Math.min(each, agents - nth * each)) };
        return process.ask<Followed>('follow', JSON.stringify(own));
      }),
    );
    const missing = ends.reduce((sum, end) => sum + end.missing, 0);
    return { seconds: (Math.max(...ends.map(({ at }) => at)) - began) / 1000, missing };
  }

  /** What all agents have received since they were started. */
  async total(): Promise<Total> {
    const totals = await this.#all<Total>('total');
    const sum = (field: keyof Total) => totals.reduce((all, total) => all + total[field], 0);
    return {
      bytes: sum('bytes'),
      requests: sum('requests'),
      connections: sum('connections'),
      lists: sum('lists'),
      failures: sum('failures'),
    };
  }

  /** The errors after which something was tried again, each once. */
  async failures(): Promise<string[]> {
    return [...new Set((await this.#all<string[]>('failures')).flat())].toSorted();
  }

  /** CPU seconds of all processes. */
  async cpu(): Promise<number> {
    return (await this.#all<Usage>('usage')).reduce((sum, { cpu }) => sum + cpu, 0);
  }

  async forget(): Promise<void> {
    await this.#all('forget');
  }

  /** How long changes took to arrive, by when each version was made. */
  async delays(made: ReadonlyMap<number, number>): Promise<Delays> {
    const seen = (await this.#all<Map<number, number[]>>('seen')).flatMap((all) => [...all]);
    const delays = Float64Array.from(
      seen.flatMap(([version, times]) => times.map((at) => at - (made.get(version) ?? NaN))),
    ).sort();
    const at = (share: number) => delays[Math.floor(delays.length * share)] ?? NaN;
    return { median: at(0.5), p99: at(0.99), count: delays.length };
  }

  async stop(): Promise<void> {
    await this.#all('stop');
  }

  async end(): Promise<void> {
    await Promise.all(this.#processes.map(async (process) => process.end()));
  }

  async #all<T>(question: string): Promise<T[]> {
    return Promise.all(this.#processes.map(async (process) => process.ask<T>(question)));
  }
}
