/**
 * Many agents in one process. Each has a connection, a client and reflectors of its own, which parse all that comes. But of
 * a relay's lists, which they receive as a whole, they unpack no more than the heads.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { type ApiClient, connect } from '../../../lib/kubernetes/client/client.ts';
import { RelayedClient } from '../../../lib/kubernetes/client/relayed.ts';
import { reflect, type ReflectorOptions } from '../../../lib/kubernetes/reflector.ts';
import { SHARED_RESOURCES, type SharedResource } from '../../../lib/kubernetes/stripped.ts';
import { answer } from '../api/channel.ts';
import { usage } from '../api/usage.ts';
import { withListHead } from './list-head.ts';

export interface Wanted {
  readonly agents: number;
  /** Of the API server. */
  readonly kubeconfig: string;
  /** Undefined for agents that ask the API server. */
  readonly relay?: {
    readonly port: number;
    readonly addresses: readonly string[];
    readonly authority: string;
    readonly tokenFile: string;
  };
}

export interface Followed {
  /** When the last resource was followed, in milliseconds since 1970. */
  readonly at: number;
  /** The number of resources that are not followed. */
  readonly missing: number;
}

export interface Total {
  readonly bytes: number;
  readonly requests: number;
  readonly connections: number;
  readonly lists: number;
  readonly failures: number;
}

/** Milliseconds over which agents of a relay spread their lists (lib/kubernetes/follow-cluster.ts). */
const SPREAD = 2000;
/** Milliseconds until the start is over, whoever does not follow yet. */
const LATEST = 45_000;

type Followable = ReflectorOptions<unknown>['client'];

let stop = new AbortController();
let clients: ApiClient[] = [];
/** When each version of a pod was seen, by each agent. */
const seen = new Map<number, number[]>();
const failures: string[] = [];
/** Lists, and watches that have not begun yet; when the last one did. */
let begun = { lists: 0, waiting: 0, at: 0 };

answer({
  /** Resolves when all resources are followed by all agents: to the time of the last, and what is not followed yet. */
  async follow(argument) {
    const { agents, ...wanted } = JSON.parse(argument) as Wanted;
    stop = new AbortController();
    clients = Array.from({ length: agents }, () => clientFor(wanted));
    begun = { lists: 0, waiting: agents * SHARED_RESOURCES.length, at: 0 };
    failures.length = 0;
    for (const client of clients) {
      const own = wanted.relay ? withHeads(client) : client;
      for (const resource of SHARED_RESOURCES) void follow(own, resource);
    }
    const latest = Date.now() + LATEST;
    while (begun.waiting > 0 && Date.now() < latest) await sleep(20);
    return { at: begun.at, missing: begun.waiting };
  },
  total(): Total {
    const [bytes, requests, connections] = [sum('bytes'), sum('requests'), sum('connections')];
    return { bytes, requests, connections, lists: begun.lists, failures: failures.length };
  },
  failures: () => [...new Set(failures)],
  forget: () => seen.clear(),
  seen: () => seen,
  stop: () => stop.abort(),
  usage,
});

function sum(field: 'bytes' | 'requests' | 'connections'): number {
  return clients.reduce((total, { figures }) => total + figures[field], 0);
}

function clientFor({ kubeconfig, relay }: Omit<Wanted, 'agents'>): ApiClient {
  const direct = connect(kubeconfig);
  if (!relay) return direct;
  const { port, addresses, authority, tokenFile } = relay;
  const addressesOf = async () => addresses.map((address) => ({ address, family: 4 }));
  const url = `https://localhost:${port}`;
  return new RelayedClient({ url, authority, tokenFile, fallback: Infinity, addressesOf }, direct);
}

async function follow(client: Followable, resource: SharedResource): Promise<void> {
  const { signal } = stop;
  await sleep(Math.random() * SPREAD, undefined, { signal }).catch(() => {});
  let isFollowed = false;
  const changes = reflect({
    client,
    path: `/api/v1/${resource}`,
    signal,
    project: ({ metadata }) => Number(metadata?.resourceVersion),
    following(yes) {
      if (yes && !isFollowed) {
        begun.waiting -= 1;
        begun.at = Date.now();
      }
      isFollowed ||= yes;
    },
    // What differs from one agent to the other are numbers.
    failed: (error) => failures.push(String(error).replaceAll(/\d+/g, 'N')),
  });
  for await (const change of changes) {
    if (change.type === 'replace') begun.lists += 1;
    else if (resource === 'pods') {
      const times = seen.get(change.object);
      if (times) times.push(Date.now());
      else seen.set(change.object, [Date.now()]);
    }
  }
}

/** The same client, but no list of it has items. */
function withHeads(client: ApiClient): Followable {
  return {
    clean: (text) => client.clean(text),
    ...(client.outage && { outage: client.outage }),
    get beat() {
      return client.beat;
    },
    failed: (error) => client.failed?.(error),
    get: async (path, signal, patience) => {
      const get = async () => client.get(path, signal, patience);
      return path.includes('watch=') ? get() : withListHead(get);
    },
  };
}
