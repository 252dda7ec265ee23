/** The stand-in API server with the large cluster, in a process of its own. */
import { subscribe } from 'node:diagnostics_channel';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { KubernetesObject } from '../../lab/apiserver/object.ts';
import { type ApiServer, type RequestRecord, startApiServer } from '../../lab/apiserver/server.ts';
import { selfSigned } from '../../lab/apiserver/tls.ts';
import { answer } from './channel.ts';
import { nodeChanges, podChanges } from './churn.ts';
import { namespacesOf, nodesOf, podsOf, servicesOf, SIZE } from './cluster.ts';

export const AGENTS = ['nstats', 'client-node'] as const;

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
    const tokens = new Map(AGENTS.map((agent) => [agent, agent]));
    api = await startApiServer({ tls, tokens });
    const pod = fill('pods', podsOf(SIZE));
    const service = fill('services', servicesOf(SIZE));
    const node = fill('nodes', nodesOf(SIZE));
    fill('namespaces', namespacesOf(SIZE));
    return { url: api.url, ca: tls.ca, bytes: { pod, service, node } };
  },
  change() {
    const streams = { pods: podChanges(api.store), nodes: nodeChanges(api.store) };
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
