import { globSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from './machine.ts';
import { markdown, type Result, type Table } from './result.ts';

/** What each section has measured when it was last run to be kept, as results.json has it. */
export interface Results {
  readonly [section: string]: Result & {
    /** How long it took; undefined if that was not kept. */
    readonly seconds?: number;
    readonly machine: Machine;
  };
}

const ROOT = join(import.meta.dirname, '../..');
/** The pages that may have tables. */
export const PAGES: readonly string[] = globSync(['README.md', 'docs/**/*.md'], { cwd: ROOT }).map(
  (page) => join(ROOT, page),
);

/** A table's place in a page. */
const PLACE = /^<!-- bench:(\S+) -->\n[^]*?^<!-- \/bench -->$/gm;
const BEGIN = /^<!-- bench:/gm;

/** First the machine's, then those of the sections. */
export function tablesOf(results: Results): Table[] {
  return [machineTable(results), ...Object.values(results).flatMap(({ tables }) => tables)];
}

/** A column for all sections that were measured at the same place, day and commit. */
function machineTable(results: Results): Table {
  const groups = Map.groupBy(Object.entries(results), ([, { machine }]) => JSON.stringify(machine));
  const columns = [...groups].map(([machine, sections]) => ({
    names: sections.map(([name]) => name).join(', '),
    described: {
      ...(JSON.parse(machine) as Machine),
      seconds: sections.map(([, { seconds }]) => seconds ?? '–').join(', '),
    } as Machine,
  }));
  return {
    name: 'machine',
    text: 'Where and when each section was measured, and how long that took:',
    head: ['', ...columns.map(({ names }) => names)],
    rows: Object.keys(columns[0]?.described ?? {}).map((what) => [
      what,
      ...columns.map(({ described }) => described[what] ?? ''),
    ]),
  };
}

/**
 * Puts the tables into their places in a page; one without a place there is left out.
 *
 * @throws Error if a place has no table, or no end
 */
export function withTables(page: string, tables: readonly Table[]): string {
  const text = page.replaceAll(PLACE, (place, name: string) => {
    const table = tables.find((each) => each.name === name);
    if (!table) throw new Error(`the bench has no table ${name}`);
    if (place.match(BEGIN)?.length !== 1) throw new Error(`the place of table ${name} has no end`);
    return `<!-- bench:${name} -->\n${markdown(table)}\n<!-- /bench -->`;
  });
  const begun = text.match(BEGIN)?.length ?? 0;
  if (begun !== (text.match(PLACE)?.length ?? 0)) throw new Error('a table’s place has no end');
  return text;
}
