import { type AgentState, flowKey, type View } from '../../lib/top/view.ts';

/** A shop in a cluster of eight nodes: the same views for the same second. */

const NODES = Array.from({ length: 8 }, (_, index) => `worker-${index + 1}`);

interface App {
  readonly namespace: string;
  readonly workload: string;
  readonly pods: readonly string[];
  /** Its clients reach its pods by a service of its name. */
  readonly hasService: boolean;
}

const app = (namespace: string, name: string, hash: string, pods: readonly string[]): App => ({
  namespace,
  workload: `Deployment/${name}`,
  pods: pods.map((end) => `${name}-${hash}-${end}`),
  hasService: true,
});
const stateful = (namespace: string, name: string, replicas: number): App => ({
  namespace,
  workload: `StatefulSet/${name}`,
  pods: Array.from({ length: replicas }, (_, index) => `${name}-${index}`),
  hasService: false,
});

const APPS = {
  ingress: app('ingress-nginx', 'controller', '7c5d8bf6d9', ['4xk2p', 'zq8lm']),
  frontend: app('shop', 'frontend', '6cd5976f84', ['2n5b8', 'h7wqd', 'kx7pd', 'v9t4c']),
  catalog: app('shop', 'catalog', '5f8c7b9d6c', ['8gq2z', 'lw5xn', 'r4vhs']),
  cart: app('shop', 'cart', '7f9c4d5b68', ['d6jtk', 'm2xpw', 'qz9rc']),
  checkout: app('shop', 'checkout', '84d7f6c5b9', ['5hk8n', 'xw2lv']),
  payment: app('shop', 'payment', '6b4f9d8c77', ['c9mzq', 't7gjh']),
  search: app('shop', 'search', '59d6c8f7b4', ['j4kwx', 'n8vqs']),
  images: app('shop', 'images', '7d8b5c9f66', ['b2hzl', 'w6rtp']),
  recommend: app('shop', 'recommendations', '66c9f4d7b5', ['f5xkd', 'p3nqm']),
  postgres: stateful('data', 'postgres', 3),
  redis: stateful('data', 'redis', 2),
  kafka: stateful('data', 'kafka', 3),
  elastic: stateful('data', 'elasticsearch', 3),
  warehouse: app('analytics', 'warehouse-loader', '5c7d9f8b64', ['q8sxw']),
  stream: app('analytics', 'clickstream', '79f6d5c8b4', ['g4zpl', 'k7mvt']),
  prometheus: stateful('monitoring', 'prometheus', 1),
  loki: stateful('monitoring', 'loki', 1),
  grafana: app('monitoring', 'grafana', '6f5b8d7c94', ['s6hjx']),
  dns: app('kube-system', 'coredns', '7db6d8ff4d', ['l5ctq', 'x9wnr']),
} as const;

const M = 1e6;
const k = 1e3;
type Name = keyof typeof APPS;
/** From, to, bit/s of requests and of answers, and whether the service's name is used. */
const INSIDE: readonly (readonly [Name, Name, number, number])[] = [
  ['ingress', 'frontend', 38 * M, 312 * M],
  ['ingress', 'images', 9 * M, 486 * M],
  ['frontend', 'catalog', 11 * M, 94 * M],
  ['frontend', 'cart', 7.4 * M, 22 * M],
  ['frontend', 'search', 3.8 * M, 41 * M],
  ['frontend', 'recommend', 2.6 * M, 18 * M],
  ['frontend', 'checkout', 2.1 * M, 5.2 * M],
  ['checkout', 'payment', 1.4 * M, 0.9 * M],
  ['checkout', 'cart', 1.1 * M, 3.4 * M],
  ['cart', 'redis', 14 * M, 36 * M],
  ['catalog', 'postgres', 6.2 * M, 71 * M],
  ['checkout', 'postgres', 3.3 * M, 4.6 * M],
  ['catalog', 'redis', 2.2 * M, 27 * M],
  ['search', 'elastic', 5.1 * M, 58 * M],
  ['recommend', 'redis', 1.2 * M, 9.5 * M],
  ['checkout', 'kafka', 4.4 * M, 0.4 * M],
  ['frontend', 'kafka', 12 * M, 0.7 * M],
  ['kafka', 'kafka', 33 * M, 1.6 * M],
  ['postgres', 'postgres', 21 * M, 1.1 * M],
  ['elastic', 'elastic', 17 * M, 12 * M],
  ['stream', 'kafka', 0.9 * M, 24 * M],
  ['warehouse', 'postgres', 1.6 * M, 44 * M],
  ['prometheus', 'frontend', 60 * k, 1.4 * M],
  ['prometheus', 'kafka', 40 * k, 1.1 * M],
  ['prometheus', 'postgres', 40 * k, 0.8 * M],
  ['grafana', 'prometheus', 90 * k, 2.3 * M],
  ['grafana', 'loki', 60 * k, 1.2 * M],
  ['frontend', 'dns', 120 * k, 190 * k],
  ['cart', 'dns', 60 * k, 90 * k],
];
/** Pods, peers outside, bit/s sent and received. */
const OUTSIDE: readonly (readonly [Name, string, string, number, number])[] = [
  ['ingress', 'external', 'cdn-edge', 596 * M, 34 * M],
  ['ingress', 'external', '203.0.113.0/24', 118 * M, 8.6 * M],
  ['ingress', 'external', '198.51.100.0/24', 64 * M, 4.1 * M],
  ['ingress', 'external', '2001:db8:64::/48', 42 * M, 2.7 * M],
  ['payment', 'external', 'payment-provider', 2.4 * M, 3.1 * M],
  ['images', 'external', 'object-store', 6.5 * M, 148 * M],
  ['warehouse', 'external', 'object-store', 87 * M, 2.2 * M],
  ['stream', 'external', 'object-store', 31 * M, 0.9 * M],
  ['dns', 'external', '192.0.2.0/24', 80 * k, 130 * k],
  ['prometheus', 'node', 'worker-2', 70 * k, 1.9 * M],
  ['prometheus', 'node', 'worker-5', 70 * k, 1.8 * M],
  ['loki', 'node', 'worker-3', 0.1 * M, 2.6 * M],
];

