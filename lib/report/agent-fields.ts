import type { AgentFields } from '../influx/line-protocol.ts';
import { sum } from '../sum.ts';
import { kindOf, type Statistic, valuesOf } from './statistics/statistic.ts';

/**
 * Statistics as fields of `nstat_agent`: of a counter what was added since it was read last, of a gauge its value.
 * What was counted before this object was made is in no row.
 */
export class AgentFieldReader<Sources> {
  readonly #statistics: readonly Statistic<Sources>[];
  readonly #sources: Sources;
  /** The counters' values when they were read last, by the name of the field. */
  readonly #last = new Map<string, number>();

  constructor(statistics: readonly Statistic<Sources>[], sources: Sources) {
    this.#statistics = statistics.filter(({ fields }) => fields);
    this.#sources = sources;
    this.read();
  }

  read(): AgentFields {
    return Object.fromEntries(this.#statistics.flatMap((statistic) => this.#fields(statistic)));
  }

  #fields(statistic: Statistic<Sources>): [name: string, AgentFields[string]][] {
    const values = [...valuesOf(statistic, this.#sources)];
    // What does not apply has no field.
    if (values.length === 0 && !statistic.labels) return [];
    return Object.entries(statistic.fields ?? {}).map(([name, of]) => {
      const counted = values.filter(([[label = '']]) => of === 'sum' || of.includes(label));
      const now = sum(counted, ([, value]) => value);
      const value = kindOf(statistic.metric) === 'counter' ? this.#added(name, now) : now;
      return [name, statistic.float ? { float: value } : { integer: value }];
    });
  }

  #added(name: string, now: number): number {
    const before = this.#last.get(name) ?? 0;
    this.#last.set(name, now);
    return Math.max(0, now - before);
  }
}
