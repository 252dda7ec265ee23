import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Manifest } from './built.ts';

const ROOT = join(import.meta.dirname, '../..');
const CONSTRAINTS = join(import.meta.dirname, 'constraints.ts');

const API_VERSIONS: { readonly [kind: string]: string } = {
  ClusterRole: 'rbac.authorization.k8s.io/v1',
  ClusterRoleBinding: 'rbac.authorization.k8s.io/v1',
  ConfigMap: 'v1',
  DaemonSet: 'apps/v1',
  Deployment: 'apps/v1',
  Namespace: 'v1',
  NetworkPolicy: 'networking.k8s.io/v1',
  PodDisruptionBudget: 'policy/v1',
  PriorityClass: 'scheduling.k8s.io/v1',
  Role: 'rbac.authorization.k8s.io/v1',
  RoleBinding: 'rbac.authorization.k8s.io/v1',
  SecurityContextConstraints: 'security.openshift.io/v1',
  Service: 'v1',
  ServiceAccount: 'v1',
  StatefulSet: 'apps/v1',
};

/**
 * An API that knows more takes more: a field that is new in it is unknown to an older one. The oldest
 * that types are published of is that of Kubernetes 1.25.
 */
export type Api = 'newest' | 'oldest';

/**
 * What is wrong with manifests by the Kubernetes API's own description, from which the types are made.
 * To the compiler a literal may have no field that its type does not know.
 */
export function mistakes(manifests: readonly Manifest[], api: Api = 'newest'): string[] {
  const wrongVersion = manifests
    .filter(({ apiVersion, kind }) => API_VERSIONS[kind] !== apiVersion)
    .map(({ apiVersion, kind }) => `${kind} of ${apiVersion}`);
  // Where the packages of the types can be found, and nobody else looks for sources.
  const directory = mkdtempSync(join(ROOT, 'node_modules/.manifests-'));
  try {
    const file = join(directory, 'manifests.ts');
    const literals = manifests.map(
      (manifest) => `${literalOf(manifest, api)} satisfies ${typeOf(manifest, api, directory)},`,
    );
    writeFileSync(file, `export default [\n${literals.join('\n')}\n];\n`);
    const options = [
      '--strict',
      '--noEmit',
      '--allowImportingTsExtensions',
      '--skipLibCheck',
      '--ignoreConfig',
      '--pretty',
      'false',
    ];
    const modules = ['--module', 'nodenext', '--target', 'esnext', '--types', 'node'];
    const tsc = join(ROOT, 'node_modules/.bin/tsc');
    const { stdout, status } = spawnSync(tsc, [...options, ...modules, file], { encoding: 'utf8' });
    const lines = stdout.split('\n').filter((line) => line !== '');
    return [...wrongVersion, ...(status !== 0 && lines.length === 0 ? ['tsc failed'] : lines)];
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** client-node calls the field `from` `_from`, which JavaScript does not need. */
function literalOf(manifest: Manifest, api: Api): string {
  const text = JSON.stringify(manifest, null, 1);
  return api === 'newest' ? text.replaceAll('"from":', '"_from":') : text;
}

function typeOf({ apiVersion, kind }: Manifest, api: Api, directory: string): string {
  if (apiVersion.includes('.openshift.io/'))
    return `import('${relative(directory, CONSTRAINTS)}').V1${kind}`;
  if (api === 'newest') return `import('@kubernetes/client-node').V1${kind}`;
  const [version, group = 'core'] = apiVersion.split('/').toReversed();
  const [name] = group.split('.');
  return `import('kubernetes-types/${name}/${version}.js').${kind}`;
}
