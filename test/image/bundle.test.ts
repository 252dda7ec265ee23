import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { sh } from '../lab/shell.ts';
import { type Bundle, makeBundle } from './bundle.ts';

const ROOT = join(import.meta.dirname, '../..');

let bundle: Bundle;

before(() => {
  bundle = makeBundle();
});

after(() => bundle[Symbol.dispose]());

/** Runs it away from any node_modules, with nothing but these variables. */
function run(environment: { readonly [name: string]: string }, ...args: readonly string[]) {
  return spawnSync(process.execPath, [bundle.main, ...args], {
    cwd: bundle.directory,
    env: environment,
    encoding: 'utf8',
  });
}

test('it is one file and the licences of what is in it', () => {
  assert.deepEqual(readdirSync(bundle.directory).toSorted(), ['LICENSES.txt', 'nstats.js']);
  const licences = readFileSync(join(bundle.directory, 'LICENSES.txt'), 'utf8');
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    dependencies: object;
  };
  for (const name of Object.keys(dependencies)) {
    assert.match(licences, new RegExp(`^==== ${name} \\S+ \\(.+\\) ====$`, 'm'));
  }
});

test("client-node's generated API and undici are left out", () => {
  const source = readFileSync(bundle.main, 'utf8');
  assert.match(source, /class KubeConfig /);
  assert.doesNotMatch(source, /class (V1Pod|CoreV1Api|ObjectSerializer|Dispatcher)\b/);
});

test('--help says what the sources say', () => {
  const { stdout, stderr, status } = run({}, '--help');
  assert.equal(status, 0, stderr);
  assert.equal(stdout, sh(process.execPath, [join(ROOT, 'daemon/main.ts'), '--help']));
});

test('a wrong configuration ends it with code 2 and every mistake', () => {
  const { stderr, status } = run({ INTERVAL: '3', KUBERNETES_SERVICE_HOST: '127.0.0.1' });
  assert.equal(status, 2, stderr);
  assert.match(stderr, /NODE_NAME[\s\S]*INTERVAL is "3"|INTERVAL is "3"[\s\S]*NODE_NAME/);
});
