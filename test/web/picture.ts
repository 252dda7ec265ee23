/**
 * Draws the README's picture, in a browser, of a shop's traffic that is the same each time: npm run picture
 * It needs Debian's chromium, fonts-inter and pngquant.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pageFiles } from '../../daemon/web/files.ts';
import { webServer } from '../../daemon/web/server.ts';
import { encodeUpdate } from '../../daemon/web/update.ts';
import { startBrowser } from './browser.ts';
import { SHOP_AGENTS, shopAt } from './shop.ts';

const SECONDS = 300;
/** All updates have been read, and all is drawn. */
const SETTLED = 'new Promise((done) => setTimeout(done, 1000))';
const SIZE = { width: 1440, height: 900 };
const [directory = join(import.meta.dirname, '../../docs/images')] = process.argv.slice(2);

/** Tells a tab five minutes at once. */
function add(tab: ServerResponse): void {
  const end = Date.UTC(2026, 0, 15, 12);
  for (let second = 0; second < SECONDS; second += 1) {
    const at = end - (SECONDS - second) * 1000;
    const rest = { isComplete: true, agents: SHOP_AGENTS };
    tab.write(encodeUpdate({ at, ...rest, views: shopAt(second) }));
  }
}

const server = webServer({ files: pageFiles(), tabs: { add }, token: 'picture' });
server.listen({ host: '127.0.0.1', port: 0 });
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
const browser = await startBrowser();
try {
  for (const theme of ['light', 'dark'] as const) {
    const page = await browser.newPage();
    page.on('console', (message) => console.error(message.text()));
    page.on('pageerror', (error) => console.error(error));
    await page.setViewport(SIZE);
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: theme }]);
    await page.goto(`http://127.0.0.1:${port}/#picture`);
    await page.waitForSelector('#peers li');
    await page.evaluate(SETTLED);
    // By the last update, whichever the first one was that was drawn.
    await page.keyboard.press('l');
    await page.locator('[aria-label^="shop/frontend,"] .shape').click();
    await page.mouse.move(0, 0);
    await page.evaluate(SETTLED);
    const path = join(directory, `web-${theme}.png`);
    await page.screenshot({ path });
    // A palette is enough for a few colours, and a third of the bytes.
    execFileSync('pngquant', ['--force', '--output', path, '--quality', '80-98', path]);
    await page.close();
  }
} finally {
  await browser.close();
  server.close();
  server.closeAllConnections();
}
