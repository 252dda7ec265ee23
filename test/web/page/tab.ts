import assert from 'node:assert/strict';
import type { Browser, Page, Viewport } from 'puppeteer-core';
import { until } from '../../lab/influx.ts';

/** A tab with the page. What it must not do is noted. */
export class Tab {
  readonly page: Page;
  /** Errors, violations of the policy, dialogs, and requests elsewhere. */
  readonly #faults: string[];

  private constructor(page: Page, faults: string[]) {
    this.page = page;
    this.#faults = faults;
  }

  static async open(browser: Browser, address: string, viewport: Viewport) {
    const page = await browser.newPage();
    const faults: string[] = [];
    await page.setViewport(viewport);
    page.on('console', (message) => faults.push(`console: ${message.text()}`));
    page.on('pageerror', (error) => faults.push(`error: ${String(error)}`));
    page.on('dialog', (dialog) => {
      faults.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    const { origin } = new URL(address);
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== origin) faults.push(`request: ${request.url()}`);
    });
    await page.goto(address);
    return new Tab(page, faults);
  }

  /** The texts of all elements that match. */
  texts(selector: string): Promise<string[]> {
    return this.attributes(selector, 'textContent');
  }

  async text(selector: string): Promise<string> {
    return (await this.texts(selector))[0] ?? '';
  }

  /** A property, or else an attribute, of all elements that match. */
  async attributes(selector: string, name: string): Promise<string[]> {
    const [all, what] = [JSON.stringify(selector), JSON.stringify(name)];
    const script = `[...document.querySelectorAll(${all})].map((e) => String(${what} === 'textContent' ? e.textContent : e.getAttribute(${what})))`;
    return (await this.page.evaluate(script)) as string[];
  }

  async attribute(selector: string, name: string): Promise<string> {
    return (await this.attributes(selector, name))[0] ?? '';
  }

  until(condition: () => Promise<boolean>, what: string): Promise<void> {
    return until(condition, what);
  }

  /** Waits until there are rows. */
  async ready(): Promise<this> {
    await this.until(async () => (await this.texts('tbody tr')).length > 0, 'rows');
    return this;
  }

  /** Ends it. Faults that match are those of a test that breaks something. */
  async close(expected: RegExp): Promise<void> {
    await this.page.close();
    assert.deepEqual(
      this.#faults.filter((fault) => !expected.test(fault)),
      [],
    );
  }
}
