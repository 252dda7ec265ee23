import assert from 'node:assert/strict';
import { test } from 'node:test';
import { orient } from '../../lib/accounting/orient.ts';

const IPS = ['10.0.0.1', 'fd00::1'];
const [sent, received] = [
  { bytes: 300, slack: 5 },
  { bytes: 20, slack: 1 },
];

for (const [what, local, remote, isTurned] of [
  ['as it was printed', '10.0.0.1', '198.51.100.1', false],
  ['turned round', '198.51.100.1', '10.0.0.1', true],
  ['turned round, by the other family', '2001:db8::1', 'fd00::1', true],
  ['left as it is if both are of the pod', 'fd00::1', '10.0.0.1', false],
  ['left as it is if neither is', '198.51.100.1', '192.168.7.10', false],
] as const) {
  test(`a flow of ${local} and ${remote} is ${what}`, () => {
    const flow = { local, remote, sent, received };
    const turned = { local: remote, remote: local, sent: received, received: sent };
    assert.deepEqual(orient(flow, IPS), isTurned ? turned : flow);
    assert.deepEqual(orient(flow, []), flow);
  });
}
