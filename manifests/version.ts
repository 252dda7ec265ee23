import packageJson from '../package.json' with { type: 'json' };

/** The files that name the image by its version: `npm run manifests` writes the version of package.json into them. */
export const NAMING_THE_VERSION = [
  'Dockerfile',
  'README.md',
  'docs/install.md',
  'manifests/base/daemonset.yaml',
  'manifests/clean-up/clean-up.yaml',
  'manifests/sidecar/component/container.yaml',
];

/** The text of such a file with the version of package.json. */
export function withVersion(text: string): string {
  return text.replaceAll(/\b(nstats:|ARG VERSION=)\d+\.\d+\.\d+\S*/g, `$1${packageJson.version}`);
}
