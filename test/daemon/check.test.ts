import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { test, type TestContext } from 'node:test';
import { check } from '../../daemon/check/check.ts';
import { readConfig } from '../../daemon/config.ts';
import { pod } from '../lab/apiserver/objects.ts';
import { ProcTree } from '../linux/recordings.ts';

const OWN = pod({ namespace: 'nstats', name: 'nstats-x', uid: 'a', ips: ['10.0.0.2'] });
const WEB = pod({ namespace: 'shop', name: 'web', uid: 'b', ips: ['10.0.0.3'] });

/** What --check prints of a node with these pods, where only the agent's own namespace can be found. */
async function checked(
  t: TestContext,
  pods: readonly object[],
  { name = 'eth0', igmp = '' } = {},
): Promise<string> {
  const tree = new ProcTree(t);
  const net_fib_trie = '     |-- 10.0.0.2\n        /32 host LOCAL\n';
  tree.add('self', 'agent', { net_dev: `  ${name}: 0 0\n`, net_fib_trie });
  writeFileSync(join(tree.path, 'self/net/igmp'), igmp);
  const list = JSON.stringify({ items: pods });
  const client = {
    server: '',
    inCluster: true,
    clean: (text: string) => text,
    get: async () => Readable.from([Buffer.from(list)]),
  };
  const config = readConfig({
    NODE_NAME: 'n',
    INFLUX_URL: 'http://127.0.0.1:9',
    INFLUX_DATABASE: 'd',
    SPOOL_DIR: tree.path,
  });
  const lines: string[] = [];
  const print = (text: string) => void lines.push(text);
  await check({ config, client, proc: tree.path, print });
  return lines.join('\n');
}

test('--check: that it finds no namespace but its own is right where there is no other', async (t) => {
  assert.match(await checked(t, [OWN]), /^ok    network namespaces: 1 of 1 pods found$/m);
});

test('--check: that it finds no namespace but its own is a problem where there are others', async (t) => {
  const text = await checked(t, [OWN, WEB]);
  assert.match(text, /^FAIL  network namespaces: no network namespace .*: 1 of 2 pods/m);
});

test('--check: an interface that stands in for one of IFACE is accepted, as the daemon captures it', async (t) => {
  const found = /^ok    IFACE eth0: in 1 of 1 network namespaces$/m;
  assert.match(await checked(t, [OWN], { name: 'ens3', igmp: '2\tens3      : 1 V3\n' }), found);
  assert.match(await checked(t, [OWN], { name: 'ens3' }), /^FAIL  IFACE eth0: .*they have ens3/m);
});
