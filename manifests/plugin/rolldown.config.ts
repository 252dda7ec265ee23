/**
 * Bundles kubectl-nstats with all that it imports: npm run plugin writes it to plugin/, as a package without dependencies
 * that npm can pack. In node_modules Node takes no TypeScript.
 */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type Plugin } from 'rolldown';
import packageJson from '../../package.json' with { type: 'json' };
import { licences } from '../image/licences.ts';
import { withoutUndici } from '../image/without-undici.ts';

const PROGRAM = 'kubectl-nstats.js';

/** The package.json of the plugin, and the right to run its program. */
const asPackage: Plugin = {
  name: 'as-package',
  generateBundle() {
    const { version, license, engines } = packageJson;
    const whole = {
      name: 'kubectl-nstats',
      version,
      description: 'kubectl nstats: what pods send and receive now, and with whom',
      license,
      type: 'module',
      engines,
      bin: { 'kubectl-nstats': PROGRAM },
    };
    const source = `${JSON.stringify(whole, undefined, 2)}\n`;
    this.emitFile({ type: 'asset', fileName: 'package.json', source });
  },
  writeBundle: ({ dir = '' }) => chmodSync(join(dir, PROGRAM), 0o755),
};

export default defineConfig({
  input: { 'kubectl-nstats': join(import.meta.dirname, '../../daemon/kubectl/main.ts') },
  platform: 'node',
  // It does not say so itself, but its modules only define things.
  treeshake: { moduleSideEffects: [{ test: /@kubernetes\/client-node\//, sideEffects: false }] },
  plugins: [withoutUndici, licences(), asPackage],
  output: {
    dir: 'plugin',
    codeSplitting: false,
    comments: false,
    entryFileNames: '[name].js',
  },
});
