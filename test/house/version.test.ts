import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { NAMING_THE_VERSION, withVersion } from '../../manifests/version.ts';

test('the version of package.json is written wherever the image is named', () => {
  for (const file of NAMING_THE_VERSION) {
    const text = readFileSync(join(import.meta.dirname, '../..', file), 'utf8');
    assert.match(text, /\b(nstats:|ARG VERSION=)\d/, file);
    assert.equal(text, withVersion(text), `npm run manifests writes ${file}`);
  }
});
