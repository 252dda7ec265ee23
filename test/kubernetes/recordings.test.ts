import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, beforeEach, test } from 'node:test';
import { connect } from '../../lib/kubernetes/client/client.ts';
import { Directory } from '../../lib/naming/directory.ts';
import type { KubernetesObject } from '../../lib/kubernetes/object-schema.ts';
import { nodeRecord, type Owner, podRecord, serviceRecord } from '../../lib/kubernetes/records.ts';
import { type Change, reflect } from '../../lib/kubernetes/reflector.ts';
import { selfSigned } from '../lab/apiserver/tls.ts';
import { until } from '../lab/influx.ts';
import { kubeconfigFor } from '../lab/kubeconfig.ts';
import { type Replay, replay } from './replay.ts';

const RESOURCES = {
  pods: ['pod', podRecord],
  services: ['service', serviceRecord],
  nodes: ['node', nodeRecord],
} as const;
type Resource = keyof typeof RESOURCES;

const scratch = mkdtempSync(join(tmpdir(), 'nstats-recordings-'));
const tls = selfSigned(scratch, ['127.0.0.1']);
let api: Replay;
let stop: AbortController;
let directory: Directory;
let podWatch: string;
let streams: Readonly<Record<Resource, AsyncGenerator<Change<Owner>>>>;

after(() => rmSync(scratch, { recursive: true }));

beforeEach(async () => {
  podWatch = 'watch/brief-pods-all';
  const unwatched = new Set(['pods', 'services', 'nodes']);
  api = await replay(tls, (path) => {
    const resource = /^\/api\/v1\/(\w+)\?/.exec(path)?.[1] ?? '';
    if (!path.includes('watch=')) return `api/${resource}-rv0`;
    if (!unwatched.delete(resource)) return undefined;
    return resource === 'pods' ? podWatch : `watch/brief-${resource}`;
  });
  const kubeconfig = join(scratch, 'kubeconfig');
  writeFileSync(kubeconfig, kubeconfigFor(api.url, tls.ca, 't'));
  const client = connect(kubeconfig);
  stop = new AbortController();
  const { signal } = stop;
  const follow = (resource: Resource, project: (object: KubernetesObject) => Owner) => {
    const path = `/api/v1/${resource}`;
    return reflect({ client, path, project, signal, following: () => {}, failed: () => {} });
  };
  streams = {
    pods: follow('pods', podRecord),
    services: follow('services', serviceRecord),
    nodes: follow('nodes', nodeRecord),
  };
  directory = new Directory();
});

afterEach(async () => {
  stop.abort();
  await Promise.all(Object.values(streams).map((stream) => stream.return(undefined)));
  await api[Symbol.asyncDispose]();
});

/** A time of the evening of the recordings. */
const at = (clock: string) => Date.parse(`2026-11-21T${clock}Z`);

/** Hears the next changes to a resource, at a time. */
async function hear(resource: Resource, clock: string, changes = 1): Promise<void> {
  const [kind] = RESOURCES[resource];
  for (let heard = 0; heard < changes; heard += 1) {
    const { value, done } = await streams[resource].next();
    assert.ok(!done);
    if (value.type === 'replace') directory.replace(kind, value.objects, at(clock));
    else if (value.type === 'put') directory.put(value.object, at(clock));
    else directory.remove(value.object, at(clock));
  }
}

async function hearLists(clock: string): Promise<void> {
  for (const resource of ['pods', 'services', 'nodes'] as const) await hear(resource, clock);
}

function who(address: string, from: string, to = from): string {
  const { kind, namespace, name } = directory.peer(address, at(from), at(to));
  if (kind === 'external' || kind === 'unknown') return kind;
  return kind === 'node' ? `node ${name}` : `${kind} ${namespace}/${name}`;
}

test('the recorded lists name every address of the cluster, and no other', async () => {
  await hearLists('23:05:55');
  const owners = {
    '10.244.0.9': 'pod kube-system/static-web-vm',
    '10.244.0.10': 'pod demo/web-6cd5976f84-2n5b8',
    '10.244.0.11': 'pod demo/web-6cd5976f84-qswtp',
    '10.244.0.12': 'pod demo/two',
    '10.244.0.15': 'pod demo/hostport',
    '10.244.0.16': 'pod demo/noimage',
    '10.244.0.17': 'pod demo/crash',
    '10.244.0.19': 'pod demo/guaranteed',
    '10.244.0.21': 'pod kube-system/spy',
    '10.244.0.23': 'pod demo/db-0',
    '10.96.0.1': 'service default/kubernetes',
    '10.96.195.164': 'service demo/web',
    '10.96.28.45': 'service demo/web-nodeport',
    // Two pods on the host's network have it too.
    '10.244.255.1': 'node vm',
  };
  const named = Object.keys(owners).map((address) => [address, who(address, '23:05:55')]);
  assert.deepEqual(Object.fromEntries(named), owners);
  assert.equal(directory.size, named.length);
  for (const ended of ['10.244.0.14', '10.244.0.18', '10.244.0.20', '10.244.0.25']) {
    assert.equal(who(ended, '23:05:55'), 'external');
  }
  const { workload } = directory.peer('10.244.0.9', at('23:05:55'), at('23:05:55'));
  assert.equal(workload, 'Pod/static-web-vm');
});

