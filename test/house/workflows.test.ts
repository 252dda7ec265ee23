import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };

const ROOT = join(import.meta.dirname, '../..');
const FOLDER = join(ROOT, '.github/workflows');

interface Workflow {
  readonly permissions: unknown;
  readonly jobs: {
    readonly [job: string]: { readonly steps: readonly { uses?: string; run?: string }[] };
  };
}

const workflows = readdirSync(FOLDER).map((file) => {
  return { file, ...(parse(readFileSync(join(FOLDER, file), 'utf8')) as Workflow) };
});
const steps = workflows.flatMap(({ jobs }) => Object.values(jobs).flatMap((job) => job.steps));

test('every workflow says what it may do', () => {
  assert.ok(workflows.length > 0);
  for (const { file, permissions } of workflows) assert.ok(permissions, file);
});

test('actions are pinned to a commit', () => {
  const used = steps.flatMap(({ uses }) => uses ?? []);
  assert.ok(used.length > 0);
  for (const action of used) assert.match(action, /^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
});

test('the commands that workflows run are there', () => {
  const text = steps.map(({ run = '' }) => run).join('\n');
  const scripts = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, name = '']) => name);
  assert.ok(scripts.length > 0);
  for (const name of scripts) assert.ok(name in packageJson.scripts, name);
  const files = [...text.matchAll(/(?:bash|sh|node) ((?:\.ci|test)\/[\w./-]+)/g)];
  assert.ok(files.length > 0);
  for (const [, file = ''] of files) assert.ok(existsSync(join(ROOT, file)), file);
});