interface Pair {
  readonly view: Omit<View, 'key' | 'now' | 'mean10' | 'mean40' | 'sentBytes' | 'receivedBytes'>;
  readonly send: number;
  readonly receive: number;
  /** Tells its ups and downs from those of others. */
  readonly seed: number;
}

const PAIRS = pairs();

export const SHOP_AGENTS: readonly AgentState[] = NODES.map((agent) => {
  return { agent, state: 'live', reason: undefined, notCaptured: 0, framesLost: 0 };
});

/** What the agents of the shop's nodes say at a second, from 0 on. */
export function shopAt(second: number): View[] {
  return PAIRS.map(({ view, send, receive, seed }) => {
    const mean = (length: number) => {
      const seconds = Array.from({ length }, (_, ago) => second - ago);
      const level = seconds.reduce((sum, at) => sum + levelOf(seed, at), 0) / length;
      return { send: send * level, receive: receive * level };
    };
    const passed = (second + 1) / 8;
    return {
      ...view,
      key: flowKey(view),
      now: mean(2),
      mean10: mean(10),
      mean40: mean(40),
      sentBytes: send * passed,
      receivedBytes: receive * passed,
    };
  });
}

/** About 1: slow waves, a campaign that begins after two and a half minutes, and noise. */
function levelOf(seed: number, second: number): number {
  const wave = 0.1 * Math.sin(second / 41 + seed) + 0.06 * Math.sin(second / 13 + 2 * seed);
  const campaign = 0.45 / (1 + Math.exp((150 - second) / 9));
  const noise = Math.sin(12.9898 * (second + 1) + 78.233 * seed) * 43758.5453;
  return 0.85 + wave + campaign + 0.1 * (noise - Math.floor(noise));
}

function pairs(): Pair[] {
  const found: Pair[] = [];
  for (const [from, to, send, receive] of INSIDE) {
    const [client, server] = [APPS[from], APPS[to]];
    const ends = client.pods.flatMap((pod) =>
      server.pods.filter((other) => other !== pod).map((other) => [pod, other] as const),
    );
    for (const [pod, other] of ends) {
      const share = 1 / ends.length;
      const seed = seedOf(pod + other);
      const [a, b] = [podOf(client, pod), podOf(server, other)];
      const rates = { send: send * share, receive: receive * share, seed };
      const back = { send: rates.receive, receive: rates.send, seed };
      found.push({ view: { ...a, ...peerOf(server, other) }, ...rates });
      if (from !== to || pod < other)
        found.push({ view: { ...b, ...clientOf(client, pod) }, ...back });
    }
  }
  for (const [from, peer_kind, peer, send, receive] of OUTSIDE) {
    const { pods } = APPS[from];
    for (const pod of pods) {
      const other = { peer_kind, peer_namespace: '-', peer, peer_workload: '-', port: '-' };
      const seed = seedOf(pod + peer);
      const share = 1 / pods.length;
      found.push({
        view: { ...podOf(APPS[from], pod), ...other },
        send: send * share,
        receive: receive * share,
        seed,
      });
    }
  }
  return once(found);
}

function podOf({ namespace, workload }: App, pod: string) {
  return { namespace, pod, workload, node: NODES[Math.floor(seedOf(pod) * 1000) % 8] ?? '-' };
}

function peerOf(server: App, pod: string) {
  if (!server.hasService) return clientOf(server, pod);
  const peer = server.workload.slice(server.workload.indexOf('/') + 1);
  const names = { peer_kind: 'service', peer_namespace: server.namespace, peer };
  return { ...names, peer_workload: '-', port: '-' };
}

function clientOf({ namespace, workload }: App, peer: string) {
  const names = { peer_kind: 'pod', peer_namespace: namespace, peer };
  return { ...names, peer_workload: workload, port: '-' };
}

/** One pair for each pod and peer. */
function once(all: readonly Pair[]): Pair[] {
  const byNames = new Map<string, Pair>();
  for (const pair of all) {
    const key = JSON.stringify(pair.view);
    const known = byNames.get(key);
    const send = pair.send + (known?.send ?? 0);
    const receive = pair.receive + (known?.receive ?? 0);
    byNames.set(key, { ...pair, send, receive, seed: known?.seed ?? pair.seed });
  }
  return [...byNames.values()];
}

function seedOf(text: string): number {
  let sum = 0;
  for (const letter of text) sum = (sum * 31 + letter.charCodeAt(0)) % 9973;
  return (sum / 9973) * 2 * Math.PI;
}
