/** A large cluster, made of the objects of a recorded small one: managedFields, status and all. */
import { createHash } from 'node:crypto';

import type { KubernetesObject } from '../../lab/apiserver/object.ts';
import { namespace } from '../../lab/apiserver/objects.ts';
import { object } from '../../kubernetes/recorded.ts';

export interface Size {
  readonly pods: number;
  readonly services: number;
  readonly nodes: number;
}

const LARGE: Size = { pods: 20_000, services: 2000, nodes: 1000 };
const QUICK: Size = { pods: 2000, services: 200, nodes: 100 };
/** Every process of the bench gets the same flag. */
export const SIZE = process.argv.includes('--quick') ? QUICK : LARGE;

/** A kind of pod: what stands for its app, its suffix and its revision in the recorded one. */
interface Template {
  readonly text: string;
  readonly app: string;
  readonly suffix: string;
  readonly revision?: string;
}

const DEPLOYMENT: Template = {
  text: JSON.stringify(object('pods', 'web-6cd5976f84-2n5b8')),
  app: 'web',
  suffix: '2n5b8',
  revision: '6cd5976f84',
};
const OTHERS: readonly Template[] = [
  { text: JSON.stringify(object('pods', 'agent-pvd4d')), app: 'agent', suffix: 'pvd4d' },
  { text: JSON.stringify(object('pods', 'agent-pvd4d')), app: 'agent', suffix: 'pvd4d' },
  { text: JSON.stringify(object('pods', 'db-0')), app: 'db', suffix: '0"' },
  { text: JSON.stringify(object('pods', 'db-0')), app: 'db', suffix: '0"' },
  { text: JSON.stringify(object('pods', 'tick-29921702-fqx9g')), app: 'tick', suffix: 'fqx9g' },
];
/** Of 20 pods 15 are of Deployments, 2 on the host's network, 2 of StatefulSets, 1 is done. */
const templates: readonly Template[] = [...Array.from({ length: 15 }, () => DEPLOYMENT), ...OTHERS];

/** Pods of a namespace. */
const TEAM = 200;

/** In no template. */
const NEVER = '\n';
const SERVICE = JSON.stringify(object('services', 'web'));
const NODE = JSON.stringify(object('nodes', 'vm'));

/** The pod in a place of the cluster; each generation there is another pod with the same address. */
export function podAt(place: number, generation = 0, { nodes } = SIZE): KubernetesObject {
  const node = place % nodes;
  // Each node has pods of every kind.
  const template = templates[Math.floor(place / nodes) % templates.length] ?? DEPLOYMENT;
  const { text, app, suffix, revision } = template;
  const workload = `app${Math.floor(place / 10)}`;
  const id = hex(`${place} ${generation}`);
  const own = text
    .replaceAll(suffix, suffix.endsWith('"') ? `${place}"` : id.slice(0, 5))
    .replaceAll(revision ?? NEVER, hex(workload).slice(0, 10))
    .replaceAll(`"${app}`, `"${workload}`)
    .replaceAll(`/${app}`, `/${workload}`)
    .replaceAll('"namespace":"demo"', `"namespace":"team-${Math.floor(place / TEAM)}"`)
    .replaceAll('"nodeName":"vm"', `"nodeName":"${nodeName(node)}"`)
    .replaceAll('10.244.255.1', nodeAddress(node))
    .replaceAll(
      /10\.244\.0\.\d+/g,
      `10.${64 + (node >> 8)}.${node & 255}.${2 + Math.floor(place / nodes)}`,
    )
    .replaceAll(/(?<=containerd:\/\/)[0-9a-f]{64}/g, (old) => hex(old + id) + hex(id + old));
  return JSON.parse(fresh(own, id)) as KubernetesObject;
}

function serviceAt(place: number): KubernetesObject {
  const text = SERVICE.replaceAll('"web', `"app${place * 10}`)
    .replaceAll('"namespace":"demo"', `"namespace":"team-${Math.floor(place / 20)}"`)
    .replaceAll('10.96.195.164', `10.96.${place >> 8}.${place & 255}`);
  return JSON.parse(fresh(text, hex(`service ${place}`))) as KubernetesObject;
}

/** `beat` counts its reports: the kubelet writes one every five minutes. */
export function nodeAt(place: number, beat = 0): KubernetesObject {
  const text = NODE.replaceAll('"vm"', `"${nodeName(place)}"`)
    .replaceAll('10.244.255.1', nodeAddress(place))
    .replaceAll(
      '"lastHeartbeatTime":"2026-11-21T23:',
      `"lastHeartbeatTime":"2026-11-21T${10 + beat}:`,
    );
  const node = JSON.parse(fresh(text, hex(`node ${place}`))) as KubernetesObject;
  const podCIDR = `10.${64 + (place >> 8)}.${place & 255}.0/24`;
  return { ...node, spec: { ...node.spec, podCIDR, podCIDRs: [podCIDR] } };
}

export function* podsOf({ pods }: Size): Generator<KubernetesObject> {
  for (let place = 0; place < pods; place += 1) yield podAt(place);
}

export function* servicesOf({ services }: Size): Generator<KubernetesObject> {
  for (let place = 0; place < services; place += 1) yield serviceAt(place);
}

export function* nodesOf({ nodes }: Size): Generator<KubernetesObject> {
  for (let place = 0; place < nodes; place += 1) yield nodeAt(place);
}

/** One for each team. */
export function* namespacesOf({ pods }: Size): Generator<KubernetesObject> {
  for (let team = 0; team * TEAM < pods; team += 1) {
    const name = `team-${team}`;
    yield namespace({ name, labels: { 'kubernetes.io/metadata.name': name } });
  }
}

export function nodeName(place: number): string {
  return `node-${`${place}`.padStart(4, '0')}`;
}

function nodeAddress(place: number): string {
  return `172.20.${place >> 8}.${place & 255}`;
}

/** Other UIDs and times: what all objects have in common would be packed too well. */
function fresh(text: string, id: string): string {
  const earlier = Number.parseInt(id.slice(0, 6), 16) * 100;
  return text
    .replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (old) => uuid(hex(old + id)))
    .replaceAll(/2026-11-21T\d\d:\d\d:\d\dZ/g, (old) =>
      new Date(Date.parse(old) - earlier).toISOString().replace('.000', ''),
    );
}

function uuid(id: string): string {
  return [id.slice(0, 8), id.slice(8, 12), id.slice(12, 16), id.slice(16, 20), id.slice(20)].join(
    '-',
  );
}

function hex(seed: string): string {
  return createHash('md5').update(seed).digest('hex');
}
