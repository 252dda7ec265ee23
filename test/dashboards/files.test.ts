import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dashboards } from '../../manifests/dashboards/src/all.ts';
import { FOLDER, intervalOf, load, NAMES, targets } from './grafana.ts';

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
    assert.deepEqual(used, new Set(known));
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
      const query = targets[0]?.query ?? '';
      const columns = [...query.matchAll(/AS "(\w+)"/g), ...tagsOf(query).matchAll(/"(\w+)"/g)];
      const names = columns.map(([, column = '']) => column);
      const [first] = transformations;
      const order = { organize: 'indexByName', groupBy: 'fields' }[first?.id ?? ''] ?? '';
      assert.deepEqual(new Set(Object.keys(first?.options[order] ?? {})), new Set(names), title);
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

function tagsOf(query: string): string {
  return query.split('GROUP BY')[1] ?? '';
}

/** The variables that a query asks for. */
function asked(query: string): string[] {
  return [...query.matchAll(/\$\{(\w+):regex\}/g)].map(([, variable]) => variable ?? '');
}
