import { type Browser, launch } from 'puppeteer-core';

/** Debian's chromium, with nothing of a user's. As root it runs without its sandbox: it shows our own page alone. */
export function startBrowser(): Promise<Browser> {
  return launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-dev-shm-usage',
      '--disable-gpu',
      '--force-color-profile=srgb',
    ],
  });
}
