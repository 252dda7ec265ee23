import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { kubeconfigFor } from '../lab/kubeconfig.ts';
import { sh } from '../lab/shell.ts';
import { type Bundle, HELPER, imageEnvironment, makeBundle } from './bundle.ts';

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

test('it is the daemon, its thread, what both share, the licences of what is in it, and the helper', () => {
  assert.deepEqual(readdirSync(bundle.directory).toSorted(), [
    'LICENSES.txt',
    'networks-worker.js',
    ...(existsSync(HELPER) ? ['nstats-bpf'] : []),
    'nstats.js',
    'prefix-table.js',
  ]);
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

test('the text takes a byte for a character', () => {
  assert.match(readFileSync(bundle.main, 'utf8'), /^[\0-\x7f]*$/);
});

test('--help says what the sources say, with what the image sets', () => {
  const { stdout, stderr, status } = run(imageEnvironment(), '--help');
  assert.equal(status, 0, stderr);
  assert.equal(stdout, sh(process.execPath, [join(ROOT, 'daemon/main.ts'), '--help']));
});

test('its thread reads a file of named networks', () => {
  const file = join(bundle.directory, 'networks.yaml');
  writeFileSync(file, 'office: [192.0.2.0/24]\nvpn: no');
  const { stdout, stderr } = run(
    {
      NODE_NAME: 'n',
      NETWORKS_FILE: file,
      KUBECONFIG: kubeconfig(),
      INFLUX_URL: 'http://127.0.0.1:1',
      INFLUX_DATABASE: 'd',
    },
    '--check',
  );
  rmSync(file);
  assert.match(stdout, /NETWORKS_FILE .*1 mistake, besides 1 network/, stderr);
});

test('a wrong configuration ends it with code 2 and every mistake', () => {
  const { stderr, status } = run({ INTERVAL: '3', KUBERNETES_SERVICE_HOST: '127.0.0.1' });
  assert.equal(status, 2, stderr);
  assert.match(stderr, /NODE_NAME[\s\S]*INTERVAL is "3"|INTERVAL is "3"[\s\S]*NODE_NAME/);
});

/** Of an API server that is not there. */
function kubeconfig(): string {
  const file = join(bundle.directory, 'kubeconfig');
  writeFileSync(file, kubeconfigFor('https://127.0.0.1:1', '', 't'));
  return file;
}
