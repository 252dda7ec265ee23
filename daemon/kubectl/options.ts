import { parseProxy, type Proxies } from '../../lib/proxy.ts';
import { UsageError } from '../top/options.ts';
import type { Environment } from '../settings.ts';

/** Which pods a user asks for; all that is undefined is not asked about. */
export interface Choice {
  readonly node: string | undefined;
  readonly namespace: string | undefined;
  /** `Deployment/web`, as the tag has it. */
  readonly workload: string | undefined;
  readonly pod: string | undefined;
}

/** How the cluster is reached, and where in it nstats is. */
export interface ClusterOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  /** Undefined if it is to be found. */
  readonly home: string | undefined;
}

/** For `parseArgs`. */
export const CLUSTER_OPTIONS = {
  kubeconfig: { type: 'string' },
  context: { type: 'string' },
  'nstats-namespace': { type: 'string' },
  node: { type: 'string' },
  namespace: { type: 'string', short: 'n' },
  workload: { type: 'string' },
  pod: { type: 'string' },
} as const;

export const CLUSTER_HELP = `\
  --node NODE        the pods of a node
  -n, --namespace NAMESPACE
                     the pods of a namespace
  --workload KIND/NAME
                     the pods of a workload of that namespace, such as Deployment/web
  --pod POD          a pod of that namespace, or of another as NAMESPACE/POD
  --kubeconfig FILE, --context CONTEXT
                     as kubectl has them; by default KUBECONFIG, or ~/.kube/config, and its current context
  --nstats-namespace NAMESPACE
                     where nstats itself is; by default nstats, or where its pods are found
`;

export type ClusterValues = {
  readonly [name in keyof typeof CLUSTER_OPTIONS]?: string | undefined;
};

/** What `parseArgs` has found by `CLUSTER_OPTIONS`. */
export function clusterOptionsOf(values: ClusterValues): ClusterOptions {
  const { kubeconfig, context } = values;
  return {
    ...(kubeconfig && { kubeconfig }),
    ...(context && { context }),
    home: name('--nstats-namespace', values['nstats-namespace']),
  };
}

/**
 * The same for the pods that are asked for.
 * @throws UsageError
 */
export function choiceOf(values: ClusterValues): Choice {
  const { workload, pod: given = '' } = values;
  const [, within, bare = ''] = /^(?:([^/]*)\/)?(.*)$/.exec(given) ?? [];
  const namespace = name('--pod', within) ?? name('--namespace', values.namespace);
  if (within !== undefined && values.namespace !== undefined && within !== values.namespace)
    throw new UsageError(`--pod is in namespace ${within}, and --namespace is ${values.namespace}`);
  if (workload !== undefined && !/^[A-Z]\w*\/[a-z0-9][a-z0-9.-]*$/.test(workload))
    throw new UsageError(
      `--workload is "${workload}"; it must be a kind and a name, such as Deployment/web`,
    );
  for (const [option, value] of [
    ['--workload', workload],
    ['--pod', values.pod],
  ] as const)
    if (value !== undefined && namespace === undefined)
      throw new UsageError(`${option} needs --namespace`);
  const pod = name('--pod', values.pod && bare);
  return { node: name('--node', values.node), namespace, workload, pod };
}

/** The proxies of the environment, whose names may be written small, too. */
export function proxiesOf(environment: Environment): Proxies {
  const get = (name: string) =>
    environment[name]?.trim() || environment[name.toLowerCase()]?.trim() || '';
  return {
    http: parseProxy(get('HTTP_PROXY')),
    https: parseProxy(get('HTTPS_PROXY')),
    no: get('NO_PROXY'),
  };
}

/** @throws UsageError */
export function portOf(text: string | undefined): { readonly port?: number } {
  if (text === undefined) return {};
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535) return { port };
  throw new UsageError(`--port is "${text}"; it must be a number from 1 to 65535`);
}

/** A name becomes a part of a URL, so it is checked. */
function name(option: string, value: string | undefined): string | undefined {
  if (value === undefined || /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(value)) return value;
  throw new UsageError(`${option} is "${value}", which is no name that Kubernetes allows`);
}
