import { statistics } from '../../lib/report/statistics/all.ts';
import { kindOf } from '../../lib/report/statistics/statistic.ts';

/** The pages that have tables of the agent's statistics. */
export const PAGES = ['docs/operations.md', 'docs/data-model.md'];
/** A table's place in a page. */
const PLACE = /^<!-- table:(\w+) -->\n[^]*?^<!-- \/table -->$/gm;

/** A page with its tables as the descriptors of `lib/report/statistics` have them. */
export function withTables(page: string): string {
  return page.replaceAll(PLACE, (_, name: string) => {
    const lines = name === 'metrics' ? metrics() : fields();
    return [`<!-- table:${name} -->`, ...lines, '<!-- /table -->'].join('\n');
  });
}

function metrics(): string[] {
  const rows = statistics.flatMap(({ metric, labels, help }) =>
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
