import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { iftopCommand } from '../../lib/iftop/process.ts';

const PATH = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'];
const dockerfile = readFileSync(join(import.meta.dirname, '../../Dockerfile'), 'utf8');

function isProgram(word: string): boolean {
  return PATH.some((directory) => existsSync(join(directory, word)));
}

test('the image has the programs by which a capture is started', () => {
  const [, list = ''] = /for name in (.*); do/.exec(dockerfile) ?? [];
  const needed = ['node', 'nsenter', 'setpriv', 'sh', ...iftopCommand('eth0').filter(isProgram)];
  assert.ok(needed.includes('iftop'));
  assert.deepEqual(new Set(list.split(' ')), new Set(needed));
});
