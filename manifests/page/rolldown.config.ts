/** Bundles the page of `kubectl nstats web`: npm run page writes it to plugin/page/. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type Plugin } from 'rolldown';
import { licences } from '../image/licences.ts';

const page = join(import.meta.dirname, '../../daemon/web/page');

/** What is served as it is. */
const assets: Plugin = {
  name: 'assets',
  generateBundle() {
    for (const fileName of ['index.html', 'style.css', 'icon.svg'])
      this.emitFile({ type: 'asset', fileName, source: readFileSync(join(page, fileName)) });
  },
};

export default defineConfig({
  input: { page: join(page, 'main.ts') },
  platform: 'browser',
  plugins: [assets, licences()],
  output: { dir: 'plugin/page', entryFileNames: '[name].js', comments: false, minify: true },
});
