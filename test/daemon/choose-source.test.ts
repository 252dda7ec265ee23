import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseSource } from '../../daemon/choose-source.ts';

for (const [wanted, why, source, said] of [
  ['iftop', undefined, 'iftop', []],
  ['bpf', 'no', 'bpf', []],
  ['auto', undefined, 'bpf', []],
  ['auto', 'no', 'iftop', ['no']],
] as const) {
  test(`CAPTURE=${wanted} where ${why === undefined ? 'the kernel counts' : 'it does not'} is ${source}`, async () => {
    const lines: unknown[] = [];
    const info = ({ error }: { error?: string }) => void lines.push(error);
    const log = { debug() {}, info, warn() {}, error() {} };
    assert.equal(await chooseSource(wanted, log, async () => why), source);
    assert.deepEqual(lines, said);
  });
}
