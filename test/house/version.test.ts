import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import packageJson from '../../package.json' with { type: 'json' };

const ROOT = join(import.meta.dirname, '../..');

for (const file of [
  'Dockerfile',
  'manifests/base/daemonset.yaml',
  'manifests/sidecar/component/container.yaml',
  'manifests/nstats.yaml',
  'README.md',
]) {
  test(`${file} names the version of package.json`, () => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    const named = [...text.matchAll(/(?:nstats:|ARG VERSION=)(\d+\.\d+\.\d+)/g)];
    assert.ok(named.length > 0);
    for (const [, version] of named) assert.equal(version, packageJson.version);
  });
}
