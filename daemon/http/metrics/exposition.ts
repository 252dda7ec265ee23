import Counter from 'prom-client/lib/counter.js';
import Gauge from 'prom-client/lib/gauge.js';
import Registry from 'prom-client/lib/registry.js';
import type { Metric } from './metric.ts';

/** What a scrape is answered with. */
export interface Exposition {
  readonly contentType: string;
  /** The text, with the values of this moment. */
  metrics(): Promise<string>;
}

/** Puts metrics into the text format of Prometheus. */
export function exposition(metrics: readonly Metric[]): Exposition {
  const registry = new Registry();
  for (const metric of metrics) registry.registerMetric(collected(metric));
  return registry;
}

function collected({ name, type, help, labels, read }: Metric): Counter | Gauge {
  const common = { name, help, labelNames: labels, registers: [] };
  // They begin at zero with each scrape, since what is read is the whole.
  const values = (): Iterable<readonly [readonly string[], number]> => {
    const value = read();
    if (typeof value === 'object') return value;
    return value === undefined ? [] : [[[], value]];
  };
  const named = (of: readonly string[]) =>
    Object.fromEntries(labels.map((label, index) => [label, of[index] ?? '']));
  if (type === 'counter') {
    return new Counter({
      ...common,
      collect() {
        this.reset();
        for (const [of, value] of values()) this.inc(named(of), value);
      },
    });
  }
  return new Gauge({
    ...common,
    collect() {
      this.reset();
      // Without labels a reset one says 0, which is a lie where there is no value.
      if (labels.length === 0) this.remove();
      for (const [of, value] of values()) this.set(named(of), value);
    },
  });
}
