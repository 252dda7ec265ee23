/** What the API server and the file of networks tell. */
import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import { Readable } from 'node:stream';
import { ApiError } from '../../lib/kubernetes/client/api-error.ts';
import {
  canonical,
  canonicalSet,
  externalNetwork,
  firstAddresses,
  isPrivate,
} from '../../lib/ip-address.ts';
import type { ApiClient } from '../../lib/kubernetes/client/client.ts';
import { DeclaredPorts, portsOf } from '../../lib/kubernetes/declared-ports.ts';
import { Directory } from '../../lib/naming/directory.ts';
import { ListReader } from '../../lib/kubernetes/list.ts';
import { parseNetworks } from '../../lib/naming/networks.ts';
import { parsePrefix, PrefixTable } from '../../lib/prefix-table.ts';
import {
  localPod,
  namespaceRecord,
  nodeRecord,
  observeOf,
  podRecord,
  serviceRecord,
} from '../../lib/kubernetes/records.ts';
import { type KubernetesObject, objectOf } from '../../lib/kubernetes/object-schema.ts';
import { startDelay } from '../../lib/kubernetes/start-delay.ts';
import { watch, type WatchEvent } from '../../lib/kubernetes/watch.ts';
import { objects } from '../kubernetes/recorded.ts';
import { pieces, type Target } from './target.ts';

const recorded = (['pods', 'services', 'nodes'] as const).flatMap((kind) => objects(kind));
/** A node whose network plug-ins publish its addresses in every shape. */
const published = {
  metadata: {
    annotations: {
      'k8s.ovn.org/node-subnets':
        '{"default":["10.128.2.0/23","fd01:0:0:2::/64"],"b":"10.9.0.0/24"}',
      'k8s.ovn.org/host-cidrs': '["192.0.2.10/24"]',
      'projectcalico.org/Interfaces': '[{"name":"eth0","addresses":["192.0.2.10"]}]',
      'projectcalico.org/IPv4IPIPTunnelAddr': '10.244.73.64',
      'ovn.kubernetes.io/ip_address': '100.64.0.2,fd00:100:64::2',
    },
  },
};
/** Only what is read of them: changes of the rest, which is most, would show nothing. */
const seeds = [...recorded, published].map((object) =>
  Buffer.from(JSON.stringify(objectOf(object))),
);

/** As text, which is compared faster than objects. */
function read(input: readonly Buffer[]): string {
  const reader = new ListReader();
  const items: unknown[] = [];
  try {
    for (const piece of input) items.push(...reader.read(piece));
    return JSON.stringify([items, reader.end()]);
  } catch (error) {
    assert.ok(error instanceof SyntaxError || error instanceof RangeError, String(error));
    return 'refused';
  }
}

/** A client that is answered with this, whatever it asks. */
function answered(chunks: readonly Buffer[]): ApiClient {
  return {
    server: 'none',
    inCluster: false,
    figures: { requests: 0, bytes: 0, connections: 0 },
    clean: (text) => text,
    get: async () => Readable.from(chunks, { objectMode: false }),
  };
}

async function follow(chunks: readonly Buffer[]): Promise<string> {
  const events: WatchEvent[] = [];
  const { signal } = new AbortController();
  try {
    const options = { client: answered(chunks), path: '/x', signal };
    for await (const event of watch(options, '1', () => {})) events.push(event);
  } catch (error) {
    assert.ok(error instanceof Error && !(error instanceof TypeError), String(error));
  }
  return JSON.stringify(events);
}

/** Null if it is no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** All strings in it, keys included. */
function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => [key, ...strings(each)]);
}

