/**
 * Bundles the daemon, and its thread for networks, with all that they import: npm run bundle writes it to dist/, the
 * Dockerfile puts it into the image. It starts sooner and takes half the memory, mainly because
 * client-node's generated API, of which nothing is used, is left out.
 *
 * It is not minified, so stack traces can be read. A source map would make them exact, but Node needs
 * some 35 MB to use it.
 */
import http from 'node:http';
import { join } from 'node:path';
import { defineConfig, type Plugin } from 'rolldown';
import { licences } from './licences.ts';

/**
 * client-node makes its requests by way of undici; lib/kubernetes/client/client.ts makes ours by itself.
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

/**
 * Whoever imports node:http as a module gets all that it exports, and with WebSocket and its events Node's own undici,
 * which takes 14 MB. Without these it is the same.
 */
const withoutWebSocket: Plugin = {
  name: 'without-web-socket',
  resolveId: (id, _importer, { kind }) =>
    /^(?:node:)?http$/.test(id) && kind === 'import-statement' ? '\0http' : undefined,
  load(id) {
    if (id !== '\0http') return undefined;
    const absent = new Set(['WebSocket', 'CloseEvent', 'MessageEvent']);
    const names = Object.keys(http).filter((name) => !absent.has(name));
    return `const http = process.getBuiltinModule('node:http');
      export default http;
      export const { ${names.join(', ')} } = http;`;
  },
};

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** With a single character that is not ASCII Node takes two bytes for each of all of them. */
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
  plugins: [withoutUndici, withoutWebSocket, inAscii, licences()],
  output: {
    dir: 'dist',
    comments: false,
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
  },
});
