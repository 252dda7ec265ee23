import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../../daemon/config.ts';
import { ofResources } from '../../daemon/check/startup-report.ts';
import { CONDITIONS } from '../../lib/conditions.ts';
import { Sync } from '../../lib/kubernetes/sync.ts';
import { ApiError } from '../../lib/kubernetes/client/client.ts';

test('a resource that is followed is good, one that fails is a finding, and one under way is neither', () => {
  const sync = new Sync(['pods', 'services', 'nodes', 'namespaces']);
  sync.following('pods', true);
  sync.failed('services', new ApiError('/', 403, {}, 'no'));
  sync.failed('nodes', new Error('reset'));
  const config = readConfig({ NODE_NAME: 'n', INFLUX_URL: 'http://a', INFLUX_DATABASE: 'd' });
  const findings = ofResources({ config, sync, directory: { hasNode: () => true } });
  assert.deepEqual(
    findings.map((finding) => (typeof finding === 'string' ? finding : finding.condition)),
    ['pods: followed', CONDITIONS.namesDenied, CONDITIONS.apiServerLost],
  );
});
