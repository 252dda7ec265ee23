import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytesASecond } from './one-shot.ts';

test('rates of ten seconds are added up in both directions, with prefixes of powers of 1024', () => {
  const output = `
   # Host name (port/service if enabled)            last 2s   last 10s   last 40s cumulative
   1 10.244.0.10                              =>      471Mb     1.50Mb      157Mb      118MB
     10.244.1.1                               <=      286Kb       96Kb     95.4Kb     71.6KB
   2 10.244.0.10                              =>         0b       800b         0b         0B
     10.244.1.2                               <=         0b         0b         0b         0B
Total send rate:                                      471Mb     1.50Mb      157Mb
`;
  assert.equal(bytesASecond(output), (1.5 * 1024 ** 2 + 96 * 1024 + 800) / 8);
});
