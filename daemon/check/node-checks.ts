import type { Readable } from 'node:stream';
import { NamespaceFinder } from '../../lib/capture/namespace-finder.ts';
import { CONDITIONS } from '../../lib/conditions.ts';
import { type ApiClient, ApiError } from '../../lib/kubernetes/client/client.ts';
import { readList } from '../../lib/kubernetes/list.ts';
import { localPod } from '../../lib/kubernetes/records.ts';
import { localSubject } from '../../lib/kubernetes/sync.ts';
import { interfacesIn, readNetTexts, standInFor } from '../../lib/linux/interfaces.ts';
import type { LocalPod, Netns } from '../../lib/model.ts';
import type { Config } from '../config.ts';
import { type Check, findingOf, FoundError } from './finding.ts';
import { apiFinding } from './remedies.ts';

/** Opens a path of the API server. */
export type Get = (path: string) => Promise<Readable>;

interface NodeOptions {
  readonly config: Pick<Config, 'node' | 'interfaces'>;
  readonly client: Pick<ApiClient, 'server' | 'inCluster' | 'via'>;
  readonly proc: string;
}

/** The pods of the node, their network namespaces, and the interfaces in these: each check needs the one before. */
export function nodeChecks(get: Get, { config, client, proc }: NodeOptions): Check[] {
  const { node, interfaces } = config;
  let pods: LocalPod[] | undefined;
  let found: { readonly pod: LocalPod; readonly netns: Netns }[] = [];
  const known = () => {
    if (pods) return pods;
    const why = 'not searched, since the pods of the node are not known';
    const fix = `first mend what the line on the pods of node ${node} reports`;
    throw new FoundError(CONDITIONS.namespaceNotFound, why, fix);
  };
  return [
    {
      name: `pods of node ${node}`,
      explain: (error) => apiFinding(error, client, localSubject(node)),
      run: async () => {
        pods = await podsOf(get, node);
        if (pods.length === 0) await mustExist(get, node);
        return `${pods.length} with a network of their own`;
      },
    },
    {
      name: 'network namespaces',
      explain: (error) => findingOf(CONDITIONS.namespaceNotFound, error),
      run: async () => {
        const finder = new NamespaceFinder({ proc, interfaces, patience: 0 });
        finder.refresh();
        // By the API the other pods have no network yet, or are losing it.
        const ready = known().filter(({ ips, terminating }) => ips.length > 0 && !terminating);
        found = ready.flatMap((pod) => {
          const netns = finder.find(pod);
          return netns ? [{ pod, netns }] : [];
        });
        const count = `${found.length} of ${ready.length} pods found`;
        // The agent's own namespace can be read without any right.
        const others = found.filter(({ netns }) => netns.inode !== finder.own);
        const own = found.length - others.length;
        if (ready.length > own && others.length === 0) throw new Error(`${count} in ${proc}`);
        return count;
      },
    },
    {
      name: `IFACE ${interfaces.join()}`,
      explain: (error) => findingOf(CONDITIONS.interfaceMissing, error),
      run: async () => {
        known();
        const names = new Set<string>();
        const usable = found.filter(({ pod, netns }) => {
          const texts = readNetTexts(proc, netns.pid);
          const present = interfacesIn(texts.dev);
          for (const name of present) names.add(name);
          const others = { ips: pod.ips, taken: new Set(interfaces) };
          // The agent captures an interface that stands in for a missing one.
          return interfaces.some(
            (name) => present.includes(name) || standInFor(name, texts, others) !== undefined,
          );
        });
        const count = `in ${usable.length} of ${found.length} network namespaces`;
        if (found.length === 0 || usable.length > 0) return count;
        throw new Error(`${count}; they have ${[...names].join(', ')}`);
      },
    },
  ];
}

/** A node without pods may be a node that does not exist. */
async function mustExist(get: Get, node: string): Promise<void> {
  try {
    (await get(`/api/v1/nodes/${encodeURIComponent(node)}`)).destroy();
  } catch (error) {
    const isUnknown = error instanceof ApiError && error.status === 404;
    if (isUnknown) throw new FoundError(CONDITIONS.nodeUnknown, `no node ${node}`);
    // The check of the resource `nodes` reports this error.
  }
}

async function podsOf(get: Get, node: string): Promise<LocalPod[]> {
  const query = new URLSearchParams({
    resourceVersion: '0',
    fieldSelector: `spec.nodeName=${node}`,
  });
  const pods: LocalPod[] = [];
  await readList(await get(`/api/v1/pods?${query}`), (object) => {
    const pod = localPod(object);
    if (pod) pods.push(pod);
  });
  return pods;
}
