import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dashboards } from '../../manifests/dashboards/src/all.ts';
import { FOLDER, intervalOf, load, NAMES, targets, type Transformation } from './grafana.ts';

test('the files are what the sources make (npm run dashboards)', () => {
  for (const [file, text] of Object.entries(dashboards())) {
    assert.equal(readFileSync(join(FOLDER, file), 'utf8'), text, file);
  }
});

for (const name of NAMES) {
  const dashboard = load(name);

  test(`${name}: no query needs more than every InfluxQL has`, () => {
    for (const { query, panel } of targets(dashboard)) {
      const calls = [...query.matchAll(/(\w+)\(/g)].map(([, call]) => call);
      const plain = new Set(['sum', 'max', 'last', 'count', 'time', 'fill']);
      assert.deepEqual(
        calls.filter((call) => !plain.has(call ?? '')),
        [],
        panel,
      );
      assert.equal(query.match(/SELECT/g)?.length, 1, `${panel}: no subquery`);
      assert.match(query, /\$timeFilter/);
    }
  });

  test(`${name}: every variable that is asked for is there, and asks for those before it`, () => {
    const known: string[] = [];
    for (const variable of dashboard.templating.list) {
      for (const other of asked(variable.query)) assert.ok(known.includes(other), variable.query);
      known.push(variable.name);
    }
    const used = new Set(targets(dashboard).flatMap(({ query }) => asked(query)));
    for (const variable of used) assert.ok(known.includes(variable), variable);
    // The currency is in titles alone.
    const unused = known.filter((variable) => !used.has(variable));
    assert.deepEqual(unused, name === 'cost' ? ['currency'] : []);
  });

  test(`${name}: every panel asks for the chosen clusters, and every list for the chosen time`, () => {
    for (const { query } of targets(dashboard)) assert.ok(asked(query).includes('cluster'), query);
    for (const { type, name, query } of dashboard.templating.list)
      if (type === 'query' && name !== 'team') assert.match(query, /\$timeFilter/);
  });

  test(`${name}: every panel says what it counts, has a unit, and asks under names of its own`, () => {
    for (const { title, type, description, fieldConfig, targets } of dashboard.panels) {
      assert.ok(description, title);
      if (type !== 'nodeGraph') assert.ok(fieldConfig.defaults.unit, title);
      assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, title);
    }
  });

  test(`${name}: the columns of every table are put in order`, () => {
    const tables = dashboard.panels.filter(({ targets }) => targets[0]?.resultFormat === 'table');
    for (const { title, type, transformations = [], targets } of tables) {
      if (type === 'stat') continue;
      const names = targets.flatMap(({ query }) =>
        [...query.matchAll(/AS "(\w+)"/g), ...tagsOf(query).matchAll(/"([^"]+)"/g)].map(
          ([, column = '']) => (column === '${team:raw}' ? 'team' : column),
        ),
      );
      const made = transformations.map(({ options }) => options['alias']);
      const there = new Set([...names, ...made.filter((alias) => alias !== undefined)]);
      assert.deepEqual(placed(transformations), there, title);
    }
  });
}

test('with the usual time ranges a point is a whole number of windows', () => {
  const hours = [0.25, 0.5, 1, 3, 6, 12, 24, 48, 7 * 24, 30 * 24];
  for (const { maxDataPoints, title } of NAMES.flatMap((name) => load(name).panels)) {
    if (maxDataPoints === undefined) continue;
    for (const range of hours) {
      const interval = intervalOf(range * 3_600_000, maxDataPoints, 10_000);
      assert.equal(interval % 10_000, 0, `${title}, ${range} h: ${interval} ms`);
    }
  }
});

/** The columns that have a place in the order, or are taken out. */
function placed(transformations: readonly Transformation[]): Set<unknown> {
  const order = transformations.find(({ id }) => id === 'organize' || id === 'groupBy');
  const { indexByName, fields, excludeByName } = order?.options ?? {};
  const columns = [indexByName, fields, excludeByName].flatMap((of) => Object.keys(of ?? {}));
  return new Set(columns.filter((column) => column.toLowerCase() !== 'time'));
}

function tagsOf(query: string): string {
  return query.split('GROUP BY')[1] ?? '';
}

/** The variables that a query asks for. */
function asked(query: string): string[] {
  return [...query.matchAll(/\$\{(\w+):(?:regex|raw)\}/g)].map(([, variable]) => variable ?? '');
}
