import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import Registry from 'prom-client/lib/registry.js';
import { kindOf, type Statistic, valuesOf } from '../../../lib/report/statistics/statistic.ts';

/** The answer to a scrape. */
export interface Exposition {
  readonly contentType: string;
  /** The text, with the values of this moment. */
  metrics(): Promise<string>;
}

/** Puts the statistics that are metrics into the text format of Prometheus. */
export function exposition<Sources>(
  statistics: readonly Statistic<Sources>[],
  sources: Sources,
): Exposition {
  const registry = new Registry();
  for (const statistic of statistics)
    if (statistic.metric) registry.registerMetric(metric(statistic.metric, statistic, sources));
  return registry;
}

function metric<Sources>(
  name: string,
  statistic: Statistic<Sources>,
  sources: Sources,
): Counter | Gauge {
  const { help, labels = [] } = statistic;
  const common = { name, help, labelNames: labels, registers: [] };
  const named = (of: readonly string[]) =>
    Object.fromEntries(labels.map((label, index) => [label, of[index] ?? '']));
  // Each scrape begins at zero, since what is read is the whole.
  if (kindOf(name) === 'counter') {
    return new Counter({
      ...common,
      collect() {
        this.reset();
        for (const [of, value] of valuesOf(statistic, sources)) this.inc(named(of), value);
      },
    });
  }
  return new Gauge({
    ...common,
    collect() {
      this.reset();
      // A reset gauge without labels is 0, which would be wrong where there is no value.
      if (labels.length === 0) this.remove();
      for (const [of, value] of valuesOf(statistic, sources)) this.set(named(of), value);
    },
  });
}
