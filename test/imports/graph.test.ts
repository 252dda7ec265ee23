import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { imports, wrong } from './graph.ts';

const ROOT = join(import.meta.dirname, '../..');

test('no stage imports a later one', () => {
  const all = imports(ROOT);
  assert.ok(all.length > 100);
  assert.deepEqual(wrong(all), []);
});

test('an arrow to a later stage is wrong, to an earlier one or to lib itself it is not', () => {
  const late = { from: 'lib/linux/a.ts', to: 'lib/naming/b.ts' };
  const process = { from: 'lib/report/a.ts', to: 'daemon/config.ts' };
  const early = { from: 'lib/naming/a.ts', to: 'lib/linux/b.ts' };
  const common = { from: 'lib/linux/a.ts', to: 'lib/model.ts' };
  const fromCommon = { from: 'lib/model.ts', to: 'lib/linux/a.ts' };
  assert.deepEqual(wrong([late, process, early, common, fromCommon]), [late, process, fromCommon]);
});
