import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest } from './built.ts';

const ROOT = join(import.meta.dirname, '../..');

const API_VERSIONS: { readonly [kind: string]: string } = {
  ClusterRole: 'rbac.authorization.k8s.io/v1',
  ClusterRoleBinding: 'rbac.authorization.k8s.io/v1',
  ConfigMap: 'v1',
  DaemonSet: 'apps/v1',
  Deployment: 'apps/v1',
  Namespace: 'v1',
  PriorityClass: 'scheduling.k8s.io/v1',
  Service: 'v1',
  ServiceAccount: 'v1',
  StatefulSet: 'apps/v1',
};

/**
 * What is wrong with manifests by the Kubernetes API's own description, from which the types of the
 * client are made. To the compiler a literal may have no field that its type does not know.
 */
export function mistakes(manifests: readonly Manifest[]): string[] {
  const wrongVersion = manifests
    .filter(({ apiVersion, kind }) => API_VERSIONS[kind] !== apiVersion)
    .map(({ apiVersion, kind }) => `${kind} of ${apiVersion}`);
  // Where the client's package can be found, and nobody else looks for sources.
  const directory = mkdtempSync(join(ROOT, 'node_modules/.manifests-'));
  try {
    const file = join(directory, 'manifests.ts');
    const literals = manifests.map(
      (manifest) => `${JSON.stringify(manifest, null, 1)} satisfies kubernetes.V1${manifest.kind},`,
    );
    const header = "import type * as kubernetes from '@kubernetes/client-node';\n";
    writeFileSync(file, `${header}export default [\n${literals.join('\n')}\n];\n`);
    const options = [
      '--strict',
      '--noEmit',
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
