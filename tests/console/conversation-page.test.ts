import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FakeOpenAi } from '../harness/fake-openai.ts';
import { RunningRouter, startAgent } from '../harness/parley.ts';
import { until } from '../harness/poll.ts';
import { killAll, type StartedProcess } from '../harness/started-process.ts';
import { Peer } from '../observe/peer.ts';
import { executablePath, type LookedAt, openBrowser, openPage } from './looked-at.ts';

const key = 'sk-planted-key-0815';

describe.skipIf(!executablePath)('A conversation of real agents, in the console', { timeout: 60_000 }, () => {
  let browser: Browser;
  let router: RunningRouter;
  let server: FakeOpenAi;
  let looked: LookedAt;
  let page: Page;
  let see: LookedAt['see'];
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
    ({ page, see } = looked);
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

  it('shows an operator the exact messages that an agent sent to its model, without its key', async () => {
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
    expect(await page.content()).not.toContain(key);
    await page.getByRole('button', { name: 'Close' }).click();
    await page.locator('dialog').waitFor({ state: 'detached' });
  });

  it('says why there is no prompt: the agent keeps none, or is away', async () => {
    await choose(await seqOf('bob'), 'The prompt that led to this');
    await see('#prompt-fault', 'bob keeps no prompts: AGENT_KEEP_PROMPTS');
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    await ann.kill('SIGTERM');
    await choose(await seqOf('ann'), 'The prompt that led to this');
    await see('#prompt-fault', 'ann is not connected');
    await page.keyboard.press('Escape');
  });
});
