/** The stand-in API server with the large cluster, in a process of its own. */
import { subscribe } from 'node:diagnostics_channel';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Issuer } from '../../lab/apiserver/issuer.ts';
import type { KubernetesObject } from '../../lab/apiserver/object.ts';
import { type ApiServer, type RequestRecord, startApiServer } from '../../lab/apiserver/server.ts';
import { selfSigned } from '../../lab/apiserver/tls.ts';
import { answer } from './channel.ts';
import { nodeChanges, podChanges } from './churn.ts';
import { namespacesOf, nodesOf, podsOf, servicesOf, SIZE } from './cluster.ts';
import { usage } from './usage.ts';

/** Each has its name as its token. */
const CLIENTS = ['nstats', 'client-node', 'relay', 'direct'];

export interface Started {
  readonly url: string;
  readonly ca: string;
  /** Mean size of an object as JSON, in bytes. */
  readonly bytes: { readonly pod: number; readonly service: number; readonly node: number };
}

export interface Seen {
  readonly requests: readonly RequestRecord[];
  /** TCP connections up to now. */
  readonly connections: number;
  /** Changes to pods up to now. */
  readonly changes: number;
}

const POD_CHANGES = 30;
/** Changes a second: a kubelet's report comes every five minutes. */
const RATES = { pods: POD_CHANGES, nodes: SIZE.nodes / 300 };

let api: ApiServer;
let connections = 0;
const changes = { pods: 0, nodes: 0 };
/** When each version of a pod was made, in milliseconds since 1970. */
const made = new Map<number, number>();
const issuer = await Issuer.create();
let timer: NodeJS.Timeout | undefined;

subscribe('net.server.socket', (message) => {
  const { socket } = message as { socket: Socket };
  if (`${socket.localPort}` === new URL(api.url).port) connections += 1;
});

answer({
  async start(): Promise<Started> {
    const directory = mkdtempSync(join(tmpdir(), 'nstats-bench-'));
    const tls = selfSigned(directory, ['127.0.0.1']);
    rmSync(directory, { recursive: true });
    const tokens = new Map(CLIENTS.map((client) => [client, client]));
    api = await startApiServer({ tls, tokens, issuer });
    const pod = fill('pods', podsOf(SIZE));
    const service = fill('services', servicesOf(SIZE));
    const node = fill('nodes', nodesOf(SIZE));
    fill('namespaces', namespacesOf(SIZE));
    api.store.subscribe('pods', ({ version }) => made.set(version, Date.now()));
    return { url: api.url, ca: tls.ca, bytes: { pod, service, node } };
  },
  /** `reports`: those of other pods, for each pod that is replaced. */
  change(reports) {
    const streams = {
      pods: podChanges(api.store, reports === '' ? undefined : Number(reports)),
      nodes: nodeChanges(api.store),
    };
    const before = { ...changes };
    const began = performance.now();
    timer = setInterval(() => {
      const seconds = (performance.now() - began) / 1000;
      for (const resource of ['pods', 'nodes'] as const) {
        for (
          ;
          changes[resource] - before[resource] < seconds * RATES[resource];
          changes[resource] += 1
        ) {
          streams[resource].next();
        }
      }
    }, 20);
  },
  rest: () => clearInterval(timer),
  /** So many changes at once. */
  burst(count) {
    const stream = podChanges(api.store, 0);
    for (let nth = 0; nth < Number(count); nth += 1) stream.next();
    return api.store.versionOf('pods');
  },
  token: () => issuer.token(),
  made: () => made,
  usage,
  seen: (): Seen => ({ requests: api.requests, connections, changes: changes.pods }),
});

function fill(
  resource: 'pods' | 'services' | 'nodes' | 'namespaces',
  objects: Generator<KubernetesObject>,
): number {
  let [bytes, count] = [0, 0];
  for (const object of objects) {
    bytes += JSON.stringify(api.store.put(resource, object)).length;
    count += 1;
  }
  return bytes / count;
}
