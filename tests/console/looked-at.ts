import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { repository } from '../harness/started-process.ts';
import { program } from '../observe/programs.ts';

export const executablePath = program('chromium');

const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const openBrowser = (): Promise<Browser> => chromium.launch({ executablePath: executablePath!, args });

/** Ends a wait that hangs. No test passes or fails by how soon something is shown. */
const deadlineMs = 40_000;

/** A page, and what went wrong in it. Whatever a test expects of a page it waits for: the page draws after the test has acted. */
export interface LookedAt {
  readonly page: Page;
  readonly faults: string[];
  /** Waits for an element that has the text. */
  see(selector: string, text: string | RegExp): Promise<void>;
  /** Waits until there are so many such elements. */
  count(what: string | Locator, elements: number): Promise<void>;
  /** Waits until there is no such element. */
  gone(what: string | Locator): Promise<void>;
  /** Waits until such an element has the focus. */
  focused(selector: string, text?: string | RegExp): Promise<void>;
  /** Waits until an expression of the page has the value. */
  becomes(expression: string, value: unknown): Promise<void>;
  close(): Promise<void>;
}

/** What is expected of a value that the page has sooner or later. */
export const soon = <T>(read: () => T | Promise<T>) =>
  expect.poll(read, { timeout: deadlineMs, interval: 30 });

/** With PARLEY_PICTURES=1 a picture of the documents is taken anew. */
export const picture = async (page: Page, name: string): Promise<void> => {
  if (process.env.PARLEY_PICTURES)
    await page.screenshot({ path: join(repository, 'docs/images', `${name}.png`) });
};

export const openPage = async (browser: Browser, options: BrowserContextOptions = {}): Promise<LookedAt> => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(deadlineMs);
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  const count = (what: string | Locator, elements: number) =>
    soon(() => (typeof what === 'string' ? page.locator(what) : what).count()).toBe(elements);
  return {
    page,
    faults,
    see: (selector, text) => page.locator(selector).filter({ hasText: text }).first().waitFor(),
    count,
    gone: (what) => count(what, 0),
    focused: (selector, text = /(?:)/) =>
      page.locator(`${selector}:focus`).filter({ hasText: text }).first().waitFor(),
    becomes: (expression, value) => soon(() => page.evaluate(expression)).toEqual(value),
    close: () => context.close(),
  };
};
