import type { Entry } from '@parley/protocol';
import { newToken } from '@parley/router/token';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunningRouter } from '../harness/parley.ts';
import { until } from '../harness/poll.ts';
import { killAll } from '../harness/started-process.ts';
import { Peer } from '../observe/peer.ts';
import { program } from '../observe/programs.ts';

const executablePath = program('chromium');
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
];

/** What is looked at of a form's elements. */
interface Field {
  readonly textContent: string;
  readonly labels?: ArrayLike<unknown>;
  readonly ariaLabel: string | null;
  readonly outerHTML: string;
}

describe.skipIf(!executablePath)('an operator at the console, in a browser', () => {
  let browser: Browser;
  let router: RunningRouter;
  let page: Page;
  let ann: Peer;
  let bob: Peer;
  const faults: string[] = [];

  beforeAll(async () => {
    router = await RunningRouter.start();
    browser = await chromium.launch({ executablePath: executablePath!, args });
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(10_000);
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
    ann = await Peer.join(router.url, 'ann');
    bob = await Peer.join(router.url, 'bob');
    await page.goto(router.http);
  });
  afterAll(async () => {
    ann?.close();
    bob?.close();
    await browser?.close();
    await killAll();
  });

  const see = (selector: string, text: string | RegExp) =>
    page.locator(selector).filter({ hasText: text }).first().waitFor();
  const press = (name: string | RegExp) =>
    page.getByRole('button', { name, exact: typeof name === 'string' }).click();
  const shown = () => decodeURIComponent(new URL(page.url()).hash.slice(2));
  const last = async (type: Entry['type']) =>
    until(`an entry ${type}`, async () =>
      (await router.entries(await shown())).findLast((entry) => entry.type === type),
    );
  const answer = async (speaker: Peer, text: string) => {
    const { conversation, turn } = await speaker.next('turn');
    speaker.send({ type: 'say', conversation, turn, text });
    await speaker.next('accepted');
  };
  const say = async (as: string, text: string) => {
    await page.locator('#speak-as').selectOption({ label: as });
    await page.getByLabel('What to say').fill(text);
    await page.getByLabel('What to say').press('Enter');
  };

  it('opens a conversation of the agents that are there', async () => {
    await page.getByText('New conversation').click();
    await page.getByLabel('ann', { exact: true }).check();
    await page.getByLabel('bob', { exact: true }).check();
    await page.getByLabel('Topic').fill('Bread');
    await page.getByLabel('First line').fill('I am for it.');
    await page.getByLabel('Most turns').fill('30');
    await press('Open');
    await see('#title', 'Bread');
    await see('#transcript .said', 'I am for it.');
    expect(await last('opened')).toMatchObject({
      ...{ by: 'ann', members: ['ann', 'bob'], policy: 'round-robin', limits: { maxTurns: 30 } },
    });
  });

  it('is told when the router does not do it, and why', async () => {
    await page.getByText('New conversation').click();
    await page.getByLabel('ann', { exact: true }).check();
    await press('Open');
    await see('#new-fault', 'two members');
    await page.getByText('New conversation').click();
    faults.length = 0;
  });

  it('pauses, goes on for one line, and resumes', async () => {
    await press('Pause');
    await see('#facts', 'paused');
    await answer(bob, 'I am not.');
    await see('#members', /ann.*waits: paused/);
    await press('One line');
    await answer(ann, 'Why?');
    await see('#facts', 'paused');
    await press('Resume');
    await see('#facts', 'running');
    expect(await page.getByRole('button', { name: 'One line' }).isVisible()).toBe(false);
  });

  it('says a line, and whispers to one member', async () => {
    await say('operator', 'Be brief, please.');
    await see('#transcript .said', /operator.*Be brief, please/);
    await say('whisper to bob', 'mention <b>salt</b>');
    await see('#transcript .noted', 'whisper from operator to bob: mention <b>salt</b>');
    expect(await last('noted')).toMatchObject({ to: ['bob'], kind: 'whisper' });
    expect(await page.getByLabel('What to say').inputValue()).toBe('');
  });

  it('takes a seat, speaks in it, and gives it back', async () => {
    await press('Take bob’s seat');
    await see('#members', /bob.*operator speaks for it/);
    await page.getByLabel('What to say').fill('I am Bob.');
    await press('Say');
    await see('#transcript .said', /bob.*I am Bob/);
    await press('Give bob’s seat back');
    await see('#transcript .unseated', 'bob speaks for itself again');
    await answer(ann, 'Welcome back.');
    await see('#members', /bob.*has the floor/);
  });

  it('forks at a line: what is shared is marked, and each branch leads to the other', async () => {
    const parent = await shown();
    await page.locator('#transcript .said').filter({ hasText: 'Why?' }).hover();
    const { seq } = (await router.entries(parent)).find(
      (entry) => 'text' in entry && entry.text === 'Why?',
    ) as Entry;
    await press(`Fork after line ${seq}`);
    await see('#transcript .forked', 'forked by operator');
    expect(await page.locator('#transcript .said.shared').count()).toBe(3);
    expect(await page.locator('#transcript .said:not(.shared)').count()).toBe(0);
    await see('#facts', `line ${seq} of another`);
    expect(await shown()).not.toBe(parent);
    await page.getByRole('link', { name: 'the other branch' }).click();
    await see('#transcript .said', 'Welcome back.');
    expect(await shown()).toBe(parent);
  });

  it('ends it, and then nothing is left to be done but to fork', async () => {
    await press('End');
    await see('#facts', 'ended: operator');
    for (const name of ['Pause', 'Resume', 'End', 'Say'])
      expect(await page.getByRole('button', { name, exact: true }).isVisible()).toBe(false);
    expect(await page.locator('#members .seat:visible').count()).toBe(0);
    expect(await page.locator('.fork').count()).toBeGreaterThan(0);
  });

  it.each(['light', 'dark'] as const)('has room for all of it on 375 pixels, %s', async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width: 375, height: 700 });
    await page.locator('.back').click();
    await page.locator('#conversations a').filter({ hasText: 'running' }).click();
    await page.getByLabel('What to say').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(375);
    await page.goto(`${router.http}/#/`);
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.locator('#conversations a').filter({ hasText: 'running' }).click();
  });

  it('has a name for every button and field, and does without a fault', async () => {
    const nameless = await page
      .locator('button, input, select, textarea')
      .evaluateAll((all) =>
        (all as unknown as Field[])
          .filter((one) => !one.textContent.trim() && !one.labels?.length && !one.ariaLabel)
          .map(({ outerHTML }) => outerHTML),
      );
    expect(nameless).toEqual([]);
    expect(faults).toEqual([]);
  });

  it('is nobody but an operator: an observer sees the same page without the controls', async () => {
    const made = {
      watcher: newToken(['watcher', '--role', 'observer']),
      boss: newToken(['boss', '--role', 'operator']),
    };
    const guarded = await RunningRouter.start({ ROUTER_TOKENS: `${made.watcher.line}\n${made.boss.line}` });
    const visible = async (token: string) => {
      const context = await browser.newContext();
      const other = await context.newPage();
      await other.goto(guarded.http);
      await other.getByLabel('Token').fill(token);
      await other.getByRole('button', { name: 'Sign in' }).click();
      await other.locator('#link[data-state=live]').waitFor();
      await until('the role is known', async () => other.locator('body[data-role]').isVisible());
      const seen = await other.getByText('New conversation').isVisible();
      await context.close();
      return seen;
    };
    expect(await visible(made.watcher.token)).toBe(false);
    expect(await visible(made.boss.token)).toBe(true);
  });
});
