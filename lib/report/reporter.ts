import { type Agent, encodeAgent } from '../influx/line-protocol.ts';
import type { StoredWindow } from '../influx/spool/stored-window.ts';
import type { Log, ProblemLog } from '../model.ts';
import type { Directory } from '../naming/directory.ts';
import { AgentFieldReader } from './agent-fields.ts';
import { Reconciliation } from './reconciliation.ts';
import { RowBuilder, type RowBuilderConfig } from './row-builder.ts';
import type { Sink } from './sink.ts';
import { traffic as statistics } from './statistics/traffic.ts';
import { Summary } from './summary.ts';
import type { NamedWindow, Totals } from './totals.ts';

export interface ReporterOptions {
  readonly config: RowBuilderConfig & Agent;
  readonly directory: Pick<Directory, 'peer' | 'zoneOf'>;
  readonly totals: Totals;
  readonly sink: Pick<Sink, 'push' | 'figures'>;
  readonly log: Log;
  readonly problems: ProblemLog;
}

/** Names a window, hands its rows to the sink, and counts it. */
export class Reporter {
  readonly #options: ReporterOptions;
  readonly #builder: RowBuilder;
  readonly #reconciliation: Reconciliation;
  readonly #fields: AgentFieldReader<{ readonly totals: Totals }>;
  readonly #summary: Summary;

  constructor(options: ReporterOptions) {
    this.#options = options;
    const { config, directory, totals, problems } = options;
    this.#builder = new RowBuilder(config, directory);
    this.#reconciliation = new Reconciliation({ interval: config.interval, problems });
    this.#fields = new AgentFieldReader(statistics, { totals });
    this.#summary = new Summary(options);
  }

  report(
    { end, pods, figures }: StoredWindow,
    { certain, late }: Pick<NamedWindow, 'certain' | 'late'>,
  ): void {
    const { config, sink, totals } = this.#options;
    const of = (wanted: (typeof pods)[number]['selection']) =>
      pods.filter(({ selection }) => selection === wanted);
    const { pods: captured, traffic, rows } = this.#builder.build(of('selected'), certain);
    this.#reconciliation.check(captured);
    const unknown = of('unknown').map(({ window }) => window);
    totals.add({ end, pods: captured, traffic, unknown, late, certain, rows });
    const agent = encodeAgent(config, end, { ...figures, ...this.#fields.read() });
    sink.push([...rows, agent], end);
    this.#summary.add(end, captured, rows.length);
  }
}
