import type { Browser, BrowserContextOptions } from 'playwright-core';
import { RunningRouter } from '../harness/parley.ts';
import { killAll } from '../harness/started-process.ts';
import { Peer } from '../observe/peer.ts';
import { type LookedAt, openBrowser, openPage } from './looked-at.ts';

/** A router, an empty page of a browser, and agents that are connected to the router, in the order of their names. */
interface OpenedConsole<Names extends readonly string[]> {
  readonly router: RunningRouter;
  readonly browser: Browser;
  readonly looked: LookedAt;
  readonly agents: { [Index in keyof Names]: Peer };
}

const opened: { readonly agents: Peer[]; browser?: Browser } = { agents: [] };

/** What the tests of one file share. `closeConsole` ends it. */
export const openConsole = async <const Names extends readonly string[]>(
  names: Names,
  page: BrowserContextOptions = {},
): Promise<OpenedConsole<Names>> => {
  const router = await RunningRouter.start();
  const browser = await openBrowser();
  opened.browser = browser;
  const looked = await openPage(browser, page);
  for (const name of names) opened.agents.push(await Peer.join(router.url, name));
  return { router, browser, looked, agents: opened.agents as unknown as OpenedConsole<Names>['agents'] };
};

/** Ends the connections, the browser and every process that the tests of this file have started. */
export const closeConsole = async (): Promise<void> => {
  for (const agent of opened.agents) agent.close();
  await opened.browser?.close();
  await killAll();
};
