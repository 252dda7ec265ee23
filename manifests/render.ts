/**
 * Writes the version of package.json into the files that name the image, and nstats.yaml, the quickstart for those who
 * do not use kustomize: npm run manifests
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NAMING_THE_VERSION, withVersion } from './version.ts';

const HEADER = `# All of nstats to try it out, with an InfluxDB and a Grafana, for Kubernetes 1.30 or newer:
#
#   kubectl apply -f nstats.yaml
#
# What \`kubectl kustomize manifests/overlays/quickstart\` says. Written by \`npm run manifests\`, so change
# the folders and not this file.
`;

for (const file of NAMING_THE_VERSION) {
  const path = join(import.meta.dirname, '..', file);
  writeFileSync(path, withVersion(readFileSync(path, 'utf8')));
}
const quickstart = join(import.meta.dirname, 'overlays/quickstart');
const text = execFileSync('kubectl', ['kustomize', quickstart], { encoding: 'utf8' });
writeFileSync(join(import.meta.dirname, 'nstats.yaml'), HEADER + text);
