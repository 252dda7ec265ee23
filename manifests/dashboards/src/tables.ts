import { TableSortByFieldStateBuilder } from '@grafana/grafana-foundation-sdk/common';
import {
  type DataTransformerConfig,
  type DynamicConfigValue,
  SpecialValueMatch,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import { type PanelOptions } from './panels.ts';
import { SOURCE } from './query.ts';

interface TableOptions extends PanelOptions {
  /** In this order, since Grafana gets the tags of a table in any. */
  readonly columns: readonly string[];
  /** The column whose largest come first, */
  readonly by: string;
  /** and how many of them are shown. */
  readonly limit?: number;
  /** Links of columns. */
  readonly links?: { readonly [column: string]: DynamicConfigValue };
  /** Columns whose figures are of another unit. */
  readonly units?: { readonly [column: string]: string };
  /** What is done with the answers first, */
  readonly before?: readonly DataTransformerConfig[];
  /** and the columns that are not shown then. */
  readonly hidden?: readonly string[];
}

/** A row for each group of a query, the largest first. */
export function table(options: TableOptions) {
  const { columns, by, limit = 200, links = {}, units = {}, before = [], hidden = [] } = options;
  const panel = plain(options)
    .sortBy([new TableSortByFieldStateBuilder().displayName(by).desc(true)])
    .transformations([
      ...before,
      organized(columns, hidden),
      { id: 'sortBy', options: { fields: {}, sort: [{ field: by, desc: true }] } },
      { id: 'limit', options: { limitField: limit } },
    ]);
  for (const [column, link] of Object.entries(links)) panel.overrideByName(column, [link]);
  for (const [column, unit] of Object.entries(units))
    panel.overrideByName(column, [{ id: 'unit', value: unit }]);
  return panel;
}

/** The columns in an order, without the time, which is the same in all rows, and without those that are hidden. */
export function organized(
  columns: readonly string[],
  hidden: readonly string[],
): DataTransformerConfig {
  const excluded = ['Time', 'time', ...hidden];
  const options = {
    excludeByName: Object.fromEntries(excluded.map((column) => [column, true])),
    indexByName: Object.fromEntries(columns.map((column, index) => [column, index])),
    renameByName: {},
  };
  return { id: 'organize', options };
}

/** Rows of one tag, columns of another, and in the cells what is sent from this to that. */
export function matrix(options: PanelOptions & { from: string; to: string; value: string }) {
  const { from, to, value } = options;
  const group = { operation: 'groupby', aggregations: [] };
  return plain(options)
    .cellOptions({ type: 'color-background', mode: 'gradient' } as never)
    .mappings([
      // Where nothing is sent the cell is empty.
      {
        type: 'special',
        options: { match: SpecialValueMatch.Null, result: { text: ' ', color: 'transparent' } },
      } as never,
    ])
    .transformations([
      // Sums what is one figure already, for the sake of a column that goes by its own name.
      {
        id: 'groupBy',
        options: {
          fields: {
            [from]: group,
            [to]: group,
            [value]: { operation: 'aggregate', aggregations: ['sum'] },
          },
        },
      },
      {
        id: 'groupingToMatrix',
        options: {
          rowField: from,
          columnField: to,
          valueField: `${value} (sum)`,
          emptyValue: 'null',
        },
      },
    ]);
}

function plain({ title, about, unit, width = 12, height = 9, targets }: PanelOptions) {
  return new Table()
    .title(title)
    .description(about)
    .datasource(SOURCE)
    .unit(unit)
    .span(width)
    .height(height)
    .filterable(true)
    .targets([...targets]);
}
