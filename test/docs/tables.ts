import { RELAY_VARIABLES } from '../../daemon/relay/config.ts';
import { relayStatistics } from '../../daemon/relay/statistics.ts';
import { statistics } from '../../lib/report/statistics/all.ts';
import { kindOf, type Statistic } from '../../lib/report/statistics/statistic.ts';

/** The pages that have tables of the code. */
export const PAGES = ['docs/operations.md', 'docs/data-model.md', 'docs/relay.md'];
/** A table's place in a page. */
const PLACE = /^<!-- table:(\w+) -->\n[^]*?^<!-- \/table -->$/gm;

const TABLES: { readonly [name: string]: () => string[] } = {
  fields,
  metrics: () => metrics(statistics),
  relayMetrics: () => metrics(relayStatistics),
  relayVariables,
};

/** A page with its tables as the code has them. */
export function withTables(page: string): string {
  return page.replaceAll(PLACE, (_, name: string) => {
    const lines = TABLES[name]?.() ?? [];
    return [`<!-- table:${name} -->`, ...lines, '<!-- /table -->'].join('\n');
  });
}

/** The cells of a metric do not depend on what it is read from. */
type Described = Pick<Statistic<never>, 'metric' | 'labels' | 'help'>;

function metrics(all: readonly Described[]): string[] {
  const rows = all.flatMap(({ metric, labels, help }) =>
    metric ? row(code(withLabels(metric, labels)), kindOf(metric), plain(help)) : [],
  );
  return [row('metric', 'type', ''), '|---|---|---|', ...rows];
}

function fields(): string[] {
  const rows = statistics.flatMap(({ metric, labels, fields, help }) =>
    fields
      ? row(
          Object.keys(fields).map(code).join(', '),
          kindOf(metric),
          plain(help),
          metric ? code(withLabels(metric, labels)) : '',
        )
      : [],
  );
  return [row('fields', 'type', '', 'metric'), '|---|---|---|---|', ...rows];
}

function relayVariables(): string[] {
  const rows = RELAY_VARIABLES.map(([name, fallback, meaning]) =>
    row(code(name), /^(required|in-cluster)$/.test(fallback) ? fallback : code(fallback), meaning),
  );
  return [row('variable', 'default', ''), '|---|---|---|', ...rows];
}

function row(...cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`.replaceAll('|  |', '| |');
}

function withLabels(metric: string, labels: readonly string[] = []): string {
  return labels.length > 0 ? `${metric}{${labels.join(', ')}}` : metric;
}

function code(text: string): string {
  return `\`${text}\``;
}

/** Help texts end in a full stop, cells do not. */
function plain(help: string): string {
  return help.replace(/\.$/, '');
}