test('what was listed had its addresses since it began, not before', async () => {
  await hearLists('23:05:55');
  assert.equal(who('10.244.0.23', '23:01:45'), 'external');
  assert.equal(who('10.244.0.23', '23:01:46'), 'pod demo/db-0');
  assert.equal(who('10.244.0.9', '22:57:47'), 'pod kube-system/static-web-vm');
});

// The acts of watch/brief-timeline.txt, heard when they were heard then. The list was made after them,
// and shows nothing of them.
test('each act of a recorded minute changes what it is about, for the time that it lasted', async () => {
  const [first, second, web] = ['10.244.0.26', '10.244.0.27', '10.244.0.28'];
  await hearLists('23:05:24');

  await hear('pods', '23:05:25', 3);
  assert.equal(who(first, '23:05:25'), 'external', 'created, bound, and taken by the kubelet');
  await hear('pods', '23:05:26.170');
  assert.equal(who(first, '23:05:26.170'), 'pod demo/brief', 'running');
  assert.equal(who(first, '23:05:25'), 'pod demo/brief', 'and since the kubelet has taken it');
  assert.equal(who(first, '23:05:24.999'), 'external');

  await hear('pods', '23:05:32.380', 3);
  assert.equal(who(first, '23:05:25', '23:05:32'), 'pod demo/brief', 'relabelled');

  const service = '10.96.185.158';
  await hear('services', '23:05:33.510');
  assert.equal(who(service, '23:05:33.510'), 'service demo/brief');
  await hear('services', '23:05:35.620');
  assert.equal(who(service, '23:05:34', '23:05:36'), 'service demo/brief');
  assert.equal(who(service, '23:05:36'), 'external');

  await hear('pods', '23:05:35.780');
  assert.equal(who(first, '23:05:38'), 'pod demo/brief', 'in its grace period');
  await hear('pods', '23:05:39.220', 3);
  assert.equal(who(first, '23:05:39.220'), 'pod demo/brief', 'deleted');
  assert.equal(who(first, '23:05:39.221'), 'external');

  await hear('pods', '23:05:40.220', 4);
  assert.equal(who(second, '23:05:39', '23:05:41'), 'pod demo/brief', 'made again under its name');
  assert.equal(who(second, '23:05:38.999'), 'external', 'by another pod');
  assert.equal(who(first, '23:05:40'), 'external');
  assert.equal(who(first, '23:05:30'), 'pod demo/brief');

  await hear('pods', '23:05:43.540', 2);
  assert.equal(who(second, '23:05:44'), 'pod demo/brief', 'deleted by force, and may still run');
  assert.equal(who(second, '23:06:13.540'), 'pod demo/brief');
  assert.equal(who(second, '23:06:13.541'), 'external');

  await hear('pods', '23:05:45.240', 4);
  assert.equal(
    who(web, '23:05:43', '23:05:45'),
    'pod demo/web-6cd5976f84-gr2p7',
    'a third replica',
  );
  await hear('pods', '23:05:53.310', 7);
  assert.equal(who(web, '23:05:53'), 'pod demo/web-6cd5976f84-gr2p7', 'one too many again');
  assert.equal(who(web, '23:05:54'), 'external');

  await hear('pods', '23:06:16.340', 3);
  assert.equal(
    who('10.244.0.17', '23:05:24', '23:06:20'),
    'pod demo/crash',
    'crashing and starting',
  );
  assert.equal(directory.ambiguous, 0);
  directory.forget(at('23:07:00'));
  assert.equal(directory.size, 14, 'the addresses of the list, and nothing of the acts');
});

test('a watch that ended goes on from its last bookmark', async () => {
  // Its last event is of version 1021.
  podWatch = 'watch/brief-pods-labelselector';
  await hear('pods', '23:05:55', 1 + 17);
  const more = streams.pods.next();
  await until(() => api.requests.length === 3, 'the next watch');
  stop.abort();
  await more;
  const queries = api.requests.map((path) => new URL(path, api.url).searchParams);
  const versions = queries.map((query) => query.get('resourceVersion'));
  assert.deepEqual(versions, ['0', '1091', '1114']);
});
