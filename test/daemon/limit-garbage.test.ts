import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const MODULE = join(import.meta.dirname, '../../daemon/limit-garbage.ts');
/** Keeps 24 MB in pieces, makes garbage for some time, and prints the bytes of the largest heap that it saw. */
const PROGRAM = `
  import { limitGarbage } from ${JSON.stringify(MODULE)};
  if (process.argv[1] !== 'none') limitGarbage(Number(process.argv[1]));
  const piece = () => Array.from({ length: 1000 }, (_, index) => index + 0.5);
  const kept = Array.from({ length: 3000 }, piece);
  let most = 0;
  for (let made = 0; made < 30_000; made += 1) {
    kept[made % kept.length] = piece();
    if (made % 100 === 0) most = Math.max(most, process.memoryUsage().heapUsed);
  }
  console.log(most);
`;

function heap(percent: string): number {
  const args = ['--input-type=module', '-e', PROGRAM, percent];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  assert.deepEqual([status, stderr], [0, '']);
  return Number(stdout);
}

test('this Node knows the flag, and garbage is collected sooner with it', () => {
  const [limited, other] = [heap('20'), heap('none')];
  assert.ok(limited < 0.9 * other, `${limited} ${other}`);
});
