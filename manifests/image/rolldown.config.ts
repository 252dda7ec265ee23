/**
 * Bundles the daemon, and its thread for networks, with all that they import: npm run bundle writes it to dist/, the
 * Dockerfile puts it into the image. It starts sooner and takes half the memory, mainly because
 * client-node's generated API, of which nothing is used, is left out.
 *
 * It is not minified, so stack traces can be read. A source map would make them exact, but Node needs
 * some 35 MB to use it.
 */
import { join } from 'node:path';
import { defineConfig, type Plugin } from 'rolldown';
import { licences } from './licences.ts';

/**
 * client-node makes its requests by way of undici; lib/kubernetes/client.ts makes ours by itself.
 * As CommonJS it would be loaded as a whole, which takes 8 MB.
 */
const withoutUndici: Plugin = {
  name: 'without-undici',
  resolveId: (id) => (id === 'undici' ? id : undefined),
  load: (id) =>
    id === 'undici'
      ? `function absent() { throw new Error('undici is not part of the bundle'); }
         export { absent as Agent, absent as ProxyAgent, absent as fetch };`
      : undefined,
};

const daemon = join(import.meta.dirname, '../../daemon');

export default defineConfig({
  input: { nstats: join(daemon, 'main.ts'), 'networks-worker': join(daemon, 'networks-worker.ts') },
  platform: 'node',
  // It does not say so itself, but its modules only define things.
  treeshake: { moduleSideEffects: [{ test: /@kubernetes\/client-node\//, sideEffects: false }] },
  plugins: [withoutUndici, licences()],
  output: { dir: 'dist', entryFileNames: '[name].js', chunkFileNames: '[name].js' },
});
