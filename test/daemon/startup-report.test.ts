import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../../daemon/config.ts';
import { ofResources } from '../../daemon/check/startup-report.ts';
import { Sync } from '../../lib/kubernetes/sync.ts';
import { ApiError } from '../../lib/kubernetes/client/client.ts';

test('of resources good is what is followed, a fault has a remedy, and what had no turn yet is neither', () => {
  const sync = new Sync(['pods', 'services', 'nodes', 'namespaces']);
  sync.following('pods', true);
  sync.failed('services', new ApiError('/', 403, {}, 'no'));
  sync.failed('nodes', new Error('reset'));
  const config = readConfig({ NODE_NAME: 'n', INFLUX_URL: 'http://a', INFLUX_DATABASE: 'd' });
  const findings = ofResources({ config, sync, directory: { hasNode: () => true } });
  assert.deepEqual(
    findings.map(({ what, fix }) => [what, fix !== undefined]),
    [
      ['pods: followed', false],
      ['services: we may not list and watch them', true],
      ['nodes: not followed', true],
    ],
  );
});