export const clusterTargets: readonly Target[] = [
  {
    name: 'object',
    json: true,
    seeds,
    check(input) {
      let object: ReturnType<typeof objectOf>;
      try {
        object = objectOf(JSON.parse(input.toString()));
      } catch (error) {
        assert.ok(error instanceof SyntaxError, String(error));
        return;
      }
      const directory = new Directory();
      const pod = localPod(object);
      const declared = new DeclaredPorts();
      declared.listen((_, port) => assert.ok(port >= 1 && port <= 65_535));
      declared.apply('pod', {
        type: 'put',
        object: { owner: { uid: 'a' }, ports: portsOf(object) },
      });
      assert.ok(strings(pod).every((text) => text.length <= 1024));
      for (const owner of [podRecord(object), serviceRecord(object), nodeRecord(object)]) {
        assert.ok(strings(owner).every((text) => text.length <= 317));
        assert.ok(owner.ips.length <= 4096 && owner.ips.every((ip) => isIP(ip)));
        assert.ok(Number.isFinite(owner.since) && !Number.isNaN(owner.started));
        directory.put(owner, 1000);
        for (const ip of [owner.ips[0] ?? '10.0.0.1', ...(owner.pluginIps ?? [])]) {
          assert.ok(isIP(ip));
          directory.peer(ip, 900, 1000);
        }
        directory.remove(owner, 2000);
      }
      assert.equal(({} as { polluted?: string }).polluted, undefined);
    },
  },
  {
    name: 'namespace',
    json: true,
    seeds: ['"true"', '"false"', 'true'].map((observe) =>
      Buffer.from(
        `{"metadata":{"name":"shop","annotations":{"a":"b","nstats/observe":${observe}},"labels":{}}}`,
      ),
    ),
    check(input) {
      const text = input.toString();
      const object = parsed(text);
      const { name, observe } = namespaceRecord(objectOf(object));
      assert.ok(typeof name === 'string' && name.length <= 253);
      assert.equal(observe, observeOf(objectOf(object)));
      // To be turned off or on it has to be said so, in one of two words and in the one place.
      const { annotations } = (object as Partial<KubernetesObject> | null)?.metadata ?? {};
      const said: unknown = annotations?.['nstats/observe'];
      if (observe === undefined) {
        const isMany = Object.keys(annotations ?? {}).length > 1024;
        assert.ok(isMany || (said !== 'true' && said !== 'false'), `${text} is not heard`);
      } else assert.equal(said, `${observe}`);
    },
  },
  {
    name: 'start-delay',
    json: true,
    seeds: [
      '{"kind":"NodeList","metadata":{"continue":"a","remainingItemCount":4999},"items":[{}]}',
      '{"kind":"NodeList","metadata":{},"items":[{}]}',
    ].map((text) => Buffer.from(text)),
    async check(input, random) {
      const client = answered(pieces(input, random));
      const delay = await startDelay(client, new AbortController().signal);
      assert.ok(delay >= 0 && delay <= 60_000, `${delay}`);
    },
  },
  {
    name: 'list',
    json: true,
    seeds: [
      Buffer.from(
        JSON.stringify({
          metadata: { resourceVersion: '7' },
          items: recorded.slice(0, 3).map(objectOf),
        }),
      ),
    ],
    check(input, random) {
      assert.equal(read(pieces(input, random)), read([input]));
    },
  },
  {
    name: 'watch',
    seeds: [
      Buffer.from(
        recorded
          .slice(0, 3)
          .map((object) => JSON.stringify({ type: 'ADDED', object: objectOf(object) }))
          .join('\n') + '\n{"type":"ERROR","object":{"code":410,"message":"too old"}}\n',
      ),
    ],
    async check(input, random) {
      assert.equal(await follow(pieces(input, random)), await follow([input]));
    },
  },
  {
    name: 'api-error',
    seeds: [
      Buffer.from('30\n{"kind":"Status","message":"no"}'),
      Buffer.from('Wed, 21 Oct 2099 07:28:00 GMT\n<html>'),
    ],
    check(input) {
      const [wait = '', ...body] = input.toString().split('\n');
      const error = new ApiError('/x', 429, { 'retry-after': wait }, body.join('\n'));
      assert.ok(error.message.length <= 520);
      const { retryAfter = 0 } = error;
      assert.ok(retryAfter >= 0 && retryAfter <= 300_000);
    },
  },
  {
    name: 'networks',
    seeds: [
      Buffer.from(
        'office: [192.0.2.0/24, 2001:db8::/32]\ncdn:\n  - 198.51.100.0/24\n"a b": 203.0.113.7\nours: {cidrs: [10.1.0.0/16], zone: a, region: b}\nvpn: {cidrs: 10.2.0.0/16, scope: private}\n',
      ),
    ],
    check(input) {
      const { networks, mistakes } = parseNetworks(input.toString());
      for (const { line } of mistakes) assert.ok(Number.isInteger(line) && line >= 1);
      for (const { value, cidr } of networks.entries.values()) {
        assert.ok(value.name.length <= 253 && !/\p{Cc}/u.test(value.name));
        assert.ok([value.zone, value.region].every((place = 'a') => /^[-\w.]{1,63}$/.test(place)));
        assert.ok(isIP(cidr.replace(/\/.*/, '')));
      }
    },
  },
  {
    name: 'address',
    seeds: ['10.244.1.7/24', '2001:db8::1/64', '::ffff:192.0.2.1', 'fe80::1%eth0', '0.0.0.0/0'].map(
      (text) => Buffer.from(text),
    ),
    check(input) {
      const text = input.toString('latin1');
      for (const ip of canonicalSet([text, text.replace(/\/.*/s, '')])) {
        assert.ok(isIP(ip) && canonical(ip) === ip, ip);
        assert.equal(typeof isPrivate(ip), 'boolean');
        const network = externalNetwork(ip);
        assert.ok(/^[a-z-]+$/.test(network) || parsePrefix(network)?.exact, network);
      }
      assert.ok(firstAddresses(text).every((ip) => isIP(ip)));
      const prefix = parsePrefix(text);
      if (!prefix) return;
      const { key, cidr } = prefix;
      assert.deepEqual(parsePrefix(cidr), { key, cidr, exact: true });
      const table = new PrefixTable<boolean>();
      table.set(prefix, true);
      assert.ok(table.match(cidr.replace(/\/.*/, ''))?.value, cidr);
    },
  },
];
