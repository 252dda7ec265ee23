import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { check } from '../../daemon/check/check.ts';
import { readConfig } from '../../daemon/config.ts';
import type { ApiClient } from '../../lib/kubernetes/client/client.ts';
import { pod } from '../lab/apiserver/objects.ts';
import { ProcTree } from '../linux/recordings.ts';

const OURS = pod({ namespace: 'nstats', name: 'nstats-x', uid: 'a', ips: ['10.0.0.2'] });
const WEB = pod({ namespace: 'shop', name: 'web', uid: 'b', ips: ['10.0.0.3'] });

for (const [what, pods, line] of [
  ['is no fault where there is no other', [OURS], /^ok    network namespaces: 1 of 1 pods found$/m],
  [
    'is a fault where there are others',
    [OURS, WEB],
    /^FAIL  network namespaces: no network namespace .*: 1 of 2 pods/m,
  ],
] as const) {
  test(`--check: that it finds no namespace but its own ${what}`, async (t) => {
    const tree = new ProcTree(t);
    const net_fib_trie = '     |-- 10.0.0.2\n        /32 host LOCAL\n';
    tree.add('self', 'agent', { net_dev: '  eth0: 0 0\n', net_fib_trie });
    const list = JSON.stringify({ items: pods });
    const client = { get: async () => Readable.from([Buffer.from(list)]) };
    const config = readConfig({
      NODE_NAME: 'n',
      INFLUX_URL: 'http://127.0.0.1:9',
      INFLUX_DATABASE: 'd',
      SPOOL_DIR: tree.path,
    });
    const lines: string[] = [];
    await check({
      config,
      client: client as unknown as ApiClient,
      proc: tree.path,
      print: (text) => void lines.push(text),
    });
    assert.match(lines.join('\n'), line);
  });
}
