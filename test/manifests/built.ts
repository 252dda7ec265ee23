import { execFileSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type {
  V1ClusterRole,
  V1ClusterRoleBinding,
  V1ConfigMap,
  V1Container,
  V1DaemonSet,
  V1Deployment,
  V1ObjectMeta,
  V1PodSpec,
  V1PodTemplateSpec,
  V1Role,
  V1RoleBinding,
  V1Service,
  V1ServiceAccount,
  V1StatefulSet,
} from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';
import type { V1SecurityContextConstraints } from './constraints.ts';

export const MANIFESTS = join(import.meta.dirname, '../../manifests');

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: V1ObjectMeta;
  readonly spec?: { readonly template?: V1PodTemplateSpec };
}

interface Kinds {
  readonly ClusterRole: V1ClusterRole;
  readonly ClusterRoleBinding: V1ClusterRoleBinding;
  readonly ConfigMap: V1ConfigMap;
  readonly DaemonSet: V1DaemonSet;
  readonly Deployment: V1Deployment;
  readonly Role: V1Role;
  readonly RoleBinding: V1RoleBinding;
  readonly SecurityContextConstraints: V1SecurityContextConstraints;
  readonly Service: V1Service;
  readonly ServiceAccount: V1ServiceAccount;
  readonly StatefulSet: V1StatefulSet;
}

/** All folders that can be applied, and all components, by their paths. */
export const FOLDERS = kustomizations('Kustomization');
export const COMPONENTS = kustomizations('Component').filter((path) =>
  path.startsWith('components/'),
);

function kustomizations(kind: 'Kustomization' | 'Component'): string[] {
  return globSync('**/kustomization.yaml', { cwd: MANIFESTS })
    .filter((file) => !file.startsWith('.'))
    .filter((file) => readFileSync(join(MANIFESTS, file), 'utf8').includes(`kind: ${kind}\n`))
    .map((file) => dirname(file))
    .toSorted();
}

/** The objects of a file or stream of YAML. */
export function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => document.toJS() as Manifest);
}

/** What `kubectl apply -k` would send for a folder of manifests. */
export function build(folder: string): Manifest[] {
  const directory = join(MANIFESTS, folder);
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  const text = execFileSync('kubectl', ['kustomize', directory], {
    encoding: 'utf8',
    stdio: [...stdio],
    maxBuffer: 64 * 1024 * 1024,
  });
  return parseManifests(text);
}

/** The one file for those who do not use kustomize. */
export function rendered(): Manifest[] {
  return parseManifests(readFileSync(join(MANIFESTS, 'nstats.yaml'), 'utf8'));
}

/** The same for a kustomization of somebody's own, outside of the repository's folders. */
export function buildOwn(kustomization: {
  readonly resources: readonly string[];
  readonly components?: readonly string[];
}): Manifest[] {
  return buildText(
    JSON.stringify({
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      namespace: 'nstats',
      resources: kustomization.resources.map((folder) => `../${folder}`),
      components: kustomization.components?.map((folder) => `../${folder}`),
    }),
  );
}

/** The same for the text of one, in a folder beside those of the repository. */
export function buildText(kustomization: string): Manifest[] {
  const directory = mkdtempSync(join(MANIFESTS, '.test-'));
  try {
    writeFileSync(join(directory, 'kustomization.yaml'), kustomization);
    return build(relative(MANIFESTS, directory));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** The one object of a kind and name. */
export function one<K extends keyof Kinds>(
  manifests: readonly Manifest[],
  kind: K,
  name: string,
): Kinds[K] {
  const found = manifests.filter((object) => object.kind === kind && object.metadata.name === name);
  if (found.length !== 1) throw new Error(`${found.length} of ${kind} ${name}`);
  return found[0] as unknown as Kinds[K];
}

export function podSpecs(manifests: readonly Manifest[]): V1PodSpec[] {
  return manifests.flatMap(({ spec }) => spec?.template?.spec ?? []);
}

/** The container of nstats among all that are made. */
export function agent(manifests: readonly Manifest[]): V1Container {
  const container = podSpecs(manifests)
    .flatMap(({ containers }) => containers)
    .find(({ name }) => name === 'nstats');
  if (!container) throw new Error('no container of nstats');
  return container;
}

/** The environment of a container; what the kubelet fills in is the path of the field, in <>. */
export function environment(
  manifests: readonly Manifest[],
  container: V1Container,
): { [name: string]: string } {
  const maps = (container.envFrom ?? []).flatMap(({ configMapRef }) => configMapRef?.name ?? []);
  const fromMaps = maps.map((name) => {
    const map = manifests.find(
      ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name,
    );
    if (!map) throw new Error(`no ConfigMap ${name}`);
    return (map as V1ConfigMap).data ?? {};
  });
  const own = (container.env ?? []).map(({ name, value, valueFrom }) => [
    name,
    value ?? `<${valueFrom?.fieldRef?.fieldPath}>`,
  ]);
  return Object.assign({}, ...fromMaps, Object.fromEntries(own)) as { [name: string]: string };
}
