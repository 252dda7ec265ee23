/**
 * Bundles the daemon, and its thread for networks, with all that they import: npm run bundle writes it to dist/, the
 * Dockerfile puts it into the image. It starts sooner and takes less memory (docs/decisions/memory.md).
 *
 * It is not minified, so stack traces can be read. A source map would make them exact, but Node needs
 * some 35 MB to use it.
 */
import { join } from 'node:path';
import { defineConfig, type Plugin } from 'rolldown';
import { licences } from './licences.ts';
import { withoutUndici } from './without-undici.ts';

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** With a single character that is not ASCII Node keeps the whole text with two bytes a character. */
const inAscii: Plugin = {
  name: 'in-ascii',
  generateBundle(_options, bundle) {
    for (const output of Object.values(bundle))
      if (output.type === 'chunk') output.code = output.code.replaceAll(/[^\0-\x7f]/g, escaped);
  },
};

const daemon = join(import.meta.dirname, '../../daemon');
const lib = join(import.meta.dirname, '../../lib');

export default defineConfig({
  input: {
    nstats: join(daemon, 'main.ts'),
    'networks-worker': join(lib, 'naming/networks-worker.ts'),
  },
  platform: 'node',
  // It does not say so itself, but its modules only define things.
  treeshake: { moduleSideEffects: [{ test: /@kubernetes\/client-node\//, sideEffects: false }] },
  plugins: [withoutUndici, inAscii, licences()],
  output: {
    dir: 'dist',
    comments: false,
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
  },
});
