import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
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

/** A page, and what went wrong in it. */
export interface LookedAt {
  readonly page: Page;
  readonly faults: string[];
  /** Waits for an element that has the text. */
  see(selector: string, text: string | RegExp): Promise<void>;
  close(): Promise<void>;
}

export const openPage = async (browser: Browser, options: BrowserContextOptions = {}): Promise<LookedAt> => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(8_000);
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  return {
    page,
    faults,
    see: (selector, text) => page.locator(selector).filter({ hasText: text }).first().waitFor(),
    close: () => context.close(),
  };
};
