import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { kubeconfigFor } from '../lab/kubeconfig.ts';
import { sh } from '../lab/shell.ts';
import { type Bundle, HELPER, imageEnvironment, makeBundle } from './bundle.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Characters: it runs within the agent's limit of memory. */
const RAW_MOST = 50_000;

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

/** The text of a file and of all that it imports at once. */
function loaded(file: string, seen = new Set<string>()): string {
  if (seen.has(file)) return '';
  seen.add(file);
  const source = readFileSync(join(bundle.directory, file), 'utf8');
  const imported = [...source.matchAll(/^import .*"\.\/([^"]+)";$/gm)].map(([, name = '']) => name);
  return source + imported.map((name) => loaded(name, seen)).join('');
}

test('it is the daemon in pieces, its thread, the licences of what is in it, and the helper', () => {
  const files = readdirSync(bundle.directory);
  for (const file of ['nstats.js', 'networks-worker.js', 'agent.js', 'relay.js', 'top.js'])
    assert.ok(files.includes(file), file);
  assert.deepEqual(files.filter((file) => !file.endsWith('.js')).toSorted(), [
    'LICENSES.txt',
    ...(existsSync(HELPER) ? ['nstats-bpf'] : []),
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
  const source = loaded('agent.js');
  assert.match(source, /class KubeConfig /);
  assert.doesNotMatch(source, /class (V1Pod|CoreV1Api|ObjectSerializer|Dispatcher)\b/);
});

test('what hands an agent’s lines on does not load what agents need', () => {
  const source = loaded('nstats.js') + loaded('top.js');
  assert.doesNotMatch(source, /class (KubeConfig|InfluxDB)\b/);
  assert.ok(source.length < RAW_MOST, `${source.length}`);
});

test('the text takes a byte for a character', () => {
  for (const file of readdirSync(bundle.directory).filter((name) => name.endsWith('.js')))
    assert.match(readFileSync(join(bundle.directory, file), 'utf8'), /^[\0-\x7f]*$/, file);
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
