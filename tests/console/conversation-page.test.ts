import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeOpenAi } from '../harness/fake-openai.ts';
import { RunningRouter, startAgent } from '../harness/parley.ts';
import { until } from '../harness/poll.ts';
import { killAll, type StartedProcess } from '../harness/started-process.ts';
import { Peer } from '../observe/peer.ts';
import { executablePath, type LookedAt, openBrowser, openPage, picture } from './looked-at.ts';
import { violations } from './violations.ts';

const key = 'sk-planted-key-0815';

describe.skipIf(!executablePath)('A conversation of real agents, in the console', { timeout: 60_000 }, () => {
  let browser: Browser;
  let router: RunningRouter;
  let server: FakeOpenAi;
  let looked: LookedAt;
  let page: Page;
  let see: LookedAt['see'];
  let count: LookedAt['count'];
  let gone: LookedAt['gone'];
  let ann: StartedProcess;
  let eve: Peer;
  let id: string;

  beforeAll(async () => {
    router = await RunningRouter.start();
    server = await FakeOpenAi.start();
    server.script = (request) => ({
      kind: 'reply',
      text: `Reply number ${server.requests.length} of ${request.model}.`,
    });
    browser = await openBrowser();
    looked = await openPage(browser);
    ({ page, see, count, gone } = looked);
    const env = {
      ROUTER_URL: router.url,
      OPENAI_BASE_URL: server.baseUrl,
      OPENAI_API_KEY: key,
      OPENAI_MODEL: 'tiny-1',
      AGENT_TOPIC: 'The harbour',
      AGENT_POLICY: 'round-robin',
      AGENT_MEMBERS: 'eve',
      AGENT_MAX_TURNS: '30',
    };
    eve = await Peer.join(router.url, 'eve');
    startAgent(['bob', 'ann'], env);
    const persona = `You keep the harbour. Its secret number is ${key}.`;
    const kept = { AGENT_KEEP_PROMPTS: '20', AGENT_PERSONA: persona };
    ann = startAgent(['ann', 'bob', 'true'], { ...env, ...kept });
    ({ id } = await router.when('of ann', ({ by, turns }) => by === 'ann' && turns >= 2));
    await page.goto(`${router.http}/#/${id}`);
  });
  afterAll(async () => {
    eve?.close();
    await browser?.close();
    await server?.stop();
    await killAll();
  });

  const choose = async (seq: number, item: string) => {
    await page.getByRole('button', { name: `Actions of entry ${seq}`, exact: true }).click();
    await page.getByRole('menuitem', { name: item }).click();
  };
  const seqOf = async (from: string) =>
    until(`a message of ${from}`, async () =>
      (await router.entries(id)).find((entry) => entry.type === 'said' && entry.from === from),
    ).then(({ seq }) => seq);

  it('an operator reads the exact messages that an agent sent to its model, without its key, and axe finds no fault in them', async () => {
    await choose(await seqOf('ann'), 'The prompt that led to this');
    await see('dialog h2', 'The prompt that led to entry');
    await see('#prompt .call', /for the message.*tiny-1/);
    const sent = server.requests[0]?.body.messages ?? [];
    expect(sent.length).toBeGreaterThan(1);
    const shown = await page
      .locator('#prompt .sent dd')
      .evaluateAll((all) => all.map((one) => one.textContent));
    expect(shown).toEqual(sent.map(({ content }) => content.replaceAll(key, '[redacted]')));
    expect(shown.join()).toContain('[redacted]');
    await picture(page, 'console-prompt');
    expect(await page.content()).not.toContain(key);
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await violations(page)).toEqual([]);
    }
    await page.getByRole('button', { name: 'Close' }).click();
    await gone('dialog');
  });

  it('the page says why there is no prompt: the agent keeps none, or is away', async () => {
    await choose(await seqOf('bob'), 'The prompt that led to this');
    await see('#prompt-fault', 'bob keeps no prompts: AGENT_KEEP_PROMPTS');
    await page.keyboard.press('Escape');
    await gone('dialog');
    await ann.kill('SIGTERM');
    await choose(await seqOf('ann'), 'The prompt that led to this');
    await see('#prompt-fault', 'ann is not connected');
    await page.keyboard.press('Escape');
  });

  it('the panel shows the wait and the time of the model of each turn as a picture, and says it in words', async () => {
    const label = page.getByRole('img', { name: /^The newest \d+ turns?: waited .* on average, model / });
    await label.waitFor();
    const { length: turns } = (await router.entries(id)).filter(({ type }) => type === 'said');
    await count('#times g', turns);
    const title = page
      .locator('#times title')
      .filter({ hasText: /^Entry \d+, ann: waited .* s, model .* s$/ });
    await title.first().waitFor({ state: 'attached' });
  });

  it('an operator gives a member another model and another persona from the page', async () => {
    await page.getByRole('button', { name: 'Recast bob' }).click();
    await page.getByLabel('Model', { exact: true }).fill('tiny-2');
    await page.getByLabel('Persona', { exact: true }).fill('Bob sells nets.');
    await page.getByRole('button', { name: 'Recast', exact: true }).click();
    await see('#transcript .recast', 'gave bob the model tiny-2');
    await see('#members .member', /bob.*tiny-2/);
    const recast = (await router.entries(id)).findLast(({ type }) => type === 'recast');
    expect(recast).toMatchObject({ role: { name: 'bob', model: 'tiny-2', persona: 'Bob sells nets.' } });
    await gone('dialog');
  });

  it('an operator invites an agent, which sees nothing of what was said before', async () => {
    await page.getByText('Invite an agent').click();
    await page.locator('#invite').getByLabel('Name').fill('fay');
    await page.getByLabel('It sees what was said before').uncheck();
    await page.getByRole('button', { name: 'Invite', exact: true }).click();
    await see('#transcript .joined', 'fay joined');
    await see('#members .member', 'fay');
    const joined = (await router.entries(id)).findLast(({ type }) => type === 'joined');
    expect(joined).toMatchObject({ who: 'fay', history: false });
  });

  it('the panel shows the tree of forks with what is different in each, and leads to them and to their comparison', async () => {
    const seq = await seqOf('bob');
    await choose(seq, 'Fork here…');
    await page.getByLabel('Model of bob').fill('tiny-3');
    await page.getByRole('button', { name: 'Fork', exact: true }).click();
    await see('#branches [aria-current]', `after entry ${seq}`);
    await see('#branches .detail', 'bob: tiny-3');
    await see('#branches a', 'the first');
    await page.locator('#branches').getByRole('link', { name: 'the first', exact: true }).click();
    await page.locator('#branches [aria-current]').filter({ hasText: 'the first' }).waitFor();
    await page.getByRole('link', { name: `Compare with the branch after entry ${seq}` }).click();
    await see('#shared', 'the same');
    expect(looked.faults.filter((fault) => !/\b(404|503)\b/.test(fault))).toEqual([]);
  });

  it.each(['light', 'dark'] as const)(
    'axe finds nothing in the panel and the dialogs, %s',
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme });
      await page.goto(`${router.http}/#/${id}`);
      await see('#branches a', 'the first');
      await page.locator('#times g').first().waitFor();
      if (colorScheme === 'light') await picture(page, 'console-conversation');
      expect(await violations(page)).toEqual([]);
      await page.getByRole('button', { name: 'Recast bob' }).click();
      await page.getByRole('button', { name: 'Recast', exact: true }).waitFor();
      expect(await violations(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await gone('dialog');
      await page.setViewportSize({ width: 375, height: 700 });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(375);
      await page.setViewportSize({ width: 1280, height: 800 });
    },
  );

  it('on a phone the messages are seen at once, and the panel when it is opened', async () => {
    const small = await openPage(browser, { viewport: { width: 375, height: 700 } });
    await small.page.goto(`${router.http}/#/${id}`);
    await small.page.locator('#transcript .said').first().waitFor();
    await small.gone('#members:visible');
    await small.page.getByText('Cast, time, branches, export').click();
    await small.see('#members', 'bob');
    await small.page.locator('#members:visible').waitFor();
    expect(await small.page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(375);
    expect(await violations(small.page)).toEqual([]);
    await small.close();
  });
});
