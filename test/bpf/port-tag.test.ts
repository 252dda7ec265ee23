import assert from 'node:assert/strict';
import { test } from 'node:test';
import { portTag } from '../../lib/bpf/port-tag.ts';

test('the tag has the port and the protocol, and there is none where the port is not known', () => {
  const tags = [
    [6, 443],
    [17, 53],
    [132, 36_412],
    [6, 0],
    [1, 0],
    [0, 0],
  ].map(([protocol = 0, port = 0]) => portTag({ protocol, port }));
  assert.deepEqual(tags, ['443/tcp', '53/udp', '36412/sctp', undefined, undefined, undefined]);
});
